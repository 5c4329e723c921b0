"""One machine, one drive: every quantity that is known of it, on the host."""

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import Any

import equinox as eqx
import jax
import numpy as np

from ..model import AbstractDrive, Machine
from ..schema import UnitSystem
from ..solvers import AbstractSolver, Weak
from ._audit import Audit, audited, case_of
from ._quantities import quantities
from ._solved import Observation, Solved, averages, known, no_fluctuations

LABEL_WIDTH = 24


@eqx.filter_jit
def _observed(observation: Observation, machine: Machine, drive: AbstractDrive) -> Any:
    return observation(machine, drive)


@eqx.filter_jit
def _each(function: Any, *inputs: Any) -> Any:
    return jax.vmap(function)(*inputs)


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
        found = [
            f"bath {bath.name!r}: {remark}"
            for bath in self.machine.baths
            for remark in bath.spectral_density.remarks()
        ]
        for item in quantities():
            trust, value = item.trust, self.values.get(item.name)
            if trust is not None and value is not None and trust.broken(value, self.power):
                found.append(f"{item.name} is {value:.2g}, {trust.beyond}: {trust.advice}")
        return found

    def audit(self) -> Audit:
        """What all checks find about this machine and these numbers: see `qtopt.audit`."""
        return audited(case_of(self))

    def as_dict(self) -> dict[str, Any]:
        """Plain numbers under the keys of `qtopt evaluate --json`; infinite ones become None."""
        return {item.name: _finite(self.values.get(item.name)) for item in quantities()}

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
        names = self.machine.size, tuple(bath.name for bath in self.machine.baths)
        for item in quantities():
            if item.line is None or item.name not in self.values:
                continue
            line, value = item.line, self.values[item.name]
            parts = value if item.dimensions else [value]
            for label, part in zip(item.components(*names), parts, strict=True):
                if part is None and line.undefined is None:
                    continue
                whole = f"{line.label} {label}".rstrip()
                note = line.note if isinstance(line.note, str) else line.note(self, whole)
                number = str(line.undefined) if part is None else self.shown(part, line.form, item.unit)
                yield whole, number, note

    def shown(self, value: Any, form: str, unit: str) -> str:
        """A number of this unit as `print` shows it: with its unit, where units are known."""
        factor = None if self.units is None else self.units.factor(unit)
        return form.format(value) if factor is None else f"{form.format(value * factor[0])} {factor[1]}"

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


def evaluate(
    machine: Machine, drive: AbstractDrive, solver: AbstractSolver | None = None, refined: bool = True
) -> Evaluation:
    """Evaluate a machine under a drive: its steady state and everything that is derived from it.

    Args:
        machine: the machine.
        drive: one shape for each of its oscillators.
        solver: by default `Weak()`, second order in the driven bath; `Exact()` for any coupling strength.
        refined: whether a slower quadrature gives small currents more digits, where the solver has one; many
            machines, such as those of a front, do without.

    Raises:
        InputError: the machine is outside the theory of the solver or has no steady state in it (a mode is
            undamped, the driven coupling amplifies), or float64 cannot resolve the rates of its baths.
    """
    solver = Weak() if solver is None else solver
    solver.check(machine, drive)
    reason = no_fluctuations(solver, machine, drive)
    solver = solver.settled(machine, drive)
    observation = Observation.of(solver, machine, reason is None)
    state, more = _observed(observation, machine, drive)
    solver.verify(machine, drive, state)
    if refined:
        state = solver.with_more_digits(machine, drive, state)
    # one machine is a batch of one while its numbers are derived
    one = (machine, drive, averages(state, solver) | more)
    derived = Solved.derive(solver, _each, *jax.tree.map(lambda part: np.asarray(part)[None], one))
    numbers: dict[str, Any] = {name: part[0] for name, part in derived.numbers.items()}
    if reason is not None:
        numbers["no_fluctuations"] = reason
    solved = Solved(machine, drive, numbers)
    found = known(machine, solver, solved.numbers)
    values = {item.name: item.plain(solved) for item in quantities(found)}
    return Evaluation(machine, drive, solver, values)


def _scaled(value: Any, factor: float) -> Any:
    if isinstance(value, list):
        return [_scaled(item, factor) for item in value]
    return None if value is None else value * factor


def _finite(value: Any) -> Any:
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not np.isfinite(value) else value
