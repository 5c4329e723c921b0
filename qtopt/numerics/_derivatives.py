"""Derivatives of functions of one number."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


def twice(
    function: Callable[[Array], Array], at: Float[Array, "*shape"]
) -> tuple[Float[Array, "*shape"], Float[Array, "*shape"], Float[Array, "*shape"]]:
    """Value, first and second derivative of a function of one number, or of each of many."""
    one = jnp.ones_like(at)
    (value, slope), (_, bend) = jax.jvp(lambda x: jax.jvp(function, (x,), (one,)), (at,), (one,))
    return value, slope, bend
