"""The exact solver: any coupling strength."""

from collections.abc import Iterator
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpy.typing import NDArray

from ...model import AbstractDrive, Machine, has_friction
from ...thermal import coth_poles
from ..base import AbstractSolver, AbstractSteadyState, Each, Fluctuations
from ._check import check_drive
from ._fluctuations import check_fluctuations, fluctuations
from ._resolution import Resolution, default_points, fastest_rate, levels_for
from ._result import ExactSteadyState
from ._steady_state import steady_state

LEVEL_STEP = 4
"""In batches, doublings are rounded up to multiples of this (small ones: twice this): few programs do."""
SMALLEST_GROUP = 512
"""Fewer machines join those that need more doublings; a program takes longer to compile."""

SEARCH_POINTS, SEARCH_ACCURACY = 129, 1e-12
"""Points of time per period and accuracy of the rational coth that are enough while a search goes on."""


class Exact(AbstractSolver):
    """Exact for harmonic oscillators and any bath with memory variables, at any coupling strength.

    Attributes:
        points: points of time per period; by default some that suit the drive.
        levels: doublings of the shortest step to the distance of points; by default as many as the fastest
            rate of the machine needs. Under jit it must be given: ``Exact().settled(machine, drive)``.
        accuracy: of the rational coth, relative; see `coth_poles`.
    """

    kind: ClassVar[str] = "exact"
    provides: ClassVar[frozenset[str]] = frozenset({"spectral_radius", "first_law_residual"})
    quadratic: ClassVar[bool] = False
    cost: ClassVar[int] = 32
    points: int | None = eqx.field(static=True, default=None)
    levels: int | None = eqx.field(static=True, default=None)
    accuracy: float = eqx.field(static=True, default=1e-15)

    def check(self, machine: Machine, drive: AbstractDrive) -> None:
        """Raise `InputError`: a drive of another size, or one that jumps and couples a memoryless bath."""
        check_drive(machine, drive)

    def check_fluctuations(self, machine: Machine, drive: AbstractDrive) -> None:
        """Raise `InputError`: as `check`, a drive that jumps, or a strictly Ohmic driven bath."""
        check_fluctuations(machine, drive)

    def steady_state(self, machine: Machine, drive: AbstractDrive) -> ExactSteadyState:
        """See `qtopt.solvers.exact.steady_state`."""
        return steady_state(machine, drive, self.resolution(machine, drive), coth_poles(self.accuracy))

    def fluctuations(self, machine: Machine, drive: AbstractDrive) -> Fluctuations:
        """See `qtopt.solvers.exact.fluctuations`."""
        return fluctuations(machine, drive, self.resolution(machine, drive), coth_poles(self.accuracy))

    def finite_momenta(self, machine: Machine) -> bool:
        """Whether no bath is strictly Ohmic."""
        return not has_friction(machine.baths)

    def phase_space_covariance(
        self, machine: Machine, drive: AbstractDrive, state: AbstractSteadyState
    ) -> Float[Array, "K 2L 2L"]:
        """Over the period."""
        assert isinstance(state, ExactSteadyState)
        return state.phase_space_covariance

    def resolution(self, machine: Machine, drive: AbstractDrive) -> Resolution:
        """How finely a period is resolved; what is open is chosen from the numbers of the machine."""
        points = default_points(drive) if self.points is None else self.points
        if self.levels is not None:
            return Resolution(points, self.levels)
        rate, frequency = np.asarray(_pace(machine, drive))
        return Resolution(points, int(levels_for(rate, frequency, points)))

    def settled(self, machine: Machine, drive: AbstractDrive) -> "Exact":
        """With points and levels for this machine, so that it can be traced."""
        return Exact(*self.resolution(machine, drive), self.accuracy)

    def for_search(self) -> "Exact":
        """With few points and poles."""
        points = SEARCH_POINTS if self.points is None else self.points
        return Exact(points, self.levels, max(self.accuracy, SEARCH_ACCURACY))

    def settled_each(
        self, count: int, drive: AbstractDrive, each: Each
    ) -> Iterator[tuple["Exact", NDArray[np.int64]]]:
        """Machines that need about as many doublings share a program."""
        points = default_points(drive) if self.points is None else self.points
        if self.levels is not None:
            yield Exact(points, self.levels, self.accuracy), np.arange(count)
            return
        step = LEVEL_STEP if count >= SMALLEST_GROUP else 2 * LEVEL_STEP
        levels = -(-levels_for(*each(_pace).T, points) // step) * step
        waiting = np.zeros(count, dtype=bool)
        for level in np.unique(levels):
            waiting |= levels == level
            if waiting.sum() >= SMALLEST_GROUP or level == levels.max():
                yield Exact(points, int(level), self.accuracy), np.flatnonzero(waiting)
                waiting[:] = False


@jax.jit
def _pace(machine: Machine, drive: AbstractDrive) -> Float[Array, " 2"]:
    """What the doublings depend on: the fastest rate of the machine and the frequency of its drive."""
    return jnp.stack([fastest_rate(machine, drive), drive.frequency])
