"""The power-efficiency front of the exact theory, searched from that of the weak one."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ..drives import Drive
from ..exact import PeriodicState, Resolution, resolution_for, steady_state
from ..machine import Machine
from ..weak import weak_validity
from ._checkpoint import Checkpoint
from ._dominance import non_dominated
from ._front import Front, FrontPoint, FrontSettings, Progress, engine_temperatures
from ._search import ExactModel, Targets, ranking, refine
from ._search_space import DriveParameters, SearchSpace

ROUNDS, EVALUATIONS = 4, 16
BATCH = 6
SEARCH_POINTS = 129


class _State(NamedTuple):
    """Everything that changes during a search: the candidates, one for each target, and what they reach."""

    parameters: DriveParameters
    power: Float[Array, " M"]
    entropy: Float[Array, " M"]
    aims: Float[Array, " M"]


def exact_front(
    machine: Machine,
    settings: FrontSettings,
    weak: Front,
    checkpoint: Checkpoint | None = None,
    progress: Progress = lambda done, total, what: None,
) -> Front:
    """Trace the front of efficiency and extracted power in the exact theory.

    Starts from the drives of the weak front, one for each target efficiency, and improves them by L-BFGS
    on exact gradients; drives that are parametrically unstable have no rates and are rejected by the line
    search. After every round each target takes the best drive found for any target. After the first, targets
    are set anew from the efficiency of the strongest exact engine upwards. There is no certificate: the exact
    powers are no quadratic forms of the drive. A local search: other families of drives than the weak ones
    may be better where the two theories differ much.

    Args:
        machine: as for `pareto_front`.
        settings: what to search; `starts` is not used.
        weak: front of the weak theory with the same settings.
        checkpoint: where to keep the state after each batch; a search resumed from it ends in the same front.
        progress: called on the host as ``progress(done, total, message)``.

    Raises:
        InputError: as `pareto_front`.
    """
    temperatures = engine_temperatures(machine)
    checkpoint = Checkpoint(None) if checkpoint is None else checkpoint
    if not weak.points:
        return Front((), None, temperatures.carnot)
    space = SearchSpace(settings.bound, machine.size, settings.harmonics, settings.frequency)
    slowest = eqx.tree_at(lambda d: d.frequency, weak.points[0].drive, jnp.asarray(settings.frequency[0]))
    model = ExactModel(machine, resolution_for(machine, slowest, SEARCH_POINTS))
    efficiencies = np.array([point.efficiency for point in weak.points])
    powers = np.array([-point.power for point in weak.points])
    count = len(efficiencies)
    unknown = jnp.full(count, jnp.nan)
    state = _State(
        parameters_of(space, [p.drive for p in weak.points]), unknown, unknown, jnp.asarray(efficiencies)
    )
    batches = -(-count // BATCH)
    saved = checkpoint.load(state)
    begin, state = (0, state) if saved is None else (saved[0] + 1, saved[1])
    for step in range(begin, ROUNDS * batches):
        progress(step, ROUNDS * batches, "improving by exact gradients")
        aims = np.asarray(state.aims)
        targets = _targets(temperatures.slope, aims, np.interp(aims, efficiencies, powers))
        chosen = np.minimum(np.arange(BATCH) + step % batches * BATCH, count - 1)
        part = jax.tree.map(lambda leaf, chosen=chosen: leaf[chosen], (state.parameters, targets))
        moved, rates = refine(model, space, part[1], part[0], EVALUATIONS)
        improved = jax.tree.map(np.asarray, (moved, *rates))
        old = (state.parameters, state.power, state.entropy)
        found = jax.tree.map(lambda leaf, new, chosen=chosen: leaf.at[chosen].set(new), old, improved)
        state = _State(found[0], found[1], found[2], state.aims)
        if (step + 1) % batches == 0:
            state = _next_round(state, targets, temperatures.carnot, temperatures.cold, step + 1 == batches)
        checkpoint.save(step, state)
    progress(ROUNDS * batches, ROUNDS * batches, "done")
    points = _points(machine, [space.drive(_pick(state.parameters, i)) for i in range(count)])
    return Front(points, None, temperatures.carnot)


def parameters_of(space: SearchSpace, drives: Sequence[Drive]) -> DriveParameters:
    """The parameters of these drives, stacked."""
    each = []
    for drive in drives:
        mean, cosine, sine = (np.asarray(getattr(drive, name)) for name in ("mean", "cosine", "sine"))
        each.append(space.parameters(mean, cosine, sine, float(drive.frequency)))
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *each)


def _pick(parameters: DriveParameters, i: int) -> DriveParameters:
    return jax.tree.map(lambda leaf: leaf[i], parameters)


def _targets(slope: Callable[[np.ndarray], np.ndarray], aims: np.ndarray, powers: np.ndarray) -> Targets:
    slopes = slope(aims)
    spacing = np.abs(np.diff(slopes)).mean() if len(slopes) > 1 else 0.1 * slopes[0]
    width = np.full(len(slopes), max(spacing, 1e-6 * slopes.max()))
    return Targets(
        jnp.asarray(slopes), jnp.asarray(np.maximum(powers, 1e-12 * powers.max())), jnp.asarray(width)
    )


def _next_round(state: _State, targets: Targets, carnot: float, cold: float, aim: bool) -> _State:
    """Every target gets the best candidate of all; `aim` first moves the targets to where engines are."""
    aims, power, entropy = np.asarray(state.aims), np.asarray(state.power), np.asarray(state.entropy)
    engines = np.where(np.isfinite(power), power, -np.inf) > 0.0
    if aim and engines.any():
        strongest = int(np.argmax(np.where(engines, power, -np.inf)))
        lowest = carnot / (1.0 + cold * entropy[strongest] / power[strongest])
        aims = np.linspace(min(lowest, aims.max()), aims.max(), len(aims))
    best = ranking((state.power, state.entropy), targets)[:, 0]
    kept = jax.tree.map(lambda leaf: leaf[best], (state.parameters, state.power, state.entropy))
    return _State(kept[0], kept[1], kept[2], jnp.asarray(aims))


_solve: Callable[[Machine, Drive, Resolution], PeriodicState] = eqx.filter_jit(steady_state)


def _points(machine: Machine, drives: list[Drive]) -> tuple[FrontPoint, ...]:
    """The engines among the drives by the exact solver at full resolution; dominated ones removed."""
    points = []
    for drive in drives:
        state = _solve(machine, drive, resolution_for(machine, drive))
        power, heat = float(state.power), np.asarray(state.heat_currents)
        if not power < 0.0:
            continue
        points.append(
            FrontPoint(
                efficiency=-power / float(heat[heat > 0.0].sum()),
                power=power,
                entropy_production_rate=float(state.entropy_production_rate),
                frequency=float(drive.frequency),
                certified_power=np.nan,
                gap=np.nan,
                truncation_error=float(state.truncation_error),
                weak_validity=weak_validity(machine, drive),
                drive=drive,
            )
        )
    kept = non_dominated(np.array([[p.efficiency, -p.power] for p in points]).reshape(-1, 2))
    return tuple(sorted((points[i] for i in kept), key=lambda p: p.efficiency))
