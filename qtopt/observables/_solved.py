"""What a solver finds of one machine or of many: the numbers from which all quantities follow."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any

import jax
import numpy as np
from jax import Array
from numpy.typing import NDArray

from ..errors import InputError
from ..model import AbstractDrive, Machine, Protocol, logarithmic_negativity, longest_lived, state_space
from ..numerics import directional, on_host, xp
from ..solvers import AbstractSolver, AbstractSteadyState, Each
from ._current import Current, CurrentKind
from ._operating_mode import Performance, performance

EIGENVALUES, EIGENVECTORS = "eigenvalues", "eigenvectors"
"""Of the dynamics of the machine without its driven baths."""
PAIR = "pair"
"""What `known` says of a machine with at least two oscillators."""


@dataclass(frozen=True)
class Observation:
    """(machine, drive) -> the steady state and the numbers beside it, for one machine; to be traced.

    Also for drives that begin with an axis, where the solver takes them.

    Equal settings share compiled programs.

    Attributes:
        solver: with all settings settled.
        noisy: whether fluctuations are wanted and the solver gives them.
        entangled: whether the logarithmic negativity is known: there are two oscillators of finite momenta.
        sloped: whether derivatives in the drive frequency are wanted beside the fluctuations.
    """

    solver: AbstractSolver
    noisy: bool
    entangled: bool
    sloped: bool = True

    @staticmethod
    def of(solver: AbstractSolver, machine: Machine, noisy: bool) -> "Observation":
        """The observation that suits machines like this one, whose numbers are looked at."""
        return Observation(solver, noisy, machine.size > 1 and solver.finite_momenta(machine))

    def for_error(self) -> "Observation":
        """What of it is solved again, otherwise, to tell the errors: currents and their fluctuations."""
        return replace(self, solver=self.solver.for_error(), entangled=False, sloped=False)

    def __call__(
        self, machine: Machine, drive: AbstractDrive
    ) -> tuple[AbstractSteadyState, dict[str, Array]]:
        def solve(frequency: Array) -> AbstractSteadyState:
            return self.solver.steady_state(machine, drive.with_frequency(frequency))

        slope, dynamics, drives = None, state_space(machine).dynamics, drive.frequency.shape
        found = {"dynamics": xp.broadcast_to(dynamics, (*drives, *dynamics.shape))}
        if self.noisy and self.sloped:
            # the derivative in Omega at a fixed shape of the drive, in forward mode
            host = on_host(*jax.tree.leaves((machine, drive)))
            state, slope = directional(solve, drive.frequency, xp.ones_like(drive.frequency), host)
            found["local_power_slopes"] = slope.local_powers
        else:
            state = solve(drive.frequency)
        if self.noisy:
            noise = self.solver.fluctuations(machine, drive)
            found["local_power_covariance"] = noise.local_power_covariance
            if isinstance(drive, Protocol) and noise.work_covariance is not None:
                found["work_covariance"] = noise.work_covariance
            if noise.heat_currents is not None:
                found["heat_current_fluctuations"] = noise.heat_currents
                if slope is not None:
                    found["heat_current_slopes"] = slope.heat_currents
        if self.entangled:
            covariance = self.solver.phase_space_covariance(machine, drive, state)
            found["logarithmic_negativity"] = xp.broadcast_to(
                xp.mean(logarithmic_negativity(covariance)), drives
            )
        return state, found

    def each(self, machine: Machine, drives: Sequence[AbstractDrive]) -> list[Any]:
        """What is found of one machine under several drives of one structure, on NumPy arrays."""
        if len(drives) == 1 or not self.solver.takes_drives(machine):
            return [self(machine, drive) for drive in drives]
        found = self(machine, jax.tree.map(lambda *leaves: np.stack(leaves), *drives))
        return [jax.tree.map(lambda leaf, i=i: leaf[i], found) for i in range(len(drives))]


def averages(state: AbstractSteadyState, solver: AbstractSolver) -> dict[str, Any]:
    """The numbers of a steady state by name: those that every solver gives, and those it provides itself."""
    names = {item.name for item in fields(state)}
    wanted = names & {*AbstractSteadyState.__annotations__, *solver.provides}
    return {name: getattr(state, name) for name in wanted} | {"status": state.status}


def no_fluctuations(solver: AbstractSolver, machine: Machine, drive: AbstractDrive) -> str | None:
    """Why the solver gives no fluctuations of this machine, or None where it does."""
    try:
        solver.check_fluctuations(machine, drive)
    except InputError as error:
        return str(error)
    return None


@dataclass(frozen=True, eq=False)
class Solved:
    """One machine, or many along the leading axes of every array (here "..."); on the host, NumPy.

    Attributes:
        machine, drive: pytrees whose arrays have the leading axes too, in natural units.
        numbers: what was found in these units, by name.
        exponent: of the natural unit of each machine, see `exponent_of`.
    """

    machine: Machine
    drive: AbstractDrive
    numbers: dict[str, NDArray[Any]]
    exponent: NDArray[np.int64] = field(default_factory=lambda: np.zeros((), dtype=np.int64))

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self.numbers[name]

    @staticmethod
    def derive(
        solver: AbstractSolver, each: Each, machines: Machine, drives: AbstractDrive, numbers: dict[str, Any]
    ) -> "Solved":
        """Add what follows from the eigenvalues of the static dynamics of n machines, (n, ...) each."""
        values, vectors = np.linalg.eig(numbers["dynamics"])
        derived = solver.derived(each, machines, drives, values, vectors)
        return Solved(machines, drives, {**numbers, EIGENVALUES: values, EIGENVECTORS: vectors, **derived})

    @cached_property
    def performance(self) -> Performance:
        """Operating modes and efficiencies."""
        temperatures = np.stack([np.asarray(bath.temperature) for bath in self.machine.baths], axis=-1)
        return performance(temperatures, self._signed("local_powers"), self._signed("heat_currents"))

    def _signed(self, name: str) -> NDArray[np.float64]:
        """Currents whose signs are known; 0 for others."""
        error = self.numbers.get(f"{name}_round_off", 0.0)
        return np.where(np.abs(self[name]) > error, self[name], 0.0)

    @cached_property
    def longest_lived(self) -> dict[str, NDArray[np.float64]]:
        """Frequency, damping and phase of the mode that lives longest; NaN where no static bath damps any."""
        found = longest_lived(self[EIGENVALUES], self[EIGENVECTORS], self.machine.size)
        return {name: part if self.machine.static_baths else np.nan * part for name, part in found.items()}

    def current(self, kind: CurrentKind) -> Current:
        """The power (...), the local powers (..., L) or the heat currents (..., B), with their noise."""
        covariance, slopes = self["local_power_covariance"], self["local_power_slopes"]
        entropy = self["entropy_production_rate"], np.asarray(self.drive.frequency)
        if kind == "power":
            return Current(self["power"], covariance.sum((-2, -1)), *entropy, slopes.sum(-1))
        cost, frequency = (part[..., None] for part in entropy)
        if kind == "local power":
            noise = np.diagonal(covariance, axis1=-2, axis2=-1)
            return Current(self["local_powers"], noise, cost, frequency, slopes)
        noise, slopes = self["heat_current_fluctuations"], self["heat_current_slopes"]
        return Current(self["heat_currents"], noise, cost, frequency, slopes)


def known(machine: Machine, solver: AbstractSolver, names: Iterable[str]) -> frozenset[str]:
    """What quantities may need: the names of the numbers found and derived, and whether there is a pair."""
    pair = (PAIR,) if machine.size > 1 else ()
    return frozenset({*names, EIGENVALUES, *solver.provides, *pair})
