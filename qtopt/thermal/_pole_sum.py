"""Frequency integrals with a thermal factor, closed in the upper half plane: theory, section 4.

Written for speed on the node axis: entries are separate (K,) arrays, which reverse mode need not take apart,
all sums over the same nodes are one pass over real and imaginary parts, and complex quotients are
`reciprocal`s. XLA vectorises these on a CPU; its complex reductions and divisions are several times slower.
"""

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any, NamedTuple

import jax
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Bool, Complex, Float, Int

from ..numerics import on_host, reciprocal, stop_gradient, to_complex, xp
from ._coth import CothPoles, matsubara


class ScalarFactor(NamedTuple):
    """A rational function k(w), by its value and its simple poles above the real axis.

    Attributes:
        value: k at points of any shape.
        upper_poles, upper_residues: (P,) p and r_p; p may be (..., P), for many such functions at once.
        rest: ``k(w) - sum_p r_p/(w - p)`` at points of any shape.
    """

    value: Callable[[Array], Array]
    upper_poles: Complex[Array, " P"]
    upper_residues: Complex[Array, " P"]
    rest: Callable[[Array], Array]

    @staticmethod
    def analytic(value: Callable[[Array], Array]) -> "ScalarFactor":
        """Without poles above the real axis."""
        none: Any = xp.zeros((0,), dtype=complex)
        return ScalarFactor(value, none, none, value)


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
    return jax.tree.map(lambda total: factor * total, _totals(_times(poles.weight, values)))


def _times(factor: ArrayLike, values: Any) -> Any:
    """Every array of a pytree times the same."""
    return jax.tree.map(lambda value: factor * value, values)


def _totals(values: Any) -> Any:
    """Complex arrays (..., K) of one shape, summed over the last axis in one pass.

    As a single reduction of all real and imaginary parts, so that XLA computes the arrays while it sums them
    instead of writing each of them to memory first. Derivatives are sums of their own.
    """
    leaves, structure = jax.tree.flatten(values)
    if on_host(*leaves):
        return jax.tree.unflatten(structure, [leaf.sum(axis=-1) for leaf in leaves])
    sums = _sums([plane for leaf in leaves for plane in (leaf.real, leaf.imag)])
    pairs = zip(sums[::2], sums[1::2], strict=True)
    return jax.tree.unflatten(structure, [to_complex(*pair) for pair in pairs])


LONG = 16
"""sums of fewer terms are one reduction, in their order"""


