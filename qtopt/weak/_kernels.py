"""Work and heat kernels: the weak-coupling theory as quadratic forms in the drive's harmonics."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Complex, Float

from ..baths import DrivenBath
from ..machine import Machine, damping_matrix
from ..thermal import (
    AnalyticFactor,
    CothPoles,
    ScalarFactor,
    coth_poles,
    matsubara,
    pole_sum,
    thermal_integral,
)
from ._static_spectra import StaticSpectra, static_spectra


class Kernels(NamedTuple):
    """Kernels at driving frequencies nu, for every static bath b of S (physics notes, section 3).

    With g_n the n-th Fourier coefficients of the drive (``g_{-n} = conj g_n``) and nu = n Omega,

        P_l          =  sum_n sum_b Re[ conj(g_ln) (work_b(n Omega) g_n)_l ]
        heat, driven =  sum_n sum_b Re[ g_n^dagger heat_b(n Omega) g_n ]
        heat, b      = -sum_n Re[ g_n^dagger (work_b + heat_b)(n Omega) g_n ]   (exchange with the driven one)

    and kernels at -nu are complex conjugates. Shapes (..., S, L, L).
    """

    work: Complex[Array, "*shape S L L"]
    heat: Complex[Array, "*shape S L L"]


class StaticMoments(NamedTuple):
    """``int dw/2pi coth(w/2T_b) w^m (spectrum of bath b)^T``: (S, L, L) for m = 0, 1, 2."""

    position: Complex[Array, "S L L"]
    cross: Complex[Array, "S L L"]
    velocity: Complex[Array, "S L L"]


def kernels(machine: Machine, nu: Float[Array, "*shape"], poles: CothPoles | None = None) -> Kernels:
    """Work and heat kernels of a machine with one driven bath at driving frequencies nu (any shape).

    Each is a sum over ~200 poles of the rational coth plus the driven bath's poles: no frequency grid, any
    resonance width, differentiable in every parameter of the machine and in nu. Cost per nu: O(K L^2) for
    two oscillators or private baths, O(K L^3) for more, K ~ 200.

    Args:
        machine: exactly one driven bath; static baths at any temperatures.
        nu: n Omega, real.
        poles: the rational coth, by default to machine precision.

    Returns:
        Kernels of shapes (*nu.shape, S, L, L), in units of (frequency)^2 for work and heat.

    Source: physics notes, sections 3 and 5.
    """
    poles = coth_poles() if poles is None else poles
    spectra = static_spectra(machine)
    moments = _static_moments(machine, spectra, poles)
    flat = jnp.reshape(jnp.asarray(nu, dtype=float), (-1,))
    work, heat = jax.vmap(lambda value: _kernels_at(machine, spectra, moments, value, poles))(flat)
    shape = (*jnp.shape(nu), *work.shape[1:])
    return Kernels(work.reshape(shape), heat.reshape(shape))


def _static_moments(machine: Machine, spectra: StaticSpectra, poles: CothPoles) -> StaticMoments:
    columns = []
    for order in range(3):
        entries = []
        for b, bath in enumerate(machine.static_baths):
            z = 1j * matsubara(bath.temperature, poles)
            half = thermal_integral(bath.temperature, spectra.at(z, order, b), poles)
            entries.append((half + jnp.conj(half.T)).T)
        columns.append(jnp.stack(entries))
    return StaticMoments(*columns)


def covariance(machine: Machine, poles: CothPoles | None = None) -> Float[Array, "L L"]:
    """<x_l x_l'> of the static machine (zeroth order in the driven bath), frequency^-1.

    ``int dw/2pi sum_nu coth(w/2T_nu) J_nu chi Gamma_nu chi^dagger``; physics notes, section 3.
    """
    poles = coth_poles() if poles is None else poles
    return jnp.sum(_static_moments(machine, static_spectra(machine), poles).position.real, axis=0)


def _kernels_at(
    machine: Machine, spectra: StaticSpectra, moments: StaticMoments, nu: Array, poles: CothPoles
) -> tuple[Array, Array]:
    driven = machine.driven_baths[0]
    expansion = driven.spectral_density.expansion()
    work, heat = [], []
    for b, bath in enumerate(machine.static_baths):
        a0, a1 = _noise_part(driven, spectra, nu, b, poles)
        e0, e1 = _memory_part(driven, bath.temperature, spectra, nu, b, poles)
        c0, c1, c2 = moments.position[b], moments.cross[b], moments.velocity[b]
        static, friction = expansion.static, expansion.viscosity
        k0 = (static - 1j * friction * nu) * c0 - 1j * friction * c1 - e0
        k1 = static * (c1 + nu * c0) - 1j * friction * (c2 + 2.0 * nu * c1 + nu**2 * c0) - e1
        # Two Ohmic baths exchange heat up to |w| ~ T only, but the rational coth of each ends at its own
        # multiple of T: the spurious flow beyond is a Frullani integral, taken off exactly.
        static_friction = bath.spectral_density.expansion().viscosity
        spurious = friction * static_friction * jnp.log(driven.temperature / bath.temperature) / jnp.pi
        work.append(nu * (2.0 * a0 + 1j * k0))
        heat.append(2.0 * a1 - 1j * k1 - spurious * damping_matrix(machine, b))
    return jnp.stack(work), jnp.stack(heat)


def _noise_part(
    driven: DrivenBath, spectra: StaticSpectra, nu: Array, b: int, poles: CothPoles
) -> tuple[Array, Array]:
    """``int dw/2pi S_1(w) w^m Psi_b(w + nu)^T`` for m = 0, 1: the driven bath's noise."""
    density, temperature = driven.spectral_density, driven.temperature
    expansion = density.expansion()
    z = 1j * matsubara(temperature, poles)

    def at(points: Array) -> Array:
        psi0, psi1 = spectra.at(points + nu, 0, b), spectra.at(points + nu, 1, b)
        return jnp.swapaxes(jnp.stack([psi0, psi1 - nu * psi0]), 1, 2)

    def slope(p: Array, q: Array) -> Array:
        psi0, psi1 = spectra.slope(p + nu, q + nu, 0, b), spectra.slope(p + nu, q + nu, 1, b)
        return jnp.swapaxes(jnp.stack([psi0, psi1 - nu * psi0]), 1, 2)

    if expansion.poles.shape[0] > 0:
        # J = [chi_B(w) - chi_B(-w)]/2i
        scalar = ScalarFactor(
            density.density,
            -expansion.poles,
            expansion.residues / 2j,
            expansion.poles,
            expansion.residues / 2j,
        )
        both = pole_sum(temperature, scalar, AnalyticFactor(at, slope), poles)
        return both[0], both[1]
    psi0, psi1, psi2 = (spectra.at(z + nu, order, b) for order in range(3))
    first = psi1 - nu * psi0
    second = psi2 - 2.0 * nu * psi1 + nu**2 * psi0
    both = thermal_integral(temperature, expansion.viscosity * jnp.stack([first, second]), poles)
    return both[0].T, both[1].T


