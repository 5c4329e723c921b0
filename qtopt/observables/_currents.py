"""All currents of a machine with their noise and their slope in the drive's frequency."""

from collections.abc import Callable
from typing import NamedTuple, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..model import AbstractDrive, Machine
from ..solvers import Fluctuations
from ._current import Current

State = TypeVar("State")


class Currents(NamedTuple):
    """Power (a scalar), local powers (L,) and heat currents (B,), the last None where they have no noise."""

    power: Current
    local_powers: Current
    heat_currents: Current | None


def with_slope(
    solve: Callable[[Machine, AbstractDrive], State], machine: Machine, drive: AbstractDrive
) -> tuple[State, State]:
    """A steady state and its derivative in Omega at a fixed shape of the drive (forward mode)."""

    def at(frequency: Array) -> State:
        return solve(machine, eqx.tree_at(lambda d: d.frequency, drive, frequency))

    return jax.jvp(at, (drive.frequency,), (jnp.ones_like(drive.frequency),))


def currents(state, slope, fluctuations: Fluctuations, frequency: Float[Array, ""]) -> Currents:
    """Put together what `with_slope` and a solver's `fluctuations` give.

    Args:
        state, slope: any state with local_powers, heat_currents and entropy_production_rate; its derivative.
        fluctuations: of the same machine.
        frequency: Omega.
    """

    def current(mean: Array, variance: Array, rate: Array) -> Current:
        entropy, omega = (jnp.broadcast_to(x, mean.shape) for x in (state.entropy_production_rate, frequency))
        return Current(mean, variance, entropy, omega, rate)

    heat = None
    if fluctuations.heat_currents is not None:
        heat = current(state.heat_currents, fluctuations.heat_currents, slope.heat_currents)
    return Currents(
        current(jnp.sum(state.local_powers), fluctuations.power, jnp.sum(slope.local_powers)),
        current(state.local_powers, fluctuations.local_powers, slope.local_powers),
        heat,
    )
