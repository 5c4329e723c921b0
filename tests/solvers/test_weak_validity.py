"""How weak is weak: shifts of Floquet exponents, the validity, dropped harmonics: theory (3.24) to (3.27)."""

from functools import lru_cache
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from qtopt.errors import InputError
from qtopt.model import Machine, MonochromaticDrive, PiecewiseDrive, state_space, susceptibility
from qtopt.observables import evaluate
from qtopt.solvers import Exact, Weak, steady_state as state_of
from qtopt.solvers.weak import LIMIT, self_energies, steady_state, weak_validity
from tests.helpers.machines import drude, lorentzian, machine_of, ohmic
from tests.references.floquet_exponents import floquet_exponents

Baths = tuple[dict[str, Any], ...]
FREQUENCIES = (1.0, 0.6)
DRIVE = MonochromaticDrive(0.37, [1.0, 0.7], [0.0, 1.1])


def scaled(baths: Baths, strength: float) -> Baths:
    """The same with another strength of the driven bath."""
    driven = baths[0]
    name = "strength" if driven["kind"] == "lorentzian" else "damping"
    return ({**driven, name: strength}, *baths[1:])


def first_order(machine: Machine) -> tuple[np.ndarray, np.ndarray]:
    """Exponents at vanishing strength, lambda and -ip, and their shifts: theory (3.24), (3.26)."""
    values, right = np.linalg.eig(np.asarray(state_space(machine).dynamics))
    left, size = np.linalg.inv(right), machine.size
    energies = np.asarray(self_energies(machine, DRIVE, jnp.asarray(1j * values)))
    shifts = -np.einsum("jl,jlm,mj->j", left[:, size : 2 * size], energies, right[:size])
    orders, _, g = map(np.asarray, DRIVE.series().two_sided())
    expansion = machine.driven_baths[0].spectral_density.expansion()
    poles = np.asarray(expansion.poles)
    at = poles[:, None] - orders * float(DRIVE.frequency)
    chi = np.asarray(susceptibility(machine, jnp.asarray(at.ravel()))).reshape(size, size, *at.shape)
    moved = np.asarray(expansion.residues) * np.einsum("nl,lmpn,nm->p", g, chi, g.conj())
    return np.concatenate([values, -1j * poles]), np.concatenate([shifts, -1j * moved])


@pytest.mark.parametrize(
    "baths",
    [
        pytest.param((lorentzian(0.0, 1.25, 0.01, 1.0), ohmic(0.05, 0.2, (1.0, 0.8))), id="weakly damped"),
        pytest.param((lorentzian(0.0, 1.25, 0.01, 1.0), ohmic(1.3, 0.2, (1.0, 0.8))), id="strongly damped"),
        pytest.param((lorentzian(0.0, 1.25, 0.01, 1.0), ohmic(40.0, 0.2, (1.0, 0.8))), id="overdamped"),
        pytest.param((drude(0.0, 5.0, 1.0), ohmic(1.3, 0.2, (1.0, 0.8))), id="Drude"),
        pytest.param((drude(0.0, 5.0, 1.0), drude(1.3, 3.0, 0.2, (1.0, 0.8))), id="both with memory"),
        pytest.param((ohmic(0.0, 1.0), ohmic(1.3, 0.2, (1.0, 0.8))), id="Ohmic"),
    ],
)
def test_shifts_are_those_of_the_exact_exponents(baths: Baths) -> None:
    """Their relative error falls with the strength: the first order is right for every resonance."""
    errors = []
    for strength in (1e-4, 1e-5):
        own = scaled(baths, strength)
        values, shifts = first_order(machine_of(FREQUENCIES, own))
        harmonics = np.asarray(DRIVE.harmonics(1))
        exact = floquet_exponents(
            FREQUENCIES, own[0], own[1:], float(DRIVE.frequency), harmonics, truncation=5
        )
        nearest = exact[np.argmin(np.abs(exact - (values + shifts)[:, None]), axis=1)]
        errors.append(np.abs(nearest - values - shifts) / np.abs(shifts))
        round_off = 2e-12 * np.abs(exact).max() / np.abs(shifts)
    assert np.max(errors[0]) < 0.01
    assert (errors[1] < 0.12 * errors[0] + round_off).all(), errors


