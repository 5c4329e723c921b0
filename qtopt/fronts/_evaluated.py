"""Points of a front: what the solver of a problem says of the drives that were found."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from ..model import AbstractDrive, Machine
from ..solvers import AbstractSolver, AbstractSteadyState
from ..solvers.weak import weak_validity
from ._front import FrontPoint
from ._problem import FrontProblem
from .tradeoffs import AbstractTradeoff, Currents


def evaluated(
    problem: FrontProblem,
    solver: AbstractSolver,
    drives: AbstractDrive | Sequence[AbstractDrive],
    numbers: np.ndarray | None = None,
) -> list[FrontPoint]:
    """Candidates by the solver itself; those that do not serve the trade-off are left out."""
    if not isinstance(drives, Sequence):
        count = np.shape(drives.frequency)[0]
        drives = [jax.tree.map(lambda leaf, i=i: np.asarray(leaf)[i], drives) for i in range(count)]
    points = []
    for i, drive in enumerate(drives):
        machine, own = problem.machine, ()
        if numbers is not None and problem.variation is not None:
            machine, own = problem.variation.build(jnp.asarray(numbers[i])), tuple(numbers[i].tolist())
        point = evaluated_point(machine, drive, problem.tradeoff, solver)
        if point is not None:
            points.append(replace(point, numbers=own))
    return points


def evaluated_point(
    machine: Machine, drive: AbstractDrive, tradeoff: AbstractTradeoff, solver: AbstractSolver
) -> FrontPoint | None:
    """One machine under one drive, without certificate; None where it does not serve the trade-off.

    Unlike `qtopt.evaluate` it neither verifies the state nor refines its currents: a search has many points,
    and `evaluate` of one of them does both.
    """
    found = _solve(solver.settled(machine, drive), machine, drive, tradeoff.needs_noise)
    state, noise = jax.tree.map(np.asarray, found)
    weights = np.asarray(tradeoff.output(machine.size).weights)
    variance = np.nan if noise is None else float(weights @ noise @ weights)
    entropy = float(state.entropy_production_rate)
    currents = Currents(
        np.array(machine.temperatures), state.local_powers, state.heat_currents, entropy, variance
    )
    merits = tradeoff.merits(currents)
    if merits is None:
        return None
    return FrontPoint(
        machine=machine,
        drive=drive,
        merits=merits,
        power=float(state.power),
        entropy_production_rate=entropy,
        truncation_error=float(state.truncation_error),
        weak_validity=weak_validity(machine, drive),
    )


@eqx.filter_jit
def _solve(
    solver: AbstractSolver, machine: Machine, drive: AbstractDrive, needs_noise: bool
) -> tuple[AbstractSteadyState, Any]:
    """The steady state, and the covariance of the local powers or None."""
    noise = solver.fluctuations(machine, drive).local_power_covariance if needs_noise else None
    return solver.steady_state(machine, drive), noise
