"""Position spectra of the static machine, split into halves that are analytic in one half plane."""

from abc import abstractmethod

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Complex, Float

from .._linear import lyapunov, solve
from ..machine import Machine, StateSpace, damping_matrix, state_space, susceptibility
from ..machine._susceptibility import entry_indices, from_entries, susceptibility_entries

Entries = tuple[Array, ...]


class StaticSpectra(eqx.Module):
    """Half spectra Psi_nu(w) of the static baths nu, analytic for Im w > 0.

    On the real axis ``Psi_nu + Psi_nu^dagger = J_nu chi Gamma_nu chi^dagger``, the part of the position
    spectrum driven by bath nu, and ``sum_nu Psi_nu = chi/2i``. Order m is w^m Psi_nu without its
    polynomial part, which cancels against the other half. Entries are separate (K,) arrays, only those
    that symmetry leaves; `matrix` puts the (L, L) matrix together.
    """

    @abstractmethod
    def entries(self, omega: Complex[Array, " K"], order: int, bath: int) -> Entries:
        """Entries of w^order Psi_bath(w), order 0, 1 or 2, each (K,)."""

    @abstractmethod
    def slope_entries(
        self, a: Complex[Array, " K"], b: Complex[Array, " K"], order: int, bath: int
    ) -> Entries:
        """Divided difference in w of the entries of w^order Psi_bath, order 0, 1 or 2, also at a = b."""

    @abstractmethod
    def adjoint(self, entries: Complex[Array, "E K"]) -> Complex[Array, "E K"]:
        """The entries of the adjoint of the matrix with the given entries."""

    @abstractmethod
    def matrix(self, entries: Complex[Array, "E *rest"]) -> Complex[Array, "L L *rest"]:
        """The matrix with the given entries."""

    def at(self, omega: Complex[Array, " K"], order: int, bath: int) -> Complex[Array, "L L K"]:
        """w^order Psi_bath(w), order 0, 1 or 2."""
        return self.matrix(jnp.stack(self.entries(omega, order, bath)))

    def slope(
        self, a: Complex[Array, " K"], b: Complex[Array, " K"], order: int, bath: int
    ) -> Complex[Array, "L L K"]:
        """Divided difference in w of w^order Psi_bath, order 0, 1 or 2, also at a = b."""
        return self.matrix(jnp.stack(self.slope_entries(a, b, order, bath)))


def static_spectra(machine: Machine) -> StaticSpectra:
    """Closed form for one static bath; a Lyapunov equation for several."""
    if len(machine.static_baths) == 1:
        return OneBathSpectra(machine)
    system = state_space(machine)
    gramians = tuple(lyapunov(system.dynamics, noise @ noise.T) for noise in system.noise)
    return ManyBathSpectra(system, gramians, machine.size)


class OneBathSpectra(StaticSpectra):
    """One static bath: Psi = chi/2i, a symmetric matrix (diagonal for private baths)."""

    machine: Machine

    def matrix(self, entries: Complex[Array, "E *rest"]) -> Complex[Array, "L L *rest"]:
        return from_entries(self.machine, entries)

    def adjoint(self, entries: Complex[Array, "E K"]) -> Complex[Array, "E K"]:
        return jnp.conj(entries)

    def entries(self, omega: Complex[Array, " K"], order: int, bath: int) -> Entries:
        psi = tuple(-0.5j * chi for chi in susceptibility_entries(self.machine, omega))
        if order == 0:
            return psi
        if order == 1:
            return tuple(omega * x for x in psi)
        # w^2 chi + 1 = chi [diag(omega_l^2) + K Gamma]: no cancellation at large w.
        kernel = self.machine.static_baths[0].spectral_density.memory_kernel(omega)
        gamma, pairs = damping_matrix(self.machine, 0), entry_indices(self.machine)
        of = dict(zip(pairs, psi, strict=True))
        of.update({(m, l): x for (l, m), x in of.items()})
        damped = {
            (l, m): sum(of[l, k] * gamma[k, m] for k in range(self.machine.size) if (l, k) in of)
            for l, m in pairs
        }
        return tuple(of[l, m] * self.machine.frequencies[m] ** 2 + kernel * damped[l, m] for l, m in pairs)

    def slope_entries(
        self, a: Complex[Array, " K"], b: Complex[Array, " K"], order: int, bath: int
    ) -> Entries:
        # chi(a) - chi(b) = chi(a) [(a^2 - b^2) - (K(a) - K(b)) C C^T] chi(b), Gamma = C C^T, divided by hand.
        # chi C ~ 1/K is small at strong damping: formed before it meets the large K, nothing cancels.
        chi_a, psi_b = susceptibility(self.machine, a), self.at(b, 0, bath)
        kernel_slope = self.machine.static_baths[0].spectral_density.memory_kernel_slope(a, b)
        coupling = self.machine.static_baths[0].coupling
        copies = coupling[:, None] if self.machine.configuration == "joint" else jnp.diag(coupling)
        damped = _product(_product(chi_a, copies[:, :, None]), _product(copies.T[:, :, None], psi_b))
        slope = (a + b) * _product(chi_a, psi_b) - kernel_slope * damped
        for power in range(order):
            slope = b**power * psi_b + a * slope
        return tuple(slope[l, m] for l, m in entry_indices(self.machine))


def _product(left: Array, right: Array) -> Array:
    return jnp.sum(left[:, :, None, :] * right[None, :, :, :], axis=1)


class ManyBathSpectra(StaticSpectra):
    """Several static baths: Psi_nu = i [(iA)^m G(w) Y_nu]_vx with A Y + Y A^T = -B B^T, G = (-iw - A)^-1.

    The identity ``G B B^T G^dagger = G Y + Y G^dagger`` splits each spectrum into its two halves.
    """

    system: StateSpace
    gramians: tuple[Float[Array, "n n"], ...]
    size: int = eqx.field(static=True)

    def matrix(self, entries: Complex[Array, "E *rest"]) -> Complex[Array, "L L *rest"]:
        return jnp.reshape(entries, (self.size, self.size, *entries.shape[1:]))

    def adjoint(self, entries: Complex[Array, "E K"]) -> Complex[Array, "E K"]:
        matrix = self.matrix(entries)
        return jnp.reshape(jnp.conj(jnp.swapaxes(matrix, 0, 1)), entries.shape)

    def _resolvent(self, omega: Complex[Array, " K"], rhs: Array) -> Array:
        """(K, n, r): (-iw - A)^-1 rhs; rhs is (n, r) or (K, n, r)."""
        identity = jnp.eye(self.system.dynamics.shape[0])
        rhs = jnp.broadcast_to(rhs, (*omega.shape, *rhs.shape[-2:]))
        return jax.vmap(lambda w, b: solve(-1j * w * identity - self.system.dynamics, b))(omega, rhs)

    def _velocity_rows(self, states: Array, order: int) -> Entries:
        for _ in range(order):
            states = 1j * (self.system.dynamics @ states)
        rows = 1j * states[:, self.size : 2 * self.size, :]
        return tuple(rows[:, l, m] for l in range(self.size) for m in range(self.size))

    def entries(self, omega: Complex[Array, " K"], order: int, bath: int) -> Entries:
        states = self._resolvent(omega, self.gramians[bath][:, : self.size])
        return self._velocity_rows(states, order)

    def slope_entries(
        self, a: Complex[Array, " K"], b: Complex[Array, " K"], order: int, bath: int
    ) -> Entries:
        states = self._resolvent(b, self.gramians[bath][:, : self.size])
        return self._velocity_rows(1j * self._resolvent(a, states), order)
