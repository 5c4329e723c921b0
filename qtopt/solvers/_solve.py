"""The two verbs: the steady state of a machine and its fluctuations."""

from typing import Any, overload

import equinox as eqx
import jax
from jax.core import Tracer

from ..model import AbstractDrive, Machine
from .base import AbstractSolver, AbstractSteadyState, Fluctuations
from .exact import Exact, ExactSteadyState
from .weak import Weak, WeakSteadyState


@overload
def steady_state(machine: Machine, drive: AbstractDrive, solver: Exact) -> ExactSteadyState: ...
@overload
def steady_state(machine: Machine, drive: AbstractDrive, solver: Weak | None = None) -> WeakSteadyState: ...
@overload
def steady_state(
    machine: Machine, drive: AbstractDrive, solver: AbstractSolver | None = None
) -> AbstractSteadyState: ...
def steady_state(
    machine: Machine, drive: AbstractDrive, solver: AbstractSolver | None = None
) -> AbstractSteadyState:
    """The periodic steady state of a driven machine.

    It is compiled at the first call for machines and drives of one structure and fast from then on. It works
    under `jax.jit`, `jax.vmap` and `jax.grad`; there nothing is raised about numbers, and `state.status`
    tells whether there is a steady state.

    Args:
        machine: the machine.
        drive: one shape for each of its oscillators.
        solver: by default `Weak()`, second order in the driven bath; `Exact()` for any coupling strength.
            Under jit, what `Exact` leaves open must be settled before: ``Exact().settled(machine, drive)``.

    Returns:
        Averages over one period, of the class that belongs to the solver.

    Raises:
        InputError: the machine is outside the theory, is unstable, or has an undamped mode.
        RuntimeError: float64 is disabled.
    """
    solver = Weak() if solver is None else solver
    solver.check(machine, drive)
    if not _concrete((machine, drive)):
        return _steady_state(solver, machine, drive)
    state = _steady_state(solver.settled(machine, drive), machine, drive)
    if _concrete(state):
        state.check()
    return state


def fluctuations(
    machine: Machine, drive: AbstractDrive, solver: AbstractSolver | None = None
) -> Fluctuations:
    """The variance rates of work and heat in the periodic steady state of a driven machine.

    Arguments and use under jax are those of `steady_state`.

    Raises:
        InputError: as `steady_state`, or the solver gives no fluctuations of this machine.
        RuntimeError: float64 is disabled.
    """
    solver = Weak() if solver is None else solver
    solver.check_fluctuations(machine, drive)
    if _concrete((machine, drive)):
        solver = solver.settled(machine, drive)
    return _fluctuations(solver, machine, drive)


@eqx.filter_jit
def _steady_state(solver: AbstractSolver, machine: Machine, drive: AbstractDrive) -> AbstractSteadyState:
    return solver.steady_state(machine, drive)


@eqx.filter_jit
def _fluctuations(solver: AbstractSolver, machine: Machine, drive: AbstractDrive) -> Fluctuations:
    return solver.fluctuations(machine, drive)


def _concrete(tree: Any) -> bool:
    """Whether there are numbers, not placeholders of a trace."""
    return not any(isinstance(leaf, Tracer) for leaf in jax.tree.leaves(tree))
