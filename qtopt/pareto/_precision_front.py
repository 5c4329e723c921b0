"""The precision-power front of one output, and the front of power, efficiency and constancy of engines."""

from dataclasses import dataclass
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ..drives import Drive
from ..errors import InputError
from ..machine import Machine
from ..weak import fluctuations, steady_state, weak_validity
from ._certificate import efficiency_range
from ._checkpoint import Checkpoint
from ._dominance import non_dominated
from ._forms import machine_forms
from ._front import FrontSettings, Progress, engine_temperatures
from ._precision_certificate import PrecisionCertificate, certify_precision
from ._precision_forms import PrecisionModel, precision_model
from ._search import PENALTY, Target, best_and_neighbours, best_of_all, explore, refine
from ._search_space import DriveParameters, SearchSpace

EXPLORE_CHUNKS, REFINE_CHUNKS = 2, 8
SOFT = 1e-2
"""Below this X/sqrt(D S), where Q exceeds 1e4, the score rises gently: an output may have either sign."""
STIFFNESS = 400.0
"""Of the power's target; ln Q may change ten times as fast as ln X."""


class PreciseTargets(NamedTuple):
    """Smallest Q = D S/X^2 at an extracted power of at least a target; scores (X, D, S).

    Attributes:
        power: (B,) extracted power aimed at.
    """

    power: Float[Array, " B"]

    def score(self, power: Array, noise: Array, entropy: Array) -> Array:
        """``ln Q + (STIFFNESS/2) max(0, 1 - X/p_i)^2``; ln Q softened for X near and below zero."""
        shortfall = jnp.maximum(1.0 - power / self.power, 0.0)
        return _log_product(power, noise, entropy) + 0.5 * STIFFNESS * shortfall**2


class DesiderataTargets(NamedTuple):
    """Most power at an efficiency and a constancy of at least targets; scores (X, D, S).

    Attributes:
        slope: (B,) kappa = (eta_C/eta - 1)/T_c of the target efficiency.
        noise: (B,) largest D/X aimed at.
        power: (B,) extracted power that sets the scale.
    """

    slope: Float[Array, " B"]
    noise: Float[Array, " B"]
    power: Float[Array, " B"]

    def score(self, power: Array, noise: Array, entropy: Array) -> Array:
        """``-x/x_i + (PENALTY/2) [max(0, s/kappa_i - x)^2 + max(0, D/f_i - x)^2]/x_i^2``."""
        costly = jnp.maximum(entropy / self.slope - power, 0.0) / self.power
        noisy = jnp.maximum(noise / self.noise - power, 0.0) / self.power
        return -power / self.power + 0.5 * PENALTY * (costly**2 + noisy**2)


def _log_product(power: Array, noise: Array, entropy: Array) -> Array:
    precision = power / jnp.sqrt(noise * entropy)
    low = precision < SOFT
    return -2.0 * jnp.where(
        low,
        jnp.log(SOFT) + (precision - SOFT) / SOFT,
        jnp.log(jnp.where(low, 1.0, precision)),
    )


