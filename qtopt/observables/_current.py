"""A current with what the uncertainty relations need to know about it."""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float


class Current(NamedTuple):
    """Mean, noise and cost of a current X in a periodic steady state; arrays of one shape (hbar = k_B = 1).

    Attributes:
        mean: X, work or heat per time.
        variance_rate: D_X = int dtau avg <{dX(t + tau), dX(t)}>/2.
        entropy_production_rate: S of the whole machine.
        frequency: Omega of the drive.
        slope: dX/dOmega at a fixed shape of the drive.
    """

    mean: Float[Array, "*shape"]
    variance_rate: Float[Array, "*shape"]
    entropy_production_rate: Float[Array, "*shape"]
    frequency: Float[Array, "*shape"]
    slope: Float[Array, "*shape"]


def uncertainty_product(current: Current) -> Float[Array, "*shape"]:
    """Q = D_X S / X^2, small for a precise current that costs little entropy; infinite at X = 0.

    Source: physics notes, section 6.
    """
    return quotient(current.variance_rate * current.entropy_production_rate, current.mean**2)


def quotient(numerator: Array, denominator: Array) -> Array:
    """numerator/denominator, infinite where the denominator is not positive."""
    positive = denominator > 0.0
    return jnp.where(positive, numerator / jnp.where(positive, denominator, 1.0), jnp.inf)
