"""How many digits of the heat between several static baths survive in float64."""

from collections.abc import Callable

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..drives import Drive
from ..machine import Machine
from ..thermodynamics import SteadyState
from ._steady_state import steady_state

OTHER_UNIT = 1.37
RESOLUTION = 1e-6
"""what evaluations and scans demand"""


def heat_error(
    machine: Machine,
    drive: Drive,
    heat_currents: Float[Array, " B"],
    solve: Callable[[Machine, Drive], SteadyState] = steady_state,
) -> Float[Array, ""]:
    """Error of the heat currents, relative to the largest: their change in another unit of frequency.

    Heat between static baths loses digits when their rates differ widely. Rates scale as unit^2, round-off
    does not: the difference measures it. NaN where the currents are not finite. Works under jit and vmap;
    outside, pass the compiled solver.
    """
    if len(machine.static_baths) < 2:
        return jnp.zeros(())
    other = eqx.tree_at(lambda d: d.frequency, drive, drive.frequency * OTHER_UNIT)
    again = solve(machine.in_units(OTHER_UNIT), other).heat_currents / OTHER_UNIT**2
    largest = jnp.max(jnp.abs(heat_currents))
    error = jnp.max(jnp.abs(again - heat_currents)) / jnp.where(largest > 0.0, largest, 1.0)
    return jnp.where(largest == 0.0, 0.0, error)
