"""The strongest engine of a theory, whatever its efficiency."""

import jax
import jax.numpy as jnp
import numpy as np

from ..model import BoundedDrive, Machine
from ..numerics import on_device
from ..solvers import AbstractSolver, Exact
from .drive_sets import Peak
from .rates import Output, SolverRates
from .search import Refine, improved
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
    drive_set = Peak(starts[0].cosine.shape[1], frequency_range)
    # Settled at the lowest Omega, whose long period needs most doublings.
    slowest = starts[0].with_frequency(frequency_range[0])
    solver = (Exact() if solver is None else solver).for_search().settled(machine, slowest)
    output = Output.extracted(machine.size)
    rates_of = SolverRates(machine, solver, output, needs_noise=False)
    scale = max(abs(float(rates_of.rates(drive)[0])) for drive in starts)
    every = jnp.ones(len(starts))
    targets = EfficiencyTarget(ANY_SLOPE * every, scale * every, every)
    found, (power, _) = improved(
        Refine(evaluations), rates_of, drive_set, targets, drive_set.parameters_of(starts)
    )
    best = int(np.nanargmax(np.asarray(power)))
    drive = drive_set.drive(on_device(jax.tree.map(lambda leaf: np.asarray(leaf)[best], found)))
    return BoundedDrive(drive.frequency, drive.mean, drive.cosine, drive.sine), float(power[best])
