"""The exact periodic steady state of a driven machine."""

from typing import Any, NamedTuple

from jaxtyping import Array, Float

from ...model import (
    SPRINGS,
    AbstractDrive,
    Actuators,
    Copy,
    Course,
    Machine,
    Moving,
    System,
    actuators,
    blocks,
    course,
    damped_system,
    local_shares,
    moving,
    over_groups,
)
from ...numerics import require_x64, xp
from ...thermal import CothPoles, heat_beyond_the_poles
from ..base import NOT_FINITE, RESOLVED, UNRESOLVED, UNSTABLE
from ._averages import Averages, smooth_averages
from ._check import check_drive
from ._doubling import Calculus
from ._piecewise import piecewise_averages
from ._resolution import LARGEST_STEP, UNKNOWN, lost_in_a_period
from ._result import ExactSteadyState
from ._stability import growth
from ._time_grid import AbstractGrid, StepGrid, TimeGrid


def steady_state(
    machine: Machine, drive: AbstractDrive, grid: AbstractGrid, poles: CothPoles
) -> ExactSteadyState:
    """The steady state of a machine for settled settings; see `Exact.steady_state`."""
    require_x64()
    check_drive(machine, drive)
    acting = actuators(machine, drive)
    whole = course(acting, *drive.at_phases(grid.samples), machine.size)

    def solve(part: Machine, shapes: Array, slopes: Array) -> Parts:
        at = whole._replace(shapes=shapes, slopes=slopes)
        return _solve(part, acting, at, grid, drive.frequency, poles)

    parts = over_groups(solve, machine, whole.shapes, whole.slopes)
    return _combined(machine, drive, acting, grid, parts)


class Parts(NamedTuple):
    """Results of one group of oscillators that share their baths: l oscillators, B baths, K points."""

    work: tuple[Array, ...]
    """of each actuator, one number for every shape"""
    heat_currents: Float[Array, " B"]
    covariance: Float[Array, "2l 2l K"]
    spread: Float[Array, "l l"]
    mean: Float[Array, "2l K"]
    monodromy: Float[Array, "n n"]
    radius: Float[Array, ""]
    imbalance: Float[Array, ""]
    exchange: Float[Array, ""]
    truncation: Float[Array, ""]
    stiffness: Float[Array, ""]
    unknown: Float[Array, ""]


def _solve(
    machine: Machine,
    acting: Actuators,
    at: Course,
    grid: AbstractGrid,
    drive_frequency: Array,
    poles: CothPoles,
) -> Parts:
    """One group of oscillators."""
    now = moving(machine, acting, at)
    equations = damped_system(machine.frequencies, now.stiffness, now.copies)
    averages = _averages(machine.frequencies, acting, at, now, equations, grid, drive_frequency, poles)
    own_work: Any = sum((xp.sum(part, axis=1) for part in averages.work), xp.zeros(()))
    heat = _heat(now.copies, own_work, averages.absorbed)
    norm = xp.max(xp.sqrt(xp.sum(equations.dynamics**2, axis=(0, 1))))
    period, radius = 2.0 * xp.pi / drive_frequency, growth(averages.monodromy)
    fastest = xp.sqrt(xp.max(xp.sum(xp.abs(now.stiffness), axis=1)))  # no normal frequency is above
    unknown = lost_in_a_period(grid.points, fastest * period) / xp.abs(xp.log(radius))
    both = xp.kron(xp.eye(2), equations.positions)
    return Parts(
        work=tuple(xp.sum(part, axis=0) for part in averages.work),
        heat_currents=heat,
        covariance=_in_oscillators(both, averages.covariance),
        spread=_in_oscillators(equations.positions, averages.spread[..., None])[..., 0],
        mean=both.T @ averages.mean,
        monodromy=averages.monodromy,
        radius=radius,
        imbalance=_imbalance(equations, averages.absorbed, heat),
        exchange=_exchange(averages),
        truncation=averages.truncation,
        stiffness=norm * grid.shortest * period,
        unknown=unknown,
    )


def _averages(
    frequencies: Array,
    acting: Actuators,
    at: Course,
    now: Moving,
    equations: System,
    grid: AbstractGrid,
    drive_frequency: Array,
    poles: CothPoles,
) -> Averages:
    """The only place where drives that jump differ from smooth ones."""
    parts = (frequencies, acting, at, now, equations)
    if isinstance(grid, StepGrid):
        return piecewise_averages(*parts, 2.0 * xp.pi / drive_frequency, grid, poles)
    assert isinstance(grid, TimeGrid)
    return smooth_averages(*parts, Calculus(grid, drive_frequency), poles)


