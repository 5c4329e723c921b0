"""How finely the exact solver resolves a period."""

import math
from typing import NamedTuple

import numpy as np

from ..drives import Drive
from ..machine import Machine
from ._system import machine_copies, system

POINTS_PER_HARMONIC, FEWEST_POINTS, MOST_POINTS = 8, 65, 513
STEP = 1.0 / 32.0
"""Largest product of a rate and the shortest step."""


class Resolution(NamedTuple):
    """Static settings of the exact solver: the same numbers mean the same compiled program.

    Attributes:
        points: points of time per period (made odd).
        levels: doublings of the shortest step to the distance of points.
    """

    points: int
    levels: int


def resolution_for(machine: Machine, drive: Drive, points: int | None = None) -> Resolution:
    """A resolution that suits this machine and drive; needs concrete numbers, runs on the host.

    Eight points per harmonic of the drive, at least 65 and at most 513; more show in
    `PeriodicState.truncation_error`. Doublings until the fastest rate (norm of the dynamics) times
    the shortest step is below 1/32.
    """
    if points is None:
        points = min(max(POINTS_PER_HARMONIC * drive.default_harmonics, FEWEST_POINTS), MOST_POINTS)
    phases = (np.arange(32) + 0.5) / 32
    coupling, slope = (part.T for part in drive.at_phases(phases))
    dynamics = np.asarray(system(machine.frequencies, machine_copies(machine, coupling, slope)).dynamics)
    fastest = max(np.linalg.norm(dynamics[:, :, k]) for k in range(len(phases)))
    interval = 2.0 * np.pi / float(drive.frequency) / points
    return Resolution(points, max(1, math.ceil(math.log2(fastest * interval / STEP))))
