"""The list of tables [[drives]]: what moves beside or in place of [drive]."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import equinox as eqx

from ..errors import InputError
from ..model import BATHS, SPRINGS, AbstractDrive, Protocol
from ..schema import AbstractType, Family, Scope, Table, plain, show

_DRIVE = Family(AbstractDrive)
KEY, FREQUENCY = "drives", "frequency"


@dataclass(frozen=True)
class _Drives(AbstractType):
    """Tables like [drive], each with a target."""

    def must(self, scope: Scope) -> str:
        return "a list of tables like [drive], one [[drives]] for each target"

    def read(self, value: object, path: str, scope: Scope) -> tuple[AbstractDrive, ...]:
        tables: list[Any] = value if isinstance(value, list) else [None]
        if not all(isinstance(item, Mapping) for item in tables):
            raise InputError(f"`{path}` must be {self.must(scope)}; got {show(value)}")
        return tuple(self._one(item, f"{path}[{i}]", scope) for i, item in enumerate(tables))

    def _one(self, table: Mapping[str, object], path: str, scope: Scope) -> AbstractDrive:
        if "target" not in table:
            words = '"baths.NAME", "frequencies", "springs" or "forces"'
            raise Table(table, path).missing("target", words)
        # springs have one shape for each pair, everything else one for each oscillator
        sizes = {} if table["target"] == SPRINGS else {k: v for k, v in scope.sizes.items() if k == "L"}
        return _DRIVE.read(table, path, replace(scope, sizes=sizes))

    def plain(self, value: Any) -> object:
        return [plain(drive) | {"target": drive.target} for drive in value] or None

    def schema(self) -> dict[str, Any]:
        return {"type": "array", "items": _DRIVE.schema()}


DRIVES = _Drives()


def with_frequency(content: Mapping[str, object]) -> Mapping[str, object]:
    """The tables of a file with the one frequency in every one of [[drives]].

    Raises:
        InputError: two frequencies.
    """
    first, several = content.get("drive"), content.get(KEY)
    if not isinstance(several, list) or not all(isinstance(item, Mapping) for item in several) or not several:
        return content
    source = first if isinstance(first, Mapping) else several[0]
    where = "drive" if isinstance(first, Mapping) else f"{KEY}[0]"
    if FREQUENCY not in source:
        return content
    one = source[FREQUENCY]
    for i, item in enumerate(several):
        if item.get(FREQUENCY, one) != one:
            raise InputError(
                f"`{KEY}[{i}].{FREQUENCY}` must be left out or be that of `{where}`, {show(one)}: all drives "
                f"have one period; got {show(item[FREQUENCY])}"
            )
    return {**content, KEY: [{FREQUENCY: one, **item} for item in several]}


def together(drive: AbstractDrive | None, drives: Sequence[AbstractDrive]) -> AbstractDrive | None:
    """The drive of a machine: one drive, or the protocol of several; None where there is none."""
    every = [*([] if drive is None else [drive]), *drives]
    return Protocol(every) if len(every) > 1 else (every[0] if every else None)


def in_step(drive: AbstractDrive | None, drives: Sequence[AbstractDrive]) -> tuple[AbstractDrive, ...]:
    """The drives with the frequency of the first."""
    if not drives:
        return ()
    frequency = (drives[0] if drive is None else drive).frequency
    return tuple(eqx.tree_at(lambda d: d.frequency, each, frequency) for each in drives)


def check_target(drive: AbstractDrive | None) -> None:
    """Raise `InputError` where [drive] moves anything but the driven baths."""
    if drive is not None and drive.target != BATHS:
        raise InputError(
            f"`drive.target` must be left out: [drive] moves all driven baths; got {show(drive.target)} (put "
            "it into [[drives]])"
        )
