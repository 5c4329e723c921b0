"""The strongest engine of the exact theory, whatever its efficiency."""

import jax
import jax.numpy as jnp
import numpy as np

from ..model import BoundedDrive, Machine
from ..solvers.exact import resolution_for
from ._exact_front import SEARCH_POINTS, parameters_of
from ._search import ExactModel, Targets, refine
from ._search_space import SearchSpace

EVALUATIONS = 60
ANY_SLOPE = 1e12
"""Entropy production that costs nothing: any efficiency is allowed."""


def maximise_power(
    machine: Machine,
    starts: list[BoundedDrive],
    frequency: tuple[float, float],
    evaluations: int = EVALUATIONS,
) -> tuple[BoundedDrive, float]:
    """Best drive with |g_l(t)| <= 1, by L-BFGS on the exact power from each of the given drives.

    Args:
        machine: any machine of the exact solver.
        starts: drives with the same number of searched harmonics.
        frequency: (low, high) of the drive frequency.
        evaluations: of power and gradient, for each start.

    Returns:
        The drive and its extracted power -P (negative if none of them extracts work).
    """
    space = SearchSpace("peak", machine.size, starts[0].cosine.shape[1], frequency)
    slowest = BoundedDrive(frequency[0], starts[0].mean, starts[0].cosine, starts[0].sine)
    model = ExactModel(machine, resolution_for(machine, slowest, SEARCH_POINTS))
    parameters = parameters_of(space, starts)
    powers = [float(model.rates(drive)[0]) for drive in starts]
    scale = max(abs(power) for power in powers)
    every = jnp.ones(len(starts))
    targets = Targets(ANY_SLOPE * every, scale * every, every)
    found, (power, _) = refine(model, space, targets, parameters, evaluations)
    best = int(np.nanargmax(np.asarray(power)))
    drive = space.drive(jax.tree.map(lambda leaf: jnp.asarray(np.asarray(leaf)[best]), found))
    return BoundedDrive(drive.frequency, drive.mean, drive.cosine, drive.sine), float(power[best])
