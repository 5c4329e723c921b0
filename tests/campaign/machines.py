"""Random and extreme machines, held against laws that need no reference."""

import traceback
import warnings
from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from qtopt import files
from qtopt.errors import InputError
from qtopt.model import (
    AbstractDrive,
    Bath,
    Drude,
    FourierDrive,
    Lorentzian,
    Machine,
    Ohmic,
    state_space,
    susceptibility,
)
from qtopt.observables import Evaluation, evaluate
from qtopt.schema import in_units
from qtopt.solvers import AbstractSolver, Exact, Weak
from qtopt.solvers.weak import phase_space_covariance, self_energies

from .tally import Tally

Numbers = tuple[Machine, AbstractDrive]


class Kind(NamedTuple):
    """One structure of machines: its programs are compiled once.

    Attributes:
        sizes: oscillators.
        baths: spectral densities, the first one driven.
        configuration: of the machine.
        harmonics: of the drive.
    """

    sizes: int
    baths: tuple[str, ...]
    configuration: Any = "joint"
    harmonics: int = 1


WEAK = (
    Kind(2, ("lorentzian", "ohmic")),
    Kind(2, ("drude", "drude")),
    Kind(1, ("ohmic", "drude")),
    Kind(2, ("drude", "ohmic", "drude")),
    Kind(3, ("lorentzian", "ohmic")),
    Kind(2, ("ohmic", "ohmic"), "independent", 2),
)
EXACT = (Kind(2, ("drude", "drude")), Kind(1, ("lorentzian", "ohmic")))


def random_machine(kind: Kind, rng: np.random.Generator, decades: float, drive: float) -> Numbers:
    """A machine whose rates, temperatures and frequencies lie within so many decades, in random units."""

    def size(scale: float = 1.0) -> np.ndarray:
        return np.asarray(scale * 10.0 ** rng.uniform(-decades, decades))

    def density(name: str, weak: float) -> Any:
        if name == "ohmic":
            return Ohmic(size(weak))
        if name == "drude":
            return Drude(size(weak), size(3.0))
        return Lorentzian(size(weak), size(), size(0.3))

    frequencies = np.asarray(10.0 ** rng.uniform(-1.0, 1.0, kind.sizes))
    baths = []
    for b, name in enumerate(kind.baths):
        coupling = "driven" if b == 0 else rng.normal(size=kind.sizes)
        baths.append(Bath(f"bath {b}", size(), density(name, drive if b == 0 else 1.0), coupling))
    shape = (kind.sizes, kind.harmonics)
    g = FourierDrive(size(), rng.normal(size=kind.sizes), rng.normal(size=shape), rng.normal(size=shape))
    return Machine(frequencies, baths, kind.configuration), g


def known(result: Evaluation, name: str) -> np.ndarray:
    """What is not known of currents, beside 1e-9 of the largest."""
    errors = np.asarray(getattr(result, f"{name}_error"), dtype=float)
    return errors + 1e-9 * largest(result)


def largest(result: Evaluation) -> float:
    """The largest current."""
    return float(np.max(np.abs([*result.local_powers, *result.heat_currents])))


def laws(result: Evaluation) -> list[str]:
    """The laws of thermodynamics that one evaluation breaks."""
    heat, power = np.array(result.heat_currents), result.power
    temperatures = np.array([float(bath.temperature) for bath in result.machine.baths])
    broken = []
    uncertain = result.power_error + np.sum(result.heat_currents_error)
    if abs(power + np.sum(heat)) > uncertain + 1e-9 * largest(result):
        broken.append(f"balance: {power + np.sum(heat)} of {largest(result)}")
    scale = np.max(np.abs(heat / temperatures))
    if result.entropy_production_rate < -result.entropy_production_rate_error - 1e-9 * scale:
        broken.append(f"second law: {result.entropy_production_rate} of {scale}")
    rates = result.local_power_fluctuations
    if rates is not None and min(rates) < 0.0:
        if result.local_power_covariance_error is None:  # scans do not estimate it
            result = evaluate(result.machine, result.drive, result.solver)
            rates = result.local_power_fluctuations
        errors = np.diagonal(np.array(result.local_power_covariance_error))
        if np.any(np.array(rates) < -errors - 1e-9 * np.max(np.abs(rates))):
            broken.append(f"variance rates: {rates}")
    bound = np.inf if result.efficiency_bound is None else result.efficiency_bound
    if result.efficiency is not None and result.efficiency > bound * (1 + 1e-9):
        small = largest(result) * 1e-9 + uncertain
        if abs(power) > small:
            broken.append(f"Carnot: {result.efficiency} of {result.efficiency_bound}")
    return broken


