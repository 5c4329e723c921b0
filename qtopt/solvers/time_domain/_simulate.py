"""From an initial state to a trajectory, period by period."""

from collections.abc import Iterator, Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Int
from numpy.typing import NDArray

from ...errors import InputError
from ...model import AbstractDrive, GaussianState, Machine, local_shares, state_space
from ...numerics import require_x64
from ...programs import kept_program
from ...thermal import CothPoles, coth_poles
from ..base import check_scales, exponent_of, in_units_of_user, moments_from_natural, to_natural
from ..exact import check_drive
from ._equations import Equations
from ._period import MOST_STEPS, Moments, PeriodMap, carried, initial_moments, next_start, period_map
from ._trajectory import Trajectory, flows, joined, jump_works

TOLERANCE = 1e-10
PHASE_DIGITS = 12
"""Phases of a period are told apart to this many digits."""
SAME_PHASE = 0.5 * 10.0**-PHASE_DIGITS


def simulate(
    machine: Machine,
    drive: AbstractDrive,
    initial: GaussianState,
    times: ArrayLike | Sequence[float],
    tolerance: float = TOLERANCE,
    poles: CothPoles | None = None,
) -> Trajectory:
    """Moments, powers and heat currents of the oscillators at the given times.

    At t = 0 the baths are in equilibrium by themselves (q = 0), uncorrelated with the oscillators, and the
    couplings g_l(0) are switched on at once. What follows is the exact reduced dynamics of that product state
    and includes its initial slip: a bath's force starts at ``-K(i inf) q``, the counter-term alone, and
    builds up within the memory time; <v^2> and heat vary on all time scales down to the end of the coth.

    The equations are linear with periodic coefficients, so one period is integrated (diffrax, adaptive,
    implicit: rates far apart cost little; steps end at the jumps of a drive), with unit matrices instead of
    a state, and every period is the same linear map of its start. Thousands of periods cost no more than the
    first, and nothing accumulates but the tolerance times the relaxation time in periods.

    Args:
        machine: any baths, joint or independent.
        drive: any drive, which starts with phase zero at t = 0.
        initial: any Gaussian state of the L oscillators.
        times: times t >= 0 in ascending order, (T,). Times at the same phases of different periods cost
            least: their number per period sets the memory.
        tolerance: relative and absolute error allowed in each step.
        poles: the rational coth, by default to machine precision.

    Returns:
        A `Trajectory`. It relaxes to `qtopt.solvers.exact.steady_state`, or grows if that does not exist.

    Raises:
        InputError: a drive or an initial state for another number of oscillators; times that are not
            ascending; a memoryless bath coupled by a drive that jumps; a drive too slow or a bath too cold
            for float64; a period that cannot be integrated.
        RuntimeError: float64 is disabled.

    Source: theory (6.1), (6.2), (6.4); product states: Hu, Paz and Zhang, Phys. Rev. D 45, 2843 (1992).
    """
    values = np.asarray(times, dtype=float)
    if values.ndim != 1 or not np.isfinite(values).all() or np.any(np.diff(values, prepend=0.0) < 0.0):
        raise InputError("times must be a list of finite numbers, ascending from 0, but they are not.")
    if len(values) == 0:
        raise InputError("times must hold at least one time, but the list is empty.")
    count = values * float(drive.frequency) / (2.0 * np.pi)
    whole = np.floor(count + SAME_PHASE).astype(int)
    phases = np.maximum(np.round(count - whole, PHASE_DIGITS), 0.0)
    wanted = [phases[whole == p] for p in range(whole[-1] + 1)]
    parts = list(_follow(machine, drive, initial, wanted, np.unique(phases), tolerance, poles))
    return joined(parts)


def simulate_periods(
    machine: Machine,
    drive: AbstractDrive,
    initial: GaussianState,
    periods: int,
    points: int = 64,
    tolerance: float = TOLERANCE,
    poles: CothPoles | None = None,
) -> Iterator[Trajectory]:
    """The same at equal steps, one trajectory for each period: its end and `points` - 1 times inside.

    The first one begins with t = 0. See `simulate`, also for errors.

    Args:
        machine: any baths, joint or independent.
        drive: starts with phase zero at t = 0.
        initial: any Gaussian state of the L oscillators.
        periods: number of periods.
        points: times per period.
        tolerance: of each step, relative and absolute.
        poles: the rational coth, by default to machine precision.
    """
    phases = np.arange(points + 1) / points
    wanted = [phases if p == 0 else phases[1:] for p in range(periods)]
    yield from _follow(machine, drive, initial, wanted, phases, tolerance, poles)