@jax.custom_jvp
def _sums(planes: list[Float[Array, "*shape K"]]) -> list[Float[Array, "*shape"]]:
    """Sums of real arrays of one shape over their last axis: both halves are added, as often as possible.

    Pairwise sums keep the round-off small, which cold heat currents need. XLA computes neighbouring sums in
    the lanes of a vector, but not the terms of one sum.
    """

    def add(sums: Any, terms: Any) -> Any:
        return [total + term for total, term in zip(sums, terms, strict=True)]

    def reduced(planes: Any, axis: int) -> Any:
        return jax.lax.reduce(planes, [xp.zeros(())] * len(planes), add, (axis,))

    *shape, points = planes[0].shape
    while points % 2 == 0 and points >= LONG:
        planes = reduced([plane.reshape(*shape, 2, points // 2) for plane in planes], len(shape))
        points //= 2
    return list(reduced(planes, len(shape)))


@_sums.defjvp
def _sums_jvp(primals: Any, tangents: Any) -> Any:
    return _sums(*primals), [plane @ xp.ones(plane.shape[-1]) for plane in tangents[0]]


class Contour(NamedTuple):
    """What ``int dw/2pi k(w) F(w) coth(w/2T)`` needs of k and T; for any F the integral is:

        i { sum_j 2 T w_j k_j F(i mu_j) + sum_p [a_p F(p) + b_p F(q_p) + c_p (F(p) - F(q_p))/(p - q_p)] },

    p the poles of k above the real axis and q_p the pole of the coth nearest to p (there k_j = 0).

    Attributes:
        nodes: (K,) i mu_j.
        at_nodes: (K,) 2 T w_j k_j.
        above, at_above: (P,) p and a_p.
        nearest, at_nearest: (P,) q_p and b_p.
        at_pairs: (P,) c_p.
    """

    nodes: Complex[Array, " K"]
    at_nodes: Complex[Array, " K"]
    above: Complex[Array, " P"]
    at_above: Complex[Array, " P"]
    nearest: Complex[Array, " P"]
    at_nearest: Complex[Array, " P"]
    at_pairs: Complex[Array, " P"]


def contour(temperature: Float[Array, ""], scalar: ScalarFactor, poles: CothPoles) -> Contour:
    """The weights of `Contour` for one k(w).

    Where a pole p of k meets a pole i mu of the coth, both residues diverge and cancel. The nearest pair is
    therefore one term, 2 T w r_p [F(p) - F(i mu)]/(p - i mu), by the divided difference of F: no digit is
    lost however close they are.

    Source: theory (4.6), (4.7).
    """
    mu = matsubara(temperature, poles)
    z = to_complex(xp.zeros_like(mu), mu)
    thermal = 2.0 * temperature * poles.weight
    p, residue = scalar.upper_poles, scalar.upper_residues
    if p.shape[-1] == 0:
        return Contour(z, thermal * scalar.value(z), *[p] * 5)
    is_nearest = _is_nearest(p.imag / (2.0 * np.pi * temperature), poles)

    # coth at p without its nearest pole: 1/(p - z) + 1/(p + z) = 2p/[(p - z)(p + z)], or only the second.
    above = p[..., None] + z
    ratio = xp.where(is_nearest, 1.0, 2.0 * p[..., None])
    ratio = ratio * reciprocal(xp.where(is_nearest, 1.0, p[..., None] - z) * above)
    # One pass: this sum, and k and weight of the nearest pole.
    chosen = xp.where(is_nearest, poles.k + 1j * poles.weight, 0.0)
    coth, found = _totals([poles.weight * ratio, chosen])
    nearest = 2j * np.pi * temperature * found.real
    strength = 2.0 * temperature * found.imag

    # k at q_p without the poles it is nearest to; a node that is nearest to several poles counts once.
    shared = found.real[..., :, None] == found.real[..., None, :]
    gap = xp.where(shared, 1.0, nearest[..., :, None] - p[..., None, :])
    others, count = _totals(
        [xp.where(shared, 0.0, residue * reciprocal(gap)), xp.where(shared, 1.0 + 0.0j, 0.0)]
    )
    touched = reduce(xp.logical_or, (is_nearest[..., n, :] for n in range(p.shape[-1])))
    values = xp.where(touched, 0.0, scalar.value(xp.where(touched, 2.0 * z + 1j, z)))
    return Contour(
        nodes=z,
        at_nodes=thermal * values,
        above=p,
        at_above=residue * (2.0 * temperature * coth),
        nearest=nearest,
        at_nearest=strength * (others + scalar.rest(nearest)) / count.real,
        at_pairs=strength * residue,
    )


def _is_nearest(k: Float[Array, "*shape P"], poles: CothPoles) -> Bool[Array, "*shape P K"]:
    """Which node is nearest to each k >= 0: the one between whose midpoints k lies."""
    middle = (poles.k[1:] + poles.k[:-1]) / 2.0
    k = stop_gradient(k)[..., None]
    return (k > np.append(-np.inf, middle)) & (k <= np.append(middle, np.inf))


def nearest_node(k: Float[Array, "*shape P"], poles: CothPoles) -> Int[Array, "*shape P"]:
    """Index of the node nearest to each k >= 0."""
    return xp.argmax(_is_nearest(k, poles), axis=-1)


def contour_integrals(paths: Sequence[Contour], analytic: AnalyticFactor, nodes: Any = None) -> list[Any]:
    """``int dw/2pi k(w) F(w) coth(w/2T)`` (principal value) by residues of k and of the rational coth.

    Exact also where a pole of k meets a pole of the coth, see `contour`.

    Args:
        paths: one for each k, all with the same T; their sums are one pass.
        analytic: F.
        nodes: the sample of F at i mu_j, where the caller has it.

    Returns:
        For each k what has the form of F, without the axis of points.

    Source: theory (4.5) to (4.7).
    """
    points = [part for path in paths for part in (path.above, path.nearest) if part.shape[-1]]
    if nodes is None:
        # All points at once: one evaluation of what may be a large program, instead of two.
        sample = analytic.sample(xp.concatenate([paths[0].nodes, *points]))
        nodes, start = _part(sample, 0, len(paths[0].nodes)), len(paths[0].nodes)
    else:
        sample, start = analytic.sample(xp.concatenate(points, axis=-1)), 0
    swept = _totals([_times(path.at_nodes, analytic.value(nodes)) for path in paths])
    found = []
    for path, sweep in zip(paths, swept, strict=True):
        few = path.above.shape[-1]
        if few:
            above, nearest = _part(sample, start, few), _part(sample, start + few, few)
            terms = [
                _times(path.at_above, analytic.value(above)),
                _times(path.at_nearest, analytic.value(nearest)),
                _times(path.at_pairs, analytic.slope(above, nearest)),
            ]
            sweep = _plus(sweep, _totals(_plus(*terms)))
        found.append(_times(1j, sweep))
        start += 2 * few
    return found


def _part(sample: Any, start: int, count: int) -> Any:
    """`count` points of a sample."""
    return jax.tree.map(lambda leaf: leaf[..., start : start + count], sample)


def _plus(*values: Any) -> Any:
    """The sum of pytrees of one form."""
    return jax.tree.map(lambda *parts: sum(parts[1:], parts[0]), *values)
