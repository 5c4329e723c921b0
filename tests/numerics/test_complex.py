"""Products with real numbers and with i: values and all derivatives are those of ordinary arithmetic."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from qtopt.numerics import scaled, turned
from tests.numerics.ways import WAYS, check_same

POINTS = np.linspace(0.2, 3.0, 6)


def plain(numbers: jax.Array) -> jax.Array:
    a, b, c = numbers
    z = jnp.exp(1j * b * POINTS + a * POINTS)
    return jnp.sum(jnp.abs(z * (a * POINTS) + 1j * z**2 * c + 1j * z + z * 2.0) ** 2)


def written_out(numbers: jax.Array) -> jax.Array:
    a, b, c = numbers
    z = jnp.exp(turned(b * POINTS + 0.0j) + a * POINTS)
    return jnp.sum(jnp.abs(scaled(z, a * POINTS) + turned(z**2, c) + turned(z) + scaled(z, 2.0)) ** 2)


@pytest.mark.parametrize("way", WAYS)
def test_every_derivative(way: str) -> None:
    check_same(way, written_out, plain)


def test_shapes_are_those_of_products() -> None:
    z = jnp.ones((3, 1)) * (1.0 + 2.0j)
    assert scaled(z, np.arange(4.0)).shape == turned(z, np.arange(4.0)).shape == (3, 4)
    np.testing.assert_allclose(turned(z, 2.0), 2.0j * z)


def test_one_factor_of_many_numbers() -> None:
    z = jnp.ones((3, 1)) * (1.0 + 2.0j)
    np.testing.assert_allclose(jax.vmap(scaled, (0, None))(z, 3.0), 3.0 * z)
    slope = jax.grad(lambda factor: jnp.sum(jax.vmap(scaled, (0, None))(z, factor).imag))(3.0)
    np.testing.assert_allclose(slope, 6.0)
