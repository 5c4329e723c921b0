"""Densities at noise frequencies where the couplings to one bath are all that moves."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float

from ...model import AbstractSpectralDensity, Machine, damped_axes, rotated, still_copies
from ._harmonics import Medium, Modulation, driven_response
from ._noise import Densities, exchanged, noise, overlap


def densities(
    machine: Machine, modulation: Modulation, omega: Float[Array, " K"], harmonics: int
) -> Densities:
    """The spectra of oscillators that share one driven bath and one static bath at least.

    Args:
        machine: the oscillators.
        modulation: of the driven couplings, in the oscillators.
        omega: noise frequencies.
        harmonics: N.

    Source: theory (5.20), (5.21).
    """
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
    noises = [noise(machine.baths[i], omega) for i in (machine.baths.index(bath), *static)]

    def scaled(*parts: Array) -> Array:
        values = jnp.concatenate(parts)
        return (values * jnp.stack(noises).reshape(len(order), *[1] * (values.ndim - 2), -1))[order]

    return jax.tree.map(scaled, *found)


def _of_unit_noise(
    medium: Medium,
    driven: AbstractSpectralDensity,
    modulation: Modulation,
    omega: Float[Array, " K"],
    harmonics: int,
    noise_of_driven: bool,
    basis: Float[Array, "L L"],
) -> Densities:
    """Densities over S_mu, under noise of the driven or of each static bath; the driven one is the first."""
    found = driven_response(medium, driven, modulation, omega, harmonics, noise_of_driven)
    orders, around = modulation.harmonics(harmonics, noise_of_driven)
    own = np.eye(1 + len(medium.spectra))[:1] if noise_of_driven else np.eye(1 + len(medium.spectra))[1:]
    absorbed, raised = [], []
    for b, spectrum in enumerate((driven, *medium.spectra)):
        n = (orders if b == 0 else around)[:, None]
        q = found.coordinates
        if b > 0:
            q = jnp.sum(medium.couplings[b - 1][:, None, None] * found.positions, axis=1)
        taken = spectrum.density(omega + n * modulation.frequency).real * overlap(q, q)
        raised.append(modulation.frequency * jnp.sum(n * taken, axis=1))
        absorbed.append(jnp.sum(taken, axis=1))
    power, heat = exchanged(omega, jnp.stack(absorbed, axis=1), jnp.stack(raised, axis=1), own)
    rates = 1j * modulation.orders * modulation.frequency
    moving = modulation._replace(amplitudes=rates[:, None] * modulation.amplitudes)
    push = _in_oscillators(basis, moving.force(found.forces, len(around)))
    x = _in_oscillators(basis, found.positions)
    return Densities(
        power=power,
        work=(-jnp.sum(overlap(push, x), axis=2),),
        heat_currents=heat,
        covariance=jnp.sum(overlap(x[:, :, None], x[:, None]), axis=3),
    )


def _in_oscillators(
    basis: Float[Array, "L L"], values: Complex[Array, "s L X K"]
) -> Complex[Array, "s L X K"]:
    return jnp.sum(basis[:, :, None, None] * values[:, :, None], axis=1)
