"""Products with real numbers and with i: values and all derivatives are those of ordinary arithmetic."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from qtopt.numerics import scaled, turned

NUMBERS = jnp.array([0.7, 1.9, -0.4])
ALONG = jnp.array([1.0, -0.3, 2.0])
POINTS = np.linspace(0.2, 3.0, 6)


def plain(numbers: jax.Array) -> jax.Array:
    a, b, c = numbers
    z = jnp.exp(1j * b * POINTS + a * POINTS)
    return jnp.sum(jnp.abs(z * (a * POINTS) + 1j * z**2 * c + 1j * z + z * 2.0) ** 2)


def written_out(numbers: jax.Array) -> jax.Array:
    a, b, c = numbers
    z = jnp.exp(turned(b * POINTS + 0.0j) + a * POINTS)
    return jnp.sum(jnp.abs(scaled(z, a * POINTS) + turned(z**2, c) + turned(z) + scaled(z, 2.0)) ** 2)


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


@pytest.mark.parametrize("way", WAYS)
def test_every_derivative(way: str) -> None:
    expected, found = (WAYS[way](function) for function in (plain, written_out))
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-12), found, expected)


def test_shapes_are_those_of_products() -> None:
    z = jnp.ones((3, 1)) * (1.0 + 2.0j)
    assert scaled(z, np.arange(4.0)).shape == turned(z, np.arange(4.0)).shape == (3, 4)
    np.testing.assert_allclose(turned(z, 2.0), 2.0j * z)


def test_one_factor_of_many_numbers() -> None:
    z = jnp.ones((3, 1)) * (1.0 + 2.0j)
    np.testing.assert_allclose(jax.vmap(scaled, (0, None))(z, 3.0), 3.0 * z)
    slope = jax.grad(lambda factor: jnp.sum(jax.vmap(scaled, (0, None))(z, factor).imag))(3.0)
    np.testing.assert_allclose(slope, 6.0)
