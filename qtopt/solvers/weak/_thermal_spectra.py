"""Position spectra of the static machine with their thermal factors, again split into analytic halves."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import numpy as np
from jaxtyping import Array, Complex, Float, Int

from ...model import Machine
from ...numerics import except_at, reciprocal, to_complex, xp
from ...thermal import CothPoles, matsubara, nearest_node
from ._static_spectra import Entries, StaticSpectra


@dataclass(frozen=True)
class ThermalSpectra(StaticSpectra):
    """Half spectra Theta_b(w), analytic for Im w > 0, of ``coth(w/2T_b) [Psi_b + Psi_b^dagger]``.

    With ``coth(w/2T) = sum_j c_j [1/(w - z_j) + 1/(w + z_j)]``, z_j = i mu_j and Psi_m = w^m Psi without its
    polynomial part,

        w^m Theta(w) = sum_j c_j { [Psi_m(w) - Psi_m(z_j)]/(w - z_j)
                                   + [Psi_m(w) + Psi_m(z_j)^dagger]/(w + z_j) },

    again without a polynomial part. On the real axis ``Theta_b + Theta_b^dagger`` is the symmetrised position
    spectrum due to bath b. The term of the node nearest to w is a divided difference: no digit is lost there.

    Source: theory (4.12), (4.13).
    """

    spectra: StaticSpectra
    temperatures: tuple[Float[Array, ""], ...]
    poles: CothPoles
    nodes: tuple[Any, ...]
    """samples of `spectra` at the z_j of each bath"""

    @staticmethod
    def of(machine: Machine, spectra: StaticSpectra, poles: CothPoles) -> "ThermalSpectra":
        """The thermal spectra at the temperatures of the machine's static baths."""
        temperatures = tuple(bath.temperature for bath in machine.static_baths)
        nodes = [spectra.sample(1j * matsubara(t, poles), b) for b, t in enumerate(temperatures)]
        return ThermalSpectra(spectra, temperatures, poles, tuple(nodes))

    def matrix(self, entries: Complex[Array, "E *rest"]) -> Complex[Array, "L L *rest"]:
        return self.spectra.matrix(entries)

    def adjoint(self, entries: Complex[Array, "E *rest"]) -> Complex[Array, "E *rest"]:
        return self.spectra.adjoint(entries)

    def sample(self, omega: Complex[Array, " K"], bath: int) -> "_Placed":
        near = nearest_node(omega.imag / (2.0 * np.pi * self.temperatures[bath]), self.poles)
        at_near = jax.tree.map(lambda leaf: xp.take(leaf, near, axis=-1), self.nodes[bath])
        return _Placed(omega, near, self.spectra.sample(omega, bath), at_near)

    def entries(self, at: "_Placed", highest: int, bath: int) -> list[Entries]:
        z, strength = self._coth(bath)
        nodes, orders = self._orders(at.spectra, at.spectra, at.nearest, highest, bath)
        if all(isinstance(array, np.ndarray) for array in (at.omega, z, *jax.tree.leaves(nodes))):
            coth, sums = self._host_sums(at, nodes, strength, z.imag)
        else:
            minus = except_at(reciprocal(except_at(at.omega[..., None] - z, at.near, 1.0)), at.near, 0.0)
            plus = reciprocal(at.omega[..., None] + z)
            coth, sums = (minus + plus) @ strength, self._sums(nodes, strength, minus, plus)
        nearest = xp.take(strength, at.near, axis=0)
        return [
            tuple(
                coth * value - part + nearest * change
                for value, part, change in zip(values, parts, slope, strict=True)
            )
            for parts, (values, slope) in zip(sums, orders, strict=True)
        ]

    def slopes(self, a: "_Placed", b: "_Placed", highest: int, bath: int) -> list[Entries]:
        # [f(a) r(a) - f(b) r(b)]/(a - b) = f[a, b] r(a) - f(b) r(a) r(b) for r = 1/(w -+ z).
        z, strength = self._coth(bath)
        at_a = reciprocal(a.omega[..., None] - z), reciprocal(a.omega[..., None] + z)
        pairs = at_a[0] * reciprocal(b.omega[..., None] - z), at_a[1] * reciprocal(b.omega[..., None] + z)
        first, second = (at_a[0] + at_a[1]) @ strength, (pairs[0] + pairs[1]) @ strength
        nodes, orders = self._orders(b.spectra, a.spectra, b.spectra, highest, bath)
        return [
            tuple(
                first * slope - second * value + part
                for slope, value, part in zip(slopes, values, parts, strict=True)
            )
            for parts, (values, slopes) in zip(self._sums(nodes, strength, *pairs), orders, strict=True)
        ]

    def _orders(
        self, at: Any, a: Any, b: Any, highest: int, bath: int
    ) -> tuple[list[Entries], Iterator[tuple[Entries, Entries]]]:
        """Entries of Psi of each order at the nodes; those at `at` with their slopes between `a` and `b`."""
        inner = self.spectra
        at_nodes, at_points = (inner.entries(points, highest, bath) for points in (self.nodes[bath], at))
        return at_nodes, zip(at_points, inner.slopes(a, b, highest, bath), strict=True)

    def _coth(self, bath: int) -> tuple[Complex[Array, " N"], Float[Array, " N"]]:
        """The nodes z_j and the c_j."""
        mu = matsubara(self.temperatures[bath], self.poles)
        strength = 2.0 * self.temperatures[bath] * self.poles.weight
        return to_complex(xp.zeros_like(mu), mu), strength

    def _sums(
        self, nodes: list[Entries], strength: Float[Array, " N"], minus: Array, plus: Array
    ) -> Complex[Array, "M E *rest K"]:
        """sum_j c_j [Psi(z_j) minus_kj - Psi(z_j)^dagger plus_kj] of M orders; factors are (..., K, N)."""
        orders, points, count = [xp.stack(entries) for entries in nodes], minus.shape[:-1], len(strength)
        psi, adjoint = xp.stack(orders), xp.stack([self.adjoint(order) for order in orders])
        minus, plus = (part.reshape(-1, count).T for part in (minus, plus))
        found = (strength * psi).reshape(-1, count) @ minus - (strength * adjoint).reshape(-1, count) @ plus
        return found.reshape(*psi.shape[:-1], *points)

    def _host_sums(
        self, at: "_Placed", nodes: list[Entries], strength: Float[Array, " N"], mu: Float[Array, " N"]
    ) -> tuple[Complex[Array, "*rest K"], Complex[Array, "M E *rest K"]]:
        """The coth without its nearest node, and `_sums`, by real matrix products."""
        psi = xp.stack([xp.stack(entries) for entries in nodes])
        adjoint = xp.stack([self.adjoint(order) for order in psi])
        minus = _over_nodes(at.omega, mu, strength * _rows(psi), strength, at.near)
        plus = _over_nodes(at.omega, -mu, strength * _rows(adjoint), strength)
        return minus[0] + plus[0], (minus[1] - plus[1]).reshape(*psi.shape[:-1], *at.omega.shape)


