"""Propagators and noise of short intervals by repeated doubling, for periodic coefficients.

A function of time is known at K points of the period (its last axis), and so are, for an interval of length h
that *ends* at each of them, D_h, c_h for many decay rates and Q_h of theory (5.8). Starting from a Taylor
expansion at an h so short that ||A|| h << 1, r doublings cost r products however stiff the machine is.
"""

import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Array, Float

from ...numerics import scanned, xp
from ._time_grid import TimeGrid

ORDER = 6
LARGE = 16
"""Matrices of so many rows are multiplied one by one, smaller ones all at once."""


def product(left: Array, right: Array) -> Array:
    """Matrix products (..., i, j, K) x (..., j, k, K) at every point of time.

    Vectorised in time where the matrices are small; large ones are for the matrix products of a library,
    which need neither n^3 K numbers of memory nor their traffic.
    """
    if right.shape[-3] >= LARGE:
        return xp.moveaxis(xp.moveaxis(left, -1, -3) @ xp.moveaxis(right, -1, -3), -3, -1)
    return xp.sum(left[..., :, :, None, :] * right[..., None, :, :, :], axis=-3)


class Calculus(NamedTuple):
    """Shifts and the derivative d/dt on a grid."""

    grid: TimeGrid
    frequency: Float[Array, ""]

    @property
    def period(self) -> Float[Array, ""]:
        """The period 2 pi/Omega of the drive."""
        return 2.0 * xp.pi / self.frequency

    @property
    def shortest(self) -> Float[Array, ""]:
        """The length h of the first interval."""
        return self.period * self.grid.shortest

    def derivative(self, values: Array) -> Array:
        """The derivative df/dt of a function that is known at the points of the grid, its last axis."""
        return values @ self.grid.derivative() / self.period

    def shifts(self) -> Float[Array, "r K K"]:
        """The matrices of f(t) -> f(t - h) for the lengths h of all doublings, shortest first."""
        length = 1.0 / self.grid.points
        shifts = [self.grid.shift(length * 0.5**level) for level in range(self.grid.levels, 0, -1)]
        return xp.stack(shifts)


class Ladder(NamedTuple):
    """D_h of every length h that is doubled, and D of the grid's intervals."""

    short: Float[Array, "r n n K"]
    full: Float[Array, "n n K"]


def propagators(dynamics: Float[Array, "n n K"], calculus: Calculus) -> Ladder:
    """D of every length up to the intervals of the grid."""
    h = calculus.shortest
    term = xp.broadcast_to(xp.eye(dynamics.shape[0])[:, :, None], dynamics.shape)
    start = xp.zeros_like(dynamics)
    for order in range(1, ORDER + 1):
        term = (product(dynamics, term) - calculus.derivative(term)) * h / order
        start = start + term

    def double(short: Array, shift: Array) -> tuple[Array, Array]:
        earlier = short @ shift
        return short + earlier + product(short, earlier), short

    full, ladder = scanned(double, start, calculus.shifts())
    return Ladder(ladder, full)


def decaying_sources(
    dynamics: Float[Array, "n n K"],
    sources: Float[Array, "Z n K"],
    rates: Float[Array, "Z M"],
    ladder: Ladder,
    calculus: Calculus,
) -> Float[Array, "n Z M K"]:
    """c of the grid's intervals for Z sources c(t) and M rates mu of each.

    The rates of a source share one function ``y(s) = Phi(t, t-s) c(t-s)``. It is known by its Taylor series
    up to the shortest h, and then at NODES Gauss points of each [h, 2h], by
    ``y(h + s)(t) = Phi_h(t) y(s)(t - h)``. What depends on mu is a sum over these points with weights
    exp(-mu s).
    """
    h = calculus.shortest
    nodes, weights = _gauss()
    terms = [sources]
    for order in range(1, ORDER + 1):
        last = terms[-1]
        moved = xp.sum(dynamics * last[:, None], axis=2) - calculus.derivative(last)
        terms.append(moved * h / order)
    moments = exponential_moments(rates * h, ORDER)
    factors = xp.stack([h * math.factorial(p) * moment for p, moment in enumerate(moments)])
    series = xp.stack(terms)
    # Piece m of PIECES holds y on [h 2^-(m+1), h 2^-m]: graded, since y may decay within h.
    graded = 0.5 ** np.arange(1, PIECES + 1)[:, None] * (1.0 + nodes)
    powers = graded ** np.arange(ORDER + 1)[:, None, None]
    pieces = xp.einsum("pznk,pmq->nzmqk", series, powers)
    pick = _interpolation(nodes)

    def double(pieces: Array, inputs: tuple[Array, Array]) -> tuple[Array, Array]:
        shift, change = inputs
        inner = xp.einsum("nzpqk,spq->nzsk", pieces, pick, optimize=True) @ shift
        flat = inner.reshape(len(inner), -1, inner.shape[-1])
        new = inner + product(change, flat).reshape(inner.shape)
        return xp.concatenate([new[:, :, None], pieces[:, :, :-1]], axis=2), new

    _, values = scanned(double, pieces, (calculus.shifts(), ladder.short))
    doubled = 2.0 ** np.arange(calculus.grid.levels)[:, None]
    points, measure = doubled * (1.0 + nodes) * h, doubled * weights * h
    kernel = measure[:, :, None, None] * xp.exp(-points[:, :, None, None] * rates)
    # One product for each source: XLA is slower with all of them at once on a CPU.
    sums = [
        xp.einsum("rnsk,rsm->nmk", values[:, :, z], kernel[:, :, z], optimize=True)
        for z in range(len(sources))
    ]
    return xp.stack(sums, axis=1) + xp.einsum("pznk,pzm->nzmk", series, factors)


