"""Rates of the search straight from a solver: no quadratic forms, so nothing is certified."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from ...model import AbstractDrive, Machine
from ...solvers import AbstractSolver
from ._output import Output
from ._rates import AbstractRates, Rates


class SolverRates(AbstractRates):
    """(X, S) or (X, D, S) of one machine in the theory of a solver.

    Not a number where there is no steady state, which a line search rejects, or where the points of time of a
    search do not resolve it: wild shapes may look like the best of machines there.

    Attributes:
        machine: the machine.
        solver: with all settings settled, see `AbstractSolver.settled`.
        output: X as a combination of currents.
        needs_noise: whether the variance rate D is wanted.
        coarsest: the largest truncation error that counts as resolved, relative to the largest current.
    """

    machine: Machine
    solver: AbstractSolver
    output: Output
    needs_noise: bool = eqx.field(static=True)
    coarsest: float = eqx.field(static=True, default=np.inf, kw_only=True)
    at_once: int | None = eqx.field(static=True, default=1, kw_only=True)

    def rates(self, drive: AbstractDrive) -> Rates:
        state = self.solver.steady_state(self.machine, drive)
        largest = jnp.maximum(jnp.max(jnp.abs(state.heat_currents)), jnp.abs(state.power))
        resolved = state.truncation_error <= self.coarsest * largest
        entropy = jnp.where(resolved, state.entropy_production_rate, jnp.nan)
        output = self.output.rate(jnp.where(resolved, state.local_powers, jnp.nan), entropy)
        if not self.needs_noise:
            return output, entropy
        noise = self.solver.fluctuations(self.machine, drive).local_power_covariance
        return output, self.output.variance(noise), entropy
