"""Frequency integrals with a thermal factor, closed in the upper half plane (physics notes, section 5).

Written for speed on the node axis: entries are separate (K,) arrays, which reverse mode need not take apart,
sums over nodes are real matrix-vector products with constant weights, and complex quotients are
`reciprocal`s. XLA vectorises these on a CPU; its complex reductions and divisions are several times slower.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float, Inexact, Int

from .._complex import reciprocal
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

    Attributes:
        sample: (K,) points to what the other two need of them, a pytree of arrays (..., K).
        value: F on a sample: (..., K), or a pytree of such arrays.
        slope: [F(a) - F(b)]/(a - b) between two samples, also at a = b, in the same form.
    """

    sample: Callable[[Array], Any]
    value: Callable[[Any], Any]
    slope: Callable[[Any, Any], Any]

    def at(self, z: Complex[Array, " K"]) -> Any:
        """F(z)."""
        return self.value(self.sample(z))


def thermal_integral(
    temperature: Float[Array, ""], values: Inexact[Array, "*shape K"], poles: CothPoles
) -> Complex[Array, "*shape"]:
    """``int dw/2pi f(w) coth(w/2T)`` for f analytic in the upper half plane, given f(i mu_j).

    Equals ``i sum_j 2 T w_j f(i mu_j)``; the pole at w = 0 counts half (principal value).
    """
    return 2j * temperature * _weighted_sum(values, poles)


def _weighted_sum(values: Inexact[Array, "*shape K"], poles: CothPoles) -> Complex[Array, "*shape"]:
    """``sum_j w_j values_j``, the real and imaginary parts apart."""
    return jax.lax.complex(values.real @ poles.weight, values.imag @ poles.weight)


class Contour(NamedTuple):
    """What ``int dw/2pi k(w) F(w) coth(w/2T)`` needs of k and T: the integral is, for any F,

        i { sum_j 2 T w_j k_j F(i mu_j) + sum_p [a_p F(p) + b_p F(q_p) + c_p (F(p) - F(q_p))/(p - q_p)] },

    p the poles of k above the real axis and q_p the pole of the coth nearest to p (there k_j = 0).
    """

    temperature: Float[Array, ""]
    poles: CothPoles
    scalar_at_nodes: Complex[Array, " K"]
    upper_poles: Complex[Array, " P"]
    nearest: Complex[Array, " P"]
    at_poles: Complex[Array, " P"]
    at_nearest: Complex[Array, " P"]
    at_pairs: Complex[Array, " P"]

    def integrate(self, at_nodes: Array, at_poles: Array, at_nearest: Array, pairs: Array) -> Array:
        """The integral from F(i mu_j), F(p), F(q_p) and the divided differences; nodes are the last axis."""
        sweep = thermal_integral(self.temperature, self.scalar_at_nodes * at_nodes, self.poles)
        few = self.at_poles * at_poles + self.at_nearest * at_nearest + self.at_pairs * pairs
        return sweep + 1j * jnp.sum(few, axis=-1)


def contour(temperature: Float[Array, ""], scalar: ScalarFactor, poles: CothPoles) -> Contour:
    """The weights of `Contour` for one k(w).

    Where a pole p of k meets a pole i mu of the coth, both residues diverge and cancel. The nearest pair is
    therefore one term, 2 T w r_p [F(p) - F(i mu)]/(p - i mu), by the divided difference of F: no digit is
    lost however close they are.
    """
    mu = matsubara(temperature, poles)
    z = jax.lax.complex(jnp.zeros_like(mu), mu)
    p, residue = scalar.upper_poles, scalar.upper_residues
    index = nearest_node(p.imag / (2.0 * jnp.pi * temperature), poles)
    nearest, strength = z[index], 2.0 * temperature * jnp.asarray(poles.weight)[index]
    is_nearest = jnp.arange(mu.shape[0]) == index[:, None]

    # coth at p without its nearest pole: 1/(p - z) + 1/(p + z) = 2p/[(p - z)(p + z)], or only the second.
    above = p[:, None] + z
    ratio = jnp.where(is_nearest, 1.0, 2.0 * p[:, None])
    ratio = ratio * reciprocal(jnp.where(is_nearest, 1.0, p[:, None] - z) * above)
    coth = 2.0 * temperature * _weighted_sum(ratio, poles)

    # k at q_p without the poles it is nearest to; a node that is nearest to several poles counts once.
    shared = index[:, None] == index[None, :]
    gap = jnp.where(shared, 1.0, nearest[:, None] - p[None, :])
    others = jnp.sum(jnp.where(shared, 0.0, residue * reciprocal(gap)), axis=1)
    below = jnp.sum(scalar.lower_residues * reciprocal(nearest[:, None] - scalar.lower_poles), axis=1)
    touched = jnp.any(is_nearest, axis=0)
    values = scalar.value(jnp.where(touched, 2.0 * z + 1j, z))
    return Contour(
        temperature=temperature,
        poles=poles,
        scalar_at_nodes=jnp.where(touched, 0.0, values),
        upper_poles=p,
        nearest=nearest,
        at_poles=residue * coth,
        at_nearest=strength * (others + below) / jnp.sum(shared, axis=1),
        at_pairs=strength * residue,
    )


def nearest_node(k: Float[Array, " P"], poles: CothPoles) -> Int[Array, " P"]:
    """Index of the node nearest to each k >= 0: how many midpoints lie below it."""
    midpoints = (poles.k[1:] + poles.k[:-1]) / 2.0
    return jnp.sum(jax.lax.stop_gradient(k)[:, None] > np.asarray(midpoints), axis=1)


def contour_integral(path: Contour, analytic: AnalyticFactor) -> Any:
    """``int dw/2pi k(w) F(w) coth(w/2T)`` (principal value) by residues of k and of the rational coth.

    Exact also where a pole of k meets a pole of the coth, see `contour`. The result has the form of F,
    without the axis of points.

    Source: physics notes, section 5.
    """
    z = 1j * matsubara(path.temperature, path.poles)
    nodes, few = z.shape[0], path.upper_poles.shape[0]
    # All points at once: one evaluation of what may be a large program, instead of three.
    points = analytic.sample(jnp.concatenate([z, path.upper_poles, path.nearest]))
    above, nearest = (
        jax.tree.map(lambda leaf, of=of: leaf[..., of], points)
        for of in (slice(nodes, nodes + few), slice(nodes + few, None))
    )

    def integral(value: Array, slope: Array) -> Array:
        at_nodes, at_poles = value[..., :nodes], value[..., nodes : nodes + few]
        return path.integrate(at_nodes, at_poles, value[..., nodes + few :], slope)

    return jax.tree.map(integral, analytic.value(points), analytic.slope(above, nearest))
