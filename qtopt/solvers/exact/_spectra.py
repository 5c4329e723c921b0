"""Which frequencies of the noise carry work and heat in the exact steady state; what the mean motion does."""

from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Complex, Float

from ...errors import InputError
from ...model import (
    BATHS,
    AbstractDrive,
    Actuators,
    Course,
    Machine,
    Protocol,
    actuators,
    blocks,
    course,
    local_shares,
    moving,
    over_groups,
)
from ...numerics import require_x64
from . import _one_bath, _protocol_noise
from ._check import check_drive
from ._floquet import Harmonics
from ._harmonics import Modulation
from ._noise import Densities

SMALLEST = 1e-100
"""instead of a noise frequency of exactly 0, where J coth is a limit"""


class NoiseSpectra(NamedTuple):
    """Densities at noise frequencies w of what each bath's noise does (hbar = k_B = m = 1).

    ``sum over baths mu of int dw/2pi`` over all real w of a density is the period average of the exact steady
    state, less what `coherent_flows` gives where forces act; densities are even in w. Each noise obeys the
    first law at every frequency, and its `power` is the sum of its `work`. K frequencies, L oscillators, B
    baths; the first axis is the bath that makes the noise.

    Attributes:
        power: (B, K) power supplied by the drive; negative: extracted.
        local_powers: (B, L, K) power supplied through each oscillator.
        heat_currents: (B, B, K) heat current from each bath (second axis) into the system.
        covariance: (B, L, L, K) symmetrised <x_l x_m>, period average.
        work: (B, A, K) power supplied through each shape of each actuator, in the order of
            `ExactSteadyState.work`; 0 through forces, whose work is that of the mean alone.
    """

    power: Float[Array, "B K"]
    local_powers: Float[Array, "B L K"]
    heat_currents: Float[Array, "B B K"]
    covariance: Float[Array, "B L L K"]
    work: Float[Array, "B A K"]


class CoherentFlows(NamedTuple):
    """What the mean motion does that forces cause, averaged over a period; it has no noise in it.

    Attributes:
        power: power supplied by all actuators.
        local_powers: (L,) through each oscillator.
        heat_currents: (B,) from each bath; none is positive.
        work: (A,) through each shape, in the order of `ExactSteadyState.work`.
        means: (N+1, L) the harmonics <x_l>_n, n = 0..N, by ``sum_n <x>_n exp(-i n Omega t)``.
    """

    power: Float[Array, ""]
    local_powers: Float[Array, " L"]
    heat_currents: Float[Array, " B"]
    work: Float[Array, " A"]
    means: Complex[Array, "N+1 L"]


def spectra(machine: Machine, drive: AbstractDrive, omega: ArrayLike, harmonics: int = 16) -> NoiseSpectra:
    """Exact spectral densities of work, heat currents and covariance at noise frequencies omega.

    For every machine and every smooth drive or protocol that the exact solver knows: any number of driven and
    static baths, moving frequencies and springs. Noise of a bath at w excites the harmonics w + n Omega,
    n = -N..N; what a bath gives to itself at n = 0 drops out of the currents: no strong bath cancels. Noise
    of one bath alone has slow tails between Ohmic baths; those of all baths together fall faster. Forces make
    no noise: what they do is in `coherent_flows`. Differentiable in the machine and the drive (both modes),
    works under `jax.jit` and `jax.vmap`. Whether the machine is stable, the exact `steady_state` knows; of an
    unstable one these numbers mean nothing.

    Where the couplings to one bath are all that moves, beside static baths, there is one unknown for each
    harmonic: O(N K) for a `MonochromaticDrive`, O(N H^2 K) for H harmonics of any other drive. Otherwise
    there are L + B: O(N H^2 (L + B)^3 K).

    Args:
        machine: its baths driven or static.
        drive: a smooth one; of its harmonics those up to N are kept.
        omega: (K,) noise frequencies, of either sign.
        harmonics: N; what is beyond falls exponentially.

    Raises:
        InputError: a drive that jumps or does not fit the machine, fewer than one harmonic.
        RuntimeError: float64 is disabled.

    Source: theory (5.20), (5.21), (13.20) to (13.22).
    """
    acting = _checked(machine, drive, harmonics)
    omega = jnp.asarray(omega, dtype=float)
    omega = jnp.where(omega == 0.0, SMALLEST, omega)
    solve = _of_one_bath if _one_moves(machine, acting) else _of_protocol
    parts: Densities = solve(machine, drive, acting, omega, harmonics)
    covariance = blocks(machine, jnp.moveaxis(parts.covariance, -1, 1))
    work = [jnp.moveaxis(part, 0, 1).reshape(len(machine.baths), -1, len(omega)) for part in parts.work]
    work, shares = jnp.concatenate(work, axis=1), jnp.asarray(local_shares(acting, machine.size))
    return NoiseSpectra(
        power=jnp.sum(parts.power, axis=0),
        local_powers=jnp.einsum("la,bak->blk", shares, work),
        heat_currents=jnp.sum(parts.heat_currents, axis=0),
        covariance=jnp.moveaxis(covariance, 0, -1),
        work=work,
    )


