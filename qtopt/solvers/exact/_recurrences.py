"""Linear recurrences along the points of a period, closed by the condition that they repeat.

Each is one linear equation for all points at once, ``(1 - shift) x = q``: derivatives come from the equation
itself, by one more solve (in reverse mode with the transposed steps in reversed time), not from the way in
which it was solved. A CPU goes from point to point; where every pass costs the start of its kernels,
stretches of 1, 2, 4, .. intervals that end at every point are joined instead, ceil(log2 K) passes in all.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ...numerics import loop, on_host, scanned, solve, xp
from ._doubling import LARGE, congruence, product

STEIN_DOUBLINGS = 48


def monodromy(steps: Float[Array, "n n K"]) -> Float[Array, "n n"]:
    """The propagator of the whole period from those of its intervals less one, by joining neighbours."""
    while (count := steps.shape[-1]) > 1:
        last = steps[..., count - 1 :] if count % 2 else steps[..., :0]
        earlier, later = steps[..., : count - 1 : 2], steps[..., 1::2]
        joined = earlier + later + product(later, earlier)
        steps = xp.concatenate([joined, last], axis=-1)
    return xp.eye(steps.shape[0]) + steps[..., 0]


def periodic_vectors(
    steps: Float[Array, "n n K"], sources: Float[Array, "n C K"], decays: Float[Array, " C"]
) -> Float[Array, "n C K"]:
    """Periodic x with ``x_k = exp(-decay) (1 + D_k) x_{k-1} + q_k`` for C sources, each with its decay.

    Source: theory (5.6).
    """
    steps, given = xp.moveaxis(steps, -1, 0), xp.moveaxis(sources, -1, 0)
    if on_host(steps, given, decays):
        return xp.moveaxis(_closed_vectors(steps, given, decays), 0, -1)

    def equation(x: Array) -> Array:
        before = jnp.roll(x, 1, axis=0)
        return x - jnp.exp(-decays) * (before + _applied(steps, before))

    def transposed(q: Array) -> Array:
        """The points of the transposed equation are counted from the last to the first."""
        backwards = jnp.swapaxes(jnp.roll(jnp.flip(steps, 0), 1, axis=0), 1, 2)
        return jnp.flip(_closed_vectors(backwards, jnp.flip(q, 0), decays), 0)

    found = jax.lax.custom_linear_solve(
        equation,
        given,
        solve=lambda _, q: _closed_vectors(steps, q, decays),
        transpose_solve=lambda _, q: transposed(q),
    )
    return xp.moveaxis(found, 0, -1)


def _applied(matrices: Float[Array, "K n n"], columns: Float[Array, "K n C"]) -> Float[Array, "K n C"]:
    """Products at every point of time, the points first: columns are many."""
    if len(matrices[0]) >= LARGE or on_host(matrices, columns):
        return matrices @ columns
    return xp.sum(matrices[..., None] * columns[:, None], axis=2)


def periodic_covariances(
    steps: Float[Array, "n n K"], sources: Float[Array, "S n n K"]
) -> Float[Array, "S n n K"]:
    """Periodic X with ``X_k = (1 + D_k) X_{k-1} (1 + D_k)^T + Q_k`` for S symmetric sources.

    Source: theory (5.7).
    """
    if on_host(steps, sources):
        return _closed_covariances(steps, sources)

    def symmetric(q: Array) -> Array:
        return (q + jnp.swapaxes(q, 1, 2)) / 2.0

    def transposed(q: Array) -> Array:
        """The points of the transposed equation are counted from the last to the first."""
        backwards = jnp.swapaxes(jnp.roll(jnp.flip(steps, -1), 1, axis=-1), 0, 1)
        return jnp.flip(_closed_covariances(backwards, jnp.flip(q, -1)), -1)

    return jax.lax.custom_linear_solve(
        lambda x: x - congruence(steps, jnp.roll(x, 1, axis=-1)),
        sources,
        solve=lambda _, q: _closed_covariances(steps, symmetric(q)),
        transpose_solve=lambda _, q: transposed(symmetric(q)),
    )


def _closed_vectors(
    steps: Float[Array, "K n n"], sources: Float[Array, "K n C"], decays: Float[Array, " C"]
) -> Float[Array, "K n C"]:
    """What `periodic_vectors` says, the points first: from rest, then what the start of the period adds."""
    count, size = steps.shape[:2]
    rates = xp.concatenate([xp.zeros(size), decays])
    columns = xp.concatenate([steps, sources], axis=2)  # stretches from the start, less one, are columns too
    driven = _by_platform(_vectors_in_turn, _vectors_joined, columns, rates)
    prefix, driven = driven[..., :size], driven[..., size:]
    left = xp.exp(-xp.arange(1.0, count + 1.0)[:, None] * decays)
    identity = xp.eye(size)
    operators = identity - left[-1][:, None, None] * (identity + prefix[-1])
    decayed = solve(operators, driven[-1].T[:, :, None])[:, :, 0].T * left[:, None]
    return driven + decayed + _applied(prefix, decayed)


def _vectors_in_turn(columns: Float[Array, "K n C"], rates: Float[Array, " C"]) -> Float[Array, "K n C"]:
    factors, size = xp.exp(-rates), columns.shape[1]

    def follow(before: Array, column: Array) -> tuple[Array, Array]:
        after = (before + column[:, :size] @ before) * factors + column
        return after, after

    return scanned(follow, xp.zeros(columns.shape[1:]), columns)[1]


def _vectors_joined(columns: Float[Array, "K n C"], rates: Float[Array, " C"]) -> Float[Array, "K n C"]:
    def join(level: Array, columns: Array) -> Array:
        length, size = 2**level, columns.shape[1]
        earlier = _delayed(columns, length, axis=0)
        return columns + jnp.exp(-rates * length) * (earlier + _applied(columns[..., :size], earlier))

    return jax.lax.fori_loop(0, _joins(len(columns)), join, columns)


def _closed_covariances(
    steps: Float[Array, "n n K"], sources: Float[Array, "S n n K"]
) -> Float[Array, "S n n K"]:
    """What `periodic_covariances` says: from rest, and then what the start of the period adds."""
    prefix, driven = _by_platform(_covariances_in_turn, _covariances_joined, steps, sources)
    start = stein(prefix[:, :, -1], driven[..., -1])
    return driven + congruence(prefix, start[..., None])


def _covariances_in_turn(
    steps: Float[Array, "n n K"], sources: Float[Array, "S n n K"]
) -> tuple[Float[Array, "n n K"], Float[Array, "S n n K"]]:
    def follow(before: tuple[Array, Array], inputs: tuple[Array, Array]) -> tuple[Any, Any]:
        (prefix, covariance), (change, source) = before, inputs
        prefix = prefix + change + change @ prefix
        covariance = congruence(change[..., None], covariance[..., None])[..., 0] + source
        return (prefix, covariance), (prefix, covariance)

    start = xp.zeros(steps.shape[:-1]), xp.zeros(sources.shape[:-1])
    _, (prefix, driven) = scanned(follow, start, (xp.moveaxis(steps, -1, 0), xp.moveaxis(sources, -1, 0)))
    return xp.moveaxis(prefix, 0, -1), xp.moveaxis(driven, 0, -1)


def _covariances_joined(
    steps: Float[Array, "n n K"], sources: Float[Array, "S n n K"]
) -> tuple[Float[Array, "n n K"], Float[Array, "S n n K"]]:
    def join(level: Array, both: tuple[Array, Array]) -> tuple[Array, Array]:
        change, covariance = both
        earlier = _delayed(change, 2**level, axis=-1)
        covariance = covariance + congruence(change, _delayed(covariance, 2**level, axis=-1))
        return change + earlier + product(change, earlier), covariance

    return jax.lax.fori_loop(0, _joins(steps.shape[-1]), join, (steps, sources))


def _joins(count: int) -> int:
    return (count - 1).bit_length()


def _delayed(values: Array, by: Array, axis: int) -> Array:
    """values_{k - by} along an axis, 0 before the first."""
    count = values.shape[axis]
    padded = jnp.concatenate([jnp.zeros_like(values), values], axis=axis)
    return jax.lax.dynamic_slice_in_dim(padded, count - by, count, axis=axis)


def _by_platform(in_turn: Callable[..., Any], joined: Callable[..., Any], *arguments: Array) -> Any:
    """One point after another on the host and on a CPU, by joining stretches elsewhere."""
    if on_host(*arguments):
        return in_turn(*arguments)
    return jax.lax.platform_dependent(*arguments, cpu=in_turn, default=joined)


def stein(change: Float[Array, "n n"], sources: Float[Array, "S n n"]) -> Float[Array, "S n n"]:
    """X = (1 + D) X (1 + D)^T + Q by doubling (Smith's method).

    Converges for spectral radii up to 1 - 1e-12 of 1 + D; above 1 the result is not finite.
    """

    count = len(sources)
    turned = (np.arange(count + 1) < count)[:, None, None, None]  # D itself has no (1 + D)^T on its right

    def step(_: int, both: Array) -> Array:
        change = both[-1]
        half = both + product(change, both)
        return both + half + turned * product(half, xp.swapaxes(change, 0, 1))

    both = xp.concatenate([sources, change[None]])[..., None]
    return loop(STEIN_DOUBLINGS, step, both)[:-1, ..., 0]
