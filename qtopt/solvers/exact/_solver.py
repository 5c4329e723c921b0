"""The exact solver: any coupling strength."""

from collections.abc import Iterator
from typing import ClassVar

import equinox as eqx
import jax
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, Float
from numpy.typing import NDArray

from ...errors import InputError
from ...jobs import check_memory
from ...model import AbstractDrive, Machine, has_friction
from ...numerics import xp
from ...thermal import coth_poles
from ..base import AbstractSolver, AbstractSteadyState, Each, Fluctuations, computed, concrete, on_numpy
from ._check import check_drive
from ._fluctuations import check_fluctuations, fluctuations
from ._resolution import default_points, fastest_rate, grid_of, levels_for, memory_of
from ._result import ExactSteadyState
from ._steady_state import steady_state
from ._time_grid import AbstractGrid

LEVEL_STEP = 4
"""In batches, doublings are rounded up to multiples of this (small ones: twice this): few programs do."""
SMALLEST_GROUP = 512
"""Fewer machines join those that need more doublings; a program takes longer to compile."""
SEARCH_POINTS, SEARCH_ACCURACY = 129, 1e-12
"""Points of time per period and accuracy of the rational coth that are enough while a search goes on."""
OTHER_POINTS = 1.25
"""More points of time in the solution that tells the error."""


