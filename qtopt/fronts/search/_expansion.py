"""Value, gradient and Hessian of a candidate's score, through the harmonics of its drive."""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ...numerics import twice
from ..drive_sets import AbstractDriveSet, DriveParameters
from ..rates import AbstractForms, hermitian_parts, packed_pairs


def from_parameters(parameters: DriveParameters) -> Float[Array, " n"]:
    """The numbers of one drive, oscillator by oscillator, and last the logit of its frequency."""
    mean, cosine, sine, logit = parameters
    shape = jnp.concatenate([mean[:, None], cosine, sine], axis=1)
    return jnp.concatenate([shape.ravel(), logit[None]])


def to_parameters(space: AbstractDriveSet, point: Float[Array, " n"]) -> DriveParameters:
    """The inverse of `from_parameters`."""
    shape = point[:-1].reshape(-1, 2 * space.harmonics + 1)
    cosine, sine = shape[:, 1 : space.harmonics + 1], shape[:, space.harmonics + 1 :]
    return DriveParameters(shape[:, 0], cosine, sine, point[-1])


def expansion(
    forms: AbstractForms, space: AbstractDriveSet, target: Any, point: Float[Array, " n"]
) -> tuple[Float[Array, ""], Float[Array, " n"], Float[Array, "n n"]]:
    """Value, gradient and Hessian of the score at a point.

    The rates are quadratic forms in the harmonics c of the drive, so that all derivatives of the score with
    respect to c and the frequency are known in closed form. With J the derivatives of c,
    ``H = J^T S'' J + sum_i S'_i c_i''``. Numbers of different groups, see `Shapes`, meet in the first only.

    Source: theory (9.25).
    """
    shapes = space.shapes(to_parameters(space, point), forms.kept_harmonics)
    c, jacobian = shapes.harmonics, shapes.slopes
    groups, numbers, members, count = jacobian.shape
    size, n = groups * numbers, count // 2
    frequency, slope, bend = twice(space.drive_frequency, point[-1])

    # Of the rates, as forms of each order in the frequency.
    both_signs = jnp.where(jnp.arange(n) == 0, 1.0, 2.0)[:, None]
    known = both_signs * forms.expanded(frequency)  # (order, F, n, LL)
    flat = c.reshape(-1, count)
    pairs = packed_pairs(jax.lax.complex(flat[:, :n], flat[:, n:]).T)
    value, rise, curvature = jnp.tensordot(known, pairs, 2)

    def score(rates: Float[Array, " F"]) -> Float[Array, ""]:
        return target.score(*rates)

    each = jax.grad(score)(value)
    mixtures = jnp.tensordot(each, known[:2], (0, 1))
    real, imag = hermitian_parts(2.0 * jnp.concatenate([mixtures, known[0]]))  # (2 + F, L, L, n)
    images = _images(real[1:], imag[1:], flat)  # (1 + F, L, a)
    curved = shapes.bends(jnp.tensordot(each, images[1:], 1).reshape(c.shape))

    # J^T times what the forms make of J, and of c: one product of matrices for each group.
    whole = jnp.stack([real[0], imag[0]]).reshape(2, groups, members, groups, 1, members, n)
    between = jnp.moveaxis(whole, 2, 4)
    across = _images(between[0], between[1], jacobian[:, :, None])  # (B, B, R, O, a)
    along = jnp.moveaxis(images.reshape(-1, *c.shape), 0, 1)
    columns = jnp.concatenate([part.reshape(groups, -1, members * count) for part in (across, along)], axis=1)
    products = jnp.einsum("bra,bqa->brq", jacobian.reshape(groups, numbers, -1), columns)
    within = products[..., :size].reshape(groups, numbers, groups, numbers)
    within += jnp.eye(groups)[:, None, :, None] * curved[:, :, None]
    pulled = products[..., size:].reshape(size, -1).T
    gradients = jnp.concatenate([pulled[1:], slope * rise[:, None]], axis=1)
    mixed = slope * pulled[0]
    corner = each @ (slope**2 * curvature + bend * rise)
    bordered = jnp.block([[within.reshape(size, size), mixed[:, None]], [mixed[None], corner[None, None]]])
    hessian = gradients.T @ jax.hessian(score)(value) @ gradients + bordered
    return score(value), each @ gradients, hessian


def _images(
    real: Float[Array, "... O n"], imag: Float[Array, "... O n"], vectors: Float[Array, "... O a"]
) -> Float[Array, "... a"]:
    """``sum_o W_o g_o``, real and imaginary parts."""
    n = real.shape[-1]
    re, im = vectors[..., :n], vectors[..., n:]
    found = jnp.sum(real * re - imag * im, axis=-2), jnp.sum(real * im + imag * re, axis=-2)
    return jnp.stack(found, axis=-2).reshape(*found[0].shape[:-1], 2 * n)
