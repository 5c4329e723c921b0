"""The front of output and efficiency of one machine: power of engines, cooling of refrigerators."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float

from ..jobs import Store
from ..model import AbstractDrive, Machine
from ..observables import performance
from ..solvers import WeakSteadyState
from ..solvers.exact import ExactSteadyState
from ..solvers.weak import steady_state, weak_validities
from ._dominance import non_dominated
from ._purpose import Purpose, PurposeName, purpose_of
from ._search import Targets, WeakModel, best_and_neighbours, best_of_all, drives_of, explore, refine
from ._search_space import Bound, DriveParameters, SearchSpace
from .certificates import Certificate, MeanSquareCertifier, PeakCertifier, certifier_of
from .rates import Forms, machine_forms, output_and_entropy

EXPLORE_CHUNKS, REFINE_CHUNKS = 2, 14
AIM_CHUNK = EXPLORE_CHUNKS + 1
CURVE_POINTS = 18


@dataclass(frozen=True)
class FrontSettings:
    """What to search.

    Attributes:
        points: points aimed at on the front.
        harmonics: searched harmonics N of each drive.
        bound: "peak", |g_l(t)| <= 1 at all times, or "rms", sum_l mean(g_l^2) <= L/2.
        frequency: (low, high) of the drive frequency; equal ends fix it.
        starts: random starts for each point; like `seed` and `chunk` without effect on fronts of "rms".
        seed: of the random starts.
        chunk: candidates (starts of all points) that one device works on side by side, which bounds its
            memory; None: 32 on a CPU, what fits elsewhere.
        purpose: "engine" (extracted power) or "refrigerator" (heat drawn from the cold bath).
    """

    points: int = 30
    harmonics: int = 8
    bound: Bound = "peak"
    frequency: tuple[float, float] = (0.05, 1.0)
    starts: int = 16
    seed: int = 0
    chunk: int | None = None
    purpose: PurposeName = "engine"


class FrontPoint(NamedTuple):
    """One non-dominated machine; rates as in `WeakSteadyState`, powers negative when extracted.

    `output` is what the machine is for: -power of an engine, the heat that a refrigerator draws from the cold
    bath per time; `efficiency` is eta or COP. `certified_output` bounds the output of any drive at this
    efficiency, and ``gap = certified_output/output - 1`` is how far the point can be from the exact front.
    """

    efficiency: float
    output: float
    power: float
    entropy_production_rate: float
    frequency: float
    certified_output: float
    gap: float
    truncation_error: float
    weak_validity: float
    drive: AbstractDrive


@dataclass(frozen=True)
class Front:
    """Front of one machine: its points by rising efficiency, and the certified bound as a curve.

    `certificate` is None (and there are no points) when no drive yields any output; `purpose` knows the
    temperatures and with them the limit of the second law.
    """

    points: tuple[FrontPoint, ...]
    certificate: Certificate | None
    purpose: Purpose


Progress = Callable[[int, int, str], None]
Solved = WeakSteadyState | ExactSteadyState


def pareto_front(
    machine: Machine,
    settings: FrontSettings,
    checkpoint: Store | None = None,
    progress: Progress = lambda done, total, what: None,
) -> Front:
    """Trace the front of efficiency and output of a machine in the weak-coupling theory.

    For fixed temperatures the pair (output X, entropy production rate S) is optimised, which is better
    conditioned and equivalent: S = kappa(efficiency) X, see `Purpose`. Every target efficiency between that
    at the largest output and the largest possible one has many starts; all of them advance in one compiled
    program (Adam, then L-BFGS). Between rounds each target keeps its best two and takes in the best of either
    neighbour. With the bound "rms" nothing is searched: `MeanSquareFront` knows the drives, of one or two
    harmonics. Reported numbers come from the solver, bounds from `certify`.

    Args:
        machine: one driven bath, static baths at one temperature, two different temperatures in all.
        settings: what to search.
        checkpoint: where to keep the state between chunks; a search resumed from it ends in the same front.
            Not used with the bound "rms".
        progress: called on the host as ``progress(done, total, message)`` after each chunk.

    Raises:
        InputError: more or fewer than two temperatures, or several driven baths.

    Source: physics notes, sections 2, 3, 5.
    """
    purpose = purpose_of(machine, settings.purpose)
    checkpoint = Store(None) if checkpoint is None else checkpoint
    space = SearchSpace(settings.bound, machine.size, settings.harmonics, settings.frequency)
    total = EXPLORE_CHUNKS + REFINE_CHUNKS + 4
    progress(0, total, "tabulating kernels")
    forms = machine_forms(machine, settings.frequency, space.kept_harmonics)
    progress(1, total, "certifying")
    certifier = certifier_of(forms, purpose, settings.bound, settings.frequency)
    span = certifier.efficiency_range()
    if span is None:
        progress(total, total, f"no {purpose.name} within the bound")
        return Front((), None, purpose)
    low, high = span
    progress(2, total, "searching")
    if isinstance(certifier, MeanSquareCertifier):
        drives = certifier.front.best(_spread(low, high, settings.points)).drives(settings.harmonics)
    else:
        search = _Search(certifier, space, settings, checkpoint)
        parameters = search.run(low, high, lambda chunk: progress(3 + chunk, total, "searching"))
        drives = drives_of(space, parameters)
    progress(total - 1, total, "certifying")
    points = _evaluate(machine, purpose, drives)
    kept = non_dominated(np.array([[p.efficiency, p.output] for p in points]).reshape(-1, 2))
    points = sorted((points[i] for i in kept), key=lambda p: p.efficiency)
    if not points:
        return Front((), None, purpose)
    found = np.array([p.efficiency for p in points])
    curve = np.concatenate(
        [found, np.linspace(max(found[0] - 0.05 * (high - found[0]), 1e-3 * high), high, CURVE_POINTS)]
    )
    bounds = certifier.at(curve)
    certified = tuple(
        p._replace(certified_output=float(b), gap=float(b / p.output - 1.0))
        for p, b in zip(points, bounds.output, strict=False)
    )
    order = np.argsort(curve)
    progress(total, total, "done")
    return Front(certified, Certificate(*(np.asarray(a)[order] for a in bounds)), purpose)


class _Search:
    """The rounds of one search; its whole state between rounds is (parameters, target efficiencies)."""

    def __init__(
        self,
        certifier: PeakCertifier,
        space: SearchSpace,
        settings: FrontSettings,
        checkpoint: Store,
    ) -> None:
        self.certifier, self.forms, self.purpose = certifier, certifier.forms, certifier.purpose
        self.space = space
        gain = self.purpose.gain
        self.model = WeakModel(self.forms, space.kept_harmonics, gain=gain, at_once=settings.chunk)
        self.settings, self.checkpoint = settings, checkpoint

    def run(self, low: float, high: float, progress: Callable[[int], None]) -> DriveParameters:
        """Explore from many starts, keep the best for each target, refine; one drive for each target.

        The first targets span the certified range. Its lower end is too low for some machines and too high
        for others, because a bound does not know what the best drive costs; so after two rounds of
        refinement the targets are set anew, from the efficiency of the strongest machine found upwards.
        """
        count, settings = self.settings.points, self.settings
        aims = np.concatenate([[1e-3 * high], _spread(low, high, count - 1)])
        targets, certificate = self._targets(aims)
        parameters = _first_parameters(self.forms, self.space, self.purpose, certificate, settings)
        begin = 0
        saved = self.checkpoint.load((parameters, jnp.asarray(aims)))
        if saved is not None:
            begin, (parameters, loaded) = saved[0] + 1, saved[1]
            if not np.array_equal(aims, np.asarray(loaded)):
                aims = np.asarray(loaded)
                targets, _ = self._targets(aims)
        chunks = EXPLORE_CHUNKS + REFINE_CHUNKS
        for chunk in range(begin, chunks):
            copies = parameters.position.shape[0] // count
            each = jax.tree.map(lambda leaf, copies=copies: jnp.repeat(leaf, copies), targets)
            step = explore if chunk < EXPLORE_CHUNKS else refine
            parameters, rates = step(self.model, self.space, each, parameters)
            if chunk == AIM_CHUNK:
                aims = _spread(self._strongest(*rates, high), high, count)
                targets, _ = self._targets(aims)
            if chunk == chunks - 1:
                parameters = best_of_all(parameters, rates, targets)
            elif chunk >= EXPLORE_CHUNKS - 1:
                parameters = best_and_neighbours(self.space, parameters, rates, targets)
            self.checkpoint.save(chunk, (parameters, jnp.asarray(aims)))
            progress(chunk)
        return parameters

    def _strongest(self, output: Array, entropy: Array, high: float) -> float:
        """Efficiency of the strongest machine of a batch, a little lower so that it stays a target."""
        finite = np.where(np.isfinite(np.asarray(output)), np.asarray(output), -np.inf)
        best = int(np.argmax(finite))
        if finite[best] <= 0.0:
            return 1e-3 * high
        efficiency = float(self.purpose.efficiency(float(entropy[best]) / finite[best]))
        return efficiency - 0.01 * max(high - efficiency, 0.0)

    def _targets(self, aims: np.ndarray) -> tuple[Targets, Certificate]:
        certificate = self.certifier.quick(aims)
        slopes = self.purpose.slope(aims)
        neighbours = np.abs(np.diff(slopes[1:])).mean() if len(slopes) > 2 else abs(slopes[0] - slopes[1])
        width = np.full(len(slopes), max(neighbours, 1e-6 * slopes[-1]))
        scale = np.maximum(certificate.output, 1e-12 * certificate.output.max())
        return Targets(jnp.asarray(slopes), jnp.asarray(scale), jnp.asarray(width)), certificate


def _spread(low: float, high: float, count: int) -> np.ndarray:
    """`count` efficiencies from `low`, evenly spaced, short of `high`."""
    return low + (high - low) * np.arange(count) / count


def _first_parameters(
    forms: Forms,
    space: SearchSpace,
    purpose: Purpose,
    certificate: Certificate,
    settings: FrontSettings,
) -> DriveParameters:
    """Starts for every target, target-major: random ones, and one in two from the certificate.

    The bound of a target is reached at a resonance nu = n Omega by one pattern of amplitudes and phases
    among the oscillators. Started from there: this pattern at harmonic k of the frequency nu/k, k = 1 for
    every second one and random for the others, with a random amplitude (square to soft), plus some noise.
    """
    resonances, patterns = _resonances(forms, purpose, certificate)
    nu, pattern = (np.repeat(part, settings.starts, axis=0) for part in (resonances, patterns))
    return _starts(jax.random.key(settings.seed), space, jnp.asarray(nu), jnp.asarray(pattern))


@eqx.filter_jit
def _starts(
    key: jax.Array, space: SearchSpace, nu: Float[Array, " B"], pattern: Complex[Array, "B L"]
) -> DriveParameters:
    """Random drives, one in two with a harmonic at the resonance nu, where there is one, of this pattern."""
    count = nu.shape[0]
    low, high = space.frequency
    shapes, spread, choice, phase, size = jax.random.split(key, 5)
    frequencies = jnp.exp(jax.random.uniform(spread, (count,), minval=jnp.log(low), maxval=jnp.log(high)))
    first = jnp.ceil(nu / high * (1.0 - 1e-9))
    last = jnp.clip(jnp.floor(nu / low * (1.0 + 1e-9)), first, space.harmonics)
    index = jnp.arange(count)
    draw = jax.random.uniform(choice, (count,))
    k = jnp.where(index % 4 == 0, first, first + jnp.floor(draw * (last - first + 1.0)))
    informed = (index % 2 == 0) & (k <= space.harmonics) & (nu > 0.0)
    random = space.random(shapes, jnp.where(informed, jnp.clip(nu / k, low, high), frequencies))
    turned = pattern * jnp.exp(2j * jnp.pi * jax.random.uniform(phase, (count, 1)))
    turned = turned * jax.random.uniform(size, (count, 1), minval=0.8, maxval=5.0)
    here = (jnp.arange(1, space.harmonics + 1) == k[:, None])[:, None, :]

    def mixed(noise: Array, part: Array) -> Array:
        return jnp.where(informed[:, None, None], 0.1 * noise + here * part[:, :, None], noise)

    mean = jnp.where(informed[:, None], 0.1 * random.mean, random.mean)
    return DriveParameters(
        mean, mixed(random.cosine, turned.real), mixed(random.sine, turned.imag), random.position
    )


def _resonances(forms: Forms, purpose: Purpose, certificate: Certificate) -> tuple[np.ndarray, np.ndarray]:
    """(M,) driving frequencies nu and (M, L) patterns at which each target's bound is (nearly) reached."""
    nus, patterns = [], []
    tables = (part[:, 1:] for part in output_and_entropy(forms, purpose, certificate.frequency))
    slopes = purpose.slope(certificate.efficiency)
    for frequency, slope, output, entropy in zip(certificate.frequency, slopes, *tables, strict=True):
        value, vectors = np.linalg.eigh(slope * output - entropy)
        pattern = vectors[:, :, -1]
        yielded = np.einsum("nl,nlm,nm->n", np.conj(pattern), output, pattern).real
        best = int(np.argmax(np.where(value[:, -1] > 0.0, yielded, -np.inf)))
        nus.append((best + 1) * frequency if value[best, -1] > 0.0 else 0.0)
        patterns.append(pattern[best] / np.abs(pattern[best]).max())
    return np.array(nus), np.array(patterns)


