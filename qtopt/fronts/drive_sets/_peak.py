"""Drives whose couplings never exceed their undriven strength."""

from typing import ClassVar

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ...model import BoundedDrive
from ._drive_set import AbstractDriveSet, DriveParameters

STEEPNESS = 16.0
"""Bound on the root-mean-square slope of the series u: g = tanh u switches no faster than about 1/100 of a
period, so that the harmonics that solvers keep of a `BoundedDrive` suffice."""


def softening(cosine: Float[Array, "L N"], sine: Float[Array, "L N"]) -> Float[Array, " L"]:
    """By what the series of u is multiplied, so that its root-mean-square slope stays below STEEPNESS."""
    order = jnp.arange(1, cosine.shape[-1] + 1)
    slope = jnp.sum(order**2 * (cosine**2 + sine**2), axis=-1) / 2.0
    return STEEPNESS / jnp.sqrt(STEEPNESS**2 + slope)


class Peak(AbstractDriveSet):
    """Drives with |g_l(t)| <= 1 at all times: every one is a `BoundedDrive` with a slope below STEEPNESS.

    Source: theory (1.24), (9.11).
    """

    kind: ClassVar[str] = "peak"
    certified_as: ClassVar[str] = "peak"
    separate: ClassVar[bool] = True

    def drive(self, parameters: DriveParameters) -> BoundedDrive:
        mean, cosine, sine = parameters.mean, parameters.cosine, parameters.sine
        scale = softening(cosine, sine)
        frequency = self.drive_frequency(parameters.frequency_logit)
        return BoundedDrive(frequency, mean * scale, cosine * scale[:, None], sine * scale[:, None])

    def unscaled(self, *series: np.ndarray) -> tuple[np.ndarray, ...]:
        mean, cosine, sine = series
        order = np.arange(1, self.harmonics + 1)
        slope = np.sum(order**2 * (cosine**2 + sine**2), axis=-1) / 2.0
        scale = STEEPNESS / np.sqrt(np.maximum(STEEPNESS**2 - slope, 1e-3 * STEEPNESS**2))
        return mean * scale, cosine * scale[:, None], sine * scale[:, None]