def uncertainty(machine: Machine) -> list[str]:
    """Whether the static covariance, known to 1e-12 of its largest entry, obeys sigma + i Omega/2 >= 0."""
    if any(isinstance(bath.spectral_density, Ohmic) for bath in machine.static_baths):
        return []
    size = machine.size
    sigma = np.asarray(jax.jit(phase_space_covariance)(machine))
    form = np.block([[np.zeros((size, size)), np.eye(size)], [-np.eye(size), np.zeros((size, size))]])
    values = np.abs(np.linalg.eigvals(form @ sigma))
    unknown = 1e-9 * values.max() + 1e-12 * np.abs(sigma).max()
    return [] if values.min() > 0.5 - unknown else [f"uncertainty: {values.min()}"]


SAMPLES = 4.0
"""Error estimates are samples, not bounds: differences up to so many of them are counted, not wrong."""
BEYOND: Counter[str] = Counter()


def same(one: Evaluation, two: Evaluation, what: str, factor: float = 1.0) -> list[str]:
    """Whether power and heat of two machines agree, those of the second over `factor`."""
    broken = []
    heat = np.asarray(two.heat_currents)[: len(one.heat_currents)] / factor
    for name, other in (("power", np.asarray(two.power) / factor), ("heat_currents", heat)):
        value = np.asarray(getattr(one, name))
        far = np.abs(other - value)
        allowed = known(one, name) + np.max(np.atleast_1d(known(two, name))) / factor
        BEYOND["compared"] += 1
        BEYOND["beyond the estimate"] += int(np.any(far > allowed))
        if np.any(far > SAMPLES * allowed):
            broken.append(f"{what}: {name} {value} is not {other}, known to {allowed}")
    return broken


class Twin(NamedTuple):
    """A machine that must have the currents of another one.

    Attributes:
        what: it is.
        two: the twin.
        one: instead of the machine itself.
        factor: by which the currents of the twin are larger.
        merged: whether its last two baths are the last one of the other.
    """

    what: str
    two: Numbers
    one: Numbers | None = None
    factor: float = 1.0
    merged: bool = False

    def broken(self, one: Evaluation, two: Evaluation) -> list[str]:
        """What differs between the two by more than is unknown of them."""
        if self.merged:
            heat, errors = two.heat_currents, two.heat_currents_error
            both = {"heat_currents": [*heat[:-2], heat[-2] + heat[-1]]}
            both["heat_currents_error"] = [*errors[:-2], errors[-2] + errors[-1]]
            two = Evaluation(two.machine, two.drive, two.solver, two.values | both)
        return same(one, two, self.what, self.factor)


def other_units(given: Numbers, rng: np.random.Generator) -> Twin:
    """The same machine in another system of units."""
    unit = 10.0 ** float(rng.uniform(-20, 20))
    two = in_units(given[0], unit), in_units(given[1], unit)
    return Twin(f"in units of {unit}", two, factor=unit**2)


def turned(given: Numbers, rng: np.random.Generator) -> Twin:
    """The oscillators in another order; where they share baths, made equal and along turned axes."""
    machine, drive = given
    assert isinstance(drive, FourierDrive)
    order = np.roll(np.arange(machine.size), 1)
    axes, one = np.eye(machine.size)[order], None
    frequencies, text = np.asarray(machine.frequencies)[order], "another order"
    if machine.configuration == "joint" and machine.size > 1:
        frequencies, text = np.full(machine.size, float(machine.frequencies[0])), "turned axes"
        axes = np.linalg.qr(rng.normal(size=axes.shape))[0]
        one = Machine(frequencies, machine.baths), drive
    baths = [
        bath
        if bath.driven
        else Bath(bath.name, bath.temperature, bath.spectral_density, axes @ bath.coupling)
        for bath in machine.baths
    ]
    other = FourierDrive(drive.frequency, axes @ drive.mean, axes @ drive.cosine, axes @ drive.sine)
    return Twin(text, (Machine(frequencies, baths, machine.configuration), other), one)


