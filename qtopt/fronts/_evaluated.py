"""Points of a front: what the solver of a problem says of the drives that were found."""

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..jobs import Results, gathered
from ..model import FORCES, FREQUENCIES, SPRINGS, AbstractDrive, Machine, Protocol
from ..programs import kept_program
from ..solvers import AbstractSolver, AbstractSteadyState
from ..solvers.base import computed, on_numpy
from ..solvers.weak import weak_validity
from ._front import FrontPoint
from ._problem import FrontProblem
from .tradeoffs import AbstractTradeoff, Currents

NUMBERS = "power", "entropy_production_rate", "truncation_error", "weak_validity"
SERVES, MERIT = "serves", "merit "


@dataclass(frozen=True)
class _Evaluate:
    """The numbers of drives (n, ...) with the numbers of their machines (n, V), one after the other."""

    problem: FrontProblem
    solver: AbstractSolver

    def __call__(self, candidates: tuple[AbstractDrive, np.ndarray], _: None) -> Results:
        drives, numbers = candidates
        rows = []
        for i, own in enumerate(numbers):
            drive = jax.tree.map(lambda leaf, i=i: np.asarray(leaf)[i], drives)
            point = evaluated_point(machine_of(self.problem, own), drive, self.problem.tradeoff, self.solver)
            row = {} if point is None else {name: getattr(point, name) for name in NUMBERS}
            merits = {} if point is None else {MERIT + name: x for name, x in point.merits.items()}
            rows.append({SERVES: point is not None, **row, **merits})
        names = dict.fromkeys([SERVES, *NUMBERS, *(name for row in rows for name in row)])  # in their order
        return {name: np.array([row.get(name, np.nan) for row in rows]) for name in names}


def machine_of(problem: FrontProblem, numbers: np.ndarray) -> Machine:
    """The machine with these numbers, (V,)."""
    return problem.machine if problem.variation is None else problem.variation.build(jnp.asarray(numbers))


def evaluated(
    problem: FrontProblem, solver: AbstractSolver, drives: AbstractDrive, numbers: np.ndarray | None = None
) -> list[FrontPoint]:
    """Candidates by the solver itself, shared out; those that do not serve the trade-off are left out.

    Args:
        problem: what they are candidates of.
        solver: that says how good they are.
        drives: n of them, with a leading axis.
        numbers: of the machine, (n, V), where they vary.
    """
    count = np.shape(drives.frequency)[0]
    numbers = np.zeros((count, 0)) if numbers is None or problem.variation is None else numbers
    found = gathered(_Evaluate(problem, solver), (drives, numbers), 1, "point", padded=False)
    points = []
    for i in np.flatnonzero(found.pop(SERVES)):
        row = {name: float(column[i]) for name, column in found.items()}
        drive = jax.tree.map(lambda leaf, i=i: np.asarray(leaf)[i], drives)
        merits = {name.removeprefix(MERIT): x for name, x in row.items() if name.startswith(MERIT)}
        own = {name: row[name] for name in NUMBERS}
        made = FrontPoint(
            machine_of(problem, numbers[i]), drive, merits, **own, numbers=tuple(numbers[i].tolist())
        )
        points.append(made)
    return points


def evaluated_point(
    machine: Machine, drive: AbstractDrive, tradeoff: AbstractTradeoff, solver: AbstractSolver
) -> FrontPoint | None:
    """One machine under one drive, without certificate; None where it does not serve the trade-off.

    Nor is it a point where its truncation error exceeds its power: neither efficiency nor sign are known.
    Unlike `qtopt.evaluate` it neither verifies the state nor refines its currents: a search has many points,
    and `evaluate` of one of them does both.
    """
    solver, needs_noise = solver.settled(machine, drive), tradeoff.needs_noise
    if on_numpy(solver, machine, drive):
        found = computed(lambda m, d: _solved(solver, m, d, needs_noise), machine, drive)
    else:
        found = _compiled(solver, machine, drive, needs_noise)
    state, noise = jax.tree.map(np.asarray, found)
    weights = np.asarray(tradeoff.output(machine.size).weights)
    variance = np.nan if noise is None else float(weights @ noise @ weights)
    entropy = float(state.entropy_production_rate)
    currents = Currents(
        np.array(machine.temperatures), state.local_powers, state.heat_currents, entropy, variance
    )
    merits = tradeoff.merits(currents)
    if merits is None or float(state.truncation_error) > abs(float(state.power)):
        return None
    return FrontPoint(
        machine=machine,
        drive=drive,
        merits=merits,
        power=float(state.power),
        entropy_production_rate=entropy,
        truncation_error=float(state.truncation_error),
        weak_validity=np.nan if _beyond_weak(drive) else weak_validity(machine, drive),
    )


def _beyond_weak(drive: AbstractDrive) -> bool:
    """Whether the weak theory does not speak of such a drive at all."""
    return isinstance(drive, Protocol) or drive.target in (FREQUENCIES, SPRINGS, FORCES)


def _solved(
    solver: AbstractSolver, machine: Machine, drive: AbstractDrive, needs_noise: bool
) -> tuple[AbstractSteadyState, Any]:
    """The steady state, and the covariance of the local powers or None."""
    noise = solver.fluctuations(machine, drive).local_power_covariance if needs_noise else None
    return solver.steady_state(machine, drive), noise


_compiled = kept_program(_solved)
