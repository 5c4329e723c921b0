"""Settings of the whole test suite: jax flags, the hypothesis profile and the `slow` marker."""

import gc
import os
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import settings

from qtopt.runtime import configure

if "jax" in sys.modules:  # pragma: no cover - only a misplaced plugin can cause this
    raise pytest.UsageError("jax was imported before tests/conftest.py could set its flags")

# Most programs run once: less optimisation makes the suite shorter, and none at all longer.
_LESS_OPTIMISATION = "--xla_backend_optimization_level=1"
if _LESS_OPTIMISATION.split("=")[0] not in os.environ.get("XLA_FLAGS", ""):
    os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} {_LESS_OPTIMISATION}".strip()
# What XLA has compiled is there in the next run: a program has the same name wherever it is the same.
os.environ.setdefault("QTOPT_CACHE_DIR", str(Path(__file__).parents[1] / ".cache" / "tests"))
DAYS = 14
"""so long compiled programs are kept"""
# Tests replace constants of the package, which the names of traced programs do not know of.
os.environ["QTOPT_KEEP_PROGRAMS"] = "0"
configure()
# All that is traced stays: looking through it for cycles again and again is an eighth of the processor time.
gc.set_threshold(100_000, 50, 100)

# One fixed profile: the same examples on every machine and in every run, and no deadline, because the first
# call of a jitted function pays for its compilation.
settings.register_profile("qtopt", derandomize=True, deadline=None)
settings.load_profile("qtopt")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--slow`."""
    parser.addoption("--slow", action="store_true", help="also run the tests marked slow")


def pytest_configure(config: pytest.Config) -> None:
    """Remove what was compiled long ago, once for all workers."""
    if hasattr(config, "workerinput"):
        return
    for entry in Path(os.environ["QTOPT_CACHE_DIR"]).glob("*-cache"):
        with suppress(FileNotFoundError):  # another run removes it
            if time.time() - entry.stat().st_mtime > DAYS * 86400.0:
                entry.unlink()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip the tests marked slow unless `--slow` or `QTOPT_SLOW=1` asks for them."""
    if config.getoption("--slow") or os.environ.get("QTOPT_SLOW", "") not in ("", "0"):
        return
    skip = pytest.mark.skip(reason="slow: needs --slow or QTOPT_SLOW=1")
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(skip)


@pytest.fixture
def own_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test registers is forgotten after it; all kinds of the package are there."""
    import qtopt.cli
    import qtopt.fronts.drive_sets
    import qtopt.fronts.tradeoffs  # classes enter the registry when they are imported, once
    from qtopt import registry

    copies = {family: dict(known) for family, known in registry._FAMILIES.items()}
    assert {"tradeoff", qtopt.cli.AbstractCommand.family} <= copies.keys()
    monkeypatch.setattr(registry, "_FAMILIES", copies)
