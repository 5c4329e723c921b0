"""Ways in which jax evaluates a function of three numbers: values and derivatives of every kind."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

NUMBERS = jnp.array([0.7, 1.9, -0.4])
ALONG = jnp.array([1.0, -0.3, 2.0])
WAYS: dict[str, Callable[[Any], Any]] = {
    "value": lambda f: f(NUMBERS),
    "compiled": lambda f: jax.jit(f)(NUMBERS),
    "gradient": lambda f: jax.grad(f)(NUMBERS),
    "forward": lambda f: jax.jvp(f, (NUMBERS,), (ALONG,))[1],
    "second derivatives": lambda f: jax.hessian(f)(NUMBERS),
    "reverse of reverse": lambda f: jax.grad(lambda x: jax.grad(f)(x) @ ALONG)(NUMBERS),
    "side by side": lambda f: jax.vmap(jax.value_and_grad(f))(NUMBERS + jnp.eye(3)),
    "some constant": lambda f: jax.jacfwd(lambda x: f(NUMBERS.at[1].set(x)))(1.2),
}


def check_same(way: str, function: Callable[[Any], Any], other: Callable[[Any], Any]) -> None:
    """Two functions agree, evaluated in one of the WAYS."""
    found, expected = WAYS[way](function), WAYS[way](other)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-12), found, expected)
