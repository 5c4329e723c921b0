"""Parametric stability: the largest Floquet multiplier."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ...numerics import loop, solve, stop_gradient, xp
from ._doubling import product

SQUARINGS = 50
SHIFT = 1e-9


def growth(monodromy: Float[Array, "n n"]) -> Float[Array, ""]:
    """Largest |eigenvalue| by repeated squaring, theory (5.16): no LAPACK call, no derivative."""

    def step(p: Array, carry: tuple[Array, Array]) -> tuple[Array, Array]:
        matrix, logarithm = carry
        size = xp.sqrt(xp.sum(matrix**2))
        matrix = matrix / xp.where(size > 0.0, size, 1.0)
        square = product(matrix, matrix)
        return product(square, square), logarithm + xp.log(size) * 0.25**p

    start = (stop_gradient(monodromy)[..., None], xp.zeros(()))
    _, logarithm = loop(SQUARINGS // 2, step, start)
    return xp.exp(logarithm)


@jax.custom_jvp
def spectral_radius(monodromy: Float[Array, "n n"]) -> Float[Array, ""]:
    """Largest |eigenvalue| of a real matrix, differentiable: a constraint for optimisers (stable below 1).

    ``d|lambda| = Re[conj(lambda)/|lambda| l^H dM r/(l^H r)]`` with the left and right eigenvectors of the
    largest eigenvalue, by inverse iteration. Where two eigenvalues share the largest modulus and are no
    complex pair, it has a kink and this is the slope of one of them. Calls LAPACK (eigenvalues).

    Source: theory (5.17).
    """
    return jnp.max(jnp.abs(jnp.linalg.eigvals(monodromy)))


@spectral_radius.defjvp
def _spectral_radius_jvp(primals: tuple[Array], tangents: tuple[Array]) -> tuple[Array, Array]:
    (monodromy,), (change,) = primals, tangents
    values = jnp.linalg.eigvals(monodromy)
    largest = values[jnp.argmax(jnp.abs(values))]
    # Off the eigenvalue by a little, so that the solves below are not singular.
    shifted = monodromy - largest * (1.0 + SHIFT) * xp.eye(monodromy.shape[0])
    start = jnp.ones((monodromy.shape[0], 1), dtype=complex)
    right, left = start, start
    for _ in range(3):
        right = solve(shifted, right)
        right = right / jnp.linalg.norm(right)
        left = solve(jnp.conj(shifted.T), left)
        left = left / jnp.linalg.norm(left)
    left, right = jax.lax.stop_gradient((left[:, 0], right[:, 0]))
    slope = (jnp.conj(left) @ (change @ right)) / (jnp.conj(left) @ right)
    modulus = jnp.abs(largest)
    return modulus, (jnp.conj(largest) / modulus * slope).real