NODES, PIECES = 14, 9


def _gauss() -> tuple[np.ndarray, np.ndarray]:
    """Gauss-Legendre nodes and weights of [0, 1]."""
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    return (nodes + 1.0) / 2.0, weights / 2.0


def _interpolation(nodes: np.ndarray) -> np.ndarray:
    """(s, piece, node) weights of y(h nodes_s) from y at the nodes of the graded pieces of [0, h]."""
    weights = xp.zeros((len(nodes), PIECES, len(nodes)))
    barycentric = 1.0 / np.prod(nodes[:, None] - nodes + xp.eye(len(nodes)), axis=1)
    for s, x in enumerate(nodes):
        piece = math.floor(-math.log2(x))
        gap = x * 2.0 ** (piece + 1) - 1.0 - nodes
        ratio = barycentric / gap
        weights[s, piece] = ratio / ratio.sum()
    return weights


def diffusion(
    dynamics: Float[Array, "n n K"], source: Float[Array, "S n n K"], ladder: Ladder, calculus: Calculus
) -> Float[Array, "S n n K"]:
    """Q of the grid's intervals for S symmetric sources N(t)."""
    h = calculus.shortest
    term, start = source * h, xp.zeros_like(source)
    for order in range(ORDER + 1):
        start = start + term
        half = product(dynamics, term)
        term = (half + xp.swapaxes(half, -3, -2) - calculus.derivative(term)) * h / (order + 2)

    def double(short: Array, inputs: tuple[Array, Array]) -> tuple[Array, None]:
        shift, change = inputs
        return short + congruence(change, short @ shift), None

    full, _ = scanned(double, start, (calculus.shifts(), ladder.short))
    return full


def congruence(change: Float[Array, "n n K"], matrix: Float[Array, "S n n K"]) -> Float[Array, "S n n K"]:
    """(1 + D) X (1 + D)^T for symmetric X, exactly symmetric (an antisymmetric rounding error would grow)."""
    half = product(change, matrix)
    upper = matrix / 2.0 + half + product(half, xp.swapaxes(change, 0, 1)) / 2.0
    return upper + xp.swapaxes(upper, -3, -2)


def exponential_moments(x: Float[Array, "*shape"], order: int) -> list[Float[Array, "*shape"]]:
    """``int_0^1 s^p/p! exp(-x s) ds`` for p = 0..order and x >= 0, without cancellation.

    Power series below x = 1, the forward recurrence ``E_p = (E_{p-1} - exp(-x)/p!)/x`` above.
    """
    small = xp.minimum(x, 1.0)
    large = xp.maximum(x, 1.0)
    decay = xp.exp(-large)
    value = -xp.expm1(-large) / large
    result = []
    for p in range(order + 1):
        if p > 0:
            value = (value - decay / math.factorial(p)) / large
        series = xp.zeros_like(x)
        for m in range(18, -1, -1):
            series = 1.0 / (p + m + 1) - small / (m + 1) * series
        result.append(xp.where(x < 1.0, series / math.factorial(p), value))
    return result
