"""Position spectra of the static machine, split into halves that are analytic in one half plane."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
from jaxtyping import Array, Complex, Float

from ...model import (
    Machine,
    StateSpace,
    at_points,
    balanced_state_space,
    damping_matrix,
    from_entries,
    imaginary_entries,
    over_groups,
    susceptibility_entries,
    to_entries,
)
from ...numerics import gramian, products, scaled, solve, spread, to_complex, turned, xp
from ...thermal import CothPoles, matsubara, thermal_integral, times, totals

Entries = tuple[Array, ...]
EQUIPARTITION = 1e-6
"""what float64 may lose of the potential energy"""


class StaticSpectra(ABC):
    """Half spectra Psi_b(w) of the static baths b, analytic for Im w > 0.

    On the real axis ``Psi_b + Psi_b^dagger = J_b chi Gamma_b chi^dagger``, the part of the position
    spectrum driven by bath b, and ``sum_b Psi_b = chi/2i``. Order m is w^m Psi_b without its
    polynomial part, which cancels against the other half. Entries are a tuple of arrays (..., K): for one or
    two oscillators one by one, only those that symmetry leaves; `matrix` puts the (L, L) matrix together.

    A sample is what all orders, and divided differences with other samples, need of the points: a pytree of
    arrays whose last axis numbers them.

    Source: theory (3.2), (4.10).
    """

    @abstractmethod
    def sample(self, omega: Complex[Array, " K"], bath: int) -> Any:
        """What `entries` and `slopes` of one bath need of these points."""

    @abstractmethod
    def entries(self, at: Any, highest: int, bath: int) -> list[Entries]:
        """Entries of w^m Psi_bath(w) for m = 0 .. highest (at most 2) on a sample, each (..., K)."""

    @abstractmethod
    def slopes(self, a: Any, b: Any, highest: int, bath: int) -> list[Entries]:
        """Divided differences in w between two samples of what `entries` gives, also where they are equal."""

    def at_nodes(self, temperature: Float[Array, ""], poles: CothPoles, highest: int, bath: int) -> "AtNodes":
        """What sums over the nodes i mu_j of a coth need of one bath, for m = 0 .. highest (at most 2)."""
        at = self.sample(1j * matsubara(temperature, poles), bath)
        return _ComplexNodes(self, temperature, poles, self.entries(at, highest, bath))

    @abstractmethod
    def adjoint(self, entries: Complex[Array, "E *rest"]) -> Complex[Array, "E *rest"]:
        """The entries of the adjoint of the matrix with the given entries."""

    @abstractmethod
    def matrix(self, entries: Complex[Array, "E *rest"]) -> Complex[Array, "L L *rest"]:
        """The matrix with the given entries."""


class AtNodes(ABC):
    """w^m Psi_b at the nodes i mu_j of the coth of one temperature T, to be summed."""

    @abstractmethod
    def moments(self) -> list[Complex[Array, "E *rest"]]:
        """``int dw/2pi coth(w/2T) w^m (Psi + Psi^dagger)`` of each order m: entries, stacked."""

    @abstractmethod
    def folded(self, up: Complex[Array, "n K"], low: Complex[Array, "n K"]) -> list[Array]:
        """``sum_j up_j w^m Psi + (sum_j low_j w^m Psi)^dagger`` of each order m: entries, stacked, (E, n)."""


@dataclass(frozen=True)
class _ComplexNodes(AtNodes):
    """Nodes of any spectra."""

    spectra: StaticSpectra
    temperature: Float[Array, ""]
    poles: CothPoles
    orders: list[Entries]

    def moments(self) -> list[Array]:
        halves = thermal_integral(self.temperature, self.orders, self.poles)
        return [xp.stack(half) + self.spectra.adjoint(xp.stack(half)) for half in halves]

    def folded(self, up: Complex[Array, "n K"], low: Complex[Array, "n K"]) -> list[Array]:
        every = jax.tree.map(lambda leaf: leaf[..., None, :], self.orders)
        upper, lower = totals([times(up, every), times(low, every)])
        pairs = zip(upper, lower, strict=True)
        return [xp.stack(one) + self.spectra.adjoint(xp.stack(other)) for one, other in pairs]


def static_spectra(machine: Machine) -> StaticSpectra:
    """Half spectra of oscillators that share baths: closed form for one static bath, else a state space."""
    if len(machine.static_baths) == 1:
        return OneBathSpectra(machine)
    return ManyBathSpectra.of(balanced_state_space(machine), machine.stiffness)


@dataclass(frozen=True)
class OneBathSpectra(StaticSpectra):
    """One static bath: Psi = chi/2i, a symmetric matrix."""

    machine: Machine

    def matrix(self, entries: Complex[Array, "E *rest"]) -> Complex[Array, "L L *rest"]:
        return from_entries(self.machine.size, entries)

    def adjoint(self, entries: Complex[Array, "E K"]) -> Complex[Array, "E K"]:
        return xp.conj(entries)

    def sample(self, omega: Complex[Array, " K"], bath: int) -> "_Response":
        kernel = self.machine.static_baths[0].spectral_density.spread(omega.shape).memory_kernel(omega)
        return _Response(omega, kernel, susceptibility_entries(self.machine, omega, [kernel]))

    def entries(self, at: "_Response", highest: int, bath: int) -> list[Entries]:
        psi = tuple(turned(chi, -0.5) for chi in at.chi)
        powers = [psi]
        if highest >= 1:
            powers.append(tuple(at.omega * x for x in psi))
        if highest >= 2:
            powers.append(self._bound(psi, at.kernel, at.omega))
        return powers

    def _bound(self, chi: Entries, kernel: Array, points: Array) -> Entries:
        """``w^2 chi + 1 = chi [V + K Gamma]``, of chi or of a multiple: no cancellation at large w."""
        matrix = self.matrix(xp.stack(chi))
        damped = products(matrix, at_points(damping_matrix(self.machine, 0), points))
        if self.machine.springs is None:
            bound = matrix * at_points(self.machine.frequencies, points) ** 2
        else:
            bound = products(matrix, at_points(self.machine.stiffness, points))
        return to_entries(bound + kernel * damped)

    def at_nodes(self, temperature: Float[Array, ""], poles: CothPoles, highest: int, bath: int) -> AtNodes:
        mu = matsubara(spread(temperature, poles.k.shape), poles)
        density = self.machine.static_baths[0].spectral_density.spread(mu.shape)
        kernel = density.memory_kernel(to_complex(xp.zeros_like(mu), mu)).real
        chi = imaginary_entries(self.machine, mu, [kernel])
        orders = [chi, tuple(mu * x for x in chi)][: highest + 1]
        if highest >= 2:
            orders.append(self._bound(chi, kernel, mu))
        return _RealNodes(temperature, poles, orders)

    def slopes(self, a: "_Response", b: "_Response", highest: int, bath: int) -> list[Entries]:
        # chi(a) - chi(b) = chi(a) [(a^2 - b^2) - (K(a) - K(b)) C C^T] chi(b), Gamma = C C^T, divided by hand.
        # chi C ~ 1/K is small at strong damping: formed before it meets the large K, nothing cancels.
        static = self.machine.static_baths[0]
        density = static.spectral_density.spread(a.omega.shape)
        bend = density.memory_kernel_slope(a.omega, b.omega)
        psi = tuple(turned(chi, -0.5) for chi in b.chi)
        g = static.coupling
        g = g if len(g) > 2 else spread(list(g), a.omega.shape)
        slope = self._slope(a.chi, psi, a.omega + b.omega, bend, g)
        powers = [slope]
        for power in range(highest):
            slope = tuple(b.omega**power * p + a.omega * x for p, x in zip(psi, slope, strict=True))
            powers.append(slope)
        return powers

    def _slope(self, chi: Entries, psi: Entries, sum_of_points: Array, bend: Array, g: Any) -> Entries:
        """Entries of ``chi (sum_of_points - bend Gamma) psi``, which is symmetric."""
        if len(g) == 1:
            return ((sum_of_points - scaled(bend, g[0] ** 2)) * chi[0] * psi[0],)
        if len(g) == 2:
            (x_aa, x_ab, x_bb), (p_aa, p_ab, p_bb) = chi, psi
            x_a, x_b = scaled(x_aa, g[0]) + scaled(x_ab, g[1]), scaled(x_ab, g[0]) + scaled(x_bb, g[1])
            p_a, p_b = scaled(p_aa, g[0]) + scaled(p_ab, g[1]), scaled(p_ab, g[0]) + scaled(p_bb, g[1])
            return (
                sum_of_points * (x_aa * p_aa + x_ab * p_ab) - bend * (x_a * p_a),
                sum_of_points * (x_aa * p_ab + x_ab * p_bb) - bend * (x_a * p_b),
                sum_of_points * (x_ab * p_ab + x_bb * p_bb) - bend * (x_b * p_b),
            )
        (x,), (p,), column = chi, psi, at_points(g[:, None], bend)
        damped = products(products(x, column), products(xp.swapaxes(column, 0, 1), p))
        return (sum_of_points * products(x, p) - bend * damped,)


@dataclass(frozen=True)
class _RealNodes(AtNodes):
    """Nodes of `OneBathSpectra`: there chi is real, and w^m Psi is -i/2 or 1/2 times a real number."""

    temperature: Float[Array, ""]
    poles: CothPoles
    orders: list[Entries]
    """chi, mu chi and chi [V + K Gamma]"""

    def moments(self) -> list[Array]:
        even = totals(times(self.poles.weight, self.orders[::2]))
        found = [xp.stack(entries) * (2.0 * self.temperature) for entries in even]
        return [found[m // 2] if m % 2 == 0 else xp.zeros_like(found[0]) for m in range(len(self.orders))]

    def folded(self, up: Complex[Array, "n K"], low: Complex[Array, "n K"]) -> list[Array]:
        mirrored = xp.conj(low)
        weights = turned(up - mirrored, -0.5), scaled(up + mirrored, 0.5)
        every = jax.tree.map(lambda leaf: leaf[..., None, :], self.orders)
        found = totals([times(weights[m % 2], entries) for m, entries in enumerate(every)])
        return [xp.stack(entries) for entries in found]


class _Response(NamedTuple):
    """A sample of `OneBathSpectra`: K(w) of the static bath and the entries of chi(w)."""

    omega: Complex[Array, " K"]
    kernel: Complex[Array, " K"]
    chi: Entries


@dataclass(frozen=True)
class ManyBathSpectra(StaticSpectra):
    """Several static baths, by the covariances Y_b that their noises cause in a balanced state space.

    With G(w) = (-iw - A)^-1 and A Y + Y A^T = -B B^T, the identity ``G B B^T G^dagger = G Y + Y G^dagger``
    splits each spectrum into its two halves, for positions x and velocities v

        Psi = i [G Y]_vx,   w Psi -> [G Y]_vv,   w^2 Psi -> i [G A Y]_vv.

    Source: theory (4.10), (4.11).
    """

    system: StateSpace
    gramians: tuple[Float[Array, "n n"], ...]
    lost: Float[Array, ""]
    """what float64 loses of the energies, relative: the same in every unit of frequency"""

    @staticmethod
    def of(system: StateSpace, stiffness: Float[Array, "L L"]) -> "ManyBathSpectra":
        """The spectra of these equations, NaN when a mode is not damped or its rates are beyond float64.

        The baths together give every velocity the variance 1/2, and the positions the potential energy L/4
        (equipartition), unless they do not reach a mode or rates farther apart than float64 lose one.
        """
        gramians = [gramian(system.dynamics, noise @ noise.T) for noise in system.noise]
        whole, size = sum(gramians, xp.zeros(())), stiffness.shape[0]
        kinetic = xp.trace(system.velocity @ whole @ system.velocity.T).real
        potential = xp.trace(stiffness @ system.position @ whole @ system.position.T).real
        damped = (kinetic > (size - 0.5) / 2.0) & (xp.abs(potential - size / 2.0) < EQUIPARTITION)
        lost = xp.maximum(xp.abs(kinetic - size / 2.0), xp.abs(potential - size / 2.0)) * 2.0 / size
        return ManyBathSpectra(system, tuple(xp.where(damped, y, xp.nan) for y in gramians), lost)

    def matrix(self, entries: Complex[Array, "1 L L *rest"]) -> Complex[Array, "L L *rest"]:
        return entries[0]

    def adjoint(self, entries: Complex[Array, "1 L L *rest"]) -> Complex[Array, "1 L L *rest"]:
        return xp.conj(xp.swapaxes(entries, 1, 2))

    def resolvent(self, omega: Complex[Array, " K"], rhs: Array) -> Complex[Array, "K n r"]:
        """G(w) rhs; rhs is (n, r) or (K, n, r)."""
        identity = xp.eye(self.system.dynamics.shape[0])
        rhs = xp.broadcast_to(rhs, (*omega.shape, *rhs.shape[-2:]))
        return solve(-1j * omega[..., None, None] * identity - self.system.dynamics, rhs)

    def _columns(self, highest: int, bath: int) -> Complex[Array, "n C"]:
        """Y x^T, Y v^T and A Y v^T with their factors, side by side up to the highest order."""
        moving = self.gramians[bath] @ self.system.velocity.T
        columns = [
            1j * self.gramians[bath] @ self.system.position.T,
            moving,
            1j * self.system.dynamics @ moving,
        ]
        return xp.concatenate(columns[: highest + 1], axis=1)

    def _velocities(self, states: Complex[Array, "K n C"], highest: int) -> list[Entries]:
        found = xp.moveaxis(self.system.velocity @ states, (-2, -1), (0, 1))
        return [(part,) for part in xp.split(found, highest + 1, axis=1)]

    def sample(self, omega: Complex[Array, " K"], bath: int) -> Complex[Array, " K"]:
        return omega

    def entries(self, at: Complex[Array, " K"], highest: int, bath: int) -> list[Entries]:
        return self._velocities(self.resolvent(at, self._columns(highest, bath)), highest)

    def slopes(
        self, a: Complex[Array, " K"], b: Complex[Array, " K"], highest: int, bath: int
    ) -> list[Entries]:
        states = self.resolvent(b, self._columns(highest, bath))
        return self._velocities(1j * self.resolvent(a, states), highest)


def broken_equipartition(machine: Machine) -> Float[Array, ""]:
    """What float64 loses of the energies of oscillators between several static baths, relative; else 0.

    Narrow resonances lose digits of what each bath does to them.
    """
    if len(machine.static_baths) == 1:
        return xp.zeros(())

    def of_part(part: Machine) -> Array:
        return ManyBathSpectra.of(balanced_state_space(part), part.stiffness).lost

    return xp.max(over_groups(of_part, machine))
