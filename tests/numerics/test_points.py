"""Numbers at points and sums over points: values and all derivatives are those of ordinary arrays."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from qtopt.numerics import reciprocal, spread, sums
from tests.numerics.ways import NUMBERS, WAYS, check_same

POINTS = np.linspace(0.2, 3.0, 36)


def product(numbers: Any, total: Callable[[Any], Any], inverse: Callable[[Any], Any]) -> Any:
    """A sum over points of numbers a, b and z that no derivative of any order leaves zero."""
    a, b, z = numbers
    terms = inverse(jnp.exp(1j * b * POINTS) + a * z * POINTS + 2.0j)
    return total(terms.real * a + terms.imag)


def plain(numbers: jax.Array) -> jax.Array:
    a, b, c = numbers
    return product((a, b, a + 1j * c), jnp.sum, lambda z: 1.0 / z)


def in_one_pass(numbers: jax.Array) -> jax.Array:
    a, b, c = numbers
    return product(spread((a, b, a + 1j * c), POINTS.shape), lambda x: sums([x])[0], reciprocal)


@pytest.mark.parametrize("way", WAYS)
def test_every_derivative(way: str) -> None:
    check_same(way, in_one_pass, plain)


def test_axes_of_points_come_last() -> None:
    x = spread(jnp.arange(3.0), (2, 5))
    assert x.shape == (3, 2, 5)
    np.testing.assert_array_equal(x[:, 1, 4], np.arange(3.0))
    np.testing.assert_allclose(sums([x, 2.0 * x])[1], 10.0 * np.arange(3.0)[:, None] * np.ones((3, 2)))
    slope = jax.grad(lambda y: jnp.sum(spread(y, (2, 5)) ** 2))(jnp.arange(3.0))
    np.testing.assert_allclose(slope, 20.0 * np.arange(3.0))


@pytest.mark.parametrize("shape", [(), (1,), (2, 2), (3, 4)])
@pytest.mark.parametrize("points", [2, 17, 54, 80])
@pytest.mark.parametrize("count", [1, 2, 5])
def test_sums_of_any_number_and_size(shape: tuple[int, ...], points: int, count: int) -> None:
    arrays = np.random.default_rng(0).normal(size=(count, *shape, points))
    found = jax.jit(lambda *planes: sums(planes))(*arrays)
    assert len(found) == count
    np.testing.assert_allclose(found, np.sum(arrays, axis=-1), rtol=1e-12, atol=1e-14)


def test_single_machines_pass_few_numbers_through_reductions() -> None:
    """XLA allocates memory at each call for every number that a reduction adds."""
    arrays = np.ones((12, 54))
    text = jax.jit(lambda *planes: sums(planes)).lower(*arrays).as_text()
    assert text.count("stablehlo.add") <= 7  # six complex numbers, and one stack of real ones


def test_reverse_mode_passes_over_the_points_once() -> None:
    text = str(jax.make_jaxpr(jax.grad(in_one_pass))(NUMBERS))
    assert text.count("= sums[") == 2  # the value, and the slopes in all four numbers
    assert "reduce_sum" not in text


def test_numpy_stays_numpy() -> None:
    numbers = (np.float64(2.0), np.arange(3.0))
    assert spread(numbers, (4,)) is numbers
