"""Small linear algebra without LAPACK, against NumPy, and its derivatives."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

from qtopt.numerics._linear import inverses, products, solve


def passive(size: int, points: int, seed: int) -> np.ndarray:
    """(n, n, K) matrices with i times their inverse accretive, as those of damped oscillators."""
    rng = np.random.default_rng(seed)
    stiffness = rng.normal(size=(points, size, size))
    root = rng.normal(size=(points, size, size)) * 10.0 ** rng.uniform(-3.0, 3.0, (points, size, 1))
    matrix = stiffness + stiffness.swapaxes(1, 2) - 1j * (root @ root.swapaxes(1, 2) + 1e-3 * np.eye(size))
    return np.moveaxis(matrix, 0, -1)


@pytest.mark.parametrize("size", [1, 2, 3, 8, 16])
def test_inverses(size: int) -> None:
    """M^-1 M = 1 to round-off times the condition, without pivoting, at all points."""
    matrix = passive(size, 7, size)
    found = np.asarray(jax.jit(inverses)(jnp.asarray(matrix)))
    for k in range(matrix.shape[-1]):
        condition = np.linalg.cond(matrix[:, :, k])
        error = np.abs(found[:, :, k] @ matrix[:, :, k] - np.eye(size)).max()
        assert error < 1e-13 * size * condition
    square = np.einsum("ijk,jmk->imk", matrix, matrix)
    scale = 1e-14 * size * np.abs(matrix).max() ** 2
    np.testing.assert_allclose(products(jnp.asarray(matrix), jnp.asarray(matrix)), square, atol=scale)


def test_inverses_are_differentiable() -> None:
    """Forward and reverse, against finite differences: d(M^-1) = -M^-1 dM M^-1."""
    matrix = jnp.asarray(passive(3, 2, 5))
    scale = jnp.max(jnp.abs(matrix))

    def value(x: jax.Array) -> jax.Array:
        inverse = inverses(matrix * (1.0 + 0.1 * x) + 1j * scale * x * jnp.eye(3)[:, :, None])
        return jnp.sum(jnp.cos(scale * inverse.real) + jnp.sin(scale * inverse.imag))

    check_grads(value, (jnp.asarray(-0.3),), order=1, rtol=1e-6, atol=1e-7)


def test_solve() -> None:
    rng = np.random.default_rng(0)
    matrix, rhs = rng.normal(size=(6, 6)), rng.normal(size=(6, 3))
    np.testing.assert_allclose(
        solve(jnp.asarray(matrix), jnp.asarray(rhs)), np.linalg.solve(matrix, rhs), rtol=1e-11
    )
