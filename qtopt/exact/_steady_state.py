"""The exact periodic steady state of a driven machine."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from .._arrays import require_x64
from ..drives import Drive
from ..errors import InputError
from ..machine import Machine
from ..thermal import CothPoles, coth_poles
from ._doubling import Calculus
from ._periodic import Moments, periodic_moments
from ._resolution import Resolution, resolution_for
from ._result import RESOLVED, UNRESOLVED, UNSTABLE, PeriodicState
from ._stability import growth
from ._system import Copy, System, machine_copies, system
from ._time_grid import TimeGrid


def steady_state(
    machine: Machine,
    drive: Drive,
    resolution: Resolution | None = None,
    poles: CothPoles | None = None,
) -> PeriodicState:
    """Exact thermodynamics of the periodic steady state: any coupling strength, any number of driven baths.

    The state space of oscillators and bath memories (n variables) obeys linear equations with periodic
    coefficients; propagators of 1/K of a period come from doubling (`_doubling`), the periodic state from one
    linear solve (`_periodic`). No frequency grid, no Newton iteration, no eigenvectors. Differentiable in
    every parameter (reverse and forward mode), works under `jax.jit` and `jax.vmap`.

    Cost: ``O(K r (n^3 + M n^2 + M n K))`` per bath for K points of time (some 8 per harmonic of the drive), r
    doublings (logarithmic in the fastest rate) and M ~ 80 poles of the coth; n = 2L + one per Drude and two
    per Lorentzian bath. Independent oscillators cost L times one oscillator.

    Args:
        machine: any baths with memory variables, driven or static.
        drive: shapes of all driven couplings.
        resolution: points of time and doublings; by default chosen from the numbers of the machine, which
            must then be concrete. Under jit, pass ``resolution_for(machine, drive)``.
        poles: the rational coth, by default to machine precision.

    Returns:
        A `PeriodicState`. Where its `status` is not 0 its numbers are NaN; `check` raises on the host.

    Raises:
        InputError: a drive for another number of oscillators, or one that jumps.
        RuntimeError: float64 is disabled.

    Source: physics notes, sections 2 and 4.
    """
    require_x64()
    _check(machine, drive)
    resolution = resolution_for(machine, drive) if resolution is None else resolution
    poles = coth_poles() if poles is None else poles
    grid = TimeGrid(resolution.points + 1 - resolution.points % 2, resolution.levels)
    coupling, slope = (part.T for part in drive.at_phases(grid.phases))
    calculus = Calculus(grid, drive.frequency)
    if machine.configuration == "joint":
        parts = _solve(machine, machine.frequencies, coupling, slope, None, calculus, poles)
        parts = jax.tree.map(lambda leaf: leaf[None], parts)
    else:
        single = lambda l, f, g, s: _solve(machine, f[None], g[None], s[None], l, calculus, poles)  # noqa: E731
        parts = jax.vmap(single)(jnp.arange(machine.size), machine.frequencies, coupling, slope)
    return _combined(machine, drive, grid, parts)


def _check(machine: Machine, drive: Drive) -> None:
    if drive.size != machine.size:
        raise InputError(
            f"a drive must have one shape per oscillator ({machine.size}), but it has {drive.size}."
        )
    if drive.steps:
        raise InputError(
            f"the exact solver needs a smooth drive, but this one jumps between {drive.steps} steps: use a "
            "Fourier or bounded drive, or follow it in time."
        )


class Parts(NamedTuple):
    """Results of one set of oscillators that share their baths: l oscillators, B baths, K points."""

    local_powers: Float[Array, " l"]
    heat_currents: Float[Array, " B"]
    covariance: Float[Array, "l l K"]
    monodromy: Float[Array, "n n"]
    radius: Float[Array, ""]
    imbalance: Float[Array, ""]
    truncation: Float[Array, ""]
    stiffness: Float[Array, ""]


def _solve(
    machine: Machine,
    frequencies: Array,
    coupling: Array,
    slope: Array,
    only: Array | None,
    calculus: Calculus,
    poles: CothPoles,
) -> Parts:
    """One set of oscillators; `only` picks the static couplings of one oscillator."""
    copies = machine_copies(machine, coupling, slope, only)
    equations = system(frequencies, copies)
    moments = periodic_moments(equations, machine.temperatures, calculus, poles)
    size = frequencies.shape[0]
    work, truncation = _work(copies, equations, moments, calculus)
    absorbed = _absorbed(equations, moments)
    heat = _heat(copies, jnp.sum(work, axis=(0, 2)), absorbed)
    norm = jnp.max(jnp.sqrt(jnp.sum(equations.dynamics**2, axis=(0, 1))) * calculus.shortest)
    return Parts(
        local_powers=jnp.sum(work, axis=(0, 1)),
        heat_currents=heat,
        covariance=_in_oscillators(equations.basis, jnp.sum(moments.covariance, axis=0)[:size, :size]),
        monodromy=moments.monodromy,
        radius=growth(moments.monodromy),
        imbalance=_imbalance(equations, absorbed, heat),
        truncation=truncation,
        stiffness=norm,
    )


def _in_oscillators(basis: Float[Array, "l l"], covariance: Float[Array, "l l K"]) -> Float[Array, "l l K"]:
    return jnp.einsum("am,abk,bn->mnk", basis, covariance, basis)


def _work(
    copies: tuple[Copy, ...], equations: System, moments: Moments, calculus: Calculus
) -> tuple[Float[Array, "C B l"], Float[Array, ""]]:
    """(c, b, l): power of driving coupling l of bath c due to the noise of bath b; truncation estimate.

    ``P_l = -sum_c avg[dg_l/dt <x_l F_c>]``.
    """
    size = copies[0].coupling.shape[0]
    work = []
    for c, copy in enumerate(copies):
        overlap = jnp.einsum("bljk,jk->blk", moments.covariance[:, :size], equations.force[c])
        overlap = overlap.at[c].add(equations.direct[c] * moments.noise_correlation[c, :size])
        work.append(-copy.slope * jnp.einsum("lm,blk->bmk", equations.basis, overlap))
    in_time = jnp.stack(work)
    spectrum = jnp.abs(jnp.fft.rfft(jnp.sum(in_time, axis=(0, 1, 2)))) / calculus.grid.points
    return jnp.mean(in_time, axis=-1), jnp.max(spectrum[-max(1, len(spectrum) // 6) :])


def _absorbed(equations: System, moments: Moments) -> Float[Array, "B B"]:
    """(c, b): heat that bath c absorbs on average because of the noise of bath b, ``-avg <F_c dq_c/dt>``."""
    work = jnp.einsum("cik,bijk,cjk->cbk", equations.force, moments.covariance, equations.velocity)
    return -jnp.mean(work, axis=-1)


def _heat(copies: tuple[Copy, ...], own_work: Array, absorbed: Array) -> Float[Array, " B"]:
    """Heat out of each bath: what its noise gives to the others, less its work, less what it absorbs.

    This form needs no term in which a strong bath's own noise and friction cancel. Between two Ohmic baths
    the ends of the two rational coths leave a Frullani integral, taken off exactly (as in the weak kernels).
    """
    others = absorbed * (1.0 - jnp.eye(len(copies)))
    heat = jnp.sum(others, axis=0) - jnp.sum(others, axis=1) - own_work
    spurious = []
    for b, copy in enumerate(copies):
        total = jnp.zeros(())
        for c, other in enumerate(copies):
            if c != b:
                overlap = jnp.mean(jnp.sum(copy.coupling * other.coupling, axis=0) ** 2)
                friction = copy.memory.viscosity * other.memory.viscosity
                total = total + friction * overlap * jnp.log(copy.temperature / other.temperature) / jnp.pi
        spurious.append(total)
    return heat - jnp.stack(spurious)


def _imbalance(equations: System, absorbed: Array, heat: Array) -> Float[Array, ""]:
    """Largest relative difference between heat by transmission and ``avg <F dq/dt>``; baths with memory."""
    difference = jnp.where(equations.direct > 0.0, 0.0, jnp.abs(jnp.sum(absorbed, axis=1) + heat))
    return jnp.max(difference) / jnp.max(jnp.abs(heat))


def _combined(machine: Machine, drive: Drive, grid: TimeGrid, parts: Parts) -> PeriodicState:
    """Independent oscillators side by side; NaN where there is no steady state to report."""
    size = machine.size
    blocks = parts.covariance
    if machine.configuration == "independent":
        blocks = jnp.einsum("lk,lm->lmk", blocks[:, 0, 0], jnp.eye(size))[None]
    radius, stiffness = jnp.max(parts.radius), jnp.max(parts.stiffness)
    status = jnp.where(radius < 1.0, RESOLVED, UNSTABLE)
    status = jnp.where(stiffness < 0.25, status, UNRESOLVED)
    known = lambda value: jnp.where(status == RESOLVED, value, jnp.nan)  # noqa: E731
    local_powers, heat = known(parts.local_powers.reshape(-1)), known(jnp.sum(parts.heat_currents, axis=0))
    in_time = known(jnp.moveaxis(blocks[0], -1, 0))
    return PeriodicState(
        power=jnp.sum(local_powers),
        local_powers=local_powers,
        heat_currents=heat,
        entropy_production_rate=-jnp.sum(heat / machine.temperatures),
        covariance=jnp.mean(in_time, axis=0),
        truncation_error=known(jnp.sum(parts.truncation)),
        times=jnp.asarray(grid.phases) * 2.0 * jnp.pi / drive.frequency,
        covariance_in_time=in_time,
        monodromy=parts.monodromy,
        spectral_radius=radius,
        first_law_residual=known(jnp.max(parts.imbalance)),
        status=status,
    )
