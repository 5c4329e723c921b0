"""Random and extreme machines, held against laws that need no reference."""

import traceback
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from qtopt import files
from qtopt.errors import InputError
from qtopt.model import AbstractDrive, Bath, Drude, FourierDrive, Lorentzian, Machine, Ohmic
from qtopt.observables import Evaluation, evaluate
from qtopt.schema import in_units
from qtopt.solvers import AbstractSolver, Exact, Weak
from qtopt.solvers.weak import phase_space_covariance

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
    if rates is not None:
        errors = np.diagonal(np.array(result.local_power_covariance_error))
        if np.any(np.array(rates) < -errors - 1e-9 * np.max(np.abs(rates))):
            broken.append(f"variance rates: {rates}")
    if result.efficiency is not None and result.efficiency > result.efficiency_bound * (1 + 1e-9):
        small = largest(result) * 1e-9 + uncertain
        if abs(power) > small:
            broken.append(f"Carnot: {result.efficiency} of {result.efficiency_bound}")
    return broken


def uncertainty(machine: Machine) -> list[str]:
    """Whether the static covariance obeys sigma + i Omega/2 >= 0."""
    size = machine.size
    sigma = np.asarray(jax.jit(phase_space_covariance)(machine))
    form = np.block([[np.zeros((size, size)), np.eye(size)], [-np.eye(size), np.zeros((size, size))]])
    values = np.abs(np.linalg.eigvals(form @ sigma))
    return [] if values.min() > 0.5 - 1e-9 * values.max() else [f"uncertainty: {values.min()}"]


def same(one: Evaluation, two: Evaluation, what: str, factor: float = 1.0) -> list[str]:
    """Whether power and heat of two machines agree, those of the second over `factor`."""
    broken = []
    heat = np.asarray(two.heat_currents)[: len(one.heat_currents)] / factor
    for name, other in (("power", np.asarray(two.power) / factor), ("heat_currents", heat)):
        value = np.asarray(getattr(one, name))
        far = np.abs(other - value)
        allowed = known(one, name) + np.max(np.atleast_1d(known(two, name))) / factor
        if np.any(far > allowed):
            broken.append(f"{what}: {name} {value} is not {other}, known to {allowed}")
    return broken


def other_units(given: Numbers, found: Evaluation, solver: AbstractSolver, rng: Any) -> list[str]:
    """The same machine in another system of units."""
    unit = 10.0 ** float(rng.uniform(-20, 20))
    two = evaluate(in_units(given[0], unit), in_units(given[1], unit), solver)
    return same(found, two, f"in units of {unit}", unit**2)


def turned(given: Numbers, found: Evaluation, solver: AbstractSolver, rng: Any) -> list[str]:
    """The oscillators in another order; where they are equal and share baths, along turned axes."""
    machine, drive = given
    assert isinstance(drive, FourierDrive)
    order = np.roll(np.arange(machine.size), 1)
    axes = np.eye(machine.size)[order]
    frequencies, text = np.asarray(machine.frequencies)[order], "another order"
    if machine.configuration == "joint" and machine.size > 1:
        # make the machine one of equal oscillators, so that it may be turned
        frequencies, text = np.full(machine.size, float(machine.frequencies[0])), "turned axes"
        axes = np.linalg.qr(rng.normal(size=axes.shape))[0]
        found = evaluate(Machine(frequencies, machine.baths), drive, solver)
    baths = [
        bath
        if bath.driven
        else Bath(bath.name, bath.temperature, bath.spectral_density, axes @ bath.coupling)
        for bath in machine.baths
    ]
    other = FourierDrive(drive.frequency, axes @ drive.mean, axes @ drive.cosine, axes @ drive.sine)
    return same(found, evaluate(Machine(frequencies, baths, machine.configuration), other, solver), text)


def split(given: Numbers, found: Evaluation, solver: AbstractSolver, rng: Any) -> list[str]:
    """The last static bath as two of half its strength."""
    machine, drive = given
    *others, bath = machine.baths
    weaker = Bath(
        bath.name, bath.temperature, bath.spectral_density, np.asarray(bath.coupling) / np.sqrt(2.0)
    )
    two = evaluate(
        Machine(machine.frequencies, (*others, weaker, weaker), machine.configuration), drive, solver
    )
    heat = [*two.heat_currents[:-2], two.heat_currents[-2] + two.heat_currents[-1]]
    errors = two.heat_currents_error
    merged = {"heat_currents": heat, "heat_currents_error": [*errors[:-2], errors[-2] + errors[-1]]}
    return same(found, Evaluation(machine, drive, solver, two.values | merged), "a bath split in two")


def coupled(bath: Bath, couplings: np.ndarray) -> Bath:
    """The same bath with these couplings."""
    return Bath(bath.name, bath.temperature, bath.spectral_density, couplings)


def as_exact(given: Numbers, found: Evaluation, solver: AbstractSolver, rng: Any) -> list[str]:
    """The weak theory beside the exact one: off by its validity, and by what is unknown of either."""
    weak = evaluate(*given, Weak())
    if weak.weak_validity is None or not weak.weak_validity < 1e-2:
        return []
    far = np.max(np.abs(np.array(weak.heat_currents) - np.array(found.heat_currents)))
    allowed = 30.0 * weak.weak_validity * exchange(weak) + np.sum(known(found, "heat_currents"))
    if far > allowed + np.sum(known(weak, "heat_currents")):
        return [f"weak and exact differ by {far} of {largest(weak)} at {weak.weak_validity}"]
    return []


def exchange(weak: Evaluation) -> float:
    """The largest current, of second order in the drive."""
    return largest(weak)


Check = Callable[[Numbers, Evaluation, AbstractSolver, Any], list[str]]


def machines(tally: Tally, count: int, rng: np.random.Generator, exact: bool, decades: float) -> None:
    """Try so many random machines, each against the laws and one invariance."""
    checks: tuple[Check, ...] = (other_units, turned, split) if not exact else (other_units, turned, as_exact)
    kinds = EXACT if exact else WEAK
    while tally.wants_more(count):
        kind = kinds[int(rng.integers(len(kinds)))]
        given = random_machine(kind, rng, decades, 10.0 ** rng.uniform(-9, -1))
        solver = settled(Exact(points=33), given) if exact else Weak()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                found = evaluate(*given, solver)
                broken = laws(found)
                finite = not any(isinstance(bath.spectral_density, Ohmic) for bath in given[0].static_baths)
                if not exact and finite:
                    broken += uncertainty(given[0])
                check = checks[int(rng.integers(len(checks)))]
                try:
                    broken += check(given, found, solver, rng)
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


def settled(solver: Exact, given: Numbers) -> Exact:
    """With doublings rounded up to multiples of 8, so that few programs do."""
    levels = solver.settled(*given).levels
    assert levels is not None
    return Exact(solver.points, -(-levels // 8) * 8)


def text_of(given: Numbers) -> str:
    """The configuration file of a machine."""
    return files.dumps(files.Config(given[0], jax.tree.map(jnp.asarray, given[1])))
