"""Settings of the whole test suite: jax flags, the hypothesis profile and the `slow` marker."""

import os
import sys

import pytest
from hypothesis import settings

from qtopt.runtime import cpu_flags

if "jax" in sys.modules:  # pragma: no cover - only a misplaced plugin can cause this
    raise pytest.UsageError("jax was imported before tests/conftest.py could set its flags")

# Most of the suite's time is compilation of programs that run once: less optimisation makes it shorter.
_LESS_OPTIMISATION = "--xla_backend_optimization_level=1"
for _flag in (*cpu_flags(), _LESS_OPTIMISATION):
    if _flag.split("=")[0] not in os.environ.get("XLA_FLAGS", ""):
        os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} {_flag}".strip()
os.environ["JAX_ENABLE_X64"] = "1"
# Tests replace constants of the package, which the names of kept programs do not know of.
os.environ["QTOPT_KEEP_PROGRAMS"] = "0"

# One fixed profile: the same examples on every machine and in every run, and no deadline, because the first
# call of a jitted function pays for its compilation.
settings.register_profile("qtopt", derandomize=True, deadline=None)
settings.load_profile("qtopt")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--slow`."""
    parser.addoption("--slow", action="store_true", help="also run the tests marked slow")


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
