"""Value, gradient and Hessian of a candidate's score, through the harmonics of its drive."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

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


class _Shapes(NamedTuple):
    """The map from the numbers of the shapes, (L, K), to the harmonics c = [Re g_n, Im g_n], (n, 2L).

    Attributes:
        forms: say how many harmonics count.
        space: what the numbers stand for.
        shape: the numbers, (L, K).
        logit: of the drive frequency.
    """

    forms: AbstractForms
    space: AbstractDriveSet
    shape: Float[Array, "L K"]
    logit: Float[Array, ""]

    def harmonics(self, shape: Float[Array, "L K"]) -> Float[Array, "n 2L"]:
        numbers = to_parameters(self.space, jnp.concatenate([shape.ravel(), self.logit[None]]))
        found = self.space.drive(numbers).harmonics(self.forms.kept_harmonics)
        return jnp.concatenate([found.real, found.imag], axis=1)

    @property
    def seeds(self) -> Float[Array, "S L K"]:
        """Directions: each number of all oscillators at once where none knows those of another."""
        oscillators, size = self.shape.shape
        if self.space.separate:
            return jnp.broadcast_to(jnp.eye(size)[:, None], (size, oscillators, size))
        return jnp.eye(self.shape.size).reshape(-1, oscillators, size)

    def apart(self, directions: Float[Array, "S ... L"]) -> Float[Array, "LK ... L"]:
        """The derivatives in each number: what a direction changes of an oscillator is due to its own."""
        if not self.space.separate:
            return directions
        oscillators = len(self.shape)
        own = jnp.eye(oscillators).reshape(-1, *(1,) * (directions.ndim - 1), oscillators)
        return (own * directions).reshape(self.shape.size, *directions.shape[1:])

    def slopes(self) -> tuple[Float[Array, "n 2L"], Float[Array, "n LK 2L"]]:
        """The harmonics c and their derivatives J in all numbers."""
        c, tangent = jax.linearize(self.harmonics, self.shape)
        directions = jax.vmap(tangent)(self.seeds)
        halves = directions.reshape(*directions.shape[:2], 2, -1)
        return c, jnp.moveaxis(self.apart(halves), 0, 1).reshape(len(c), self.shape.size, -1)

    def bends(self, weight: Float[Array, "n 2L"]) -> Float[Array, "LK LK"]:
        """``sum_i weight_i c_i''``."""
        gradient = jax.grad(lambda shape: jnp.sum(weight * self.harmonics(shape)))
        _, turn = jax.linearize(gradient, self.shape)
        own = self.apart(jnp.moveaxis(jax.vmap(turn)(self.seeds), 1, -1))
        return jnp.moveaxis(own, -1, 1).reshape(self.shape.size, self.shape.size)


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
    shapes = _Shapes(forms, space, point[:-1].reshape(-1, 2 * space.harmonics + 1), point[-1])
    c, jacobian = shapes.slopes()
    frequency, slope, bend = _twice(space.drive_frequency, point[-1])

    # Of the rates, as forms of each order in the frequency.
    weights = jnp.where(jnp.arange(len(c)) == 0, 1.0, 2.0)  # n and -n
    matrices = weights[:, None, None] * real_matrices(forms.expanded(frequency))
    images = jnp.sum(matrices * c[:, None], axis=-1)  # (order, F, n, 2L)
    value, rise, curvature = jnp.sum(images * c, axis=(-2, -1))
    pulled = 2.0 * jnp.einsum("ofna,nka->ofk", images[:2], jacobian)
    gradients = jnp.concatenate([pulled[0], slope * rise[:, None]], axis=1)

    def score(rates: Float[Array, " F"]) -> Float[Array, ""]:
        return target.score(*rates)

    each = jax.grad(score)(value)
    mean = 2.0 * jnp.tensordot(each, matrices[0], axes=1)
    within = jnp.einsum("nka,nja->kj", jnp.einsum("nka,nab->nkb", jacobian, mean), jacobian)
    within += shapes.bends(2.0 * jnp.tensordot(each, images[0], axes=1))
    mixed = slope * (each @ pulled[1])
    corner = each @ (slope**2 * curvature + bend * rise)
    bordered = jnp.block([[within, mixed[:, None]], [mixed[None], corner[None, None]]])
    hessian = gradients.T @ jax.hessian(score)(value) @ gradients + bordered
    return score(value), each @ gradients, hessian


def _twice(function: Any, at: Float[Array, ""]) -> tuple[Array, Array, Array]:
    """Value, first and second derivative of a function of one number."""
    one = jnp.ones_like(at)
    (value, slope), (_, bend) = jax.jvp(lambda x: jax.jvp(function, (x,), (one,)), (at,), (one,))
    return value, slope, bend