class PrecisePoint(NamedTuple):
    """One non-dominated drive; rates as in `SteadyState`.

    Attributes:
        output_power: P of the output, negative: extracted.
        output_fluctuations: its variance rate D.
        uncertainty_product: Q = D S/P^2 of the output.
        certified_product: no drive within the bound that extracts as much has a smaller Q (nan: unknown).
        efficiency: of an engine -P/(absorbed heat), of a converter -P_out/(supplied power); nan otherwise.
        power: P of all oscillators.
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
    drive: Drive


@dataclass(frozen=True)
class PreciseFront:
    """Points by rising extracted power; the certificate of a precision-power front, else None."""

    points: tuple[PrecisePoint, ...]
    certificate: PrecisionCertificate | None


def precision_front(
    machine: Machine,
    settings: FrontSettings,
    output: int,
    checkpoint: Checkpoint | None = None,
    progress: Progress = lambda done, total, what: None,
) -> PreciseFront:
    """Smallest uncertainty product Q = D S/P_l^2 of the work extracted through oscillator l, against it.

    Drive shapes, relative phases and Omega are searched by gradients, all targets and starts in one compiled
    program (Adam, then L-BFGS); half of the starts begin at the harmonic that `certify_precision` found best.

    Args:
        machine: one driven bath, static baths at one temperature.
        settings: what to search.
        output: oscillator l, from 0.
        checkpoint: where to keep the state between chunks.
        progress: called on the host as ``progress(done, total, message)`` after each chunk.

    Raises:
        InputError: see `precision_model`; an output that is no oscillator.

    Source: physics notes, sections 3, 6 and 8.
    """
    if not 0 <= output < machine.size:
        raise InputError(
            f"the output must be one of the {machine.size} oscillators, but it is number {output + 1}."
        )
    space = SearchSpace(settings.bound, machine.size, settings.harmonics, settings.frequency)
    total = EXPLORE_CHUNKS + REFINE_CHUNKS + 3
    progress(0, total, "tabulating kernels")
    model = precision_model(machine, output, settings.frequency, space.kept_harmonics)
    progress(1, total, "certifying")
    certificate = certify_precision(model, settings.bound, settings.frequency, np.zeros(0))
    if certificate.fundamental_power <= 0.0:
        progress(total, total, "no work can be extracted")
        return PreciseFront((), certificate)
    powers = certificate.fundamental_power * np.geomspace(1e-2, 0.8, settings.points)
    targets = PreciseTargets(jnp.asarray(powers))
    start = _starts(space, certificate, settings)
    found = _search(model, space, targets, start, checkpoint, lambda i: progress(2 + i, total, "searching"))
    points = _evaluate(machine, space, found, output)
    kept = non_dominated(np.array([[-p.output_power, -p.uncertainty_product] for p in points]).reshape(-1, 2))
    points = sorted((points[i] for i in kept), key=lambda p: -p.output_power)
    progress(total - 1, total, "certifying")
    extracted = np.array([-p.output_power for p in points])
    bounds = certify_precision(model, settings.bound, settings.frequency, extracted)
    certified = tuple(
        p._replace(certified_product=float(b)) for p, b in zip(points, bounds.product, strict=True)
    )
    progress(total, total, "done")
    return PreciseFront(certified, bounds)


def desiderata_front(
    machine: Machine,
    settings: FrontSettings,
    checkpoint: Checkpoint | None = None,
    progress: Progress = lambda done, total, what: None,
) -> PreciseFront:
    """Engines that no other beats in power, efficiency and constancy (small D_P/(-P)) at once.

    Targets form a grid of efficiencies and of noise D/X; otherwise as `precision_front`, without certificate.
    Compare with `precision.CONSTANCY`, which ties the three together classically.

    Raises:
        InputError: see `pareto_front`.

    Source: physics notes, sections 6 and 8.
    """
    temperatures = engine_temperatures(machine)
    space = SearchSpace(settings.bound, machine.size, settings.harmonics, settings.frequency)
    total = EXPLORE_CHUNKS + REFINE_CHUNKS + 3
    progress(0, total, "tabulating kernels")
    model = precision_model(machine, None, settings.frequency, space.kept_harmonics)
    progress(1, total, "certifying")
    certificate = certify_precision(model, settings.bound, settings.frequency, np.zeros(0))
    forms = machine_forms(machine, settings.frequency, space.kept_harmonics)
    span = efficiency_range(forms, temperatures, settings.bound, settings.frequency)
    if span is None:
        progress(total, total, "no engine within the bound")
        return PreciseFront((), None)
    side = max(2, round(np.sqrt(settings.points)))
    efficiency = span[0] + (span[1] - span[0]) * np.linspace(0.0, 0.9, -(-settings.points // side))
    # Work comes in quanta nu: D/X > nu for a single harmonic, which sets the scale of the noise.
    noise = np.geomspace(0.7, 1.5, side) * certificate.driving_frequency
    grid = [(e, f) for e in efficiency for f in noise][: settings.points]
    slopes = temperatures.slope(np.array([e for e, _ in grid]))
    scale = np.full(len(grid), certificate.fundamental_power)
    targets = DesiderataTargets(jnp.asarray(slopes), jnp.asarray([f for _, f in grid]), jnp.asarray(scale))
    start = _starts(space, certificate, settings, len(grid))
    found = _search(model, space, targets, start, checkpoint, lambda i: progress(2 + i, total, "searching"))
    points = [p for p in _evaluate(machine, space, found, None) if p.output_power < 0.0]
    values = [[-p.output_power, p.efficiency, p.output_fluctuations / p.output_power] for p in points]
    kept = non_dominated(np.array(values).reshape(-1, 3))
    progress(total, total, "done")
    return PreciseFront(tuple(sorted((points[i] for i in kept), key=lambda p: -p.output_power)), None)


def _starts(
    space: SearchSpace, certificate: PrecisionCertificate, settings: FrontSettings, count: int | None = None
) -> DriveParameters:
    """Starts for every target: random, and every second one the certificate's best harmonic plus noise."""
    number = settings.starts * (settings.points if count is None else count)
    low, high = settings.frequency
    shapes, spread, draw, phase, size = jax.random.split(jax.random.key(settings.seed), 5)
    frequency = jnp.exp(jax.random.uniform(spread, (number,), minval=jnp.log(low), maxval=jnp.log(high)))
    nu = certificate.driving_frequency
    first = int(np.ceil(nu / high * (1.0 - 1e-9)))
    last = min(max(first, int(np.floor(nu / low * (1.0 + 1e-9)))), space.harmonics)
    k = jax.random.randint(draw, (number,), first, max(last, first) + 1)
    informed = (jnp.arange(number) % 2 == 0) & (first <= space.harmonics)
    random = space.random(shapes, jnp.where(informed, jnp.clip(nu / k, low, high), frequency))
    turned = jnp.asarray(certificate.pattern) * jnp.exp(2j * jnp.pi * jax.random.uniform(phase, (number, 1)))
    turned = turned * jax.random.uniform(size, (number, 1), minval=0.3, maxval=3.0)
    here = (jnp.arange(1, space.harmonics + 1) == k[:, None])[:, None, :]

    def mixed(noise: jax.Array, part: jax.Array) -> jax.Array:
        return jnp.where(informed[:, None, None], 0.05 * noise + here * part[:, :, None], noise)

    mean = jnp.where(informed[:, None], 0.05 * random.mean, random.mean)
    # g_n = (cosine + i sine)/2
    return DriveParameters(
        mean, mixed(random.cosine, turned.real), mixed(random.sine, turned.imag), random.position
    )


