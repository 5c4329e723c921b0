"""The search for a Pareto front."""

from dataclasses import dataclass
from typing import Literal, get_args

from ..errors import InputError
from ._machine import CONFIGURATIONS, Configuration
from ._scan import read_keys
from ._table import Table, choice, is_number, listed, number, wrong

Bound = Literal["peak", "rms"]
BOUNDS: tuple[Bound, ...] = get_args(Bound)

Objective = Literal["power", "efficiency", "cooling", "cop", "precision", "constancy", "conversion"]
OBJECTIVES: tuple[Objective, ...] = get_args(Objective)
FRONTS: tuple[tuple[Objective, ...], ...] = (
    ("power", "efficiency"),
    ("cooling", "cop"),
    ("power", "precision"),
    ("power", "efficiency", "constancy"),
    ("power", "conversion"),
)
"""what a front may trade off, in any order"""

SEEDS = 2**32
"""seeds lie below this, so that every random number generator takes them"""


@dataclass(frozen=True)
class VaryConfig:
    """Numbers of the machine that take one searched value, all at once."""

    keys: tuple[str, ...]
    range: tuple[float, float]
    """lowest and highest value; the search is logarithmic"""


@dataclass(frozen=True)
class ParetoConfig:
    """What `qtopt pareto` searches."""

    points: int = 30
    """on the front of each configuration"""
    harmonics: int = 8
    """of the searched drives"""
    bound: Bound = "peak"
    """"peak": |g_l(t)| <= 1 at all times; "rms": sum_l mean(g_l^2) <= L/2"""
    frequency: tuple[float, float] | float = (0.05, 1.0)
    """range of the drive frequency Omega; one number fixes it"""
    configurations: tuple[Configuration, ...] = CONFIGURATIONS
    seed: int = 0
    """of the random starts"""
    starts: int = 16
    """random starts for each point of the front"""
    objectives: tuple[Objective, ...] = FRONTS[0]
    """"power" with "efficiency" (engines), with "precision" (Q of the work extracted through one oscillator),
    with "efficiency" and "constancy" (engines; small D_P/(-P)), or with "conversion" (isothermal converters
    of work); "cooling" with "cop" (refrigerators)"""
    output: int = 1
    """number of the oscillator whose extracted work "precision" and "conversion" are about"""
    vary: tuple[VaryConfig, ...] = ()
    """numbers of [machine] to search beside the drive ("precision" only)"""
    chunk: int | None = None
    """drives that one device works on side by side; by default it depends on the device"""

    @property
    def frequency_range(self) -> tuple[float, float]:
        """Lowest and highest drive frequency; equal where it is fixed."""
        return self.frequency if isinstance(self.frequency, tuple) else (self.frequency, self.frequency)


def read_pareto(table: Table) -> ParetoConfig:
    """The [pareto] section."""
    default = ParetoConfig()
    table.only(
        "points",
        "harmonics",
        "bound",
        "frequency",
        "configurations",
        "seed",
        "starts",
        "objectives",
        "output",
        "vary",
        "chunk",
    )
    config = ParetoConfig(
        points=table.whole("points", 2, default.points),
        harmonics=table.whole("harmonics", 1, default.harmonics),
        bound=table.choice("bound", BOUNDS, default.bound),
        frequency=_read_frequency(table) if "frequency" in table else default.frequency,
        configurations=_read_configurations(table) if "configurations" in table else default.configurations,
        seed=table.whole("seed", 0, default.seed, below=SEEDS),
        starts=table.whole("starts", 1, default.starts),
        objectives=_read_objectives(table) if "objectives" in table else default.objectives,
        output=table.whole("output", 1, default.output),
        vary=_read_varies(table) if table.content.get("vary", []) != [] else (),
        chunk=table.whole("chunk", 1, 1) if "chunk" in table else None,
    )
    if config.vary and "precision" not in config.objectives:
        raise InputError(
            f'`{table.at("vary")}` must go with objectives = ["power", "precision"]; got '
            f"{list(config.objectives)} (other fronts compare machines with the same numbers)"
        )
    return config


def _read_varies(table: Table) -> tuple[VaryConfig, ...]:
    must = "a list of tables, each a key (or keys that move together) and a range"
    return tuple(_read_vary(item) for item in table.tables("vary", must))


def _read_vary(table: Table) -> VaryConfig:
    table.only("key", "keys", "range")
    path, must = table.at("range"), "a range [lowest, highest] of two numbers above 0"
    value = table.get("range", must)
    if not isinstance(value, list) or len(value) != 2:
        raise wrong(path, must, value)
    lowest, highest = (number(item, f"{path}[{i}]", positive=True) for i, item in enumerate(value))
    if not lowest < highest:
        raise wrong(path, "a range [lowest, highest] that is not empty", value)
    return VaryConfig(read_keys(table), (lowest, highest))


def _read_frequency(table: Table) -> tuple[float, float] | float:
    path = table.at("frequency")
    must = "a finite number above 0, or a range [lowest, highest] of two"
    value = table.get("frequency", must)
    if not isinstance(value, list):
        if not is_number(value):
            raise wrong(path, must, value)
        return number(value, path, positive=True)
    if len(value) != 2:
        raise wrong(path, must, value)
    lowest, highest = (number(item, f"{path}[{i}]", positive=True) for i, item in enumerate(value))
    if lowest == highest:
        raise wrong(
            path, "a range [lowest, highest] that is not empty", value, "one number fixes the frequency"
        )
    if lowest > highest:
        raise wrong(path, "a range [lowest, highest]", value, "swap the two")
    return lowest, highest


def _read_objectives(table: Table) -> tuple[Objective, ...]:
    path = table.at("objectives")
    must = "one of " + ", ".join(str(list(front)) for front in FRONTS)
    value = table.get("objectives", must)
    for front in FRONTS:
        if isinstance(value, list) and len(value) == len(front) and all(name in value for name in front):
            return front
    raise wrong(path, must, value)


def _read_configurations(table: Table) -> tuple[Configuration, ...]:
    path = table.at("configurations")
    must = f"a list of one or both of {listed(CONFIGURATIONS, 'and')}"
    value = table.get("configurations", must)
    if not isinstance(value, list) or not value:
        raise wrong(path, must, value)
    names: tuple[Configuration, ...] = tuple(
        choice(item, f"{path}[{i}]", CONFIGURATIONS) for i, item in enumerate(value)
    )
    if len(set(names)) != len(names):
        raise InputError(f"`{path}` must name each configuration once; got {list(names)}")
    return names
