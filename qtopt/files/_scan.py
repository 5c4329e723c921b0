"""The section [scan]: one or two axes, each a number of the configuration or several at once."""

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..schema import Numbers, Table, missing, parameter, wrong

Scale = Literal["linear", "log"]
KEY = 'the key of a number such as "drive.frequency"'
KEYS = "a list of keys of numbers, which move together"


class MovingNumbers:
    """A table that names one number by its `key`, or several that move together by their `keys`."""

    schema_rules: ClassVar[dict[str, Any]] = {"oneOf": [{"required": ["key"]}, {"required": ["keys"]}]}
    key: str | None
    keys: tuple[str, ...] | None

    @property
    def all_keys(self) -> tuple[str, ...]:
        """The keys of all numbers that move."""
        return (self.key,) if self.key is not None else self.keys or ()

    def check_keys(self, table: Table) -> None:
        """Raise `InputError` unless there is either a key or keys."""
        if self.key is not None and self.keys is not None:
            raise InputError(f"`{table.path}` must have either key or keys; got both")
        if not self.all_keys:
            raise missing(table, type(self), "key")


@dataclass(frozen=True, kw_only=True)
class AxisSection(MovingNumbers):
    """An axis of a scan: equally spaced numbers on a linear or logarithmic scale, or any numbers."""

    schema_rules: ClassVar[dict[str, Any]] = {
        "allOf": [
            MovingNumbers.schema_rules,
            {"oneOf": [{"required": ["values"]}, {"required": ["from", "to", "points"]}]},
        ]
    }
    key: str | None = parameter(help="what takes these values", must=KEY, default=None)
    keys: tuple[str, ...] | None = parameter(help="what takes them, all at once", must=KEYS, default=None)
    start: float | None = parameter(help="first value", key="from", default=None)
    stop: float | None = parameter(help="last value", key="to", default=None)
    points: int | None = parameter(help="how many values, both ends included", least=2, default=None)
    values: tuple[float, ...] | None = parameter(
        help="the values, in place of from, to and points", type=Numbers(("P",), array=False), default=None
    )
    scale: Scale = parameter(help="of the spacing and of the figure", default="linear")
    name: str | None = parameter(
        help="of the axis in the data; by default made from the keys",
        must="a name, one line of text that is not blank",
        default=None,
    )

    @property
    def grid(self) -> NDArray[np.float64]:
        """All values of the axis, in their order."""
        if self.values is not None:
            return np.asarray(self.values)
        assert self.start is not None and self.stop is not None and self.points is not None
        spaced = np.geomspace if self.scale == "log" else np.linspace
        return spaced(self.start, self.stop, self.points)

    def check_table(self, table: Table) -> None:
        """Raise `InputError` unless there are values or a range, and values above 0 where it is needed."""
        self.check_keys(table)
        if self.values is None:
            self._check_range(table)
            return
        for key in ("from", "to", "points"):
            if key in table:
                must = "must have either values or from, to and points"
                raise InputError(f"`{table.path}` {must}; got both values and {key}")
        if len(set(self.values)) != len(self.values):
            raise wrong(table.at("values"), "a list of numbers that all differ", list(self.values))
        for i, value in enumerate(self.values):
            self._check_scale(value, f"{table.at('values')}[{i}]")

    def _check_range(self, table: Table) -> None:
        for key in ("from", "to", "points"):
            if key not in table:
                raise missing(table, type(self), key)
        assert self.start is not None and self.stop is not None
        self._check_scale(self.start, table.at("from"))
        self._check_scale(self.stop, table.at("to"))
        if self.start == self.stop:
            raise wrong(table.at("to"), f"different from `{table.at('from')}`", self.stop)

    def _check_scale(self, value: float, path: str) -> None:
        if self.scale == "log" and value <= 0.0:
            raise wrong(path, "above 0 on a logarithmic axis", value, 'or set scale = "linear"')


@dataclass(frozen=True)
class ScanSection:
    """What `qtopt scan` varies."""

    axes: tuple[AxisSection, ...] = parameter(
        help="one or two axes", must="a list of one or two tables, each an axis", below=3
    )
    chunk: int | None = parameter(
        help="machines in one batch, which is also what an interruption can lose", default=None
    )
    fluctuations: bool = parameter(
        help="whether variance rates are stored; they take most of the time", default=True
    )
