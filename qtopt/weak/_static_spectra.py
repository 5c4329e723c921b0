"""Position spectra of the static machine, split into halves that are analytic in one half plane."""

from abc import abstractmethod

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Complex, Float

from .._linear import lyapunov, solve
from ..machine import Machine, StateSpace, damping_matrix, state_space, susceptibility


class StaticSpectra(eqx.Module):
    """Half spectra Psi_nu(w) of the static baths nu, analytic for Im w > 0.

    On the real axis ``Psi_nu + Psi_nu^dagger = J_nu chi Gamma_nu chi^dagger``, the part of the position
    spectrum driven by bath nu, and ``sum_nu Psi_nu = chi/2i``. Order m is w^m Psi_nu without its
    polynomial part, which cancels against the other half.
    """

    @abstractmethod
    def at(self, omega: Complex[Array, " K"], order: int, bath: int) -> Complex[Array, "L L K"]:
        """w^order Psi_bath(w), order 0, 1 or 2."""

    @abstractmethod
    def slope(
        self, a: Complex[Array, " K"], b: Complex[Array, " K"], order: int, bath: int
    ) -> Complex[Array, "L L K"]:
        """Divided difference in w of w^order Psi_bath, order 0 or 1, also at a = b."""


def static_spectra(machine: Machine) -> StaticSpectra:
    """Closed form for one static bath; a Lyapunov equation for several."""
    if len(machine.static_baths) == 1:
        return OneBathSpectra(machine)
    system = state_space(machine)
    gramians = tuple(lyapunov(system.dynamics, noise @ noise.T) for noise in system.noise)
    return ManyBathSpectra(system, gramians, machine.size)


def _product(left: Array, right: Array) -> Array:
    return jnp.sum(left[:, :, None, :] * right[None, :, :, :], axis=1)


class OneBathSpectra(StaticSpectra):
    """One static bath: Psi = chi/2i."""

    machine: Machine

    def at(self, omega: Complex[Array, " K"], order: int, bath: int) -> Complex[Array, "L L K"]:
        chi = susceptibility(self.machine, omega)
        if order == 0:
            return chi / 2j
        if order == 1:
            return omega * chi / 2j
        # w^2 chi + 1 = chi [diag(omega_l^2) + K Gamma]: no cancellation at large w.
        kernel = self.machine.static_baths[0].spectral_density.memory_kernel(omega)
        stiffness = jnp.diag(self.machine.frequencies**2)[:, :, None]
        return _product(chi, stiffness + kernel * damping_matrix(self.machine, 0)[:, :, None]) / 2j

    def slope(
        self, a: Complex[Array, " K"], b: Complex[Array, " K"], order: int, bath: int
    ) -> Complex[Array, "L L K"]:
        # chi(a) - chi(b) = -chi(a) [chi^-1(a) - chi^-1(b)] chi(b), with the bracket divided by hand.
        chi_a, chi_b = susceptibility(self.machine, a), susceptibility(self.machine, b)
        kernel_slope = self.machine.static_baths[0].spectral_density.memory_kernel_slope(a, b)
        inverse_slope = kernel_slope * damping_matrix(self.machine, 0)[:, :, None]
        inverse_slope = inverse_slope - (a + b) * jnp.eye(self.machine.size)[:, :, None]
        slope = -_product(_product(chi_a, inverse_slope), chi_b)
        return slope / 2j if order == 0 else (chi_b + a * slope) / 2j


class ManyBathSpectra(StaticSpectra):
    """Several static baths: Psi_nu = i [(iA)^m G(w) Y_nu]_vx with A Y + Y A^T = -B B^T, G = (-iw - A)^-1.

    The identity ``G B B^T G^dagger = G Y + Y G^dagger`` splits each spectrum into its two halves.
    """

    system: StateSpace
    gramians: tuple[Float[Array, "n n"], ...]
    size: int = eqx.field(static=True)

    def _resolvent(self, omega: Complex[Array, " K"], rhs: Array) -> Array:
        """(K, n, r): (-iw - A)^-1 rhs; rhs is (n, r) or (K, n, r)."""
        identity = jnp.eye(self.system.dynamics.shape[0])
        rhs = jnp.broadcast_to(rhs, (*omega.shape, *rhs.shape[-2:]))
        return jax.vmap(lambda w, b: solve(-1j * w * identity - self.system.dynamics, b))(omega, rhs)

    def _velocity_rows(self, states: Array, order: int) -> Array:
        for _ in range(order):
            states = 1j * (self.system.dynamics @ states)
        return jnp.moveaxis(1j * states[:, self.size : 2 * self.size, :], 0, -1)

    def at(self, omega: Complex[Array, " K"], order: int, bath: int) -> Complex[Array, "L L K"]:
        states = self._resolvent(omega, self.gramians[bath][:, : self.size])
        return self._velocity_rows(states, order)

    def slope(
        self, a: Complex[Array, " K"], b: Complex[Array, " K"], order: int, bath: int
    ) -> Complex[Array, "L L K"]:
        states = self._resolvent(b, self.gramians[bath][:, : self.size])
        return self._velocity_rows(1j * self._resolvent(a, states), order)
