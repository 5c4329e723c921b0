"""Published numbers (docs/figures.md) and the validity of the weak theory: theory (3.24)."""

from itertools import pairwise

import numpy as np

from qtopt.model import MonochromaticDrive, pearson
from qtopt.observables import performance
from qtopt.solvers.weak import LIMIT, weak_validity
from tests.helpers.machines import (
    converter,
    converter_drive,
    engine,
    engine_drive,
    lorentzian,
    machine_of,
    ohmic,
    solve,
)

EXACT = -0.3342  # P/d of the exact theory at d = 1e-5, see docs/absolute_power.md


def test_power_of_the_example_engine() -> None:
    state = solve(engine(), engine_drive())
    np.testing.assert_allclose(state.power, -0.34405, atol=5e-6)
    assert performance(engine().temperatures, state.local_powers, state.heat_currents).mode == "engine"


def test_power_is_proportional_to_the_strength() -> None:
    for strength in (1e-5, 1e-2):
        state = solve(engine(strength), engine_drive())
        np.testing.assert_allclose(state.power / strength, solve(engine(), engine_drive()).power, rtol=1e-10)


def test_work_to_work_converter() -> None:
    state = solve(converter(), converter_drive())
    np.testing.assert_allclose(state.local_powers[0], -3.942e-4, atol=5e-8)
    result = performance(converter().temperatures, state.local_powers, state.heat_currents)
    assert result.mode == "work converter" and result.efficiency is not None
    np.testing.assert_allclose(result.efficiency, 0.894, atol=5e-4)
    np.testing.assert_allclose(pearson(state.covariance), -0.543, atol=5e-4)


def test_oscillators_lock_in_antiphase_only_when_cold_and_strongly_damped() -> None:
    def coefficient(damping: float, temperature: float) -> float:
        machine = machine_of(
            (1.0, 0.6), (lorentzian(1.0, 1.25, 0.01, 1.0), ohmic(damping, temperature, (1.0, 1.0)))
        )
        return float(pearson(solve(machine, engine_drive()).covariance))

    strengths = [coefficient(damping, 0.1) for damping in (1e-2, 1.0, 1e2, 1e4)]
    assert all(a > b for a, b in pairwise(strengths))
    assert abs(coefficient(1e-4, 0.1)) < 1e-3  # weak coupling
    assert abs(coefficient(1.0, 1e3)) < 1e-3  # high temperature


def test_validity_predicts_the_exact_deviation() -> None:
    deviation = abs(1.0 + 0.34405 / EXACT)
    validity = weak_validity(engine(1e-5), engine_drive())
    assert deviation / 3.0 < validity < 3.0 * deviation
    np.testing.assert_allclose(validity, 0.0256, rtol=0.01)
    assert validity < LIMIT < weak_validity(engine(1e-3), engine_drive())


def test_validity_grows_linearly() -> None:
    ratio = weak_validity(engine(1e-3), engine_drive()) / weak_validity(engine(1e-5), engine_drive())
    np.testing.assert_allclose(ratio, 100.0, rtol=1e-6)


def test_validity_of_a_lone_oscillator_by_hand() -> None:
    """Ohmic on Ohmic: linewidths <g^2> gamma_1/2 and gamma_2/2, the ratio is <g^2> gamma_1/gamma_2.

    Driven by cos, |g_{+-1}|^2 = 1/4 each and Im K_1(w) = -gamma_1 w: the two sidebands average to w.
    """
    machine = machine_of((1.0,), (ohmic(1e-3, 1.0), ohmic(0.05, 0.2, (1.0,))))
    drive = MonochromaticDrive(0.3, np.ones(1), np.zeros(1))
    np.testing.assert_allclose(weak_validity(machine, drive), 0.5 * 1e-3 / 0.05, rtol=1e-9)


def test_validity_of_the_independent_configuration() -> None:
    joint = engine(1e-5)
    independent = weak_validity(joint.with_configuration("independent"), engine_drive())
    # overdamped private baths: no narrow antiphase mode, the weak theory holds far better
    assert 0.0 < independent < 0.1 * weak_validity(joint, engine_drive())