class Exact(AbstractSolver):
    """Exact for harmonic oscillators and any bath with memory variables, at any coupling strength.

    Settings that are equal mean the same compiled program.

    Attributes:
        points: points of time per period, made odd (for drives that jump a multiple of their steps); by
            default eight per harmonic of the drive, at least 65 and at most 513. What is missing shows in
            `ExactSteadyState.truncation_error`. For a drive that jumps they only say where the state is
            shown: 65.
        levels: doublings of the shortest step to the distance of points; by default until the fastest rate
            (norm of the dynamics) times the shortest step is below 1/32. Under jit they must be given:
            ``Exact().settled(machine, drive)``.
        accuracy: largest relative error of the rational coth; see `coth_poles`.

    Source: theory, section 5.
    """

    kind: ClassVar[str] = "exact"
    provides: ClassVar[frozenset[str]] = frozenset(
        {"spectral_radius", "first_law_residual", "relaxation_error", "systematic_error", "work"}
    )
    quadratic: ClassVar[bool] = False
    driven_baths_damp: ClassVar[bool] = True
    cost: ClassVar[int] = 32
    on_host: ClassVar[bool] = True
    points: int | None = eqx.field(static=True, default=None)
    levels: int | None = eqx.field(static=True, default=None)
    accuracy: float = eqx.field(static=True, default=1e-15)

    def check(self, machine: Machine, drive: AbstractDrive) -> None:
        """Raise `InputError`: a drive of another size, one that jumps with a memoryless bath; no memory."""
        check_drive(machine, drive)
        points = default_points(drive) if self.points is None else self.points
        check_memory(
            memory_of(machine, points),
            f"an exact machine of {machine.size} oscillators at {points} points of time",
            "take fewer oscillators or points of time, or the weak solver",
        )

    def check_fluctuations(self, machine: Machine, drive: AbstractDrive) -> None:
        """Raise `InputError`: as `check`, a drive that jumps, or a strictly Ohmic driven bath."""
        check_fluctuations(machine, drive)

    def steady_state(self, machine: Machine, drive: AbstractDrive) -> ExactSteadyState:
        """Exact thermodynamics of the periodic steady state, with any number of driven baths.

        The state space of oscillators and bath memories (n variables) obeys linear equations with periodic
        coefficients; propagators of 1/K of a period come from doubling (`_doubling`), the periodic state from
        one linear solve (`_periodic`). No frequency grid, no Newton iteration, no eigenvectors.
        Differentiable in every parameter (reverse and forward mode). For a drive that is constant between S
        jumps nothing is discretised in time (`_piecewise`); its work is done at the jumps.

        Cost: ``O(K r (n^3 + M n^2 + M n K))`` per bath for K points of time (some 8 per harmonic of the
        drive), r doublings (logarithmic in the fastest rate) and M ~ 80 poles of the coth; n = 2L + one per
        Drude and two per Lorentzian bath. With S steps: ``O(S r F M n^2)``, F = B + L(L+1)/2.

        Args:
            machine: any baths with memory variables, driven or static.
            drive: shapes of all driven couplings.

        Returns:
            The state. Where its `status` is not 0 its numbers are NaN; its `check` raises on the host.

        Raises:
            InputError: see `check`.
            RuntimeError: float64 is disabled.

        Source: theory, section 5.
        """
        return steady_state(machine, drive, self._grid(machine, drive), coth_poles(self.accuracy))

    def fluctuations(self, machine: Machine, drive: AbstractDrive) -> Fluctuations:
        """Variance rates of the local powers; heat currents are not given.

        ``P_l = z^T M_l z`` is quadratic in a Gaussian state, so that its correlations follow from those of z
        by Wick's theorem. Their integral over the delay obeys a chain of linear periodic equations for X, and
        X_j and X_ij of the thermal poles; X_j and X are eliminated by their adjoints q_j and Y.

        Cost: about 2 L + 2 steady states. Differentiable. NaN where there is no steady state.

        Raises:
            InputError: see `check_fluctuations`.
            RuntimeError: float64 is disabled.

        Source: theory (5.22) to (5.25).
        """
        return fluctuations(machine, drive, self._grid(machine, drive), coth_poles(self.accuracy))

    def finite_momenta(self, machine: Machine) -> bool:
        """Whether no bath is strictly Ohmic."""
        return not has_friction(machine.baths)

    def phase_space_covariance(
        self, machine: Machine, drive: AbstractDrive, state: AbstractSteadyState
    ) -> Float[Array, "K 2L 2L"]:
        """The covariance at all points of time of the period."""
        assert isinstance(state, ExactSteadyState)
        return state.phase_space_covariance

    def settled(self, machine: Machine, drive: AbstractDrive) -> "Exact":
        """This solver with points and levels for the numbers of this machine, so that it can be traced."""
        points = default_points(drive) if self.points is None else self.points
        if self.levels is not None:
            return Exact(points, self.levels, self.accuracy)
        host = concrete((machine, drive)) and on_numpy(self, machine, drive)
        pace = computed(_pace, machine, drive) if host else _traced_pace(machine, drive)
        if isinstance(pace, Tracer):
            raise InputError(
                "inside jax.jit, jax.vmap or jax.grad the time step of the exact solver must be settled "
                "before: use Exact().settled(machine, drive) with numbers of a typical machine."
            )
        rate, frequency = np.asarray(pace)
        return Exact(points, int(levels_for(rate, frequency, points)), self.accuracy)

    def _grid(self, machine: Machine, drive: AbstractDrive) -> AbstractGrid:
        settled = self.settled(machine, drive)
        assert settled.points is not None and settled.levels is not None
        return grid_of(settled.points, settled.levels, drive.steps)

    def for_search(self) -> "Exact":
        """A solver with few points of time and few poles."""
        points = SEARCH_POINTS if self.points is None else self.points
        return Exact(points, self.levels, max(self.accuracy, SEARCH_ACCURACY))

    def for_error(self) -> "Exact":
        """A settled solver with more points of time: the difference tells what too few leave out."""
        assert self.points is not None
        return Exact(int(OTHER_POINTS * self.points), self.levels, self.accuracy)

    def settled_each(
        self, count: int, drive: AbstractDrive, each: Each
    ) -> Iterator[tuple["Exact", NDArray[np.int64]]]:
        """Machines that need about as many doublings share a program."""
        points = default_points(drive) if self.points is None else self.points
        if self.levels is not None:
            yield Exact(points, self.levels, self.accuracy), np.arange(count)
            return
        step = LEVEL_STEP if count >= SMALLEST_GROUP else 2 * LEVEL_STEP
        rate, frequency = each(_pace).T
        levels = -(-levels_for(rate, frequency, points) // step) * step
        waiting = xp.zeros(count, dtype=bool)
        for level in np.unique(levels):
            waiting |= levels == level
            if waiting.sum() >= SMALLEST_GROUP or level == levels.max():
                yield Exact(points, int(level), self.accuracy), np.flatnonzero(waiting)
                waiting[:] = False


def _pace(machine: Machine, drive: AbstractDrive) -> Float[Array, " 2"]:
    """What the doublings depend on: the fastest rate of the machine and the frequency of its drive."""
    return xp.stack([fastest_rate(machine, drive), drive.frequency])


_traced_pace = jax.jit(_pace)
