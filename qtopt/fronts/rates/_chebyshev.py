"""Hermitian matrices as piecewise Chebyshev polynomials of the harmonic frequency."""

import itertools
from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float

DEGREE = 15
"""Of the polynomials."""
SMALLEST_PANEL = 1e-6
"""Shorter panels are not split, whatever they miss."""
PANELS = 128
"""Tables have a multiple of this many panels, the last ones never looked up: machines share programs."""


def tabulate(
    evaluate: Callable[[np.ndarray], np.ndarray], highest: float, tolerance: float
) -> tuple[np.ndarray, np.ndarray]:
    """Panels of a function of nu from 0 to `highest`: their M + 1 edges, and their coefficients.

    Panels are bisected until their last two Chebyshev coefficients fall below tolerance x maximum. The
    coefficients have the shape (M, DEGREE + 1, F, L^2), entries as in `packed`.

    Args:
        evaluate: Hermitian matrices (F, K, L, L) at nu (K,).
        highest: end of the table.
        tolerance: relative to the largest entry of each of the F matrices.
    """
    angle = np.pi * (np.arange(DEGREE + 1) + 0.5) / (DEGREE + 1)
    transform = 2.0 / (DEGREE + 1) * np.cos(np.outer(np.arange(DEGREE + 1), angle))
    transform[0] /= 2.0
    middle = min(4.0, highest)
    octaves = np.geomspace(middle, highest, 1 + int(np.ceil(2.0 * np.log2(highest / middle))))
    pending = list(itertools.pairwise(np.concatenate([np.linspace(0.0, middle, 17)[:-1], octaves])))
    done: list[tuple[float, float, np.ndarray]] = []
    scale = np.zeros((1, 1))
    while pending:
        ends = np.array(pending)
        nu = ends.mean(axis=1, keepdims=True) + (ends[:, 1:] - ends[:, :1]) / 2.0 * np.cos(angle)
        values = np.moveaxis(packed(evaluate(nu.ravel())), 0, 1)
        scale = np.maximum(scale, np.abs(values).max(axis=(0, 2))[:, None])
        coefficients = np.einsum("dk,mkfc->mdfc", transform, values.reshape(*nu.shape, *values.shape[1:]))
        rough = np.any(np.abs(coefficients[:, -2:]) > tolerance * scale, axis=(1, 2, 3))
        rough &= ends[:, 1] - ends[:, 0] > SMALLEST_PANEL
        halves = [((a, (a + b) / 2.0), ((a + b) / 2.0, b)) for a, b in ends[rough]]
        pending = [half for pair in halves for half in pair]
        done += [(a, b, table) for (a, b), table in zip(ends[~rough], coefficients[~rough], strict=True)]
    done.sort(key=lambda panel: panel[0])
    spare = -len(done) % PANELS
    edges = np.array([panel[0] for panel in done] + [highest + i for i in range(spare + 1)])
    return edges, np.stack([panel[2] for panel in done] + [done[-1][2]] * spare)


def chebyshev(nu: Any, low: Any, high: Any, basis: Any = None) -> Any:
    """T_0 .. T_DEGREE of nu in units of its panel, NumPy or jax: a list, or the rows of `basis` filled."""
    x = (2.0 * nu - low - high) / (high - low)
    basis = [None] * (DEGREE + 1) if basis is None else basis
    basis[0], basis[1] = x * 0.0 + 1.0, x
    for degree in range(2, DEGREE + 1):
        basis[degree] = 2.0 * x * basis[degree - 1] - basis[degree - 2]
    return basis


def packed(form: Any) -> Any:
    """Hermitian (..., L, L) as L^2 real numbers: real parts on and above the diagonal, imaginary below."""
    of = np if isinstance(form, np.ndarray) else jnp
    size = form.shape[-1]
    upper = np.triu(np.ones((size, size), dtype=bool))
    return of.where(upper, form.real, form.imag).reshape(*form.shape[:-2], size * size)


def hermitian_parts(values: Float[Array, "F n LL"]) -> Float[Array, "2 F L L n"]:
    """Real and imaginary parts of packed Hermitian forms at n frequencies, which come last."""
    units = unpacked(np.eye(values.shape[-1]))
    spread = np.stack([units.real, units.imag])
    return jnp.moveaxis(jnp.tensordot(np.moveaxis(spread, 1, -1), values, (-1, -1)), -2, 1)


def packed_pairs(vectors: Complex[Array, "... L"]) -> Float[Array, "... LL"]:
    """What the numbers of `packed` are multiplied with in ``g^dagger W g``, in their order."""
    size = vectors.shape[-1]
    real, imag = jnp.real(vectors), jnp.imag(vectors)
    along = real[..., :, None] * real[..., None, :] + imag[..., :, None] * imag[..., None, :]
    across = imag[..., :, None] * real[..., None, :] - real[..., :, None] * imag[..., None, :]
    upper = np.triu(np.ones((size, size), dtype=bool))
    both = jnp.where(np.eye(size, dtype=bool), 1.0, 2.0) * jnp.where(upper, along, across)
    return both.reshape(*vectors.shape[:-1], size * size)


def unpacked(values: Any) -> Any:
    """The inverse of `packed`, Hermitian (..., L, L) of (..., L^2), NumPy or jax."""
    size = round(values.shape[-1] ** 0.5)
    if isinstance(values, np.ndarray):
        place = np.arange(size * size).reshape(size, size)
        sign = np.sign(place - place.T)  # of imaginary parts, which stand below the diagonal
        form = np.empty((*values.shape[:-1], size, size, 2))
        for i, j in np.ndindex(size, size):
            form[..., i, j, 0] = values[..., min(place[i, j], place[j, i])]
            form[..., i, j, 1] = sign[i, j] * values[..., max(place[i, j], place[j, i])]
        return form.view(complex)[..., 0]
    square = values.reshape(*values.shape[:-1], size, size)
    strict, lower = jnp.triu(square, 1), jnp.tril(square, -1)
    real = jnp.triu(square) + jnp.swapaxes(strict, -1, -2)
    return real + 1j * (lower - jnp.swapaxes(lower, -1, -2))
