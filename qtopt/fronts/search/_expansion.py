"""Value, gradient and Hessian of a candidate's score, through the harmonics of its drive."""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ...model import FourierSeries
from ..drive_sets import AbstractDriveSet, DriveParameters
from ..rates import AbstractForms, real_matrices


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
    ``H = J^T S'' J + sum_i S'_i c_i''``. Where a drive set bounds every oscillator by itself, one direction
    differentiates all oscillators at once, because none knows the numbers of another.

    Source: theory (9.25).
    """
    shape = point[:-1].reshape(-1, 2 * space.harmonics + 1)
    oscillators, size = shape.shape

    def harmonics(shape: Float[Array, "L K"]) -> Float[Array, "n 2L"]:
        numbers = to_parameters(space, jnp.concatenate([shape.ravel(), point[-1:]]))
        found = space.drive(numbers).harmonics(forms.kept_harmonics)
        return jnp.concatenate([found.real, found.imag], axis=1)

    if space.separate:
        seeds = jnp.broadcast_to(jnp.eye(size)[:, None], (size, oscillators, size))
    else:
        seeds = jnp.eye(shape.size).reshape(-1, oscillators, size)

    def apart(directions: Float[Array, "S ... L"]) -> Float[Array, "LK ... L"]:
        """The derivatives in each number: what a direction changes of an oscillator is due to its own."""
        if not space.separate:
            return directions
        own = jnp.eye(oscillators).reshape(-1, *(1,) * (directions.ndim - 1), oscillators)
        return (own * directions).reshape(shape.size, *directions.shape[1:])

    # of the harmonics: J, (n, LK, 2L)
    c, tangent = jax.linearize(harmonics, shape)
    directions = jax.vmap(tangent, out_axes=1)(seeds)
    halves = directions.reshape(*directions.shape[:2], 2, oscillators)
    jacobian = jnp.moveaxis(apart(jnp.moveaxis(halves, 1, 0)), 0, 1).reshape(len(c), shape.size, -1)

    # of the frequency
    frequency, slope, bend = _twice(space.drive_frequency, point[-1])

    # of the rates: forms of each order in the frequency, as real matrices of [Re g, Im g]
    weights = jnp.asarray(FourierSeries.one_sided(jax.lax.complex(*jnp.split(c, 2, axis=1))).weights)
    matrices = weights[:, None, None] * real_matrices(forms.expanded(frequency))
    images = jnp.sum(matrices * c[:, None], axis=-1)  # (order, F, n, 2L)
    value, rise, curvature = jnp.sum(images * c, axis=(-2, -1))
    pulled = 2.0 * jnp.einsum("ofna,nka->ofk", images[:2], jacobian)
    gradients = jnp.concatenate([pulled[0], slope * rise[:, None]], axis=1)

    # of the score
    def score(rates: Float[Array, " F"]) -> Float[Array, ""]:
        return target.score(*rates)

    each = jax.grad(score)(value)
    pairs = jax.hessian(score)(value)
    hessian = gradients.T @ pairs @ gradients
    mean = 2.0 * jnp.tensordot(each, matrices[0], axes=1)
    within = jnp.einsum("nka,nab->nkb", jacobian, mean)
    within = jnp.einsum("nka,nja->kj", within, jacobian)

    adjoint = 2.0 * jnp.tensordot(each, images[0], axes=1)
    _, turn = jax.linearize(jax.grad(lambda shape: jnp.sum(adjoint * harmonics(shape))), shape)
    own = jax.vmap(turn)(seeds)  # (S, L, K)
    own = jnp.moveaxis(apart(jnp.moveaxis(own, 1, -1)), -1, 1)
    within = within + own.reshape(shape.size, shape.size)

    mixed = slope * (each @ pulled[1])
    corner = each @ (slope**2 * curvature + bend * rise)
    across = jnp.concatenate([mixed, corner[None]])
    hessian = hessian + jnp.concatenate(
        [jnp.concatenate([within, mixed[:, None]], axis=1), across[None]], axis=0
    )
    return score(value), each @ gradients, hessian


def _twice(function: Any, at: Float[Array, ""]) -> tuple[Array, Array, Array]:
    """Value, first and second derivative of a function of one number."""
    one = jnp.ones_like(at)
    (value, slope), (_, bend) = jax.jvp(lambda x: jax.jvp(function, (x,), (one,)), (at,), (one,))
    return value, slope, bend
