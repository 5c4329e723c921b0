"""Periodic recurrences against the dense linear equations that they solve, theory (5.6) and (5.7)."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from qtopt.solvers.exact import _recurrences as recurrences

N, K, COLUMNS = 3, 11, 2


@pytest.fixture
def steps() -> Any:
    """Propagators less one of a damped, rotating motion; the number of points is no power of two."""
    rng = np.random.default_rng(3)
    return 0.3 * rng.normal(size=(N, N, K)) - 0.4 * np.eye(N)[:, :, None]


def dense(operators: np.ndarray, sources: np.ndarray) -> np.ndarray:
    """Periodic x with x_k = operators_k x_{k-1} + sources_k, by one solve for all points, (K, m)."""
    count, size = sources.shape
    matrix = np.eye(count * size).reshape(count, size, count, size)
    for k in range(count):
        matrix[k, :, k - 1] -= operators[k]
    return np.linalg.solve(matrix.reshape(count * size, -1), sources.ravel()).reshape(count, size)


@pytest.mark.parametrize("traced", [False, True])
def test_vectors_solve_the_dense_equation(steps: Any, traced: bool) -> None:
    sources: Any = np.random.default_rng(4).normal(size=(N, COLUMNS, K))
    decays: Any = np.array([0.0, 0.7])
    solve = jax.jit(recurrences.periodic_vectors) if traced else recurrences.periodic_vectors
    found = np.asarray(solve(steps, sources, decays))
    for c, decay in enumerate(decays):
        operators = np.exp(-decay) * (np.eye(N) + np.moveaxis(steps, -1, 0))
        np.testing.assert_allclose(found[:, c].T, dense(operators, sources[:, c].T), rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("traced", [False, True])
def test_covariances_solve_the_dense_equation(steps: Any, traced: bool) -> None:
    sources: Any = np.random.default_rng(5).normal(size=(2, N, N, K))
    sources = sources + np.swapaxes(sources, 1, 2)
    solve = jax.jit(recurrences.periodic_covariances) if traced else recurrences.periodic_covariances
    found = np.asarray(solve(steps, sources))
    turns = np.eye(N) + np.moveaxis(steps, -1, 0)
    operators = np.stack([np.kron(turn, turn) for turn in turns])
    for one, source in zip(found, sources, strict=True):
        expected = dense(operators, np.moveaxis(source, -1, 0).reshape(K, -1))
        np.testing.assert_allclose(np.moveaxis(one, -1, 0).reshape(K, -1), expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("count", [1, 2, 11, 16, 129])
def test_joined_stretches_are_what_is_found_point_by_point(count: int) -> None:
    rng = np.random.default_rng(count)
    steps = jnp.asarray(0.3 * rng.normal(size=(N, N, count)) - 0.4 * np.eye(N)[:, :, None])
    columns = jnp.asarray(rng.normal(size=(count, N, N + COLUMNS)))
    columns = columns.at[:, :, :N].set(jnp.moveaxis(steps, -1, 0))
    rates = jnp.asarray([0.0] * N + [0.1, 2.0])
    one, other = (f(columns, rates) for f in (recurrences._vectors_in_turn, recurrences._vectors_joined))
    np.testing.assert_allclose(other, one, rtol=1e-10, atol=1e-12)
    sources = jnp.asarray(rng.normal(size=(2, N, N, count)))
    sources = sources + jnp.swapaxes(sources, 1, 2)
    pairs = (f(steps, sources) for f in (recurrences._covariances_in_turn, recurrences._covariances_joined))
    for one, other in zip(*pairs, strict=True):
        np.testing.assert_allclose(other, one, rtol=1e-10, atol=1e-12)
    product = np.eye(N)
    for k in range(count):
        product = (np.eye(N) + np.asarray(steps[:, :, k])) @ product
    np.testing.assert_allclose(recurrences.monodromy(steps), product, rtol=1e-11, atol=1e-13)


def test_derivatives_in_both_modes(steps: Any) -> None:
    """By the implicit rule, against central differences of the values."""
    rng = np.random.default_rng(6)
    sources, decays = rng.normal(size=(N, COLUMNS, K)), np.array([0.1, 0.7])
    along = [rng.normal(size=part.shape) for part in (steps, sources, decays)]

    def value(steps: jax.Array, sources: jax.Array, decays: jax.Array) -> jax.Array:
        vectors = recurrences.periodic_vectors(steps, sources, decays)
        outer = jnp.einsum("ick,jck->cijk", vectors, vectors)
        covariances = recurrences.periodic_covariances(steps, outer)
        weights = jnp.arange(1.0, N * N + 1.0).reshape(N, N, 1)  # not symmetric
        return jnp.sum(weights * covariances * jnp.cos(jnp.arange(K)))

    at, along = tuple(map(jnp.asarray, (steps, sources, decays))), tuple(map(jnp.asarray, along))
    forward = float(jax.jvp(value, at, along)[1])
    gradient = jax.grad(value, argnums=(0, 1, 2))(*at)
    reverse = sum(float(jnp.sum(g * a)) for g, a in zip(gradient, along, strict=True))
    h = 1e-5
    ahead, behind = (float(value(*(x + s * h * a for x, a in zip(at, along, strict=True)))) for s in (1, -1))
    assert reverse == pytest.approx(forward, rel=1e-10)
    assert forward == pytest.approx((ahead - behind) / (2.0 * h), rel=1e-6)
