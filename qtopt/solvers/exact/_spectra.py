"""Which frequencies of the noise carry work and heat in the exact periodic steady state."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Complex, Float

from ...errors import InputError
from ...model import (
    FORCES,
    FREQUENCIES,
    SPRINGS,
    AbstractDrive,
    AbstractSpectralDensity,
    Bath,
    Machine,
    Protocol,
    blocks,
    damped_axes,
    over_groups,
    rotated,
    still_copies,
)
from ...numerics import require_x64
from ._check import check_drive
from ._harmonics import Medium, Modulation, driven_response

SMALLEST = 1e-100
"""instead of a noise frequency of exactly 0, where J coth is a limit"""


class NoiseSpectra(NamedTuple):
    """Densities at noise frequencies w of what each bath's noise does (hbar = k_B = m = 1).

    ``sum over baths mu of int dw/2pi`` over all real w of a density is the period average of the exact steady
    state; densities are even in w. Each noise obeys the first law at every frequency, and its `power` is the
    sum of its `local_powers`. K frequencies, L oscillators, B baths; the first axis is the bath that makes
    the noise.

    Attributes:
        power: (B, K) power supplied by the drive; negative: extracted.
        local_powers: (B, L, K) power supplied through each oscillator.
        heat_currents: (B, B, K) heat current from each bath (second axis) into the system.
        covariance: (B, L, L, K) symmetrised <x_l x_m>, period average.
    """

    power: Float[Array, "B K"]
    local_powers: Float[Array, "B L K"]
    heat_currents: Float[Array, "B B K"]
    covariance: Float[Array, "B L L K"]


def spectra(machine: Machine, drive: AbstractDrive, omega: ArrayLike, harmonics: int = 16) -> NoiseSpectra:
    """Exact spectral densities of power, heat currents and covariance at noise frequencies omega.

    Noise of a bath at w excites the harmonics w + n Omega, n = -N..N; they are found without the oscillators
    (see `_harmonics`): one unknown for each harmonic. What a bath gives to itself at n = 0 drops out of the
    currents: no strong bath cancels. Noise of one bath alone
    has slow tails between Ohmic baths; those of all baths together fall faster. Cost: O(N K) for a
    `MonochromaticDrive`, O(N H^2 K) for H harmonics of any other drive. Differentiable in the machine
    and the drive (both modes), works under `jax.jit` and `jax.vmap`. Whether the machine is stable, the exact
    `steady_state` knows; of an unstable one these numbers mean nothing.

    Args:
        machine: one driven bath, at least one static bath.
        drive: a smooth one; of its harmonics those up to N are kept.
        omega: (K,) noise frequencies, of either sign.
        harmonics: N; what is beyond falls exponentially.

    Raises:
        InputError: not exactly one driven bath, no static bath, a drive that jumps or for another number of
            oscillators, fewer than one harmonic.
        RuntimeError: float64 is disabled.

    Source: theory (5.20), (5.21).
    """
    require_x64()
    _check(machine, drive, harmonics)
    omega = jnp.asarray(omega, dtype=float)
    omega = jnp.where(omega == 0.0, SMALLEST, omega)
    series = drive.series(max(1, min(drive.default_harmonics, harmonics))).two_sided()

    def of_part(part: Machine, g: Array) -> NoiseSpectra:
        return _spectra(part, Modulation(series.orders, g.T, drive.frequency), omega, harmonics)

    parts = over_groups(of_part, machine, jnp.conj(series.amplitudes.T))
    covariance = blocks(machine, jnp.moveaxis(parts.covariance, -1, 1))
    return NoiseSpectra(
        power=jnp.sum(parts.power, axis=0),
        local_powers=jnp.concatenate(list(parts.local_powers), axis=1),
        heat_currents=jnp.sum(parts.heat_currents, axis=0),
        covariance=jnp.moveaxis(covariance, 0, -1),
    )


def _check(machine: Machine, drive: AbstractDrive, harmonics: int) -> None:
    if isinstance(drive, Protocol) or drive.target in (FREQUENCIES, SPRINGS, FORCES):
        raise InputError(
            "spectra need one drive of the couplings to the driven bath, but other numbers are driven: use "
            "`exact.steady_state`."
        )
    check_drive(machine, drive)
    if len(machine.driven_baths) != 1 or not machine.static_baths:
        raise InputError(
            "spectra need exactly one driven bath and at least one static bath, but the machine has "
            f"{len(machine.driven_baths)} and {len(machine.static_baths)}: use `exact.steady_state`."
        )
    if drive.steps:
        raise InputError(
            f"spectra need a smooth drive, but this one jumps {drive.steps} times a period: use a Fourier or "
            "bounded drive."
        )
    if harmonics < 1:
        raise InputError(f"harmonics must be a whole number of at least 1, but it is {harmonics}.")


def _spectra(
    machine: Machine, modulation: Modulation, omega: Float[Array, " K"], harmonics: int
) -> NoiseSpectra:
    """The spectra of oscillators that share their baths."""
    copies = still_copies(machine)
    basis = damped_axes(machine.frequencies, copies)
    static = [i for i, bath in enumerate(machine.baths) if not bath.driven]
    medium = Medium(
        basis @ machine.stiffness @ basis.T,
        jnp.stack([rotated(basis, copies[i].coupling)[:, 0] for i in static]),
        tuple(machine.baths[i].spectral_density for i in static),
    )
    modulation = modulation._replace(amplitudes=modulation.amplitudes @ basis.T)
    bath = machine.driven_baths[0]
    order = np.argsort([machine.baths.index(bath), *static])
    parts = (medium, bath.spectral_density, modulation, omega, harmonics)
    found = []
    for noise_of_driven in (True, False):
        unit = _of_unit_noise(*parts, noise_of_driven, basis)
        found.append(unit._replace(heat_currents=unit.heat_currents[:, order]))
    noises = [_noise(machine.baths[i], omega) for i in (machine.baths.index(bath), *static)]

    def scaled(*parts: Array) -> Array:
        values = jnp.concatenate(parts)
        return (values * jnp.stack(noises).reshape(len(order), *[1] * (values.ndim - 2), -1))[order]

    return jax.tree.map(scaled, *found)


def _noise(bath: Bath, omega: Float[Array, " K"]) -> Float[Array, " K"]:
    """S(w) = J(w) coth(w/2T)."""
    return bath.spectral_density.density(omega).real / jnp.tanh(omega / (2.0 * bath.temperature))


def _of_unit_noise(
    medium: Medium,
    driven: AbstractSpectralDensity,
    modulation: Modulation,
    omega: Float[Array, " K"],
    harmonics: int,
    noise_of_driven: bool,
    basis: Float[Array, "L L"],
) -> NoiseSpectra:
    """Densities over S_mu, under noise of the driven or of each static bath; the driven one is the first.

    With absorbed_b = sum_n J_b(w_n) |q_{b,n}|^2, n = 0 of the bath that makes the noise left out, it gives
    w times all that is absorbed, and every bath takes w + n Omega for each term of its own.
    """
    found = driven_response(medium, driven, modulation, omega, harmonics, noise_of_driven)
    orders, around = modulation.harmonics(harmonics, noise_of_driven)
    own = np.eye(1 + len(medium.spectra))[:1] if noise_of_driven else np.eye(1 + len(medium.spectra))[1:]
    absorbed, raised = [], []
    for b, spectrum in enumerate((driven, *medium.spectra)):
        n = (orders if b == 0 else around)[:, None]
        q = found.coordinates
        if b > 0:
            q = jnp.sum(medium.couplings[b - 1][:, None, None] * found.positions, axis=1)
        taken = spectrum.density(omega + n * modulation.frequency).real * _overlap(q, q)
        raised.append(modulation.frequency * jnp.sum(n * taken, axis=1))
        absorbed.append(jnp.sum(np.where(n == 0, 1.0 - own[:, b, None, None], 1.0) * taken, axis=1))
    total = jnp.stack(absorbed, axis=1)
    heat = omega * (own[:, :, None] * jnp.sum(total, axis=1)[:, None] - total) - jnp.stack(raised, axis=1)
    rates = 1j * modulation.orders * modulation.frequency
    moving = modulation._replace(amplitudes=rates[:, None] * modulation.amplitudes)
    push = _in_oscillators(basis, moving.force(found.forces, len(around)))
    x = _in_oscillators(basis, found.positions)
    return NoiseSpectra(
        power=sum(raised[1:], raised[0]),
        local_powers=-jnp.sum(_overlap(push, x), axis=2),
        heat_currents=heat,
        covariance=jnp.sum(_overlap(x[:, :, None], x[:, None]), axis=3),
    )


def _overlap(a: Array, b: Array) -> Array:
    """Re(a conj(b))."""
    return a.real * b.real + a.imag * b.imag


def _in_oscillators(
    basis: Float[Array, "L L"], values: Complex[Array, "s L X K"]
) -> Complex[Array, "s L X K"]:
    return jnp.sum(basis[:, :, None, None] * values[:, :, None], axis=1)
