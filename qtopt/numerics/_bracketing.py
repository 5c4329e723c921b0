"""Searches of many functions of one variable at once: by golden sections (jax) and on grids (NumPy)."""

import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike

GOLDEN = (np.sqrt(5.0) - 1.0) / 2.0


def golden_section(
    function: Callable[[jax.Array], jax.Array],
    steps: int | jax.Array,
    low: ArrayLike = 0.0,
    high: ArrayLike = 1.0 - 1e-9,
) -> tuple[jax.Array, jax.Array]:
    """The smallest values of unimodal functions between `low` and `high`, and where; `low` included.

    Traced for anything but a CPU it looks at POINTS places at once instead of one, and comes as near in a
    seventh of the passes: there a pass costs as much as its kernels take to start.

    Args:
        function: of an array shaped like `low`, with a value for each of its entries.
        steps: how often the interval shrinks by 0.618, or by as much in fewer passes.
        low: lower ends.
        high: upper ends.
    """
    return jax.lax.platform_dependent(
        jnp.asarray(low, dtype=float),
        jnp.asarray(high, dtype=float),
        cpu=lambda low, high: _golden(function, steps, low, high),
        default=lambda low, high: _sections(function, steps, low, high),
    )


def _golden(function: Callable[[Any], Any], steps: int | jax.Array, low: Any, high: Any) -> tuple[Any, Any]:
    def step(_: Any, state: tuple[Any, ...]) -> tuple[Any, ...]:
        low, high, left, right, f_left, f_right = state
        keep = f_left < f_right
        low, high = jnp.where(keep, low, left), jnp.where(keep, right, high)
        new = jnp.where(keep, high - GOLDEN * (high - low), low + GOLDEN * (high - low))
        value = function(new)
        left, right = jnp.where(keep, new, right), jnp.where(keep, left, new)
        return low, high, left, right, jnp.where(keep, value, f_right), jnp.where(keep, f_left, value)

    left, right = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
    # At once, so that the function is compiled once for all of them.
    f_low, f_left, f_right = jax.vmap(function)(jnp.stack([low, left, right]))
    found = jax.lax.fori_loop(0, steps, step, (low, high, left, right, f_left, f_right))
    places, values = jnp.stack([low, *found[2:4]]), jnp.stack([f_low, *found[4:]])
    best = jnp.argmin(values, axis=0)[None]
    return (
        jnp.take_along_axis(values, best, axis=0)[0],
        jnp.take_along_axis(places, best, axis=0)[0],
    )


POINTS = 63
"""Places that `_sections` looks at in one pass, which leaves one part in 32 of the interval."""


def _sections(function: Callable[[Any], Any], steps: int | jax.Array, low: Any, high: Any) -> tuple[Any, Any]:
    """`golden_section` with many places at once."""
    fractions = jnp.arange(1, POINTS + 1) / (POINTS + 1.0)

    def place(low: Any, high: Any, fraction: Any) -> Any:
        return low + (high - low) * fraction

    def smaller(a: tuple[Any, ...], b: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(jnp.where(b[0] < a[0], y, x) for x, y in zip(a, b, strict=True))

    def step(_: Any, state: tuple[Any, ...]) -> tuple[Any, ...]:
        low, high, best, least = state
        places = jax.vmap(lambda fraction: place(low, high, fraction))(fractions)
        values = jax.vmap(function)(places)
        value, found = jax.lax.reduce((values, places), (np.inf, 0.0), smaller, (0,))
        width, better = (high - low) / (POINTS + 1.0), value < least
        return found - width, found + width, jnp.where(better, found, best), jnp.where(better, value, least)

    # Not a number at the lower end stays what is found.
    state = jax.lax.fori_loop(0, passes(steps), step, (low, high, low, function(low)))
    return state[3], state[2]


def passes(steps: Any) -> Any:
    """Passes of `_sections` that come at least as near as so many golden sections."""
    ratio = np.log(1.0 / GOLDEN) / np.log((POINTS + 1.0) / 2.0)
    return math.ceil(steps * ratio) if isinstance(steps, int) else jnp.ceil(steps * ratio).astype(int)


def two_best(values: jax.Array) -> tuple[jax.Array, jax.Array]:
    """The largest and the second largest of traced values along the last axis, in one pass; 0 at least."""

    def both(a: tuple[Any, ...], b: tuple[Any, ...]) -> tuple[Any, ...]:
        return jnp.maximum(a[0], b[0]), jnp.maximum(jnp.minimum(a[0], b[0]), jnp.maximum(a[1], b[1]))

    zero = jnp.zeros((), values.dtype)
    best, second = jax.lax.reduce((values, jnp.zeros_like(values)), (zero, zero), both, (values.ndim - 1,))
    return best, second


def neighbours(grid: np.ndarray, best: Any) -> tuple[Any, Any]:
    """The entries of rising grids (..., K) on either side of entries `best` (...): brackets of peaks."""
    best = np.asarray(best)[..., None]
    sides = np.maximum(best - 1, 0), np.minimum(best + 1, grid.shape[-1] - 1)
    below, above = (np.take_along_axis(grid, side, axis=-1)[..., 0] for side in sides)
    return below, above


def beside(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Before and after each of values (..., G) on a grid; minus infinity beyond its ends."""
    lowest = np.full((*values.shape[:-1], 1), -np.inf)
    before = np.concatenate([lowest, values[..., :-1]], axis=-1)
    return before, np.concatenate([values[..., 1:], lowest], axis=-1)


STEPS, LEVELS, ENOUGH = np.linspace(-1.0, 1.0, 9), 13, 9
"""Of `zoomed`: points, and levels, each four times finer than the one before. ENOUGH levels place a smooth
maximum, whose value is off by the square of the last step; one at an edge takes all of them."""
STILL = 1e-13
"""Relative gain of a level of `zoomed` that counts."""


def zoomed(
    function: Callable[[np.ndarray, np.ndarray], np.ndarray],
    start: np.ndarray,
    left: np.ndarray,
    right: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Where P functions of one variable are largest between `left` and `right`, and their values, (P,) each.

    Args:
        function: ``function(rows (Q,), points (Q, K)) -> (Q, K)`` of those of the P that are still moving.
        start: where to begin; wherever is better comes next, and what is no better is forgotten.
        left: no smaller points are looked at.
        right: no larger points are looked at.
    """
    moving = np.arange(len(start))
    place, value = start.copy(), function(moving, start[:, None])[:, 0]
    half = np.maximum(right - start, start - left)
    for level in range(LEVELS if half.any() else 0):
        points = place[moving, None] + half[moving, None] * 4.0**-level * STEPS
        points = np.clip(points, left[moving, None], right[moving, None])
        found = function(moving, points)
        best = np.argmax(found, axis=1)[:, None]
        found, points = (np.take_along_axis(part, best, axis=1)[:, 0] for part in (found, points))
        gain = found - value[moving]
        better = gain > 0.0
        place[moving[better]], value[moving[better]] = points[better], found[better]
        if level >= ENOUGH:
            moving = moving[gain > STILL * np.abs(found)]
        if len(moving) == 0:
            break
    return place, value
