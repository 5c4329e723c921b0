"""What identifies a computation, so that stored parts of another one are never taken for it."""

import hashlib
from dataclasses import replace
from typing import Any

from ..registry import foreign_files
from ._config import Config
from ._toml import dumps


def fingerprint(config: Config, sections: tuple[str, ...], *more: str) -> str:
    """The fingerprint of machine (with its tables) and solver, of these sections of the file, and of `more`.

    Where classes of users are registered, it changes with every change of their source files.

    Args:
        config: the configuration.
        sections: of "drive", "pareto", "simulation", "scan"; the others do not matter to the computation.
        more: what else it depends on, such as the version of qtopt.
    """
    kept = {name: _without_chunk(getattr(config, name)) for name in sections}
    if "drive" in sections:
        kept["drives"] = config.drives
    same = Config(config.machine, solver=config.solver, **kept)
    sources = [bath.spectral_density.source() for bath in config.machine.baths]
    found = hashlib.sha256("\n".join([dumps(same), *more, *filter(None, sources)]).encode())
    for path in foreign_files():
        found.update(path.read_bytes())
    return found.hexdigest()


def _without_chunk(section: Any) -> Any:
    """How much is worked on at once does not matter to the result."""
    return replace(section, chunk=None) if hasattr(section, "chunk") else section