@eqx.filter_jit
def _states(machine: Machine, drives: AbstractDrive) -> WeakSteadyState:
    """The steady states of a batch of drives, one after the other."""
    return jax.lax.map(lambda drive: steady_state(machine, drive), drives)


def _evaluate(machine: Machine, purpose: Purpose, drives: AbstractDrive) -> list[FrontPoint]:
    """Of a batch of drives those that serve the purpose, by the solver itself."""
    batch = jax.tree.map(np.asarray, (drives, _states(machine, drives)))
    points = []
    for i, validity in enumerate(weak_validities(machine, drives)):
        drive, state = jax.tree.map(lambda leaf, i=i: leaf[i], batch)
        point = front_point(machine, purpose, drive, state, float(validity))
        if point is not None:
            points.append(point)
    return points


def front_point(
    machine: Machine, purpose: Purpose, drive: AbstractDrive, state: Solved, validity: float
) -> FrontPoint | None:
    """One machine without certificate, or None when it does not serve the purpose."""
    temperatures = np.asarray(machine.temperatures)
    found = performance(temperatures, np.asarray(state.local_powers), np.asarray(state.heat_currents))
    if found.mode != purpose.name or found.efficiency is None:
        return None
    return FrontPoint(
        efficiency=found.efficiency,
        output=purpose.output(float(state.power), np.asarray(state.heat_currents), temperatures),
        power=float(state.power),
        entropy_production_rate=float(state.entropy_production_rate),
        frequency=float(drive.frequency),
        certified_output=np.nan,
        gap=np.nan,
        truncation_error=float(state.truncation_error),
        weak_validity=validity,
        drive=drive,
    )
