"""Every rule of forward derivatives in NumPy against jax's."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from qtopt.numerics import xp
from qtopt.numerics._dual import with_slope

X = np.linspace(0.3, 1.7, 6).reshape(2, 3)
ALONG = np.array([[1.0, -2.0, 0.5], [0.3, 0.7, -1.1]])
OTHER = np.array([[0.4, 1.0, -0.2], [1.5, 0.9, 2.0]])


def filtered(x: Any, fft: Any) -> Any:
    """Half of every other harmonic along the rows."""
    return fft.irfft(fft.rfft(x, axis=1) * np.array([1.0, 0.5]), 3, axis=1)


RULES: dict[str, Callable[[Any], Any]] = {
    "sums": lambda x: 1.0 + x - OTHER + (OTHER - x) - (-x),
    "products": lambda x: x * OTHER * x,
    "matrix product": lambda x: x @ OTHER.T @ x,
    "quotients": lambda x: OTHER / x + x / OTHER + x / (1.0 + x),
    "powers": lambda x: x**3 + x**-1 + x**0.5 + x**0,
    "square": lambda x: xp.square(x),
    "root": lambda x: xp.sqrt(x),
    "exponential": lambda x: xp.exp(x) + xp.expm1(x) + xp.log(x),
    "trigonometric": lambda x: xp.sin(x) + xp.cos(2.0 * x) + xp.tanh(x),
    "modulus": lambda x: xp.absolute(x - 1.0) + xp.absolute(x * (1.0 + 2.0j)),
    "complex": lambda x: xp.conj(x * (1.0 + 2.0j)).imag + (x * 1j * x).real,
    "larger and smaller": lambda x: xp.maximum(x, OTHER) + xp.minimum(x, OTHER),
    "largest": lambda x: xp.max(x) + xp.max(x, axis=0) + xp.max(x, axis=1)[:, None],
    "choice": lambda x: xp.where(x > 1.0, x * x, 2.0) + xp.where(x > 1.0, 0.0, x),
    "einsum": lambda x: xp.einsum("ij,kj,k->i", x, OTHER, x[:, 0]),
    "outer": lambda x: xp.outer(x[0], x[1]) + xp.kron(x[0], xp.ones(3)).reshape(3, 3),
    "tensordot": lambda x: xp.tensordot(x, x, axes=2),
    "joined": lambda x: xp.concatenate([x, OTHER, x * x]) + xp.stack([x, x, x]).reshape(6, 3),
    "block": lambda x: xp.block([[x, OTHER], [OTHER, x]]),
    "shapes": lambda x: xp.moveaxis(x[None], 0, -1)[..., 0] + xp.swapaxes(x, 0, 1).T + xp.roll(x, 1, axis=1),
    "sums of parts": lambda x: xp.sum(x, axis=0) + xp.mean(x) + xp.trace(x) + xp.diagonal(x)[0],
    "repeated": lambda x: xp.repeat(x, 2, axis=0) + xp.tile(x, (2, 1)) + xp.pad(x, ((0, 2), (0, 0))),
    "taken": lambda x: xp.take(x, np.array([2, 0]), axis=1) + x[:, ::2],
    "split": lambda x: xp.split(x, 3, axis=1)[1],
    "Fourier": lambda x: filtered(x, jnp.fft if isinstance(x, jax.Array) else np.fft),
}


@pytest.mark.parametrize("name", RULES)
def test_derivatives_are_those_of_jax(name: str) -> None:
    rule = RULES[name]
    expected = jax.jvp(rule, (jnp.asarray(X),), (jnp.asarray(ALONG),))
    for found, wanted in zip(with_slope(rule, X, ALONG), expected, strict=True):
        assert not isinstance(found, jax.Array)
        np.testing.assert_allclose(found, wanted, rtol=1e-13, atol=1e-13)


def test_what_has_no_rule_is_refused() -> None:
    with pytest.raises(TypeError, match="arctan"):
        with_slope(np.arctan, X, ALONG)
