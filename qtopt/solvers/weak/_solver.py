"""The weak theory as a solver."""

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any, ClassVar

import equinox as eqx
import numpy as np
from jaxtyping import Array, Float, Int
from numpy.typing import NDArray

from ...errors import InputError
from ...model import AbstractDrive, Machine, has_friction
from ...numerics import xp
from ...programs import kept_program
from ...thermal import coth_poles
from ..base import (
    UNRESOLVED,
    AbstractSolver,
    AbstractSteadyState,
    Each,
    Fluctuations,
    computed,
    on_numpy,
)
from ._check import check_baths, check_machine
from ._fluctuations import check_fluctuations, fluctuations
from ._kernels import phase_space_covariance
from ._result import WeakSteadyState
from ._steady_state import steady_state
from ._validity import Resonances, feedback
from ._window import with_window_currents

OTHER_UNIT = 1.37
RESOLUTION = 1e-6
"""Largest relative error of heat currents that is accepted."""


class Weak(AbstractSolver):
    """Second order in the driven bath, all orders in the static ones.

    Attributes:
        harmonics: how many harmonics of the drive are kept; by default `drive.default_harmonics`.
        accuracy: largest relative error of the rational coth; see `coth_poles`.

    Source: theory, section 3.
    """

    kind: ClassVar[str] = "weak"
    provides: ClassVar[frozenset[str]] = frozenset({"weak_validity", "weak_shift", "systematic_error"})
    quadratic: ClassVar[bool] = True
    cost: ClassVar[int] = 1
    on_host: ClassVar[bool] = True
    harmonics: int | None = eqx.field(static=True, default=None)
    accuracy: float = eqx.field(static=True, default=1e-15)

    def takes_drives(self, machine: Machine) -> bool:
        """Where no heat flows between static baths."""
        return len(machine.static_baths) == 1

    def check(self, machine: Machine, drive: AbstractDrive) -> None:
        """Raise `InputError`: see `check_machine`."""
        check_machine(machine, drive)

    def check_baths(self, machine: Machine) -> None:
        """Raise `InputError`: not exactly one driven bath, no static bath."""
        check_baths(machine)

    def check_fluctuations(self, machine: Machine, drive: AbstractDrive) -> None:
        """Raise `InputError`: as `check`, or a drive whose work has no finite variance rate."""
        check_fluctuations(machine, drive)

    def steady_state(self, machine: Machine, drive: AbstractDrive) -> WeakSteadyState:
        """The steady state with these settings, see `qtopt.solvers.weak.steady_state`: theory (3.11)."""
        return steady_state(machine, drive, self.harmonics, coth_poles(self.accuracy))

    def fluctuations(self, machine: Machine, drive: AbstractDrive) -> Fluctuations:
        """The variance rates with these settings, see `qtopt.solvers.weak.fluctuations`: theory (3.15)."""
        return fluctuations(machine, drive, self.harmonics, coth_poles(self.accuracy))

    def finite_momenta(self, machine: Machine) -> bool:
        """Whether no static bath is strictly Ohmic."""
        return not has_friction(machine.static_baths)

    def phase_space_covariance(
        self, machine: Machine, drive: AbstractDrive, state: AbstractSteadyState
    ) -> Float[Array, "1 2L 2L"]:
        """The covariance of the static machine: theory (3.3), (3.4)."""
        return phase_space_covariance(machine, coth_poles(self.accuracy))[None]

    def status(self, machine: Machine, drive: AbstractDrive, state: AbstractSteadyState) -> Int[Array, ""]:
        """Unresolved where float64, or the rational coth, does not give the heat."""
        assert isinstance(state, WeakSteadyState)
        resolved = state.systematic_error <= RESOLUTION * xp.max(xp.abs(state.heat_currents))
        if len(machine.static_baths) > 1:
            resolved = resolved & (_heat_error(self, machine, drive, state) < RESOLUTION)
        return xp.where((state.status == 0) & ~resolved, UNRESOLVED, state.status)

    def verify(self, machine: Machine, drive: AbstractDrive, state: AbstractSteadyState) -> None:
        """Raise `InputError`: an undamped mode, or heat currents that float64 does not resolve."""
        state.check()
        if len(machine.static_baths) == 1:
            return
        error = float(self._heat_error(machine, drive, state))
        if not error < RESOLUTION:
            raise InputError(
                "the heat currents between several static baths must be resolved to 1e-6, but with these "
                f"rates float64 gives them to {error:.0e} only: bring dampings and cut-offs closer together, "
                "or merge baths of one temperature."
            )

    def _heat_error(self, machine: Machine, drive: AbstractDrive, state: AbstractSteadyState) -> Any:
        assert isinstance(state, WeakSteadyState)
        if not on_numpy(self, machine, drive):
            return _traced_heat_error(self, machine, drive, state)
        return computed(lambda m, d: _heat_error(self, m, d, state), machine, drive)

    def derived(
        self,
        each: Each,
        machines: Machine,
        drives: AbstractDrive,
        eigenvalues: NDArray[Any],
        eigenvectors: NDArray[Any],
    ) -> dict[str, NDArray[Any]]:
        """How weak the driven bath is: theory (3.27), (3.28)."""
        resonances = Resonances(eigenvalues, eigenvectors)
        found = each(_feedback(self.harmonics), machines, drives, resonances.frequencies)
        energies, widening, shift = map(np.asarray, found)
        return {
            "weak_validity": resonances.broadening(energies, widening),
            "weak_shift": resonances.shift(energies, shift),
        }

    def with_more_digits(
        self, machine: Machine, drive: AbstractDrive, state: AbstractSteadyState
    ) -> AbstractSteadyState:
        """The state with currents from the window of frequencies that carry them, for one static bath."""
        if len(machine.static_baths) > 1 or not isinstance(state, WeakSteadyState):
            return state
        return with_window_currents(machine, drive, state)


@lru_cache
def _feedback(harmonics: int | None) -> Callable[..., Any]:
    """The same function for equal settings, so that programs are shared."""
    return partial(feedback, harmonics=harmonics)


def _heat_error(solver: Weak, machine: Machine, drive: AbstractDrive, state: WeakSteadyState) -> Array:
    """Error of the heat currents relative to the largest; NaN where one is.

    Heat between static baths loses digits when their rates differ widely. Rates scale as unit^2, round-off
    does not: their change in another unit of frequency measures the error. What the end of the rational coth
    leaves is the same in every unit, and added.
    """
    other = drive.with_frequency(drive.frequency * OTHER_UNIT)
    again = solver.steady_state(machine.in_units(OTHER_UNIT), other).heat_currents / OTHER_UNIT**2
    largest = xp.max(xp.abs(state.heat_currents))
    error = xp.max(xp.abs(again - state.heat_currents)) + state.systematic_error
    return xp.where(largest == 0.0, 0.0, error / xp.where(largest > 0.0, largest, 1.0))


_traced_heat_error = kept_program(_heat_error)