def coherent_flows(machine: Machine, drive: AbstractDrive, harmonics: int = 16) -> CoherentFlows:
    """Work, heat and harmonics of the mean motion that forces cause: lines at n Omega, no noise.

    They and the integrals of `spectra` add up to the exact steady state. All are 0 unless forces act.

    Args:
        machine: its baths driven or static.
        drive: a smooth one; of its harmonics those up to N are kept.
        harmonics: N.

    Raises:
        InputError: a drive that jumps or does not fit the machine, fewer than one harmonic.
        RuntimeError: float64 is disabled.

    Source: theory (13.6), (13.23).
    """
    acting = _checked(machine, drive, harmonics)

    def of_part(part: Machine, made: Harmonics) -> _protocol_noise.Flows:
        return _protocol_noise.flows(acting, made, harmonics)

    parts = _over_harmonics(of_part, machine, drive, acting, harmonics)
    work = jnp.concatenate([part.reshape(-1) for part in parts.work])
    means = jnp.moveaxis(parts.means, 0, 1).reshape(2 * harmonics + 1, -1)
    return CoherentFlows(
        power=jnp.sum(work),
        local_powers=jnp.asarray(local_shares(acting, machine.size)) @ work,
        heat_currents=jnp.sum(parts.heat_currents, axis=0),
        work=work,
        means=means[harmonics:],
    )


def _checked(machine: Machine, drive: AbstractDrive, harmonics: int) -> Actuators:
    require_x64()
    check_drive(machine, drive)
    parts = drive.drives if isinstance(drive, Protocol) else (drive,)
    jumps = max(part.steps for part in parts)
    if jumps:
        raise InputError(
            f"spectra need a smooth drive, but this one jumps {jumps} times a period: use a Fourier or "
            "bounded drive."
        )
    if harmonics < 1:
        raise InputError(f"harmonics must be a whole number of at least 1, but it is {harmonics}.")
    return actuators(machine, drive)


def _one_moves(machine: Machine, acting: Actuators) -> bool:
    """Whether the couplings to one bath are all that moves, beside static baths."""
    only = len(acting) == 1 and acting[0].target == BATHS
    return only and len(machine.driven_baths) == 1 and len(machine.static_baths) > 0


def _kept(drive: AbstractDrive, harmonics: int) -> int:
    """H: of the drive's harmonics those up to N."""
    return max(1, min(drive.default_harmonics, harmonics))


def _of_one_bath(
    machine: Machine, drive: AbstractDrive, acting: Actuators, omega: Array, harmonics: int
) -> Densities:
    series = drive.series(_kept(drive, harmonics)).two_sided()

    def of_part(part: Machine, g: Array) -> Densities:
        modulation = Modulation(series.orders, g.T, drive.frequency)
        return _one_bath.densities(part, modulation, omega, harmonics)

    return over_groups(of_part, machine, jnp.conj(series.amplitudes.T))


def _of_protocol(
    machine: Machine, drive: AbstractDrive, acting: Actuators, omega: Array, harmonics: int
) -> Densities:
    def of_part(part: Machine, made: Harmonics) -> Densities:
        return _protocol_noise.densities(part, acting, made, omega, harmonics)

    return _over_harmonics(of_part, machine, drive, acting, harmonics)


def _over_harmonics(
    function: Any, machine: Machine, drive: AbstractDrive, acting: Actuators, harmonics: int
) -> Any:
    """``function(part, its harmonics)`` for every group of oscillators that shares its baths."""
    series = drive.series(_kept(drive, harmonics)).two_sided()
    points = 2 * _kept(drive, harmonics) + 1
    phases = 2.0 * np.pi * np.arange(points) / points
    shapes = jnp.real(np.exp(-1j * np.outer(phases, series.orders)) @ series.amplitudes)
    whole = course(acting, shapes, jnp.zeros_like(shapes), machine.size)

    def of_part(part: Machine, shapes: Array, slopes: Array) -> Any:
        at = Course(shapes, slopes, whole.springs, whole.spring_slopes)
        return function(part, Harmonics.of(moving(part, acting, at), drive.frequency))

    return over_groups(of_part, machine, whole.shapes, whole.slopes)
