"""Golden-section search of many functions at once, under `jax.jit`."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool

GOLDEN = (np.sqrt(5.0) - 1.0) / 2.0


def golden_section(function: Callable[[Array], Array], steps: int | Array) -> tuple[Array, Array]:
    """(smallest value, where) of a unimodal function on [0, 1) by golden-section search, end 0 included."""

    def step(_: int, state: tuple[Array, ...]) -> tuple[Array, ...]:
        low, high, left, right, f_left, f_right = state
        keep: Bool[Array, ""] = f_left < f_right
        low, high = jnp.where(keep, low, left), jnp.where(keep, right, high)
        new = jnp.where(keep, high - GOLDEN * (high - low), low + GOLDEN * (high - low))
        value = function(new)
        left, right = jnp.where(keep, new, right), jnp.where(keep, left, new)
        return low, high, left, right, jnp.where(keep, value, f_right), jnp.where(keep, f_left, value)

    low, high = jnp.zeros(()), jnp.asarray(1.0 - 1e-9)
    left, right = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
    state = (low, high, left, right, function(left), function(right))
    _, _, left, right, f_left, f_right = jax.lax.fori_loop(0, steps, step, state)
    ends = jnp.stack([low, left, right])
    values = jnp.stack([function(low), f_left, f_right])
    best = jnp.argmin(values)
    return values[best], ends[best]
