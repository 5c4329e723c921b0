"""Drives whose couplings never exceed their undriven strength."""

from typing import ClassVar

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ...model import BoundedDrive
from ...numerics import twice
from ._drive_set import AbstractDriveSet, DriveParameters
from ._shapes import ScaledSeries, Shapes

STEEPNESS = 16.0
"""Bound on the root-mean-square slope of the series u: g = tanh u switches no faster than about 1/100 of a
period, so that the harmonics that solvers keep of a `BoundedDrive` suffice."""


def softening(cosine: Float[Array, "L N"], sine: Float[Array, "L N"]) -> Float[Array, " L"]:
    """By what the series of u is multiplied, so that its root-mean-square slope stays below STEEPNESS."""
    return _softened(_square_slope(cosine, sine))


def _square_slope(cosine: Float[Array, "L N"], sine: Float[Array, "L N"]) -> Float[Array, " L"]:
    order = jnp.arange(1, cosine.shape[-1] + 1)
    return jnp.sum(order**2 * (cosine**2 + sine**2), axis=-1) / 2.0


def _softened(square_slope: Float[Array, " L"]) -> Float[Array, " L"]:
    return STEEPNESS / jnp.sqrt(STEEPNESS**2 + square_slope)


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

    def shapes(self, parameters: DriveParameters, count: int) -> Shapes:
        """In closed form: the factor of a series depends on its square slope, a square of its numbers."""
        mean, cosine, sine, _ = parameters
        scale, slope, bend = twice(_softened, _square_slope(cosine, sine))
        square = jnp.arange(1, self.harmonics + 1) ** 2
        weight = jnp.concatenate([jnp.zeros(1), square, square])
        along = weight * jnp.concatenate([mean[:, None], cosine, sine], axis=1)
        first = slope[:, None] * along
        second = bend[:, None, None] * along[:, :, None] * along[:, None]
        second += slope[:, None, None] * jnp.diag(weight)
        series, shape, rise, curve = self.drive(parameters).bent_samples(count)
        return ScaledSeries(series.T, shape.T, rise.T, curve.T, (scale, first, second)).shapes(count)