def one(damping: float, strength: float = 1e-6) -> Machine:
    """One oscillator beside a Lorentzian bath of half width 0.005."""
    return machine_of((1.0,), (lorentzian(strength, 1.25, 0.01, 1.0), ohmic(damping, 0.2, (1.0,))))


@lru_cache
def deviation(damping: float, frequency: float) -> tuple[float, float]:
    """Relative error of the weak heat currents, and the validity."""
    machine, drive = one(damping), MonochromaticDrive(frequency, [1.0], [0.0])
    weak, exact = (
        np.asarray(state_of(machine, drive, solver).heat_currents)
        for solver in (Weak(), Exact(points=33, levels=12))
    )
    return np.abs(exact - weak).max() / np.abs(weak).max(), weak_validity(machine, drive)


@pytest.mark.parametrize("damping", [0.001, 0.1, 1.0])
@pytest.mark.parametrize("frequency", [0.2, 0.25, 0.26, 0.3])
def test_validity_is_the_error_of_the_currents(damping: float, frequency: float) -> None:
    """Whether the resonance of the machine is narrower than the bath or broader, tuned or not."""
    error, validity = deviation(damping, frequency)
    assert 0.8 * validity < error < 1.3 * validity


@pytest.mark.parametrize("frequency", [0.2, 0.25, 0.26, 0.3])
def test_validity_where_machine_and_bath_are_equally_wide(frequency: float) -> None:
    """The poles meet at an exceptional point, and a linewidth of the pole would say nothing."""
    error, validity = deviation(0.01, frequency)
    assert 0.8 * validity < error < 4.2 * validity


def test_a_narrow_bath_is_widened_by_its_pole_shift() -> None:
    machine, drive = one(1.0), MonochromaticDrive(0.25, [1.0], [0.0])
    expansion = machine.driven_baths[0].spectral_density.expansion()
    pole, residue = np.asarray(expansion.poles)[0], np.asarray(expansion.residues)[0]
    chi = np.asarray(susceptibility(machine, jnp.asarray([pole - 0.25, pole + 0.25])))[0, 0]
    shift = residue * chi.sum() / 4.0
    np.testing.assert_allclose(weak_validity(machine, drive), abs(shift.imag / pole.imag), rtol=0.02)


def test_copies_of_a_bath_are_widened_by_their_own_oscillators() -> None:
    """Two independent oscillators, one of which hardly moves the bath: the larger of both counts."""
    machine = machine_of(FREQUENCIES, (lorentzian(1e-6, 1.25, 0.01, 1.0), ohmic(1.0, 0.2, (1.0, 1.0))))
    drive = MonochromaticDrive(0.25, [1.0, 0.1], [0.0, 1.0])
    found = weak_validity(machine.with_configuration("independent"), drive)
    np.testing.assert_allclose(found, weak_validity(one(1.0), MonochromaticDrive(0.25, [1.0], [0.0])))


# Shifts -----------------------------------------------------------------------------------------------------


def of_low_peak(rng: np.random.Generator) -> tuple[Machine, MonochromaticDrive]:
    """One oscillator of any damping beside a bath whose peak is far below it, or a broad one near it."""
    driven = lorentzian(
        10 ** rng.uniform(-7, -3), 10 ** rng.uniform(-1.7, 0.2), 10 ** rng.uniform(-1, 0.7), 1.0
    )
    static = ohmic(10 ** rng.uniform(-5, -1), 10 ** rng.uniform(-1, 0.5), (1.0,))
    return machine_of((1.0,), (driven, static)), MonochromaticDrive(rng.uniform(0.15, 0.8), [1.0], [0.0])


