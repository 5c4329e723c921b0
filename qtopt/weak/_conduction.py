"""Heat that flows between static baths at different temperatures through the oscillators."""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Complex, Float

from .._linear import lyapunov
from ..baths import PoleExpansion, StaticBath
from ..machine import Machine, StateSpace, damping_matrix, state_space
from ..thermal import (
    AnalyticFactor,
    CothPoles,
    ScalarFactor,
    coth_poles,
    matsubara,
    pole_sum,
    thermal_integral,
)
from ._static_spectra import ManyBathSpectra


def conduction(
    machine: Machine,
    frequency: Float[Array, ""],
    amplitudes: Complex[Array, "n L"],
    poles: CothPoles | None = None,
) -> Float[Array, " S"]:
    """Heat out of each static bath into the other static ones, to second order in the driven bath.

    Landauer form with transmissions ``T_bm = J_b J_m tr[Gamma_b chi Gamma_m chi^dagger]`` from m to b,

        heat_b = sum_m int dw/2pi w [coth(w/2T_b) T_mb(w) - coth(w/2T_m) T_bm(w)],

    to zeroth order, plus its first-order change when chi^-1 acquires the driven bath's self-energy
    ``R(w) = sum_n conj(g_n) K_1(w + n Omega) g_n^T``: a few complex memory variables for each harmonic,
    followed by forward-mode differentiation in their strength. The change makes T_mb and T_bm differ when
    the drive breaks time-reversal symmetry, so heat is redistributed even at a common temperature.

    Args:
        machine: two or more static baths.
        frequency: Omega.
        amplitudes: (N+1, L) Fourier coefficients g_n, n >= 0.

    Returns:
        (S,) heat currents of the static baths.

    Source: physics notes, section 4, expanded to second order in the driven coupling.
    """
    poles = coth_poles() if poles is None else poles
    if machine.configuration == "independent" and machine.size > 1:
        parts = [
            conduction(_lone(machine, l), frequency, amplitudes[:, l : l + 1], poles)
            for l in range(machine.size)
        ]
        return jnp.sum(jnp.stack(parts), axis=0)
    system = state_space(machine)
    bare = _exchange(machine, system, poles)

    def change(inputs: tuple[Array, Array]) -> Array:
        nu, column = inputs
        perturbed = _with_self_energy(machine, system, nu, column)
        _, tangent = jax.jvp(lambda strength: _exchange(machine, perturbed(strength), poles), (0.0,), (1.0,))
        return tangent

    count = amplitudes.shape[0]
    nus = frequency * jnp.arange(count)
    changes = jax.lax.map(change, (nus, amplitudes))
    return bare + changes[0] + 2.0 * jnp.sum(changes[1:], axis=0)


def _lone(machine: Machine, l: int) -> Machine:
    baths = tuple(
        eqx.tree_at(lambda b: b.coupling, bath, bath.coupling[l : l + 1])
        if isinstance(bath, StaticBath)
        else bath
        for bath in machine.baths
    )
    return Machine(machine.frequencies[l : l + 1], baths, "joint")


def _with_self_energy(
    machine: Machine, system: StateSpace, nu: Array, column: Array
) -> Callable[[Array], StateSpace]:
    """The system with ``strength * conj(g) K_1(w + nu) g^T`` added to chi^-1, g = column (L,).

    Each pole of K_1 is one variable, ds/dt = -i (p - nu) s - i g^T x, acting on the velocities.
    """
    size = machine.size
    expansion: PoleExpansion = machine.driven_baths[0].spectral_density.expansion()
    old, extra = system.dynamics.shape[0], expansion.poles.shape[0]
    outer = jnp.conj(column)[:, None] * column[None, :]

    def build(strength: Array) -> StateSpace:
        a = jnp.zeros((old + extra, old + extra), dtype=complex).at[:old, :old].set(system.dynamics)
        static = expansion.static - 1j * expansion.viscosity * nu
        a = a.at[size : 2 * size, :size].add(-strength * static * outer)
        a = a.at[size : 2 * size, size : 2 * size].add(-strength * expansion.viscosity * outer)
        a = a.at[size : 2 * size, old:].set(strength * jnp.conj(column)[:, None] * expansion.residues)
        a = a.at[old:, :size].set(-1j * jnp.broadcast_to(column, (extra, size)))
        a = a.at[old:, old:].set(jnp.diag(-1j * (expansion.poles - nu)))
        noise = tuple(jnp.concatenate([b, jnp.zeros((extra, b.shape[1]))]) for b in system.noise)
        return StateSpace(a, noise)

    return build


def _exchange(machine: Machine, system: StateSpace, poles: CothPoles) -> Float[Array, " S"]:
    """Landauer heat currents of the static baths, for a given (possibly perturbed) dynamics: (S,), sum 0."""
    gramians = tuple(lyapunov(system.dynamics, noise @ noise.T) for noise in system.noise)
    spectra = ManyBathSpectra(system, gramians, machine.size)
    heats = []
    for b, bath in enumerate(machine.static_baths):
        heat = jnp.zeros(())
        for m, other in enumerate(machine.static_baths):
            if m == b:
                continue
            out = _absorbed(machine, spectra, m, b, bath.temperature, poles)
            back = _absorbed(machine, spectra, b, m, other.temperature, poles)
            frictions = [s.spectral_density.expansion().viscosity for s in (bath, other)]
            overlap = jnp.sum(damping_matrix(machine, b) * damping_matrix(machine, m))
            # The same Frullani term as between two Ohmic baths in `kernels`.
            spurious = (
                frictions[0] * frictions[1] * overlap * jnp.log(bath.temperature / other.temperature) / jnp.pi
            )
            heat = heat + out - back - spurious
        heats.append(heat)
    return jnp.stack(heats)


def _absorbed(
    machine: Machine, spectra: ManyBathSpectra, b: int, m: int, temperature: Array, poles: CothPoles
) -> Float[Array, ""]:
    """Heat that bath b absorbs from the noise of bath m at T, ``int dw/2pi w coth(w/2T) T_bm(w)``."""
    bath = machine.static_baths[b]
    gamma = damping_matrix(machine, b)[:, :, None]
    expansion = bath.spectral_density.expansion()

    def at(points: Array) -> Array:
        return jnp.sum(gamma * spectra.at(points, 1, m), axis=(0, 1))

    def slope(p: Array, q: Array) -> Array:
        return jnp.sum(gamma * spectra.slope(p, q, 1, m), axis=(0, 1))

    if expansion.poles.shape[0] > 0:
        half = expansion.residues / 2j
        scalar = ScalarFactor(bath.spectral_density.density, -expansion.poles, half, expansion.poles, half)
        return 2.0 * pole_sum(temperature, scalar, AnalyticFactor(at, slope), poles).real
    z = 1j * matsubara(temperature, poles)
    values = jnp.sum(gamma * spectra.at(z, 2, m), axis=(0, 1))
    return 2.0 * (expansion.viscosity * thermal_integral(temperature, values, poles)).real
