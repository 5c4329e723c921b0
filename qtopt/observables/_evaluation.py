"""What an evaluation of a machine says, and how it is read and printed."""

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

from ..model import AbstractDrive, Machine, actuators, shape_names
from ..schema import UnitSystem
from ..solvers import AbstractSolver
from ._audit import Audit, audited, case_of
from ._quantities import UNDAMPED_MODES, quantities
from ._quantity import SHAPE

LABEL_WIDTH = 24


@dataclass(frozen=True, eq=False, repr=False)
class Evaluation:
    """Thermodynamics of one machine under one drive (hbar = k_B = m = 1).

    Every quantity of `qtopt.observables.quantities()` is an attribute, under the name that is its key in
    `qtopt evaluate --json`: numbers, lists of them in the order of oscillators or baths, and words. A
    quantity that the solver does not give of this machine, or that is not defined for it, is None. `print`
    shows the most important ones as a readable block.

    Attributes:
        machine, drive, solver: what was evaluated, and how.
        values: the quantities that are known, by name.
        units: in which `print` shows them; None: hbar = k_B = m = 1.
    """

    machine: Machine
    drive: AbstractDrive
    solver: AbstractSolver
    values: dict[str, Any]
    units: UnitSystem | None = None

    def __getattr__(self, name: str) -> Any:
        names = [item.name for item in quantities()]
        if name not in names:
            raise AttributeError(f"an evaluation has no quantity {name!r}; it has {', '.join(names)}.")
        return self.values.get(name)

    def __dir__(self) -> list[str]:
        return [*object.__dir__(self), *(item.name for item in quantities())]

    def warnings(self) -> list[str]:
        """What a reader should know before believing the numbers; empty when all is well."""
        found = self.machine.remarks()
        for item in quantities():
            trust, value = item.trust, self.values.get(item.name)
            if trust is not None and value is not None and trust.broken(value, self.power):
                found.append(f"{item.name} is {value:.2g}, {trust.beyond}: {trust.advice}")
        for mode in self.values.get(UNDAMPED_MODES) or []:
            found.append(
                f"no bath damps the motion {mode}, which the drive does not move either: currents do not "
                "depend on it, and covariances of its oscillators have no steady value."
            )
        return found

    def audit(self) -> Audit:
        """What all checks find about this machine and these numbers: see `qtopt.audit`."""
        return audited(case_of(self))

    def as_dict(self) -> dict[str, Any]:
        """Plain numbers under the keys of `qtopt evaluate --json`; infinite ones become None."""
        found = {item.name: _finite(self.values.get(item.name)) for item in quantities()}
        return found | {"work": self.work_by_drive()}

    def work_by_drive(self) -> dict[str, list[float]]:
        """The work per time of every shape, by the label of its drive, such as "baths.hot" or "springs"."""
        found, start = {}, 0
        for actuator in actuators(self.machine, self.drive):
            found[actuator.label] = self.work[start : start + actuator.size]
            start += actuator.size
        return found

    def in_si(self) -> dict[str, dict[str, Any]]:
        """What has a unit, as `value` and `unit` of the SI by name; empty without `units`."""
        found = {}
        for item in quantities():
            factor = None if self.units is None else self.units.factor(item.unit)
            value = _finite(self.values.get(item.name))
            if factor is not None and value is not None:
                found[item.name] = {"value": _scaled(value, factor[0]), "unit": factor[1]}
        return found

    def lines(self) -> Iterator[tuple[str, str, str]]:
        """Label, number and note of every line of the readable block."""
        acting = actuators(self.machine, self.drive)
        names = self.machine.size, tuple(bath.name for bath in self.machine.baths), shape_names(acting)
        for item in quantities():
            if item.line is None or item.name not in self.values:
                continue
            if item.dimensions[:1] == (SHAPE,) and len(acting) == 1:
                continue  # the work of one drive is the local powers
            line, value = item.line, self.values[item.name]
            errors = self.values.get(f"{item.name}_error")
            parts, errors = (value, errors) if item.dimensions else ([value], [errors])
            errors = [None] * len(parts) if errors is None else errors
            for label, part, error in zip(item.components(*names), parts, errors, strict=True):
                if part is None and line.undefined is None:
                    continue
                whole = f"{line.label} {label}".rstrip()
                note = line.note if isinstance(line.note, str) else line.note(self, whole)
                number = (
                    str(line.undefined) if part is None else self.shown(part, line.form, item.unit, error)
                )
                yield whole, number, note

    def shown(self, value: Any, form: str, unit: str, error: float | None = None) -> str:
        """A number of this unit as `print` shows it: its known digits, and its unit where units are known."""
        factor = None if self.units is None else self.units.factor(unit)
        if factor is None:
            return digits(form, value, error)
        return f"{digits(form, value * factor[0], error and error * factor[0])} {factor[1]}"

    def __str__(self) -> str:
        return "\n".join(
            f"{label[:LABEL_WIDTH]:{LABEL_WIDTH}} {number}{note}" for label, number, note in self.lines()
        )

    def __repr__(self) -> str:
        return f"Evaluation(mode={self.mode!r}, power={self.power:.6g}, solver={self.solver.kind!r})"

    def _repr_html_(self) -> str:
        rows = (
            "".join(f"<td>{escape(part.strip())}</td>" for part in (label, number, note))
            for label, number, note in self.lines()
        )
        return f"<table>{''.join(f'<tr>{row}</tr>' for row in rows)}</table>"


def _scaled(value: Any, factor: float) -> Any:
    if isinstance(value, list):
        return [_scaled(item, factor) for item in value]
    return None if value is None else value * factor


def digits(form: str, value: Any, error: float | None) -> str:
    """A number without digits that are not known; one of which no digit is known by its bound."""
    if error is None or not form.endswith("e}"):
        return form.format(value)
    if abs(value) <= error:
        return f" 0 within {error:.0e}" if error > 0.0 else " 0"
    kept = min(int(form[form.index(".") + 1 : -2]), int(np.log10(abs(value) / error)))
    return f"{value: .{kept}e}"


def _finite(value: Any) -> Any:
    if isinstance(value, list):
        return [_finite(item) for item in value]
    if isinstance(value, dict):
        return {name: _finite(item) for name, item in value.items()}
    return None if isinstance(value, float) and not np.isfinite(value) else value