BLOCK = 256
"""points whose distances from all nodes stay in the caches"""


def _rows(values: Array) -> Array:
    return values.reshape(-1, values.shape[-1])


def _over_nodes(
    omega: Complex[Array, "*rest K"],
    mu: Float[Array, " N"],
    columns: Complex[Array, "C N"],
    strength: Float[Array, " N"],
    but: Int[Array, "*rest K"] | None = None,
) -> tuple[Any, Any]:
    """Sums over j of strength_j/(w - i mu_j) and of column_j/(w - i mu_j), but for one j of each point.

    On NumPy arrays, in real numbers: entries at the nodes, on the imaginary axis, are real or imaginary, and
    ``1/(w - i mu) = (x - i d)/(x^2 + d^2)`` with w - i mu = x + i d.

    Returns:
        Arrays (*rest, K) and (C, points).
    """
    whole = xp.concatenate([strength[None], columns.real, columns.imag])
    kept = np.flatnonzero(np.any(whole != 0.0, axis=1))
    factors, w = np.ascontiguousarray(whole[kept].T), omega.ravel()
    found = np.zeros((len(whole), len(w)), dtype=complex)
    distances, inverses = np.empty((2, BLOCK, len(mu)))  # written again and again, while in the caches
    for start in range(0, len(w), BLOCK):
        block = slice(start, start + BLOCK)
        x, y = w[block].real[:, None], w[block].imag[:, None]
        d, inverse = distances[: len(x)], inverses[: len(x)]
        np.subtract(y, mu, out=d)
        np.multiply(d, d, out=inverse)
        inverse += x * x
        if but is not None:
            inverse[np.arange(len(x)), but.ravel()[block]] = np.inf
        np.reciprocal(inverse, out=inverse)
        even = inverse @ factors
        inverse *= d
        found[kept, block] = (x * even - 1j * (inverse @ factors)).T
    coth, real, imaginary = np.split(found, [1, 1 + len(columns)])
    return coth.reshape(omega.shape), real + 1j * imaginary


class _Placed(NamedTuple):
    """A sample of `ThermalSpectra`: the points, the node nearest to each, and both as samples within."""

    omega: Complex[Array, " K"]
    near: Int[Array, " K"]
    spectra: Any
    nearest: Any
