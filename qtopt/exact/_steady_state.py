"""The exact periodic steady state of a driven machine."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .._arrays import require_x64
from ..baths import DrivenBath
from ..drives import Drive
from ..errors import InputError
from ..machine import Machine
from ..thermal import CothPoles, coth_poles
from ._doubling import Calculus
from ._periodic import Moments, periodic_moments, spectral_radius
from ._resolution import Resolution, resolution_for
from ._result import RESOLVED, UNRESOLVED, UNSTABLE, PeriodicState
from ._system import Copy, System, system
from ._time_grid import TimeGrid, time_grid


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
    doublings (logarithmic in the fastest rate) and M ~ 70 poles of the coth; n = 2L + one per Drude and two
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
        InputError: a drive for another number of oscillators; a memoryless bath coupled by a drive that jumps.
        RuntimeError: float64 is disabled.

    Source: physics notes, sections 2 and 4.
    """
    require_x64()
    _check(machine, drive)
    resolution = resolution_for(machine, drive) if resolution is None else resolution
    poles = coth_poles() if poles is None else poles
    grid = time_grid(resolution.points, resolution.levels, drive.steps)
    coupling, slope = (part.T for part in drive.at_phases(grid.samples))
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
    for bath in machine.driven_baths:
        if drive.steps and bath.spectral_density.memory().input.shape[0] == 0:
            raise InputError(
                f"a drive that jumps must couple a bath with memory, but bath {bath.name!r} is memoryless, where "
                "a jump costs infinite power: use a Drude cut-off or a smooth drive."
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
    copies = []
    for bath in machine.baths:
        g, rate = coupling, slope
        if not isinstance(bath, DrivenBath):
            static = bath.coupling if only is None else bath.coupling[only][None]
            g, rate = jnp.broadcast_to(static[:, None], coupling.shape), jnp.zeros_like(slope)
        copies.append(Copy(bath.spectral_density.memory(), bath.temperature, g, rate))
    equations = system(frequencies, tuple(copies))
    moments = periodic_moments(equations, machine.temperatures, calculus, poles)
    size, weights = frequencies.shape[0], calculus.grid.weights
    own_power, truncation = _powers(copies, equations, moments, calculus)
    absorbed = _absorbed(equations, moments, weights)
    heat = _heat(copies, own_power, absorbed, weights)
    norm = jnp.max(jnp.sqrt(jnp.sum(equations.dynamics**2, axis=(0, 1))) * calculus.shortest())
    return Parts(
        local_powers=jnp.sum(own_power, axis=0),
        heat_currents=heat,
        covariance=_in_oscillators(equations.basis, jnp.sum(moments.covariance, axis=0)[:size, :size]),
        monodromy=moments.monodromy,
        radius=spectral_radius(moments.monodromy),
        imbalance=_imbalance(equations, moments, weights, heat),
        truncation=truncation,
        stiffness=norm,
    )


def _in_oscillators(basis: Float[Array, "l l"], covariance: Float[Array, "l l K"]) -> Float[Array, "l l K"]:
    return jnp.einsum("am,abk,bn->mnk", basis, covariance, basis)


def _powers(
    copies: list[Copy], equations: System, moments: Moments, calculus: Calculus
) -> tuple[Float[Array, "B l"], Float[Array, ""]]:
    """(B, l) power supplied through each oscillator because of the noise of each bath; truncation estimate.

    ``P_l = -sum_nu avg[dg_l/dt <x_l F_nu>]``; at a jump of g the force is the mean of its two sides.
    """
    size, grid = copies[0].coupling.shape[0], calculus.grid
    if not grid.smooth:
        return _powers_of_jumps(copies, equations, moments, calculus), jnp.zeros(())
    total = jnp.zeros((len(copies), size, len(grid.ends)))
    for c, copy in enumerate(copies):
        overlap = jnp.einsum("bljk,jk->blk", moments.covariance[:, :size], equations.force[c])
        overlap = overlap.at[c].add(equations.direct[c] * moments.noise_correlation[c, :size])
        total = total - copy.slope * jnp.einsum("lm,blk->bmk", equations.basis, overlap)
    spectrum = jnp.abs(jnp.fft.rfft(jnp.sum(total, axis=(0, 1)))) / len(grid.ends)
    return total @ grid.weights, jnp.max(spectrum[-max(1, len(spectrum) // 6) :])


def _powers_of_jumps(
    copies: list[Copy], equations: System, moments: Moments, calculus: Calculus
) -> Float[Array, "B l"]:
    size, at = copies[0].coupling.shape[0], calculus.grid.jumps
    period = 2.0 * jnp.pi / calculus.frequency
    total = jnp.zeros((len(copies), size))
    for c, copy in enumerate(copies):
        before, after = copy.coupling[:, at], copy.coupling[:, (at + 1) % copy.coupling.shape[1]]
        mean = equations.basis @ ((before + after) / 2.0)
        force = equations.force[c][:, at].at[:size].set(-copy.memory.static * mean)
        overlap = jnp.einsum("lm,bljk,jk->bmk", equations.basis, moments.covariance[:, :size, :, at], force)
        total = total - jnp.sum((after - before) * overlap, axis=-1) / period
    return total


def _absorbed(equations: System, moments: Moments, weights: np.ndarray) -> Float[Array, "B B"]:
    """(c, b): heat that bath c absorbs on average because of the noise of bath b, ``-avg <F_c dq_c/dt>``."""
    work = jnp.einsum("cik,bijk,cjk->cbk", equations.force, moments.covariance, equations.velocity)
    return -(work @ weights)


def _heat(
    copies: list[Copy], own_power: Array, absorbed: Array, weights: np.ndarray
) -> Float[Array, " B"]:
    """Heat out of each bath: what its noise gives to the others, less its work, less what it absorbs.

    This form needs no term in which a strong bath's own noise and friction cancel. Between two Ohmic baths
    the ends of the two rational coths leave a Frullani integral, taken off exactly (as in the weak kernels).
    """
    others = absorbed * (1.0 - jnp.eye(len(copies)))
    heat = jnp.sum(others, axis=0) - jnp.sum(others, axis=1) - jnp.sum(own_power, axis=1)
    spurious = []
    for b, copy in enumerate(copies):
        total = jnp.zeros(())
        for c, other in enumerate(copies):
            if c != b:
                overlap = jnp.sum(copy.coupling * other.coupling, axis=0) ** 2 @ weights
                friction = copy.memory.viscosity * other.memory.viscosity
                total = total + friction * overlap * jnp.log(copy.temperature / other.temperature) / jnp.pi
        spurious.append(total)
    return heat - jnp.stack(spurious)


def _imbalance(equations: System, moments: Moments, weights: np.ndarray, heat: Array) -> Float[Array, ""]:
    """Largest relative difference between heat by transmission and ``avg <F dq/dt>``, over baths with memory."""
    force = jnp.einsum("cik,bijk,cjk->ck", equations.force, moments.covariance, equations.velocity)
    memoryless = equations.direct > 0.0
    difference = jnp.where(memoryless, 0.0, jnp.abs(force @ weights - heat))
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
        covariance=jnp.einsum("k,klm->lm", grid.weights, in_time),
        truncation_error=known(jnp.sum(parts.truncation)),
        times=grid.ends * 2.0 * jnp.pi / drive.frequency,
        covariance_in_time=in_time,
        monodromy=parts.monodromy,
        spectral_radius=radius,
        first_law_residual=known(jnp.max(parts.imbalance)),
        status=status,
    )