def _follow(
    machine: Machine,
    drive: AbstractDrive,
    initial: GaussianState,
    wanted: list[np.ndarray],
    phases: np.ndarray,
    tolerance: float,
    poles: CothPoles | None,
) -> Iterator[Trajectory]:
    """One trajectory for each period, at the wanted ones of its phases."""
    exponent, machine, drive, initial = _natural(machine, drive, initial)
    equations = Equations(machine, drive, coth_poles() if poles is None else poles)
    jumps = np.arange(1, drive.steps + 1) / max(drive.steps, 1)
    exact = np.append(jumps, 1.0)
    apart = np.abs(phases[:, None] - exact).min(axis=1) > SAME_PHASE
    stops = np.sort(np.concatenate([phases[apart & (phases > 0.0)], np.unique(exact)]))
    mapped = period_map(equations, jnp.asarray(stops), jnp.asarray(jumps[:-1]), tolerance)
    if not bool(mapped.resolved):
        raise InputError(TOO_MANY_STEPS)
    positions = np.concatenate([[0.0], stops])
    at_jumps = jnp.asarray(np.searchsorted(positions, jumps - SAME_PHASE))
    start = initial_moments(equations, initial)
    period = 2.0 * np.pi / float(drive.frequency)
    done = np.zeros((len(machine.baths), machine.size)), np.zeros(machine.size)
    width = max(len(rows) for rows in wanted)
    for number, chosen in enumerate(wanted):
        rows = np.searchsorted(positions, chosen - SAME_PHASE)
        padded = np.zeros(width, dtype=int)
        padded[: len(rows)] = rows
        found, works, start = _one_period(equations, mapped, start, jnp.asarray(padded), at_jumps)
        part = jax.tree.map(lambda leaf, rows=rows: np.asarray(leaf)[: len(rows)], found)
        times = (number + positions[rows]) * period
        jumped = part.jump_works + done[0], part.potential_jump_works + done[1]
        part = eqx.tree_at(lambda t: (t.times, t.jump_works, t.potential_jump_works), part, (times, *jumped))
        done = done[0] + np.asarray(works[0]), done[1] + np.asarray(works[1])
        yield in_units_of_user(part, exponent)


TOO_MANY_STEPS = (
    f"a period must take fewer than {MOST_STEPS} steps to integrate, but it takes more: raise the frequency "
    "of the drive or the tolerance."
)


def _natural(
    machine: Machine, drive: AbstractDrive, initial: GaussianState
) -> tuple[NDArray[np.int64], Machine, AbstractDrive, GaussianState]:
    """The exponent of the unit in which tolerances mean something, and all in that unit.

    Raises:
        InputError: see `simulate`.
    """
    require_x64()
    check_drive(machine, drive)
    if initial.size != machine.size:
        raise InputError(
            f"an initial state must have one mode per oscillator ({machine.size}), but it has {initial.size}."
        )
    check_scales(machine, drive)
    exponent = exponent_of(machine, drive)
    machine, drive = to_natural(machine, drive, exponent)
    mean = moments_from_natural(initial.mean, -exponent, 1)
    covariance = moments_from_natural(initial.covariance, -exponent, 2)
    _check_steps(machine, drive)
    return exponent, machine, drive, GaussianState(mean, covariance)


def _check_steps(machine: Machine, drive: AbstractDrive) -> None:
    """Raise `InputError` before anything is integrated where even one step an oscillation were too many."""
    modes = np.linalg.eigvals(np.asarray(state_space(machine).dynamics))
    turning = np.abs(modes.imag)[np.abs(modes.imag) > np.abs(modes.real)]
    if np.max(turning, initial=0.0) > MOST_STEPS * float(drive.frequency):
        raise InputError(TOO_MANY_STEPS)


@kept_program
def _one_period(
    equations: Equations, mapped: PeriodMap, start: Moments, rows: Int[Array, " K"], jumps: Int[Array, " S"]
) -> tuple[Trajectory, tuple[Float[Array, "B L"], Float[Array, " L"]], Moments]:
    """The chosen rows of one period, the work of its jumps, and the moments at its end."""
    size, steps = equations.machine.size, equations.drive.steps
    step = mapped.times[-1] / max(steps, 1)
    middles = (jnp.arange(steps + 1) + 0.5) * step

    def at(k: Array) -> tuple[Array, Array, Array]:
        response = jax.tree.map(lambda leaf: leaf[k], mapped.responses)
        return carried(equations, start, response, mapped.times[k])

    def work(jump: Array, before: Array, after: Array) -> tuple[Array, Array]:
        mean, covariance, _ = at(jump)
        second = covariance + jnp.outer(mean, mean)
        of_copies, of_potential = jump_works(equations, before, after, second)
        return _by_bath(equations, of_copies), of_potential

    works = jnp.zeros((0, len(equations.machine.baths), size)), jnp.zeros((0, size))
    if steps:
        works = jax.vmap(work)(jumps, middles[:-1], middles[1:])
    shares = local_shares(equations.acting, size)

    def row(k: Array) -> Trajectory:
        mean, covariance, correlation = at(k)
        second, time = covariance + jnp.outer(mean, mean), mapped.times[k]
        # Right of a jump, and never on it.
        sample = middles[jnp.floor(time / step + 1e-9).astype(int)] if steps else time
        powers, heat = flows(equations, sample, mean, second, correlation)
        passed = (jumps <= k).astype(float)
        squares = jnp.diag(second)
        frequencies = equations.machine.frequencies
        energies = (squares[size : 2 * size] + frequencies**2 * squares[:size]) / 2.0
        return Trajectory(
            time,
            mean[: 2 * size],
            covariance[: 2 * size, : 2 * size],
            energies / frequencies - 0.5,
            shares @ powers,
            _by_bath(equations, heat),
            jnp.einsum("s,sbl->bl", passed, works[0]),
            passed @ works[1],
            powers,
        )

    total = jnp.sum(works[0], axis=0), jnp.sum(works[1], axis=0)
    return jax.vmap(row)(rows), total, next_start(equations, start, mapped)


def _by_bath(equations: Equations, copies: Float[Array, "C ..."]) -> Float[Array, "B ..."]:
    """Sum over the copies of each bath."""
    return jnp.sum(copies.reshape(len(equations.machine.groups()), -1, *copies.shape[1:]), axis=0)
