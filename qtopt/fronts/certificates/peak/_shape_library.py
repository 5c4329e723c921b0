"""A rough bound in closed form, from a library of dual shapes."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float

from ....numerics import solve, top_eigenpair
from ._dual_shapes import FLOOR

LEVELS = (
    -np.array([0.0, 0.06, 0.13, 0.22, 0.33, 0.46, 0.62, 0.8]),
    np.array([-0.6, -0.4, -0.22, -0.1, 0.0, 0.1, 0.2]),
    np.array([-0.4, -0.2, -0.08, 0.0, 0.08]),
)
"""Coefficients of the third, fifth and seventh harmonic that the library combines."""


def library_value(forms: Complex[Array, "m b b"]) -> Float[Array, ""]:
    """The `lone_values` of the best shape of a library, all oscillators alike up to a shift in time.

    Source: theory (10.8).
    """
    gain, direction = top_eigenpair(forms[0])
    size = jnp.abs(direction)
    phase = direction / jnp.maximum(size, 1e-150)
    floor = FLOOR * jnp.maximum(gain, 1e-300)
    ratios = []
    for row in range(1, 1 + LIBRARY.shape[1] - 1):
        vector = size * phase ** (2 * row + 1)
        cost = -forms[row] + floor * jnp.eye(len(size))
        ratios.append(gain * jnp.sum(jnp.conj(vector) * _solved(cost, vector)).real)
    room = 1.0 - jnp.sum(jnp.stack(ratios) * LIBRARY[:, 1:] ** 2, axis=1)
    share = jnp.where(room > 0.0, LIBRARY[:, 0] ** 2 / jnp.where(room > 0.0, room, 1.0), jnp.inf)
    return jnp.where(gain > 0.0, 2.0 * (gain * jnp.sum(size) ** 2 * jnp.min(share) + floor * len(size)), 0.0)


def _solved(matrix: Complex[Array, "b b"], vector: Complex[Array, " b"]) -> Complex[Array, " b"]:
    if len(vector) == 1:
        return vector / matrix[0, 0]
    if len(vector) == 2:
        determinant = (matrix[0, 0] * matrix[1, 1]).real - jnp.abs(matrix[0, 1]) ** 2
        image = jnp.stack(
            [
                matrix[1, 1] * vector[0] - matrix[0, 1] * vector[1],
                matrix[0, 0] * vector[1] - matrix[1, 0] * vector[0],
            ]
        )
        return image / jnp.maximum(determinant, 1e-300)
    return solve(matrix, vector[:, None])[:, 0]


def _library() -> np.ndarray:
    """(S, 4) shapes cos t - s_3 cos 3t - s_5 cos 5t - s_7 cos 7t: mean absolute value, s_3, s_5, s_7."""
    s = np.stack(np.meshgrid(*LEVELS, indexing="ij"), axis=-1).reshape(-1, 3)
    angle = np.pi / 2.0 * (np.arange(512) + 0.5) / 512
    h = np.cos(angle) - s @ np.cos(np.array([[3], [5], [7]]) * angle)
    # The midpoint rule misses at most step^2/8 mean|h''|.
    bend = np.abs(s) @ np.array([9.0, 25.0, 49.0]) + 1.0
    norm = np.abs(h).mean(axis=1) + (np.pi / 1024) ** 2 / 8.0 * bend
    order = np.argsort(norm)
    kept: list[int] = []
    for i in order:
        # Of use only where no shape of smaller norm has smaller coefficients.
        if not any(np.all(np.abs(s[j]) <= np.abs(s[i])) for j in kept):
            kept.append(int(i))
    return np.column_stack([norm, s])[kept]


LIBRARY = _library()
