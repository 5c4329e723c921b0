"""Hermitian forms of a few oscillators, NumPy or jax: closed forms without LAPACK for up to three."""

from typing import Any

import jax
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
    if form.shape[-1] == 3:
        return _of_three(*_entries_of_three(form))[:2]
    values = of.linalg.eigvalsh(form)
    return values[..., -1], values[..., -2]


def largest_packed(values: Any) -> Any:
    """The largest eigenvalues, (...), of traced Hermitian forms as L^2 real numbers, (L^2, ...).

    The numbers are real parts on and above the diagonal, imaginary parts below, row by row. So many forms are
    few long arrays, which is how a CPU likes them.
    """
    size = round(len(values) ** 0.5)
    if size == 1:
        return values[0]
    if size == 2:
        first, real, imag, last = values
        return (first + last) / 2.0 + jnp.sqrt(((first - last) / 2.0) ** 2 + real**2 + imag**2)
    if size == 3:
        a, xr, yr, xi, b, zr, yi, zi, c = values
        return _of_three((a, b, c), ((xr, -xi), (yr, -yi), (zr, -zi)))[0]
    square = jnp.moveaxis(values.reshape(size, size, *values.shape[1:]), (0, 1), (-2, -1))
    real = jnp.triu(square) + jnp.swapaxes(jnp.triu(square, 1), -1, -2)
    lower = jnp.tril(square, -1)
    return largest_eigenvalue(jax.lax.complex(real, lower - jnp.swapaxes(lower, -1, -2)))


def _entries_of_three(form: Any) -> tuple[tuple[Any, ...], tuple[tuple[Any, Any], ...]]:
    """What `_of_three` takes, of forms (..., 3, 3)."""
    cross = tuple(form[..., i, j] for i, j in ((0, 1), (0, 2), (1, 2)))
    return tuple(form[..., i, i].real for i in range(3)), tuple((z.real, z.imag) for z in cross)


def _of_three(diagonal: tuple[Any, ...], cross: tuple[tuple[Any, Any], ...]) -> tuple[Any, Any, Any]:
    """The eigenvalues, (...) each, largest first, of Hermitian forms of three oscillators.

    Args:
        diagonal: F_00, F_11, F_22.
        cross: real and imaginary parts of F_01, F_02, F_12.

    With ``F = q + p B``, q the mean of the diagonal and tr B^2 = 6, they are ``q + 2 p cos(phi + 2 pi k/3)``,
    where ``cos 3 phi = det B/2``. The sine is not taken from the cosine, which would lose half of the digits
    where two eigenvalues meet: ``sin 3 phi = |B^2 - 2 - (det B/2) B|/sqrt 6``.

    Source: theory (9.24).
    """
    of = _module(diagonal[0])
    mean = (diagonal[0] + diagonal[1] + diagonal[2]) / 3.0
    off = [real**2 + imag**2 for real, imag in cross]
    square = sum((d - mean) ** 2 for d in diagonal) + 2.0 * (off[0] + off[1] + off[2])
    scale = of.sqrt(square / 6.0)
    inverse = of.where(scale > 0.0, 1.0 / of.where(scale > 0.0, scale, 1.0), 0.0)
    a, b, c = ((d - mean) * inverse for d in diagonal)
    (xr, xi), (yr, yi), (zr, zi) = ((real * inverse, imag * inverse) for real, imag in cross)
    x, y, z = (value * inverse**2 for value in off)
    # Of B = [[a, X, Y], [X*, b, Z], [Y*, Z*, c]]: X Z and its like as real and imaginary parts.
    xz = xr * zr - xi * zi, xr * zi + xi * zr
    yz = yr * zr + yi * zi, yi * zr - yr * zi
    xy = xr * yr + xi * yi, xr * yi - xi * yr
    cosine = (a * (b * c - z) - b * y - c * x) / 2.0 + xz[0] * yr + xz[1] * yi
    rest = [a * a + x + y - 2.0 - cosine * a, b * b + x + z - 2.0 - cosine * b]
    rest.append(c * c + y + z - 2.0 - cosine * c)
    parts = (((a + b - cosine) * xr + yz[0], (a + b - cosine) * xi + yz[1]),)
    parts += (((a + c - cosine) * yr + xz[0], (a + c - cosine) * yi + xz[1]),)
    parts += (((b + c - cosine) * zr + xy[0], (b + c - cosine) * zi + xy[1]),)
    left = sum(r**2 for r in rest) + 2.0 * sum(r**2 + i**2 for r, i in parts)
    angle = of.arctan2(of.sqrt(left / 6.0), cosine) / 3.0
    near, far = of.cos(angle), np.sqrt(3.0) * of.sin(angle)
    return mean + 2.0 * scale * near, mean - scale * (near - far), mean - scale * (near + far)


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
    if form.shape[-1] == 3:
        return _top_of_three(form)
    values, vectors = of.linalg.eigh(form)
    return values[..., -1], vectors[..., -1]


def _top_of_three(form: Any) -> tuple[Any, Any]:
    """`top_eigenpair` of three oscillators: in the plane, of two, that is left of a row of ``F - top``.

    The eigenvector v is orthogonal to the conjugates of all of these rows; the longest one is taken. Where
    two eigenvalues meet the plane holds both of their vectors, and nothing is divided by their distance.
    """
    of = _module(form)
    rows = form - two_largest(form)[0][..., None, None] * np.eye(3)
    squares = (rows.real**2 + rows.imag**2).sum(axis=-1)
    longest = of.argmax(squares, axis=-1)[..., None]
    row = of.take_along_axis(rows, longest[..., None], axis=-2)[..., 0, :]
    size = of.sqrt(of.take_along_axis(squares, longest, axis=-1))
    row = of.where(size > 0.0, row / of.where(size > 0.0, size, 1.0), np.eye(3)[0])
    smallest = of.argmin(of.abs(row), axis=-1)
    first = of.cross(np.eye(3)[smallest] if of is np else jnp.eye(3)[smallest], row)
    first = first / of.sqrt((of.abs(first) ** 2).sum(axis=-1, keepdims=True))
    plane = of.stack([first, of.conj(of.cross(of.conj(row), first))], axis=-1)
    image = (form[..., :, :, None] * plane[..., None, :, :]).sum(axis=-2)
    left = (of.conj(plane)[..., :, :, None] * image[..., :, None, :]).sum(axis=-3)
    top, state = top_eigenpair(left)
    return top, (plane * state[..., None, :]).sum(axis=-1)


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
