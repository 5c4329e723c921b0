"""Hermitian forms of a few oscillators, NumPy or jax: closed forms without LAPACK for one and two."""

from typing import Any

import jax.numpy as jnp
import numpy as np


def _module(array: Any) -> Any:
    return np if isinstance(array, np.ndarray) else jnp


def two_largest(form: Any) -> tuple[Any, Any]:
    """The largest and the second largest eigenvalues, (...), of Hermitian forms (..., L, L).

    The second one is -infinity for L = 1.
    """
    of = _module(form)
    if form.shape[-1] == 1:
        top = form[..., 0, 0].real
        return top, of.full_like(top, -np.inf)
    if form.shape[-1] == 2:
        constant, vector = on_sphere(form)
        radius = length(vector)
        return constant + radius, constant - radius
    values = of.linalg.eigvalsh(form)
    return values[..., -1], values[..., -2]


def largest_eigenvalue(form: Any) -> Any:
    """The largest eigenvalues, (...), of Hermitian forms (..., L, L)."""
    return two_largest(form)[0]


def top_eigenpair(form: Any) -> tuple[Any, Any]:
    """The largest eigenvalues (...) of Hermitian forms (..., L, L) and their unit eigenvectors (..., L)."""
    of = _module(form)
    if form.shape[-1] == 1:
        return form[..., 0, 0].real, of.ones_like(form[..., 0])
    if form.shape[-1] == 2:
        constant, vector = on_sphere(form)
        pole = of.zeros_like(vector) + np.array([0.0, 0.0, 1.0]).reshape(3, *[1] * (vector.ndim - 1))
        return constant + length(vector), state_at(direction(vector, pole))
    values, vectors = of.linalg.eigh(form)
    return values[..., -1], vectors[..., -1]


def best_ratio(gain: np.ndarray, cost: np.ndarray, smallest: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Largest ``v^dagger G v/v^dagger C v``, (...), of Hermitian forms (..., L, L), and its v (..., L).

    With C^(-1/2) from the eigenvectors of C it is the largest eigenvalue of C^(-1/2) G C^(-1/2).

    Args:
        gain: G.
        cost: C, positive.
        smallest: what smaller eigenvalues of C are taken for.
    """
    values, vectors = np.linalg.eigh(cost)
    root = vectors / np.sqrt(np.maximum(values, smallest))[..., None, :]
    ratio, state = top_eigenpair(np.conj(np.swapaxes(root, -1, -2)) @ gain @ root)
    return ratio, (root @ state[..., None])[..., 0]


def on_sphere(form: Any) -> tuple[Any, Any]:
    """The numbers a (...) and vectors b (3, ...) of the forms ``v^dagger F v = a + b.r`` of two oscillators.

    Unit vectors v are points r of a sphere (Bloch's), up to their phase.
    """
    of = _module(form)
    first, last, cross = form[..., 0, 0].real, form[..., 1, 1].real, form[..., 0, 1]
    return (first + last) / 2.0, of.stack([cross.real, -cross.imag, (first - last) / 2.0])


def state_at(place: Any) -> Any:
    """A unit vector v (..., 2) at the point r (3, ...) of the sphere; its larger component is real."""
    of = _module(place)
    x, y, z = place
    larger = of.sqrt((1.0 + of.abs(z)) / 2.0)
    smaller = (x + 1j * of.where(z >= 0.0, y, -y)) / (2.0 * larger)
    pair = of.stack([larger + 0j, smaller], axis=-1)
    return of.where((z >= 0.0)[..., None], pair, pair[..., ::-1])


def length(vector: Any) -> Any:
    """The lengths (...) of vectors (3, ...)."""
    return _module(vector).sqrt((vector**2).sum(axis=0))


def direction(vector: Any, otherwise: Any) -> Any:
    """Vectors (3, ...) divided by their lengths; `otherwise` where a vector is zero."""
    of = _module(vector)
    size = length(vector)
    return of.where(size > 0.0, vector / of.where(size > 0.0, size, 1.0), otherwise)