def split(given: Numbers, rng: np.random.Generator) -> Twin:
    """The last static bath as two of half its strength."""
    machine, drive = given
    *others, bath = machine.baths
    weaker = Bath(
        bath.name, bath.temperature, bath.spectral_density, np.asarray(bath.coupling) / np.sqrt(2.0)
    )
    two = Machine(machine.frequencies, (*others, weaker, weaker), machine.configuration)
    return Twin("a bath split in two", (two, drive), merged=True)


def strength(machine: Machine, drive: AbstractDrive) -> float:
    """The norm of chi R, by which the weak theory is off, where oscillators, drive and baths are: (3.22)."""
    modes = np.linalg.eigvals(np.asarray(state_space(machine).dynamics))
    poles: Any = np.concatenate([np.asarray(b.spectral_density.expansion().poles) for b in machine.baths])
    own = (
        np.asarray(machine.frequencies),
        np.abs(modes),
        np.abs(modes.imag),
        np.abs(poles),
        np.abs(poles.real),
    )
    shifts = float(drive.frequency) * np.arange(-2, 3)
    at: Any = np.unique(np.abs(np.concatenate([*own, [0.0]])[:, None] - shifts))
    chi = np.moveaxis(np.asarray(susceptibility(machine, at.astype(complex))), -1, 0)
    return float(np.max(np.linalg.norm(chi @ np.asarray(self_energies(machine, drive, at)), axis=(1, 2))))


def as_exact(given: Numbers, found: Evaluation) -> list[str]:
    """The weak theory beside the exact one: off by the strength, and by what is unknown of either.

    A machine can be off by many times the strength; then it must be less so where that is a tenth.
    """
    off = strength(*given)
    if not off < 1e-2:
        return []
    far, unknown, weak = apart(given, found)
    if far <= 30.0 * off + unknown:
        return []
    machine, drive = given
    weaker = machine, jax.tree.map(lambda part: np.sqrt(0.1) * part, drive).with_frequency(drive.frequency)
    left, rest, _ = apart(weaker, evaluate(*weaker, found.solver))
    if left > 0.3 * far + rest:
        return [f"weak and exact differ by {far} and {left} of the largest at {off}, {weak.weak_validity}"]
    return []


def apart(given: Numbers, found: Evaluation) -> tuple[float, float, Evaluation]:
    """How far the weak heat is from the exact one and what is unknown of both, relative to the largest."""
    weak = evaluate(*given, Weak())
    far = np.max(np.abs(np.array(weak.heat_currents) - np.array(found.heat_currents)))
    unknown = np.sum(known(found, "heat_currents")) + np.sum(known(weak, "heat_currents"))
    return float(far / largest(weak)), float(unknown / largest(weak)), weak


TWINS: tuple[Callable[[Numbers, np.random.Generator], Twin], ...] = (other_units, turned, split)


def machines(tally: Tally, count: int, rng: np.random.Generator, exact: bool, decades: float) -> None:
    """Try so many random machines one by one, each against the laws and one invariance."""
    kinds = EXACT if exact else WEAK
    while tally.wants_more(count):
        kind = kinds[int(rng.integers(len(kinds)))]
        given = random_machine(kind, rng, decades, 10.0 ** rng.uniform(-9, -1))
        solver: AbstractSolver = Exact(points=33) if exact else Weak()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                found = evaluate(*given, solver)
                broken = laws(found)
                if not exact:
                    broken += uncertainty(given[0])
                which = int(rng.integers(3))
                try:
                    if exact and which == 2:
                        broken += as_exact(given, found)
                    else:
                        twin = TWINS[which](given, rng)
                        one = found if twin.one is None else evaluate(*twin.one, solver)
                        broken += twin.broken(one, evaluate(*twin.two, solver))
                except InputError:
                    pass  # the other machine is refused; this one stands
        except InputError:
            tally.refused()
            continue
        except Exception:
            broken = [traceback.format_exc()]
        if broken:
            tally.wrong("\n".join(broken), {"case.toml": text_of(given), "solver.txt": repr(solver)})
        else:
            tally.fine()


def text_of(given: Numbers) -> str:
    """The configuration file of a machine."""
    return files.dumps(files.Config(given[0], jax.tree.map(jnp.asarray, given[1])))
