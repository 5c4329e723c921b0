"""How finely the exact solver resolves a period."""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpy.typing import ArrayLike, NDArray

from ...model import AbstractDrive, Machine, copies_of, damped_system
from ._time_grid import StepGrid, TimeGrid

POINTS_PER_HARMONIC, FEWEST_POINTS, MOST_POINTS = 8, 65, 513
STEP = 1.0 / 32.0
"""Largest product of a rate and the shortest step."""
LARGEST_STEP = 0.25
"""From here on a result counts as unresolved."""


class Resolution(NamedTuple):
    """Static settings of the exact solver: the same numbers mean the same compiled program.

    Attributes:
        points: points of time per period (made odd; for drives that jump a multiple of their steps).
        levels: doublings of the shortest step to the distance of points.
    """

    points: int
    levels: int

    def grid(self, steps: int) -> TimeGrid | StepGrid:
        """The points of time for a drive with so many steps, 0 if it is smooth."""
        if steps:
            return StepGrid(steps, -(-self.points // steps), self.levels)
        return TimeGrid(self.points + 1 - self.points % 2, self.levels)


def resolution_for(machine: Machine, drive: AbstractDrive, points: int | None = None) -> Resolution:
    """A resolution that suits this machine and drive; needs concrete numbers, runs on the host.

    Eight points per harmonic of the drive, at least 65 and at most 513; what is missing shows in
    `ExactSteadyState.truncation_error`. For a drive that jumps they only say where the state is shown: 65.
    Doublings until the fastest rate (norm of the dynamics) times the shortest step is below 1/32.
    """
    points = default_points(drive) if points is None else points
    return Resolution(points, int(levels_for(fastest_rate(machine, drive), drive.frequency, points)))


def default_points(drive: AbstractDrive) -> int:
    """Points of time per period that suit a drive."""
    harmonics = 0 if drive.steps else drive.default_harmonics
    return min(max(POINTS_PER_HARMONIC * harmonics, FEWEST_POINTS), MOST_POINTS)


def fastest_rate(machine: Machine, drive: AbstractDrive) -> Float[Array, ""]:
    """Largest norm of the dynamics within a period; works under jit and vmap."""
    samples = drive.steps or 32
    phases = (np.arange(samples) + 0.5) / samples
    coupling, slope = (part.T for part in drive.at_phases(phases))
    dynamics = damped_system(machine.frequencies, copies_of(machine, coupling, slope)).dynamics
    return jnp.max(jnp.sqrt(jnp.sum(dynamics**2, axis=(0, 1))))


def levels_for(rate: ArrayLike, frequency: ArrayLike, points: int) -> NDArray[np.int64]:
    """Doublings for fastest rates and drive frequencies, arrays of any one shape."""
    interval = 2.0 * np.pi / np.asarray(frequency) / points
    return np.maximum(1, np.ceil(np.log2(np.asarray(rate) * interval / STEP)).astype(int))
