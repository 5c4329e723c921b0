"""How many digits of the heat between several static baths survive in float64.

Heat between static baths loses digits when their rates differ widely. Rates scale as unit^2, round-off does
not: their change in another unit of frequency measures the error.
"""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from ...model import AbstractDrive, Machine

OTHER_UNIT = 1.37
RESOLUTION = 1e-6
"""largest error that evaluations and scans accept"""


def in_other_units(machine: Machine, drive: AbstractDrive) -> tuple[Machine, AbstractDrive]:
    """The same machine and drive, all frequencies and temperatures in another unit."""
    other = eqx.tree_at(lambda d: d.frequency, drive, drive.frequency * OTHER_UNIT)
    return machine.in_units(OTHER_UNIT), other


def heat_error(heat_currents: Float[Array, " B"], in_other_units: Float[Array, " B"]) -> Float[Array, ""]:
    """Error of heat currents relative to the largest, from those `in_other_units`; NaN if one is."""
    largest = jnp.max(jnp.abs(heat_currents))
    error = jnp.max(jnp.abs(in_other_units / OTHER_UNIT**2 - heat_currents))
    return jnp.where(largest == 0.0, 0.0, error / jnp.where(largest > 0.0, largest, 1.0))
