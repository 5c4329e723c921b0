"""Position spectra of the static machine with their thermal factors, again split into analytic halves."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Complex, Float

from .._complex import reciprocal
from ..thermal import CothPoles, matsubara
from ..thermal._pole_sum import nearest_node
from ._static_spectra import Entries, StaticSpectra


class ThermalSpectra(StaticSpectra):
    """Half spectra Theta_b(w), analytic for Im w > 0, of ``coth(w/2T_b) [Psi_b + Psi_b^dagger]``.

    With ``coth(w/2T) = sum_j c_j [1/(w - z_j) + 1/(w + z_j)]``, z_j = i mu_j and Psi_m = w^m Psi without its
    polynomial part,

        w^m Theta(w) = sum_j c_j { [Psi_m(w) - Psi_m(z_j)]/(w - z_j)
                                   + [Psi_m(w) + Psi_m(z_j)^dagger]/(w + z_j) },

    again without a polynomial part. On the real axis ``Theta_b + Theta_b^dagger`` is the symmetrised position
    spectrum due to bath b. The term of the node nearest to w is a divided difference: no digit is lost there.
    """

    spectra: StaticSpectra
    temperatures: tuple[Float[Array, ""], ...]
    poles: CothPoles

    def matrix(self, entries: Complex[Array, "E *rest"]) -> Complex[Array, "L L *rest"]:
        return self.spectra.matrix(entries)

    def adjoint(self, entries: Complex[Array, "E *rest"]) -> Complex[Array, "E *rest"]:
        return self.spectra.adjoint(entries)

    def _nodes(self, order: int, bath: int) -> tuple[Array, Array, Array, Array]:
        """z_j and c_j, (K,); entries of Psi_m(z_j) and of its adjoint, weighted with c_j, (E, ..., K)."""
        mu = matsubara(self.temperatures[bath], self.poles)
        z = jax.lax.complex(jnp.zeros_like(mu), mu)
        strength = 2.0 * self.temperatures[bath] * jnp.asarray(self.poles.weight)
        psi = jnp.stack(self.spectra.entries(z, order, bath))
        return z, strength, strength * psi, strength * self.adjoint(psi)

    def entries(self, omega: Complex[Array, " K"], order: int, bath: int) -> Entries:
        z, strength, psi, adjoint = self._nodes(order, bath)
        near = nearest_node(omega.imag / (2.0 * jnp.pi * self.temperatures[bath]), self.poles)
        is_near = jnp.arange(z.shape[0]) == near[:, None]
        minus = jnp.where(is_near, 0.0, reciprocal(jnp.where(is_near, 1.0, omega[:, None] - z)))
        plus = reciprocal(omega[:, None] + z)
        coth = (minus + plus) @ strength
        inner = psi @ minus.T - adjoint @ plus.T
        at = self.spectra.entries(omega, order, bath)
        slope = self.spectra.slope_entries(omega, z[near], order, bath)
        return tuple(
            coth * value - part + strength[near] * change
            for value, part, change in zip(at, inner, slope, strict=True)
        )

    def slope_entries(
        self, a: Complex[Array, " K"], b: Complex[Array, " K"], order: int, bath: int
    ) -> Entries:
        # [f(a) r(a) - f(b) r(b)]/(a - b) = f[a, b] r(a) - f(b) r(a) r(b) for r = 1/(w -+ z).
        z, strength, psi, adjoint = self._nodes(order, bath)
        slopes = self.spectra.slope_entries(a, b, order, bath)
        values = self.spectra.entries(b, order, bath)
        at_a = reciprocal(a[:, None] - z), reciprocal(a[:, None] + z)
        pairs = at_a[0] * reciprocal(b[:, None] - z), at_a[1] * reciprocal(b[:, None] + z)
        first, second = (at_a[0] + at_a[1]) @ strength, (pairs[0] + pairs[1]) @ strength
        inner = psi @ pairs[0].T - adjoint @ pairs[1].T
        return tuple(
            first * slope - second * value + part
            for slope, value, part in zip(slopes, values, inner, strict=True)
        )
