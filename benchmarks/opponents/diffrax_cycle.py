"""Opponent of the exact steady state: integrate the moments until the machine has forgotten its start.

The equations are those of `qtopt.solvers.time_domain`, with the same rational coth; what differs is that
the periodic state is reached by waiting, as a script around an integrator would. The oscillators start in no
state at all (all moments zero), which is forgotten at the slowest rate of the machine.
"""

from typing import Any

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optimistix as optx

from qtopt import AbstractDrive, Machine
from qtopt.solvers.time_domain._equations import Equations, Response
from qtopt.solvers.time_domain._solver import DirectKvaerno5
from qtopt.solvers.time_domain._trajectory import flows
from qtopt.thermal import coth_poles

POINTS = 128
"""in the last period, over which the power is averaged"""


def power_after(machine: Machine, drive: AbstractDrive, periods: int, tolerance: float) -> float:
    """Power averaged over the last of `periods` periods."""
    return float(_power(Equations(machine, drive, coth_poles(1e-10)), jnp.asarray(float(periods)), tolerance))


@eqx.filter_jit
def _power(equations: Equations, periods: jax.Array, tolerance: float) -> jax.Array:
    period = 2.0 * jnp.pi / equations.drive.frequency
    times = period * (periods - 1.0 + (np.arange(POINTS) + 1.0) / POINTS)

    def summed(_: Any, state: Response, __: Any) -> tuple[jax.Array, jax.Array]:
        return state.noise, jnp.sum(state.memory, axis=-1)

    solution = diffrax.diffeqsolve(
        diffrax.ODETerm(lambda time, state, field: field(time, state)),
        DirectKvaerno5(),
        0.0,
        period * periods,
        0.1 / jnp.max(equations.rates),
        equations.start(),
        args=equations,
        saveat=diffrax.SaveAt(ts=times, fn=summed),
        stepsize_controller=diffrax.PIDController(rtol=tolerance, atol=tolerance, norm=optx.max_norm),
        max_steps=None,
    )
    assert solution.ys is not None
    second, correlation = solution.ys
    still = jnp.zeros(second.shape[:2])  # all means stay zero
    powers, _ = jax.vmap(lambda *now: flows(equations, *now))(times, still, second, correlation)
    return jnp.mean(jnp.sum(powers, axis=-1))
