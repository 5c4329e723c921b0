"""The section [pareto]: the search for a Pareto front."""

import json
from dataclasses import dataclass
from typing import Any, get_args

from ..errors import InputError
from ..model import Configuration
from ..registry import class_of, kinds
from ..schema import AbstractType, Choices, Kind, Numbers, Scope, Table, is_number, parameter, wrong
from ._scan import KEY, KEYS, MovingNumbers
from ._searched import SearchedDrive

CONFIGURATIONS: tuple[Configuration, ...] = get_args(Configuration)
SEEDS = 2**32
"""seeds lie below this, so that every random number generator takes them"""
_POSITIVE = Numbers(positive=True, array=False)


@dataclass(frozen=True)
class Range(AbstractType):
    """A range [lowest, highest] of two numbers above 0; where `single`, one number is one, too."""

    single: bool = False

    def must(self, scope: Scope) -> str:
        if self.single:
            return "a finite number above 0, or a range [lowest, highest] of two"
        return "a range [lowest, highest] of two numbers above 0"

    def read(self, value: object, path: str, scope: Scope) -> tuple[float, float] | float:
        if self.single and is_number(value):
            return _POSITIVE.read(value, path, scope)
        if not isinstance(value, list) or len(value) != 2:
            raise wrong(path, self.must(scope), value)
        lowest, highest = (_POSITIVE.read(item, f"{path}[{i}]", scope) for i, item in enumerate(value))
        if lowest > highest:
            raise wrong(path, "a range [lowest, highest]", value, "swap the two")
        if lowest == highest:
            advice = "one number fixes the frequency" if self.single else ""
            raise wrong(path, "a range [lowest, highest] that is not empty", value, advice)
        return lowest, highest

    def plain(self, value: Any) -> object:
        return [float(part) for part in value] if isinstance(value, tuple) else float(value)

    def schema(self) -> dict[str, Any]:
        pair = {"type": "array", "items": _POSITIVE.schema(), "minItems": 2, "maxItems": 2}
        return {"anyOf": [_POSITIVE.schema(), pair]} if self.single else pair


def tradeoffs() -> tuple[Any, ...]:
    """The classes of everything that a front may trade off."""
    return tuple(class_of("tradeoff", kind) for kind in kinds("tradeoff"))


def tradeoff_of(objectives: tuple[str, ...]) -> Any:
    """The class of the trade-off with these objectives."""
    return next(kind for kind in tradeoffs() if kind.objectives == objectives)


@dataclass(frozen=True)
class _Objectives(AbstractType):
    """The names of what a front trades off, in any order."""

    def must(self, scope: Scope) -> str:
        return "one of " + ", ".join(str(list(kind.objectives)) for kind in tradeoffs())

    def read(self, value: object, path: str, scope: Scope) -> tuple[str, ...]:
        for names in (kind.objectives for kind in tradeoffs()):
            if isinstance(value, list) and len(value) == len(names) and all(name in value for name in names):
                return names
        raise wrong(path, self.must(scope), value)

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [_permutations(kind.objectives) for kind in tradeoffs()]}


def _permutations(names: tuple[str, ...]) -> dict[str, Any]:
    """The JSON schema of a list of these names, in any order."""
    size = len(names)
    each = {"enum": list(names)}
    return {"type": "array", "items": each, "minItems": size, "maxItems": size, "uniqueItems": True}


@dataclass(frozen=True, kw_only=True)
class VarySection(MovingNumbers):
    """Numbers of the machine that take one searched value, all at once."""

    key: str | None = parameter(help="what is searched", must=KEY, default=None)
    keys: tuple[str, ...] | None = parameter(help="numbers that take one value", must=KEYS, default=None)
    range: tuple[float, float] = parameter(
        help="lowest and highest value; the search is logarithmic", type=Range()
    )

    def check_table(self, table: Table) -> None:
        """Raise `InputError` unless there is either a key or keys."""
        self.check_keys(table)


@dataclass(frozen=True)
class ParetoSection:
    """What `qtopt pareto` searches."""

    points: int = parameter(help="on the front of each configuration", least=2, default=30)
    harmonics: int = parameter(help="of the searched drives", default=8)
    bound: str = parameter(
        help="peak: |g_l(t)| <= 1 at all times; rms: sum_l mean(g_l^2) <= L/2",
        type=Kind("drive set"),
        default="peak",
    )
    frequency: tuple[float, float] | float = parameter(
        help="range of the drive frequency Omega; one number fixes it",
        unit="frequency",
        type=Range(single=True),
        default=(0.05, 1.0),
    )
    configurations: tuple[Configuration, ...] = parameter(
        help="the machines that are compared",
        type=Choices(CONFIGURATIONS, "configuration"),
        default=CONFIGURATIONS,
    )
    seed: int = parameter(help="of the random starts", least=0, below=SEEDS, default=0)
    starts: int = parameter(help="random starts for each point of the front", default=16)
    objectives: tuple[str, ...] = parameter(
        help="power with efficiency (engines), with precision (Q of the work extracted through one "
        "oscillator), with efficiency and constancy (engines; small D_P/(-P)), or with conversion "
        "(isothermal converters of work); cooling with cop (refrigerators)",
        type=_Objectives(),
        default=("power", "efficiency"),
    )
    output: int = parameter(
        help="number of the oscillator whose extracted work precision and conversion are about", default=1
    )
    vary: tuple[VarySection, ...] = parameter(
        help="numbers of [machine] to search beside the drive (precision only)",
        must="a list of tables, each a key (or keys that move together) and a range",
        empty=True,
        default=(),
    )
    chunk: int | None = parameter(
        help="drives that one device works on side by side; by default it depends on the device", default=None
    )
    drives: tuple[SearchedDrive, ...] = parameter(
        help="what moves, each between bounds of its own, in place of couplings to one bath within "
        '`bound`; solver.kind = "exact" only, without certificate',
        must="a list of tables, one [[pareto.drives]] for each target",
        empty=True,
        default=(),
    )

    @property
    def frequency_range(self) -> tuple[float, float]:
        """Lowest and highest drive frequency; equal where it is fixed."""
        return self.frequency if isinstance(self.frequency, tuple) else (self.frequency, self.frequency)

    @property
    def oscillator(self) -> int:
        """The oscillator o whose work precision and conversion are about, from 0."""
        return self.output - 1

    def check_table(self, table: Table) -> None:
        """Raise `InputError` where numbers vary for a front that compares machines with the same numbers."""
        if self.vary and not tradeoff_of(self.objectives).may_vary:
            allowed = next(list(kind.objectives) for kind in tradeoffs() if kind.may_vary)
            raise InputError(
                f"`{table.at('vary')}` must go with objectives = {json.dumps(allowed)}; got "
                f"{list(self.objectives)} (other fronts compare machines with the same numbers)"
            )
