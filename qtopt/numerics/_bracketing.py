"""Golden-section and grid searches of many functions of one variable at once, NumPy or jax."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

GOLDEN = (np.sqrt(5.0) - 1.0) / 2.0


def golden_section(
    function: Callable[[Any], Any], steps: int | jax.Array, low: Any = 0.0, high: Any = 1.0 - 1e-9
) -> tuple[Any, Any]:
    """The smallest values of unimodal functions between `low` and `high`, and where; `low` included.

    Args:
        function: of an array shaped like `low`, with a value for each of its entries; a NumPy function of
            NumPy arrays or a jax-traceable one.
        steps: how often the interval shrinks by 0.618.
        low: lower ends; a NumPy array makes this a loop on the host, anything else a compiled one.
        high: upper ends.
    """
    of: Any = np if isinstance(low, np.ndarray) else jnp

    def step(_: Any, state: tuple[Any, ...]) -> tuple[Any, ...]:
        low, high, left, right, f_left, f_right = state
        keep = f_left < f_right
        low, high = of.where(keep, low, left), of.where(keep, right, high)
        new = of.where(keep, high - GOLDEN * (high - low), low + GOLDEN * (high - low))
        value = function(new)
        left, right = of.where(keep, new, right), of.where(keep, left, new)
        return low, high, left, right, of.where(keep, value, f_right), of.where(keep, f_left, value)

    low, high = of.asarray(low, dtype=float), of.asarray(high, dtype=float)
    end = low
    left, right = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
    state: Any = (low, high, left, right, function(left), function(right))
    if of is np:
        for index in range(int(steps)):
            state = step(index, state)
    else:
        state = jax.lax.fori_loop(0, steps, step, state)
    _, _, left, right, f_left, f_right = state
    places, values = of.stack([end, left, right]), of.stack([function(end), f_left, f_right])
    best = of.argmin(values, axis=0)[None]
    return tuple(of.take_along_axis(part, best, axis=0)[0] for part in (values, places))


def neighbours(grid: Any, best: Any) -> tuple[Any, Any]:
    """The entries of a rising grid (K,) on either side of its entry number `best`: the bracket of a peak."""
    of: Any = np if isinstance(grid, np.ndarray) else jnp
    return grid[of.maximum(best - 1, 0)], grid[of.minimum(best + 1, len(grid) - 1)]


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
