"""Which source made the data."""

import platform
import subprocess
from importlib import metadata
from pathlib import Path

HOME = Path(__file__).parents[2]


def revision() -> str:
    """The git revision of the source, with "+" where files have changed; "" for an installed package."""
    if not (HOME / ".git").exists():
        return ""
    try:
        commit, changed = (
            subprocess.run(
                ["git", "-C", str(HOME), *command], capture_output=True, text=True, check=True, timeout=10
            ).stdout.strip()
            for command in (["rev-parse", "HEAD"], ["status", "--porcelain", "--untracked-files=no"])
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return commit + ("+" if changed else "")


def versions() -> dict[str, str]:
    """The versions of Python and of the packages that numbers depend on."""
    packages = ("qtopt", "jax", "jaxlib", "equinox", "numpy", "scipy")
    found = {"python": platform.python_version()}
    for package in packages:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:  # a source tree that nobody installed
            continue
    return found
