"""The compact form of limited-memory BFGS against the two-loop recursion of optax."""

from typing import Any, cast

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from qtopt.numerics import LimitedMemory
from qtopt.numerics._limited_memory import PAIRS


@pytest.mark.parametrize("seed", [0, 1])
def test_same_as_the_two_loop_recursion(seed: int) -> None:
    """The same directions to round-off, also long after the oldest pairs are forgotten."""
    rng = np.random.default_rng(seed)
    size, steps = 9, 3 * PAIRS
    root = rng.normal(size=(size, size))
    hessian = jnp.asarray(root @ root.T + 0.1 * np.eye(size))
    recursion = optax.scale_by_lbfgs(memory_size=PAIRS)

    def gradient(x: jax.Array) -> jax.Array:
        return hessian @ x + 0.1 * x**3

    def one(carry: Any, _: None) -> tuple[Any, tuple[jax.Array, jax.Array]]:
        x, slope, state, memory = carry
        reference, state = recursion.update(slope, state, x)
        found = memory.newton(slope)
        downhill = cast(jax.Array, reference)
        there = x - 0.7 * downhill
        new = gradient(there)
        return (there, new, state, memory.after(there - x, new - slope)), (downhill, found)

    start = jnp.asarray(rng.normal(size=size))
    begin = (start, gradient(start), recursion.init(start), LimitedMemory.empty(size))
    (end, *_), (reference, found) = jax.jit(lambda b: jax.lax.scan(one, b, length=steps))(begin)
    scale = jnp.max(jnp.abs(reference), axis=1, keepdims=True)
    np.testing.assert_allclose(found / scale, reference / scale, atol=1e-12)
    assert float(jnp.abs(gradient(end)).max()) < 1e-2 * float(jnp.abs(gradient(start)).max())


def test_negative_curvature_is_not_remembered() -> None:
    """A pair along which the slope falls would make H indefinite: the memory stays as it was."""
    memory = LimitedMemory.empty(3).after(jnp.array([1.0, 0.0, 0.0]), jnp.array([2.0, 0.0, 0.0]))
    same = memory.after(jnp.array([0.0, 1.0, 0.0]), jnp.array([0.0, -1.0, 0.0]))
    for before, after in zip(memory, same, strict=True):
        np.testing.assert_array_equal(before, after)
    np.testing.assert_allclose(memory.newton(jnp.array([4.0, 2.0, 0.0])), [2.0, 1.0, 0.0])
