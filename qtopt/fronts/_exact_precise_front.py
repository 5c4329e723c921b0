"""Fronts of precision and of constancy in the exact theory, searched from those of the weak one."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from ..jobs import Store
from ..model import AbstractDrive, Machine, MonochromaticDrive
from ..solvers.exact import Resolution, check_fluctuations, fluctuations, resolution_for, steady_state
from ..thermal import coth_poles
from ._desiderata_front import DesiderataTargets
from ._exact_front import SEARCH_POINTS, parameters_of
from ._front import FrontSettings, Progress
from ._precise_search import PreciseFront, PrecisePoint, best_points, precise_point
from ._precision_front import PreciseTargets
from ._search import Model, Rates, Target, best_of_all, refine
from ._search_space import SearchSpace

ROUNDS, EVALUATIONS = 4, 12


class ExactPreciseModel(Model):
    """Exact output, its variance rate and the entropy production rate.

    Attributes:
        output: oscillator, or None for the total power.
    """

    machine: Machine
    resolution: Resolution = eqx.field(static=True)
    output: int | None = eqx.field(static=True)
    at_once: int | None = eqx.field(static=True, default=1, kw_only=True)

    def rates(self, drive: AbstractDrive) -> Rates:
        poles = coth_poles(1e-12)
        state = steady_state(self.machine, drive, self.resolution, poles)
        noise = fluctuations(self.machine, drive, self.resolution, poles)
        if self.output is None:
            return -state.power, noise.power, state.entropy_production_rate
        power, variance = (part[self.output] for part in (state.local_powers, noise.local_powers))
        return -power, variance, state.entropy_production_rate


def exact_precise_front(
    machine: Machine,
    settings: FrontSettings,
    weak: PreciseFront,
    output: int | None,
    checkpoint: Store | None = None,
    progress: Progress = lambda done, total, what: None,
) -> PreciseFront:
    """The front of `precision_front` (or, with output None, of `desiderata_front`) in the exact theory.

    Starts from the drives of the weak front and asks each for as much power (and, of engines, efficiency and
    constancy) as it had there; L-BFGS on exact gradients of P, D and S, after every round each target takes
    the best drive found for any. A local search without certificate: exact rates are no quadratic forms.

    Args:
        machine: baths with memory in the driven place, see `exact.fluctuations`.
        settings: what to search; `starts` is not used.
        weak: front of the weak theory with the same settings.
        output: oscillator l, from 0, whose work shall be precise; None: power, efficiency and constancy.
        checkpoint: where to keep the state after each round; a search resumed from it ends in the same front.
        progress: called on the host as ``progress(done, total, message)``.

    Raises:
        InputError: as `exact.fluctuations`.

    Source: physics notes, sections 4 and 6.
    """
    checkpoint = Store(None) if checkpoint is None else checkpoint
    if not weak.points:
        return PreciseFront((), None)
    check_exact_precise_front(machine)
    space = SearchSpace(settings.bound, machine.size, settings.harmonics, settings.frequency)
    slowest = eqx.tree_at(lambda d: d.frequency, weak.points[0].drive, jnp.asarray(settings.frequency[0]))
    model = ExactPreciseModel(machine, resolution_for(machine, slowest, SEARCH_POINTS), output)
    targets = _targets(weak, output)
    parameters = parameters_of(space, [point.drive for point in weak.points])
    saved = checkpoint.load(parameters)
    begin, parameters = (0, parameters) if saved is None else (saved[0] + 1, saved[1])
    for chunk in range(begin, ROUNDS):
        progress(chunk, ROUNDS, "improving by exact gradients")
        parameters, rates = refine(model, space, targets, parameters, EVALUATIONS)
        parameters = best_of_all(parameters, rates, targets)
        checkpoint.save(chunk, parameters)
    count = parameters.position.shape[0]
    drives: list[AbstractDrive] = [
        space.drive(jax.tree.map(lambda leaf, i=i: leaf[i], parameters)) for i in range(count)
    ]
    points = _points(machine, drives, output)
    progress(ROUNDS, ROUNDS, "done")
    return PreciseFront(points, None)


def check_exact_precise_front(machine: Machine) -> None:
    """Raise InputError where there are no exact fluctuations, before a search that would need them."""
    ones = [1.0] * machine.size
    check_fluctuations(machine, MonochromaticDrive(1.0, ones, ones))


def _targets(weak: PreciseFront, output: int | None) -> Target:
    """Each weak point as a target."""
    power = np.array([-point.output_power for point in weak.points])
    if output is not None:
        return PreciseTargets(jnp.asarray(power))
    entropy = np.array([point.entropy_production_rate for point in weak.points])
    noise = np.array([point.output_fluctuations for point in weak.points])
    return DesiderataTargets(jnp.asarray(entropy / power), jnp.asarray(noise / power), jnp.asarray(power))


@eqx.filter_jit
def _solve(machine: Machine, drive: AbstractDrive, resolution: Resolution) -> Any:
    return steady_state(machine, drive, resolution), fluctuations(machine, drive, resolution)


def _points(machine: Machine, drives: list[AbstractDrive], output: int | None) -> tuple[PrecisePoint, ...]:
    """At full resolution; unstable ones and those that extract nothing are left out."""
    points = []
    for drive in drives:
        state, noise = _solve(machine, drive, resolution_for(machine, drive))
        point = precise_point(machine, drive, state, noise, output)
        if point is not None:
            points.append(point)
    return best_points(points, output)