def _memory_part(
    driven: DrivenBath, temperature: Array, spectra: StaticSpectra, nu: Array, b: int, poles: CothPoles
) -> tuple[Array, Array]:
    """``int dw/2pi (w + nu)^m chi_B(w + nu) coth(w/2T_b) [Psi_b + Psi_b^dagger]^T`` for m = 0, 1."""
    density = driven.spectral_density
    expansion = density.expansion()
    z = 1j * matsubara(temperature, poles)
    if expansion.poles.shape[0] == 0:
        zero = jnp.zeros(spectra.at(z[:1], 0, b).shape[:2], dtype=complex)
        return zero, zero

    def at(points: Array) -> Array:
        psi0, psi1 = spectra.at(points, 0, b), spectra.at(points, 1, b)
        return jnp.stack([psi0, psi1 + nu * psi0])

    def slope(p: Array, q: Array) -> Array:
        psi0, psi1 = spectra.slope(p, q, 0, b), spectra.slope(p, q, 1, b)
        return jnp.stack([psi0, psi1 + nu * psi0])

    upper = thermal_integral(temperature, density.response(z + nu) * jnp.swapaxes(at(z), 1, 2), poles)
    none = jnp.zeros((0,), dtype=complex)
    mirrored = ScalarFactor(
        lambda w: density.response(-w - nu), -expansion.poles - nu, -expansion.residues, none, none
    )
    lower = pole_sum(temperature, mirrored, AnalyticFactor(at, slope), poles)
    both = upper + jnp.conj(lower)
    return both[0], both[1]