def _in_oscillators(basis: Float[Array, "n n"], covariance: Float[Array, "n n K"]) -> Float[Array, "n n K"]:
    return xp.einsum("am,abk,bn->mnk", basis, covariance, basis)


def _heat(copies: tuple[Copy, ...], own_work: Array, absorbed: Array) -> Float[Array, " B"]:
    """Heat out of each bath: what its noise gives to the others, less its work, less what it absorbs.

    This form needs no term in which a strong bath's own noise and friction cancel. Between two Ohmic baths
    the ends of the two rational coths leave a Frullani integral, taken off exactly (as in the weak kernels).

    What the mean motion gives to the baths, the columns of `absorbed` beyond their own noises, is taken off.

    Source: theory (5.11), (4.15), (13.7).
    """
    count = len(copies)
    others = absorbed[:, :count] * (1.0 - xp.eye(count))
    heat = xp.sum(others, axis=0) - xp.sum(others, axis=1) - own_work[:count]
    heat = heat - xp.sum(absorbed[:, count:], axis=1)
    couplings = xp.stack([copy.coupling for copy in copies])
    overlaps = xp.mean(xp.einsum("blk,clk->bck", couplings, couplings) ** 2, axis=-1)
    frictions = xp.stack([copy.memory.viscosity for copy in copies])
    temperatures = xp.stack([copy.bath.temperature for copy in copies])
    return heat - heat_beyond_the_poles(frictions, temperatures, overlaps)


def _imbalance(equations: System, absorbed: Array, heat: Array) -> Float[Array, ""]:
    """Largest difference between heat by transmission and ``avg <F dq/dt>``, of baths with memory."""
    return xp.max(xp.where(equations.direct > 0.0, 0.0, xp.abs(xp.sum(absorbed, axis=1) + heat)))


def _exchange(averages: Averages) -> Float[Array, ""]:
    """The largest energy per time that goes from one bath or drive to another; what heat is left of."""
    baths, noises = averages.absorbed.shape
    between = averages.absorbed * (1.0 - xp.eye(baths, noises))
    parts = (between, *averages.work)
    return xp.max(xp.stack([xp.max(xp.abs(part), initial=0.0) for part in parts]))


def _combined(
    machine: Machine, drive: AbstractDrive, acting: Actuators, grid: AbstractGrid, parts: Parts
) -> ExactSteadyState:
    """The groups side by side; NaN where there is no steady state to report."""
    count, size = len(parts.covariance), machine.size
    quadrants = xp.moveaxis(parts.covariance.reshape(count, 2, size // count, 2, size // count, -1), -1, 1)
    whole = xp.swapaxes(blocks(machine, xp.swapaxes(quadrants, 3, 4)), 2, 3)
    radius, stiffness, unknown = xp.max(parts.radius), xp.max(parts.stiffness), xp.max(parts.unknown)
    status = xp.where(radius < 1.0, RESOLVED, UNSTABLE)
    status = xp.where(xp.isfinite(radius), status, NOT_FINITE)
    resolved = (stiffness < LARGEST_STEP) & ~(unknown > UNKNOWN)
    status = xp.where(resolved, status, UNRESOLVED)  # the reason where both are true
    exchange = xp.max(parts.exchange)

    def known(value: Array) -> Array:
        return xp.where(status == RESOLVED, value, xp.nan)

    work = known(xp.concatenate([part.reshape(-1) for part in parts.work]))
    plain = len(acting) == 1 and acting[0].target != SPRINGS
    local_powers = work if plain else xp.asarray(local_shares(acting, size)) @ work
    heat = known(xp.sum(parts.heat_currents, axis=0))
    largest = xp.maximum(xp.max(xp.abs(work)), xp.max(xp.abs(heat)))
    means = xp.moveaxis(parts.mean.reshape(count, 2, size // count, -1), 1, 0)
    return ExactSteadyState(
        power=xp.sum(work),
        local_powers=local_powers,
        work=work,
        heat_currents=heat,
        entropy_production_rate=-xp.sum(heat / machine.temperatures),
        covariance=known(blocks(machine, parts.spread)),
        truncation_error=known(xp.sum(parts.truncation)),
        times=xp.asarray(grid.phases) * 2.0 * xp.pi / drive.frequency,
        phase_space_covariance=known(whole.reshape(-1, 2 * size, 2 * size)),
        means=known(means.reshape(2 * size, -1).T),
        monodromy=parts.monodromy,
        spectral_radius=radius,
        relaxation_error=unknown,
        systematic_error=unknown * largest,
        first_law_residual=known(xp.max(parts.imbalance) / xp.where(exchange > 0.0, exchange, 1.0)),
        status=status,
    )
