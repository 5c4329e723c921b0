"""Frequency integrals with a thermal factor, closed in the upper half plane: theory, section 4.

Written for speed on the node axis: entries are separate (K,) arrays, which reverse mode need not take apart,
all sums over the same nodes are one pass over real and imaginary parts, and complex quotients are
`reciprocal`s. XLA vectorises these on a CPU; its complex reductions and divisions are several times slower.
"""

import math
from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any, NamedTuple

import jax
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Bool, Complex, Float, Int

from ..numerics import on_host, reciprocal, scaled, spread, stop_gradient, sums, to_complex, xp
from ._coth import CothPoles, matsubara


class ScalarFactor(NamedTuple):
    """A rational function k(w), by its value and its simple poles above the real axis.

    Attributes:
        value: k at points of any shape.
        upper_poles, upper_residues: (..., P) p and r_p; leading axes number functions.
        rest: ``k(w) - sum_p r_p/(w - p)`` at points of any shape.
    """

    value: Callable[[Array], Array]
    upper_poles: Complex[Array, "*shape P"]
    upper_residues: Complex[Array, "*#shape P"]
    rest: Callable[[Array], Array]


class AnalyticFactor(NamedTuple):
    """A function F(w), analytic in the upper half plane, by its values at points and divided differences.

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


def thermal_integral(temperature: Float[Array, ""], values: Any, poles: CothPoles) -> Any:
    """``int dw/2pi f(w) coth(w/2T)`` for f analytic in the upper half plane, given f(i mu_j).

    It equals ``i sum_j 2 T w_j f(i mu_j)``; the pole at w = 0 counts half (principal value).

    Args:
        temperature: T.
        values: (..., K), or a pytree of such arrays of one shape, which are summed in one pass.
        poles: the rational coth.

    Returns:
        The same without the axis of points.

    Source: theory (4.5).
    """
    factor = 2j * temperature
    return jax.tree.map(lambda total: factor * total, totals(times(poles.weight, values)))


def times(factor: ArrayLike, values: Any) -> Any:
    """Every array of a pytree times the same."""
    if xp.iscomplexobj(factor):
        return jax.tree.map(lambda value: factor * value, values)
    return jax.tree.map(lambda value: scaled(value, factor), values)


def totals(values: Any) -> Any:
    """Arrays (..., K) of one shape, complex or real, summed over the last axis in one pass.

    As a single reduction of all real and imaginary parts, so that XLA computes the arrays while it sums them
    instead of writing each of them to memory first.
    """
    leaves, structure = jax.tree.flatten(values)
    if on_host(*leaves):
        return jax.tree.unflatten(structure, [leaf.sum(axis=-1) for leaf in leaves])
    twofold = [xp.iscomplexobj(leaf) for leaf in leaves]
    planes = [(x.real, x.imag) if both else (x,) for x, both in zip(leaves, twofold, strict=True)]
    found = iter(sums([plane for parts in planes for plane in parts]))
    whole = [to_complex(next(found), next(found)) if both else next(found) for both in twofold]
    return jax.tree.unflatten(structure, whole)


class Contour(NamedTuple):
    """What ``int dw/2pi k(w) F(w) coth(w/2T)`` needs of k and T; for any F the integral is:

        i { sum_j 2 T w_j k_j F(i mu_j) + sum_p [a_p F(p) + b_p F(q_p) + c_p (F(p) - F(q_p))/(p - q_p)] },

    p the poles of k above the real axis and q_p the pole of the coth nearest to p (there k_j = 0).

    Attributes:
        nodes: (K,) i mu_j.
        at_nodes: (..., K) 2 T w_j k_j.
        above, at_above: (..., P) p and a_p.
        nearest, at_nearest: (..., P) q_p and b_p.
        at_pairs: (..., P) c_p.
    """

    nodes: Complex[Array, " K"]
    at_nodes: Complex[Array, "*shape K"]
    above: Complex[Array, "*shape P"]
    at_above: Complex[Array, "*shape P"]
    nearest: Complex[Array, "*shape P"]
    at_nearest: Complex[Array, "*shape P"]
    at_pairs: Complex[Array, "*shape P"]

    @property
    def at_poles(self) -> tuple[Array, Array, Array]:
        """a_p, b_p and c_p."""
        return self.at_above, self.at_nearest, self.at_pairs


def contour(temperature: Float[Array, ""], scalar: ScalarFactor, poles: CothPoles) -> Contour:
    """The weights of `Contour` for one k(w), or for several at once.

    Where a pole p of k meets a pole i mu of the coth, both residues diverge and cancel. The nearest pair is
    therefore one term, 2 T w r_p [F(p) - F(i mu)]/(p - i mu), by the divided difference of F: no digit is
    lost however close they are.

    Source: theory (4.6), (4.7).
    """
    count = poles.k.shape
    heat = spread(temperature, count)
    mu = matsubara(heat, poles)
    z = to_complex(xp.zeros_like(mu), mu)
    thermal = 2.0 * heat * poles.weight
    p, residue = scalar.upper_poles, scalar.upper_residues
    is_nearest = _is_nearest(p.imag / (2.0 * np.pi * temperature), poles)

    # coth at p without its nearest pole: 1/(p - z) + 1/(p + z) = 2p/[(p - z)(p + z)], or only the second.
    pole = p[..., None] if on_host(p) else spread(p, count)
    ratio = xp.where(is_nearest, 1.0, 2.0 * pole)
    ratio = ratio * reciprocal(xp.where(is_nearest, 1.0, pole - z) * (pole + z))
    # One pass: this sum, and k and weight of the nearest pole.
    chosen = [xp.where(is_nearest, of_each, 0.0) for of_each in (poles.k, poles.weight)]
    coth, place, weight = totals([scaled(ratio, poles.weight), *chosen])
    nearest = 2j * np.pi * temperature * place
    strength = 2.0 * temperature * weight

    # k at q_p without the poles it is nearest to; a node that is nearest to several poles counts once.
    shared = place[..., :, None] == place[..., None, :]
    gap = xp.where(shared, 1.0, nearest[..., :, None] - p[..., None, :])
    others, count = totals(
        [xp.where(shared, 0.0, residue[..., None, :] * reciprocal(gap)), xp.where(shared, 1.0, 0.0)]
    )
    touched = reduce(xp.logical_or, [is_nearest[..., i, :] for i in range(p.shape[-1])])
    values = xp.where(touched, 0.0, scalar.value(xp.where(touched, 2.0 * z + 1j, z)))
    return Contour(
        nodes=z,
        at_nodes=scaled(values, thermal),
        above=p,
        at_above=residue * (2.0 * temperature * coth),
        nearest=nearest,
        at_nearest=strength * (others + scalar.rest(nearest)) / count,
        at_pairs=strength * residue,
    )


def _is_nearest(k: Float[Array, "*shape P"], poles: CothPoles) -> Bool[Array, "*shape P K"]:
    """Which node is nearest to each k >= 0: the one between whose midpoints k lies."""
    middle = (poles.k[1:] + poles.k[:-1]) / 2.0
    k = stop_gradient(k)[..., None]
    return (k > np.append(-np.inf, middle)) & (k <= np.append(middle, np.inf))


def nearest_node(k: Float[Array, "*shape P"], poles: CothPoles) -> Int[Array, "*shape P"]:
    """Index of the node nearest to each k >= 0."""
    if on_host(k):
        return np.searchsorted((poles.k[1:] + poles.k[:-1]) / 2.0, stop_gradient(k))  # pyright: ignore
    return xp.argmax(_is_nearest(k, poles), axis=-1)


def contour_integral(path: Contour, analytic: AnalyticFactor) -> Any:
    """``int dw/2pi k(w) F(w) coth(w/2T)`` (principal value) by residues of k and of the rational coth.

    Exact also where a pole of k meets a pole of the coth, see `contour`.

    Args:
        path: for one k.
        analytic: F.

    Returns:
        What has the form of F, without the axis of points.

    Source: theory (4.5) to (4.7).
    """
    # All points at once: one evaluation of what may be a large program, instead of two.
    sample = analytic.sample(xp.concatenate([path.nodes, path.above, path.nearest]))
    few, start = len(path.above), len(path.nodes)
    above, nearest = part_of(sample, start, (few,)), part_of(sample, start + few, (few,))
    if on_host(*path):
        values = analytic.value(sample)
        first = 0, start, start + few
        at_nodes, at_above, at_nearest = (
            part_of(values, place, (count,)) for place, count in zip(first, (start, few, few), strict=True)
        )
    else:  # apart, so that values at the nodes are summed while they are computed
        at_nodes, at_above, at_nearest = map(analytic.value, (part_of(sample, 0, (start,)), above, nearest))
    swept = totals(times(path.at_nodes, at_nodes))
    found = totals(at_pairs(path.at_poles, at_above, at_nearest, analytic.slope(above, nearest)))
    return jax.tree.map(lambda one, other: 1j * (one + other), swept, found)


def at_pairs(weights: Sequence[Array], above: Any, nearest: Any, slope: Any) -> Any:
    """What each pole of k contributes, by F there and at its nearest node, and their divided difference."""
    a, b, c = weights
    return jax.tree.map(lambda *values: a * values[0] + b * values[1] + c * values[2], above, nearest, slope)


def part_of(sample: Any, start: int, shape: Sequence[int]) -> Any:
    """Consecutive points of a sample, whose axis becomes this shape."""
    end = start + math.prod(shape)
    return jax.tree.map(lambda leaf: leaf[..., start:end].reshape(*leaf.shape[:-1], *shape), sample)
