"""What `qtopt scan` varies: one or two axes, each a number of the configuration or several at once."""

from dataclasses import dataclass, field
from typing import Literal, get_args

from ..errors import InputError
from ._table import Table, Vector, vector, wrong

Scale = Literal["linear", "log"]
SCALES: tuple[Scale, ...] = get_args(Scale)
MOST_AXES = 2
_KEYS = 'the key of a number such as "drive.frequency"'


@dataclass(frozen=True)
class RangeAxisConfig:
    """Equally spaced numbers, on a linear or a logarithmic scale."""

    keys: tuple[str, ...]
    """what takes these values, all at once"""
    start: float = field(metadata={"key": "from"})
    stop: float = field(metadata={"key": "to"})
    points: int
    """both ends included"""
    scale: Scale = "linear"
    name: str | None = None
    """of the axis in the data; by default made from the keys"""


@dataclass(frozen=True)
class ListAxisConfig:
    """Any numbers."""

    keys: tuple[str, ...]
    """what takes these values, all at once"""
    values: Vector
    scale: Scale = "linear"
    """of the axis in the figure"""
    name: str | None = None
    """of the axis in the data; by default made from the keys"""


AxisConfig = RangeAxisConfig | ListAxisConfig


@dataclass(frozen=True)
class ScanConfig:
    """What `qtopt scan` varies. Which keys exist is checked when the scan begins (`number_keys`)."""

    axes: tuple[AxisConfig, ...]
    chunk: int | None = None
    """machines in one batch, which is also what an interruption can lose; None: from the solver and device"""
    fluctuations: bool = True
    """whether variance rates are stored; they take most of the time"""


def read_scan(table: Table) -> ScanConfig:
    """The [scan] section."""
    table.only("axes", "chunk", "fluctuations")
    tables = table.tables("axes", "a list of one or two tables, each an axis")
    if len(tables) > MOST_AXES:
        raise wrong(table.at("axes"), "a list of one or two tables, each an axis", table.content["axes"])
    chunk = table.whole("chunk", 1, 1) if "chunk" in table else None
    fluctuations = table.get("fluctuations", "true or false", True)
    if not isinstance(fluctuations, bool):
        raise wrong(table.at("fluctuations"), "true or false", fluctuations)
    return ScanConfig(tuple(_read_axis(axis) for axis in tables), chunk, fluctuations)


def _read_axis(table: Table) -> AxisConfig:
    table.only("key", "keys", "from", "to", "points", "values", "scale", "name")
    keys = read_keys(table)
    scale = table.choice("scale", SCALES, "linear")
    name = table.text("name", "a name, one line of text that is not blank") if "name" in table else None
    if "values" not in table:
        return _read_range(table, keys, scale, name)
    for key in ("from", "to", "points"):
        if key in table:
            raise InputError(
                f"`{table.path}` must have either values or from, to and points; got both values and {key}"
            )
    values = vector(table.content["values"], table.at("values"), None, "the points of the axis")
    if len(set(values)) != len(values):
        raise wrong(table.at("values"), "a list of numbers that all differ", list(values))
    if scale == "log":
        for i, value in enumerate(values):
            _above_zero(value, f"{table.at('values')}[{i}]")
    return ListAxisConfig(keys, values, scale, name)


def _read_range(table: Table, keys: tuple[str, ...], scale: Scale, name: str | None) -> RangeAxisConfig:
    start, stop = table.number("from"), table.number("to")
    table.get("points", "a whole number of at least 2")
    if scale == "log":
        _above_zero(start, table.at("from"))
        _above_zero(stop, table.at("to"))
    if start == stop:
        raise wrong(table.at("to"), f"different from `{table.at('from')}`", stop)
    return RangeAxisConfig(keys, start, stop, table.whole("points", 2, 2), scale, name)


def _above_zero(value: float, path: str) -> None:
    if value <= 0.0:
        raise wrong(path, "above 0 on a logarithmic axis", value, 'or set scale = "linear"')


def read_keys(table: Table) -> tuple[str, ...]:
    """`key`, or `keys`, which move together."""
    if "key" in table and "keys" in table:
        raise InputError(f"`{table.path}` must have either key or keys; got both")
    if "keys" not in table:
        return (table.text("key", _KEYS),)
    path, must = table.at("keys"), "a list of keys of numbers, which move together"
    value = table.get("keys", must)
    if not isinstance(value, list) or not value or not all(isinstance(key, str) for key in value):
        raise wrong(path, must, value)
    return tuple(value)