def _search(
    model: PrecisionModel,
    space: SearchSpace,
    targets: Target,
    parameters: DriveParameters,
    checkpoint: Checkpoint | None,
    progress,
) -> DriveParameters:
    """One drive for each target; its whole state between chunks is the parameters."""
    checkpoint = Checkpoint(None) if checkpoint is None else checkpoint
    count = jax.tree.leaves(targets)[0].shape[0]
    saved = checkpoint.load(parameters)
    begin, parameters = (0, parameters) if saved is None else (saved[0] + 1, saved[1])
    chunks = EXPLORE_CHUNKS + REFINE_CHUNKS
    for chunk in range(begin, chunks):
        copies = parameters.position.shape[0] // count
        each = jax.tree.map(lambda leaf, copies=copies: jnp.repeat(leaf, copies), targets)
        step = explore if chunk < EXPLORE_CHUNKS else refine
        parameters, rates = step(model, space, each, parameters)
        if chunk == chunks - 1:
            parameters = best_of_all(parameters, rates, targets)
        elif chunk >= EXPLORE_CHUNKS - 1:
            parameters = best_and_neighbours(space, parameters, rates, targets)
        checkpoint.save(chunk, parameters)
        progress(chunk)
    return parameters


@eqx.filter_jit
def _solve(machine: Machine, drives: Drive):
    return jax.lax.map(lambda drive: (steady_state(machine, drive), fluctuations(machine, drive)), drives)


def _evaluate(
    machine: Machine, space: SearchSpace, parameters: DriveParameters, output: int | None
) -> list[PrecisePoint]:
    """Every candidate by the solver itself; those that extract nothing are left out."""
    drives = jax.vmap(space.drive)(parameters)
    states, noises = _solve(machine, drives)
    points = []
    for i in range(parameters.position.shape[0]):
        drive, state, noise = jax.tree.map(lambda leaf, i=i: leaf[i], (drives, states, noises))
        local, heat = np.asarray(state.local_powers), np.asarray(state.heat_currents)
        power = float(local.sum() if output is None else local[output])
        variance = float(noise.power if output is None else noise.local_powers[output])
        if not power < 0.0:
            continue
        entropy = float(state.entropy_production_rate)
        spent = heat[heat > 0.0].sum() if local.sum() < 0.0 else local[local > 0.0].sum()
        gained = -local.sum() if local.sum() < 0.0 else -local[local < 0.0].sum()
        points.append(
            PrecisePoint(
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
        )
    return points
