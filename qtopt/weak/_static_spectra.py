"""Position spectra of the static machine, split into halves that are analytic in one half plane."""

from abc import abstractmethod

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Complex, Float

from .._linear import gramian, products, solve
from ..machine import Machine, StateSpace, balanced_state_space, damping_matrix, susceptibility
from ..machine._susceptibility import from_entries, susceptibility_entries, to_entries

Entries = tuple[Array, ...]


class StaticSpectra(eqx.Module):
    """Half spectra Psi_nu(w) of the static baths nu, analytic for Im w > 0.

    On the real axis ``Psi_nu + Psi_nu^dagger = J_nu chi Gamma_nu chi^dagger``, the part of the position
    spectrum driven by bath nu, and ``sum_nu Psi_nu = chi/2i``. Order m is w^m Psi_nu without its
    polynomial part, which cancels against the other half. Entries are a tuple of arrays (..., K): for one or
    two oscillators one by one, only those that symmetry leaves; `matrix` puts the (L, L) matrix together.
    """

    @abstractmethod
    def entries(self, omega: Complex[Array, " K"], order: int, bath: int) -> Entries:
        """Entries of w^order Psi_bath(w), order 0, 1 or 2, each (..., K)."""

    @abstractmethod
    def slope_entries(
        self, a: Complex[Array, " K"], b: Complex[Array, " K"], order: int, bath: int
    ) -> Entries:
        """Divided difference in w of the entries of w^order Psi_bath, order 0, 1 or 2, also at a = b."""

    @abstractmethod
    def adjoint(self, entries: Complex[Array, "E *rest"]) -> Complex[Array, "E *rest"]:
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
    """Closed form for one static bath; a state space for several."""
    if len(machine.static_baths) == 1:
        return OneBathSpectra(machine)
    return ManyBathSpectra.of(balanced_state_space(machine))


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
        matrix = self.matrix(jnp.stack(psi))
        gamma = damping_matrix(self.machine, 0)
        damped = products(matrix, gamma[:, :, None])
        squares = self.machine.frequencies[:, None] ** 2
        return to_entries(self.machine, matrix * squares + kernel * damped)

    def slope_entries(
        self, a: Complex[Array, " K"], b: Complex[Array, " K"], order: int, bath: int
    ) -> Entries:
        # chi(a) - chi(b) = chi(a) [(a^2 - b^2) - (K(a) - K(b)) C C^T] chi(b), Gamma = C C^T, divided by hand.
        # chi C ~ 1/K is small at strong damping: formed before it meets the large K, nothing cancels.
        chi_a, psi_b = susceptibility(self.machine, a), self.at(b, 0, bath)
        kernel_slope = self.machine.static_baths[0].spectral_density.memory_kernel_slope(a, b)
        coupling = self.machine.static_baths[0].coupling
        copies = coupling[:, None] if self.machine.configuration == "joint" else jnp.diag(coupling)
        damped = products(products(chi_a, copies[:, :, None]), products(copies.T[:, :, None], psi_b))
        slope = (a + b) * products(chi_a, psi_b) - kernel_slope * damped
        for power in range(order):
            slope = b**power * psi_b + a * slope
        return to_entries(self.machine, slope)


class ManyBathSpectra(StaticSpectra):
    """Several static baths, by the covariances Y_nu that their noises cause in a balanced state space.

    With G(w) = (-iw - A)^-1 and A Y + Y A^T = -B B^T, the identity ``G B B^T G^dagger = G Y + Y G^dagger``
    splits each spectrum into its two halves, for positions x and velocities v

        Psi = i [G Y]_vx,   w Psi -> [G Y]_vv,   w^2 Psi -> i [G A Y]_vv.
    """

    system: StateSpace
    gramians: tuple[Float[Array, "n n"], ...]

    @staticmethod
    def of(system: StateSpace) -> "ManyBathSpectra":
        """The spectra of these equations, NaN when a mode is not damped.

        The baths together give every velocity the variance 1/2, unless they do not reach it.
        """
        gramians = [gramian(system.dynamics, noise @ noise.T) for noise in system.noise]
        rows, size = system.velocity, system.velocity.shape[0]
        kinetic = jnp.trace(rows @ sum(gramians, jnp.zeros(())) @ rows.T).real
        damped = kinetic > (size - 0.5) / 2.0
        return ManyBathSpectra(system, tuple(jnp.where(damped, y, jnp.nan) for y in gramians))

    def matrix(self, entries: Complex[Array, "1 L L *rest"]) -> Complex[Array, "L L *rest"]:
        return entries[0]

    def adjoint(self, entries: Complex[Array, "1 L L *rest"]) -> Complex[Array, "1 L L *rest"]:
        return jnp.conj(jnp.swapaxes(entries, 1, 2))

    def resolvent(self, omega: Complex[Array, " K"], rhs: Array) -> Complex[Array, "K n r"]:
        """G(w) rhs; rhs is (n, r) or (K, n, r)."""
        identity = jnp.eye(self.system.dynamics.shape[0])
        rhs = jnp.broadcast_to(rhs, (*omega.shape, *rhs.shape[-2:]))
        return jax.vmap(lambda w, b: solve(-1j * w * identity - self.system.dynamics, b))(omega, rhs)

    def _columns(self, order: int, bath: int) -> Complex[Array, "n L"]:
        """Y x^T, Y v^T or A Y v^T with their factors."""
        if order == 0:
            return 1j * self.gramians[bath] @ self.system.position.T
        columns = self.gramians[bath] @ self.system.velocity.T
        return columns if order == 1 else 1j * self.system.dynamics @ columns

    def _velocities(self, states: Complex[Array, "K n L"]) -> Entries:
        return (jnp.moveaxis(self.system.velocity @ states, 0, -1),)

    def entries(self, omega: Complex[Array, " K"], order: int, bath: int) -> Entries:
        return self._velocities(self.resolvent(omega, self._columns(order, bath)))

    def slope_entries(
        self, a: Complex[Array, " K"], b: Complex[Array, " K"], order: int, bath: int
    ) -> Entries:
        states = self.resolvent(b, self._columns(order, bath))
        return self._velocities(1j * self.resolvent(a, states))
