"""The strongest engine of a theory, whatever its efficiency."""

import jax
import jax.numpy as jnp
import numpy as np

from ..model import BoundedDrive, Machine
from ..solvers import AbstractSolver, Exact
from .drive_sets import Peak
from .rates import Output, SolverRates
from .search import refine
from .tradeoffs import EfficiencyTarget

EVALUATIONS = 60
ANY_SLOPE = 1e12
"""Entropy production that costs nothing: any efficiency is allowed."""


def maximise_power(
    machine: Machine,
    starts: list[BoundedDrive],
    frequency_range: tuple[float, float],
    evaluations: int = EVALUATIONS,
    solver: AbstractSolver | None = None,
) -> tuple[BoundedDrive, float]:
    """The best drive with |g_l(t)| <= 1, by L-BFGS on the power from each of the given drives.

    Args:
        machine: any machine of the solver.
        starts: drives with the same number of searched harmonics.
        frequency_range: lowest and highest drive frequency.
        evaluations: of power and gradient, for each start.
        solver: by default `Exact()`.

    Returns:
        The drive and its extracted power -P (negative if none of them extracts work).
    """
    drives = Peak(starts[0].cosine.shape[1], frequency_range)
    slowest = BoundedDrive(frequency_range[0], starts[0].mean, starts[0].cosine, starts[0].sine)
    solver = (Exact() if solver is None else solver).for_search().settled(machine, slowest)
    output = Output(-jnp.ones(machine.size), jnp.zeros(()))
    model = SolverRates(machine, solver, output, needs_noise=False)
    scale = max(abs(float(model.rates(drive)[0])) for drive in starts)
    every = jnp.ones(len(starts))
    targets = EfficiencyTarget(ANY_SLOPE * every, scale * every, every)
    found, (power, _) = refine(model, drives, targets, drives.parameters_of(starts), evaluations)
    best = int(np.nanargmax(np.asarray(power)))
    drive = drives.drive(jax.tree.map(lambda leaf: jnp.asarray(np.asarray(leaf)[best]), found))
    return BoundedDrive(drive.frequency, drive.mean, drive.cosine, drive.sine), float(power[best])
