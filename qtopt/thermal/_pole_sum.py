"""Frequency integrals with a thermal factor, closed in the upper half plane (physics notes, section 5)."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Complex, Float, Inexact

from ._coth import CothPoles, matsubara


class ScalarFactor(NamedTuple):
    """A rational function k(w) by its value and its simple poles in both half planes."""

    value: Callable[[Array], Array]
    upper_poles: Complex[Array, " P"]
    upper_residues: Complex[Array, " P"]
    lower_poles: Complex[Array, " Q"]
    lower_residues: Complex[Array, " Q"]


class AnalyticFactor(NamedTuple):
    """F(w), analytic in the upper half plane: values at points, and its divided differences.

    ``value(z)`` maps (K,) points to (..., K); ``slope(a, b)`` is [F(a) - F(b)]/(a - b), also at a = b.
    """

    value: Callable[[Array], Array]
    slope: Callable[[Array, Array], Array]


def thermal_integral(
    temperature: Float[Array, ""], values: Inexact[Array, "*shape K"], poles: CothPoles
) -> Complex[Array, "*shape"]:
    """``int dw/2pi f(w) coth(w/2T)`` for f analytic in the upper half plane, given f(i mu_j).

    Equals ``i sum_j 2 T w_j f(i mu_j)``; the pole at w = 0 counts half (principal value).
    """
    return 1j * jnp.sum(2.0 * temperature * poles.weight * values, axis=-1)


def pole_sum(
    temperature: Float[Array, ""], scalar: ScalarFactor, analytic: AnalyticFactor, poles: CothPoles
) -> Complex[Array, "*shape"]:
    """``int dw/2pi k(w) F(w) coth(w/2T)`` (principal value) by residues of k and of the rational coth.

    Where a pole p of k meets a pole i mu of the coth, both residues diverge and cancel. The nearest pair is
    therefore summed as one term, 2 T w r_p [F(p) - F(i mu)]/(p - i mu), by the divided difference of F:
    no digit is lost however close they are.

    Source: physics notes, section 5.
    """
    mu = matsubara(temperature, poles)
    z = 1j * mu
    strength = 2.0 * temperature * poles.weight
    p, residue = scalar.upper_poles, scalar.upper_residues
    gap = p[:, None] - z[None, :]
    nearest = jax.lax.stop_gradient(jnp.argmin(jnp.abs(gap), axis=1))
    is_near = jnp.arange(z.shape[0])[None, :] == nearest[:, None]
    inverse_gap = jnp.where(is_near, 0.0, 1.0 / jnp.where(is_near, 1.0, gap))

    touched = jnp.any(is_near, axis=0)
    lower = jnp.sum(scalar.lower_residues[:, None] / (z - scalar.lower_poles[:, None]), axis=0)
    remainder = lower - jnp.sum(residue[:, None] * inverse_gap, axis=0)
    scalar_at_nodes = jnp.where(touched, remainder, scalar.value(jnp.where(touched, 2.0 * z + 1j, z)))
    at_nodes = jnp.sum(strength * scalar_at_nodes * analytic.value(z), axis=-1)

    coth_at_poles = jnp.sum(strength * (inverse_gap + 1.0 / (p[:, None] + z)), axis=1)
    at_poles = jnp.sum(residue * coth_at_poles * analytic.value(p), axis=-1)
    pairs = jnp.sum(residue * strength[nearest] * analytic.slope(p, z[nearest]), axis=-1)
    return 1j * (at_nodes + at_poles + pairs)
