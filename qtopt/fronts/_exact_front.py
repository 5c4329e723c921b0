"""The front of the exact theory, searched from that of the weak one."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ..jobs import Store
from ..model import AbstractDrive, Machine
from ..solvers.exact import ExactSteadyState, Resolution, resolution_for, steady_state
from ..solvers.weak import weak_validity
from ._dominance import non_dominated
from ._front import Front, FrontPoint, FrontSettings, Progress, front_point
from ._purpose import Purpose, purpose_of
from ._search import ExactModel, Targets, ranking, refine
from ._search_space import DriveParameters, SearchSpace

ROUNDS, EVALUATIONS = 4, 16
BATCH = 6
SEARCH_POINTS = 129


class _State(NamedTuple):
    """Everything that changes during a search: the candidates, one for each target, and what they reach."""

    parameters: DriveParameters
    output: Float[Array, " M"]
    entropy: Float[Array, " M"]
    aims: Float[Array, " M"]


def exact_front(
    machine: Machine,
    settings: FrontSettings,
    weak: Front,
    checkpoint: Store | None = None,
    progress: Progress = lambda done, total, what: None,
) -> Front:
    """Trace the front of efficiency and output in the exact theory.

    Starts from the drives of the weak front, one for each target efficiency, and improves them by L-BFGS
    on exact gradients; drives that are parametrically unstable have no rates and are rejected by the line
    search. Targets begin at the efficiency that the strongest weak drive really has. After every round each
    target takes the best drive found for any target; after the first, targets are set anew from the
    efficiency of the strongest exact machine upwards. There is no certificate: exact rates are no quadratic
    forms of the drive. A local search: other families of drives than the weak ones may be better where the
    two theories differ much.

    Args:
        machine: as for `pareto_front`.
        settings: what to search; `starts` is not used.
        weak: front of the weak theory with the same settings.
        checkpoint: where to keep the state after each batch; a search resumed from it ends in the same front.
        progress: called on the host as ``progress(done, total, message)``.

    Raises:
        InputError: as `pareto_front`.
    """
    purpose = purpose_of(machine, settings.purpose)
    checkpoint = Store(None) if checkpoint is None else checkpoint
    if not weak.points:
        return Front((), None, purpose)
    space = SearchSpace(settings.bound, machine.size, settings.harmonics, settings.frequency)
    slowest = eqx.tree_at(lambda d: d.frequency, weak.points[0].drive, jnp.asarray(settings.frequency[0]))
    model = ExactModel(machine, resolution_for(machine, slowest, SEARCH_POINTS), gain=purpose.gain)
    efficiencies = np.array([point.efficiency for point in weak.points])
    outputs = np.array([point.output for point in weak.points])
    count = len(efficiencies)
    unknown = jnp.full(count, jnp.nan)
    drives = [point.drive for point in weak.points]
    state = _State(parameters_of(space, drives), unknown, unknown, jnp.asarray(efficiencies))
    batches = -(-count // BATCH)
    saved = checkpoint.load(state)
    begin, state = (0, state) if saved is None else (saved[0] + 1, saved[1])
    if saved is None:
        exact = [_point(machine, purpose, drive, model.resolution) for drive in drives]
        aims = _first_aims([point for point in exact if point is not None], efficiencies)
        state = state._replace(aims=jnp.asarray(aims))
    for step in range(begin, ROUNDS * batches):
        progress(step, ROUNDS * batches, "improving by exact gradients")
        aims = np.asarray(state.aims)
        targets = _targets(purpose, aims, np.interp(aims, efficiencies, outputs))
        chosen = np.minimum(np.arange(BATCH) + step % batches * BATCH, count - 1)
        part = jax.tree.map(lambda leaf, chosen=chosen: leaf[chosen], (state.parameters, targets))
        moved, rates = refine(model, space, part[1], part[0], EVALUATIONS)
        improved = jax.tree.map(np.asarray, (moved, *rates))
        old = (state.parameters, state.output, state.entropy)
        found = jax.tree.map(lambda leaf, new, chosen=chosen: leaf.at[chosen].set(new), old, improved)
        state = _State(found[0], found[1], found[2], state.aims)
        if (step + 1) % batches == 0:
            state = _next_round(state, targets, purpose, step + 1 == batches)
        checkpoint.save(step, state)
    progress(ROUNDS * batches, ROUNDS * batches, "done")
    points = _points(machine, purpose, [space.drive(_pick(state.parameters, i)) for i in range(count)])
    return Front(points, None, purpose)


def parameters_of(space: SearchSpace, drives: Sequence[AbstractDrive]) -> DriveParameters:
    """The parameters of these drives, stacked."""
    each = []
    for drive in drives:
        mean, cosine, sine = (np.asarray(getattr(drive, name)) for name in ("mean", "cosine", "sine"))
        each.append(space.parameters(mean, cosine, sine, float(drive.frequency)))
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *each)


def _first_aims(exact: Sequence[FrontPoint], efficiencies: np.ndarray) -> np.ndarray:
    """From the efficiency that the strongest weak drive really has to the largest of the weak front.

    Aimed at the weak efficiencies alone, drives that are strong but less efficient in the exact theory would
    be traded for weaker ones in the first round.
    """
    if not exact:
        return efficiencies
    strongest = max(exact, key=lambda point: point.output)
    top = efficiencies.max()
    return np.linspace(min(strongest.efficiency, efficiencies.min()), top, len(efficiencies))


def _pick(parameters: DriveParameters, i: int) -> DriveParameters:
    return jax.tree.map(lambda leaf: leaf[i], parameters)


def _targets(purpose: Purpose, aims: np.ndarray, outputs: np.ndarray) -> Targets:
    slopes = purpose.slope(aims)
    spacing = np.abs(np.diff(slopes)).mean() if len(slopes) > 1 else 0.1 * slopes[0]
    width = np.full(len(slopes), max(spacing, 1e-6 * slopes.max()))
    return Targets(
        jnp.asarray(slopes), jnp.asarray(np.maximum(outputs, 1e-12 * outputs.max())), jnp.asarray(width)
    )


def _next_round(state: _State, targets: Targets, purpose: Purpose, aim: bool) -> _State:
    """Every target gets the best candidate of all; `aim` first moves the targets to where machines are."""
    aims, output, entropy = np.asarray(state.aims), np.asarray(state.output), np.asarray(state.entropy)
    useful = np.where(np.isfinite(output), output, -np.inf) > 0.0
    if aim and useful.any():
        strongest = int(np.argmax(np.where(useful, output, -np.inf)))
        lowest = purpose.efficiency(entropy[strongest] / output[strongest])
        aims = np.linspace(min(lowest, aims.max()), aims.max(), len(aims))
    best = ranking((state.output, state.entropy), targets)[:, 0]
    kept = jax.tree.map(lambda leaf: leaf[best], (state.parameters, state.output, state.entropy))
    return _State(kept[0], kept[1], kept[2], jnp.asarray(aims))


_solve: Callable[[Machine, AbstractDrive, Resolution], ExactSteadyState] = eqx.filter_jit(steady_state)


def _point(
    machine: Machine, purpose: Purpose, drive: AbstractDrive, resolution: Resolution
) -> FrontPoint | None:
    """One drive by the exact solver, None when it does not serve the purpose."""
    state = _solve(machine, drive, resolution)
    return front_point(machine, purpose, drive, state, weak_validity(machine, drive))


def _points(machine: Machine, purpose: Purpose, drives: list[AbstractDrive]) -> tuple[FrontPoint, ...]:
    """The drives that serve the purpose by the exact solver at full resolution; dominated ones removed."""
    found = [_point(machine, purpose, drive, resolution_for(machine, drive)) for drive in drives]
    points = [point for point in found if point is not None]
    kept = non_dominated(np.array([[p.efficiency, p.output] for p in points]).reshape(-1, 2))
    return tuple(sorted((points[i] for i in kept), key=lambda p: p.efficiency))
