"""How finely the exact solver resolves a period."""

import numpy as np
from jaxtyping import Array, Float
from numpy.typing import ArrayLike, NDArray

from ...model import AbstractDrive, Machine, actuators, course, damped_system, moving
from ...numerics import xp
from ._time_grid import AbstractGrid, StepGrid, TimeGrid

POINTS_PER_HARMONIC, FEWEST_POINTS, MOST_POINTS = 8, 65, 513
STEP = 1.0 / 32.0
"""Largest product of a rate and the shortest step."""
LARGEST_STEP = 0.25
"""From here on a result counts as unresolved."""

ROUND_OFF = 8.0, 0.12, 0.25
"""Of theory (5.26): an upper bound of what was found for 17 to 769 points and periods of 0.2 to 6e6/omega."""
UNKNOWN = 1e-2
"""Of the slowest relaxation: where round-off leaves more of it unknown, a result counts as unresolved."""


def default_points(drive: AbstractDrive) -> int:
    """Points of time per period that suit a drive."""
    harmonics = 0 if drive.steps else drive.default_harmonics
    return min(max(POINTS_PER_HARMONIC * harmonics, FEWEST_POINTS), MOST_POINTS)


def fastest_rate(machine: Machine, drive: AbstractDrive) -> Float[Array, ""]:
    """Largest norm of the dynamics within a period; works under jit and vmap."""
    samples = drive.steps or 32
    phases = (np.arange(samples) + 0.5) / samples
    acting = actuators(machine, drive)
    at = moving(machine, acting, course(acting, *drive.at_phases(phases), machine.size))
    dynamics = damped_system(machine.frequencies, at.stiffness, at.copies).dynamics
    return xp.max(xp.sqrt(xp.sum(dynamics**2, axis=(0, 1))))


def lost_in_a_period(points: int, angle: Float[Array, ""]) -> Float[Array, ""]:
    """What round-off may change ln |Floquet multiplier| by, for a phase omega T of the fastest oscillation.

    Source: theory (5.26).
    """
    one, each, turn = ROUND_OFF
    return np.finfo(float).eps * points * (one + each * points + turn * angle)


def levels_for(rate: ArrayLike, frequency: ArrayLike, points: int) -> NDArray[np.int64]:
    """Doublings for fastest rates and drive frequencies, arrays of any one shape."""
    interval = 2.0 * np.pi / np.asarray(frequency) / points
    return np.maximum(1, np.ceil(np.log2(np.asarray(rate) * interval / STEP)).astype(int))


def memory_of(machine: Machine, points: int) -> float:
    """Bytes that one steady state takes, from the shapes of arrays alone.

    Measured for up to 30 oscillators, 4 baths and 257 points: 0.75 to 1.3 of it; independent oscillators and
    their groups are worked on side by side.
    """
    groups = machine.groups()
    memories = sum(bath.spectral_density.memory().noise.shape[0] for bath in machine.baths)
    variables = 2 * machine.size // len(groups) + memories
    return len(groups) * 8.0 * points * (5000.0 + variables**2 * (12.0 + 14.0 * len(machine.baths)))


def grid_of(points: int, levels: int, steps: int) -> AbstractGrid:
    """The points of time for a drive with so many steps: an odd number if it is smooth (0 steps)."""
    if steps:
        return StepGrid(-(-points // steps) * steps, levels, steps)
    return TimeGrid(points + 1 - points % 2, levels)
