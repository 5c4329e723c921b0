"""The two verbs: the steady state of a machine and its fluctuations."""

from typing import overload

from ..errors import InputError
from ..model import AbstractDrive, Machine, undamped_modes
from ..programs import kept_program
from ._damped import check_damped
from .base import (
    AbstractSolver,
    AbstractSteadyState,
    Fluctuations,
    check_scales,
    computed,
    concrete,
    exponent_of,
    in_units_of_user,
    on_numpy,
    to_natural,
)
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

    The weak theory of one machine is computed by NumPy, at once. Other solvers, and drives and baths whose
    formulas are for jax alone, are compiled at the first call for machines and drives of one structure. It
    works under `jax.jit`, `jax.vmap` and `jax.grad`, which are for many machines and for derivatives; there
    nothing is raised about numbers, and `state.status` tells whether there is a steady state.

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
    if not concrete((machine, drive)):
        return _steady_state(solver, machine, drive)
    _check_numbers(solver, machine, drive)
    exponent = exponent_of(machine, drive)
    machine, drive = to_natural(machine, drive, exponent)
    solver = solver.settled(machine, drive)
    if on_numpy(solver, machine, drive):
        return in_units_of_user(computed(solver.steady_state, machine, drive).check(), exponent)
    state = _steady_state(solver, machine, drive)
    if concrete(state):
        state.check()
    return in_units_of_user(state, exponent)


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
    if not concrete((machine, drive)):
        return _fluctuations(solver, machine, drive)
    _check_numbers(solver, machine, drive)
    exponent = exponent_of(machine, drive)
    machine, drive = to_natural(machine, drive, exponent)
    solver = solver.settled(machine, drive)
    host = on_numpy(solver, machine, drive)
    found = computed(solver.fluctuations, machine, drive) if host else _fluctuations(solver, machine, drive)
    return in_units_of_user(found, exponent)


def _check_numbers(solver: AbstractSolver, machine: Machine, drive: AbstractDrive) -> None:
    """Raise `InputError` for baths too cold for float64 and motions without a steady state."""
    check_scales(machine, drive)
    modes = undamped_modes(machine, drive)
    check_damped(solver, modes)
    for mode in modes:
        if not mode.driven:
            raise InputError(
                f"every motion must be damped, but {mode} (frequency {mode.frequency:.6g}) is seen by no "
                "bath and not by the drive: leave it out, or use qtopt.evaluate, whose currents do not "
                "depend on it."
            )


@kept_program
def _steady_state(solver: AbstractSolver, machine: Machine, drive: AbstractDrive) -> AbstractSteadyState:
    return solver.steady_state(machine, drive)


@kept_program
def _fluctuations(solver: AbstractSolver, machine: Machine, drive: AbstractDrive) -> Fluctuations:
    return solver.fluctuations(machine, drive)
