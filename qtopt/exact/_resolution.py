"""How finely the exact solver resolves a period."""

import math
from typing import NamedTuple

import numpy as np

from ..drives import Drive
from ..machine import Machine
from ._system import machine_copies, system
from ._time_grid import StepGrid, TimeGrid

POINTS_PER_HARMONIC, FEWEST_POINTS, MOST_POINTS = 8, 65, 513
STEP = 1.0 / 32.0
"""Largest product of a rate and the shortest step."""


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


def resolution_for(machine: Machine, drive: Drive, points: int | None = None) -> Resolution:
    """A resolution that suits this machine and drive; needs concrete numbers, runs on the host.

    Eight points per harmonic of the drive, at least 65 and at most 513; more show in
    `PeriodicState.truncation_error`. For a drive that jumps the points only say where the state is shown: 65.
    Doublings until the fastest rate (norm of the dynamics) times the shortest step is below 1/32.
    """
    if points is None:
        harmonics = 0 if drive.steps else drive.default_harmonics
        points = min(max(POINTS_PER_HARMONIC * harmonics, FEWEST_POINTS), MOST_POINTS)
    samples = drive.steps or 32
    phases = (np.arange(samples) + 0.5) / samples
    coupling, slope = (part.T for part in drive.at_phases(phases))
    dynamics = np.asarray(system(machine.frequencies, machine_copies(machine, coupling, slope)).dynamics)
    fastest = max(np.linalg.norm(dynamics[:, :, k]) for k in range(samples))
    interval = 2.0 * np.pi / float(drive.frequency) / points
    return Resolution(points, max(1, math.ceil(math.log2(fastest * interval / STEP))))
