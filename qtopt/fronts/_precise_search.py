"""What the fronts of precision and of constancy share: their points, their starts and their search."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float

from ..jobs import Store
from ..model import AbstractDrive, Machine
from ..solvers import Fluctuations, WeakSteadyState
from ..solvers.exact import ExactSteadyState
from ..solvers.weak import fluctuations, steady_state, weak_validity
from ._dominance import non_dominated
from ._front import FrontSettings
from ._search import Model, P, Rates, Space, Target, best_and_neighbours, best_of_all, explore, refine
from ._search_space import DriveParameters, SearchSpace
from .certificates import PrecisionCertificate

Step = Callable[..., tuple[Any, Rates]]
"""(model, space, targets, parameters) -> parameters, rates: `explore` or `refine`"""
STEPS: tuple[Step, ...] = (explore, explore, *(refine,) * 8)


class PrecisePoint(NamedTuple):
    """One non-dominated drive; rates as in `WeakSteadyState`.

    Attributes:
        output_power: P of the output, negative: extracted.
        output_fluctuations: its variance rate D.
        uncertainty_product: Q = D S/P^2 of the output.
        certified_product: no drive within the bound that extracts as much has a smaller Q (nan: unknown).
        efficiency: of an engine -P/(absorbed heat), of a converter -P_out/(supplied power); nan otherwise.
        power: P of all oscillators.
        numbers: what the varied numbers of the machine are; empty where none vary.
    """

    output_power: float
    output_fluctuations: float
    uncertainty_product: float
    certified_product: float
    efficiency: float
    power: float
    entropy_production_rate: float
    frequency: float
    truncation_error: float
    weak_validity: float
    drive: AbstractDrive
    numbers: tuple[float, ...] = ()


@dataclass(frozen=True)
class PreciseFront:
    """Points by rising extracted power; the certificate of a precision-power front, else None."""

    points: tuple[PrecisePoint, ...]
    certificate: PrecisionCertificate | None


def starts(
    space: SearchSpace, certificate: PrecisionCertificate, settings: FrontSettings, targets: int
) -> DriveParameters:
    """Starts for every target: random, and every second one the certificate's best harmonic plus noise."""
    nu, pattern = jnp.asarray(certificate.driving_frequency), jnp.asarray(certificate.pattern)
    return _starts(jax.random.key(settings.seed), space, settings.starts * targets, nu, pattern)


@eqx.filter_jit
def _starts(
    key: Array, space: SearchSpace, number: int, nu: Float[Array, ""], pattern: Complex[Array, " L"]
) -> DriveParameters:
    low, high = space.frequency
    shapes, spread, draw, phase, size = jax.random.split(key, 5)
    frequency = jnp.exp(jax.random.uniform(spread, (number,), minval=jnp.log(low), maxval=jnp.log(high)))
    first = jnp.ceil(nu / high * (1.0 - 1e-9)).astype(int)
    last = jnp.minimum(jnp.floor(nu / low * (1.0 + 1e-9)).astype(int), space.harmonics)
    k = jax.random.randint(draw, (number,), first, jnp.maximum(last, first) + 1)
    informed = (jnp.arange(number) % 2 == 0) & (first <= space.harmonics)
    random = space.random(shapes, jnp.where(informed, jnp.clip(nu / k, low, high), frequency))
    turned = pattern * jnp.exp(2j * jnp.pi * jax.random.uniform(phase, (number, 1)))
    turned = turned * jax.random.uniform(size, (number, 1), minval=0.3, maxval=3.0)
    here = (jnp.arange(1, space.harmonics + 1) == k[:, None])[:, None, :]

    def mixed(noise: Array, part: Array) -> Array:
        return jnp.where(informed[:, None, None], 0.05 * noise + here * part[:, :, None], noise)

    mean = jnp.where(informed[:, None], 0.05 * random.mean, random.mean)
    # g_n = (cosine + i sine)/2
    return DriveParameters(
        mean, mixed(random.cosine, turned.real), mixed(random.sine, turned.imag), random.position
    )