def test_shifts_tell_what_linewidths_do_not() -> None:
    """Of machines that count as weak: v alone is off by hundreds of times, v + 4 shift by two."""
    rng, ratios = np.random.default_rng(5), []
    for _ in range(40):
        machine, drive = of_low_peak(rng)
        weak = evaluate(machine, drive)
        if weak.weak_validity > LIMIT:
            continue
        exact = np.asarray(state_of(machine, drive, Exact(points=65)).heat_currents)
        error = np.abs(exact - weak.heat_currents).max() / np.abs(exact).max()
        ratios.append(error / (weak.weak_validity + np.array([0.0, 4.0]) * weak.weak_shift))
    alone, both = np.array(ratios).T
    assert len(alone) > 20 and alone.max() > 100.0
    assert both.max() < 3.0 and 0.7 < np.median(both) < 1.5


def test_a_shift_by_many_linewidths_alone_changes_no_current() -> None:
    """What counts is the frequency, not the linewidth: a shift by ten of them, 2e-4 of the frequency."""
    machine = machine_of((1.0,), (lorentzian(3e-5, 0.2, 3.0, 1.0), ohmic(4e-5, 0.2, (1.0,))))
    drive = MonochromaticDrive(0.45, [1.0], [0.0])
    weak = evaluate(machine, drive)
    exact = np.asarray(state_of(machine, drive, Exact(points=33)).heat_currents)
    error = np.abs(exact - weak.heat_currents).max() / np.abs(exact).max()
    linewidth = 4e-5 / 2.0
    assert weak.weak_shift is not None and 9.0 * linewidth < weak.weak_shift < 2e-4
    np.testing.assert_allclose(error, weak.weak_validity, rtol=0.02)


def test_the_shift_is_that_of_the_first_order() -> None:
    """Of narrow resonances, whose exponents move by as much on the axis as at the pole: theory (3.24)."""
    machine = machine_of((1.0, 0.6), (lorentzian(1e-5, 0.1, 3.0, 1.0), ohmic(1e-4, 0.2, (1.0, 0.8))))
    values, shifts = first_order(machine)
    own = slice(0, 4)  # of the oscillators
    weak = evaluate(machine, DRIVE)
    expected = np.max(np.abs(np.imag(shifts[own])) / np.abs(values[own]))
    np.testing.assert_allclose(weak.weak_shift, expected, rtol=1e-3)


# Dropped harmonics ------------------------------------------------------------------------------------------

STEPS = PiecewiseDrive(0.45, [[1.0, -1.0, 1.0, -1.0], [-1.0, -1.0, 1.0, 1.0]])


@pytest.mark.parametrize(
    ("baths", "power"),
    [
        pytest.param((lorentzian(1e-4, 1.25, 0.01, 1.0), ohmic(1.0, 0.2, (1.0, 0.8))), 3, id="Lorentzian"),
        pytest.param((drude(1e-3, 5.0, 1.0), ohmic(1.0, 0.2, (1.0, 0.8))), 1, id="Drude"),
    ],
)
def test_truncation_error_bounds_what_is_dropped_and_falls_with_it(baths: Baths, power: int) -> None:
    """The power converges as N^-3 or N^-1; its reactive part, which grows, does not count."""
    machine = machine_of(FREQUENCIES, baths)
    best = steady_state(machine, STEPS, 1024)
    dropped, estimates = [], []
    for harmonics in (32, 128):
        state = steady_state(machine, STEPS, harmonics)
        dropped.append(abs(float(state.power - best.power)))
        estimates.append(float(state.truncation_error))
    assert dropped[0] < estimates[0] < 20.0 * dropped[0]
    assert dropped[1] < estimates[1] < 20.0 * dropped[1]
    np.testing.assert_allclose(estimates[0] / estimates[1], 4.0**power, rtol=0.3)


def test_jumps_beside_a_strictly_ohmic_driven_bath_are_refused() -> None:
    machine = machine_of(FREQUENCIES, (ohmic(1e-3, 1.0), ohmic(1.0, 0.2, (1.0, 0.8))))
    for solver in (Weak(), Exact()):
        with pytest.raises(InputError, match=r"a drive that jumps .* bath 'bath 0' is memoryless, where"):
            evaluate(machine, STEPS, solver)
