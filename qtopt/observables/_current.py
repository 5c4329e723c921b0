"""A current with what the uncertainty relations need to know about it."""

from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

CurrentKind = Literal["power", "local power", "heat"]


class Current(NamedTuple):
    """Mean, noise and cost of a current X in a periodic steady state (hbar = k_B = 1).

    All fields are NumPy or jax arrays whose shapes broadcast, so that one object may hold many currents.

    Attributes:
        mean: X, work or heat per time, in units of omega_A^2.
        variance_rate: D_X = int dtau avg <{dX(t + tau), dX(t)}>/2, in units of omega_A^3.
        entropy_production_rate: S of the whole machine, in units of omega_A.
        drive_frequency: Omega.
        slope: dX/dOmega at a fixed shape of the drive, in units of omega_A.
    """

    mean: Any
    variance_rate: Any
    entropy_production_rate: Any
    drive_frequency: Any
    slope: Any


def uncertainty_product(current: Current) -> Any:
    """Q = D_X S / X^2, small for a precise current that costs little entropy; infinite at X = 0.

    Source: theory (8.1).
    """
    return _product(current, current.mean)


def periodic_product(current: Current) -> Any:
    """D_X S/(X - Omega dX/dOmega)^2, the derivative at a fixed shape of the drive; see `PeriodicBound`.

    Source: theory (8.4).
    """
    return _product(current, current.mean - current.drive_frequency * current.slope)


def _product(current: Current, mean: Any) -> Any:
    """D S over the square of a mean, infinite where that is 0; without a square that could overflow."""
    xp = jnp if isinstance(mean, jax.Array) else np
    known = mean != 0.0
    divisor = xp.where(known, mean, 1.0)
    with np.errstate(over="ignore", invalid="ignore"):
        found = (current.variance_rate / divisor) * (current.entropy_production_rate / divisor)
    return xp.where(known, found, xp.inf)