def search(
    model: Model,
    space: Space[P],
    targets: Target,
    parameters: P,
    steps: Sequence[Step],
    checkpoint: Store | None,
    progress: Callable[[int], None],
) -> P:
    """The best candidate for each target after the chunks `steps`, each followed by ``progress(chunk)``.

    After a chunk, unless the next one explores further, each target goes on with its best candidate and its
    neighbours'. The whole state is the parameters, which is what `checkpoint` keeps.
    """
    checkpoint = Store(None) if checkpoint is None else checkpoint
    saved = checkpoint.load(parameters)
    begin, parameters = (0, parameters) if saved is None else (saved[0] + 1, saved[1])
    for chunk in range(begin, len(steps)):
        each = repeated(targets, parameters.position.shape[0])
        parameters, rates = steps[chunk](model, space, each, parameters)
        if chunk == len(steps) - 1:
            parameters = best_of_all(parameters, rates, targets)
        elif steps[chunk + 1] is not explore:
            parameters = best_and_neighbours(space, parameters, rates, targets)
        checkpoint.save(chunk, parameters)
        progress(chunk)
    return parameters


def repeated(targets: Target, candidates: int) -> Target:
    """Each target for as many consecutive candidates as there are for one."""
    count = jax.tree.leaves(targets)[0].shape[0]
    return jax.tree.map(lambda leaf: jnp.repeat(leaf, candidates // count), targets)


class OneMachine(eqx.Module):
    """The machine whose numbers do not vary, as a function of no numbers."""

    machine: Machine

    def __call__(self, numbers: Float[Array, "0"]) -> Machine:
        return self.machine


@eqx.filter_jit
def _solve(build: Callable[[Array], Machine], drives: AbstractDrive, numbers: Float[Array, "B V"]) -> Any:
    """Steady states and fluctuations of work, one machine after the other."""

    def one(inputs: tuple[AbstractDrive, Array]) -> Any:
        machine = build(inputs[1])
        noise = fluctuations(machine, inputs[0])
        return steady_state(machine, inputs[0]), replace(noise, heat_currents=None)

    return jax.lax.map(one, (drives, numbers))


def evaluated(
    build: Callable[[Array], Machine], drives: AbstractDrive, numbers: Float[Array, "B V"], output: int | None
) -> list[PrecisePoint]:
    """Every candidate by the solver itself; those that extract nothing are left out.

    Args:
        build: the machine with its varied numbers.
        drives: a batch of B drives.
        numbers: for each drive.
        output: oscillator, or None for the total power.
    """
    solved = jax.tree.map(np.asarray, (drives, *_solve(build, drives, numbers)))
    points = []
    for i in range(numbers.shape[0]):
        drive, state, noise = jax.tree.map(lambda leaf, i=i: leaf[i], solved)
        point = precise_point(build(numbers[i]), drive, state, noise, output)
        if point is not None:
            points.append(point._replace(numbers=tuple(numbers[i].tolist())))
    return points


def best_points(points: Sequence[PrecisePoint], output: int | None) -> tuple[PrecisePoint, ...]:
    """The non-dominated ones by rising power: in power and Q, or (None) power, efficiency, constancy."""

    def merits(p: PrecisePoint) -> tuple[float, ...]:
        if output is None:
            return -p.output_power, p.efficiency, p.output_fluctuations / p.output_power
        return -p.output_power, -p.uncertainty_product

    kept = non_dominated(np.array([merits(p) for p in points]).reshape(-1, 3 if output is None else 2))
    return tuple(sorted((points[i] for i in kept), key=lambda p: -p.output_power))


def precise_point(
    machine: Machine,
    drive: AbstractDrive,
    state: WeakSteadyState | ExactSteadyState,
    noise: Fluctuations,
    output: int | None,
) -> PrecisePoint | None:
    """One drive without certificate, or None when it extracts nothing; `output` as in `evaluated`."""
    local, heat = np.asarray(state.local_powers), np.asarray(state.heat_currents)
    power = float(local.sum() if output is None else local[output])
    variance = float(noise.power if output is None else noise.local_powers[output])
    if not power < 0.0:
        return None
    entropy = float(state.entropy_production_rate)
    spent = heat[heat > 0.0].sum() if local.sum() < 0.0 else local[local > 0.0].sum()
    gained = -local.sum() if local.sum() < 0.0 else -local[local < 0.0].sum()
    return PrecisePoint(
        output_power=power,
        output_fluctuations=variance,
        uncertainty_product=variance * entropy / power**2,
        certified_product=np.nan,
        efficiency=float(gained / spent) if spent > 0.0 else np.nan,
        power=float(local.sum()),
        entropy_production_rate=entropy,
        frequency=float(drive.frequency),
        truncation_error=float(state.truncation_error),
        weak_validity=weak_validity(machine, drive),
        drive=drive,
    )
