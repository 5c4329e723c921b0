"""Drives of a given mean square."""

from typing import ClassVar

import jax.numpy as jnp

from ...model import FourierDrive
from ._drive_set import AbstractDriveSet, DriveParameters


class Rms(AbstractDriveSet):
    """Drives with sum_l mean(g_l^2) = L/2: every one is a `FourierDrive` that is scaled onto the bound.

    A stronger drive at the same efficiency gives more power, so fronts lie on the bound.
    Source: theory (9.12).
    """

    kind: ClassVar[str] = "rms"
    certified_as: ClassVar[str] = "rms"

    def drive(self, parameters: DriveParameters) -> FourierDrive:
        mean, cosine, sine = parameters.mean, parameters.cosine, parameters.sine
        square = jnp.sum(mean**2) + jnp.sum(cosine**2 + sine**2) / 2.0
        scale = jnp.sqrt(mean.shape[-1] / 2.0 / square)
        frequency = self.drive_frequency(parameters.frequency_logit)
        return FourierDrive(frequency, mean * scale, cosine * scale, sine * scale)
