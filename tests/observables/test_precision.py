"""Uncertainty relations, synchronisation and what `evaluate` says about them: theory, sections 7 and 8."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from qtopt import evaluate
from qtopt.model import logarithmic_negativity, normal_modes
from qtopt.observables import (
    ClassicalBound,
    ConstancyBound,
    Current,
    CurrentKind,
    ExchangeBound,
    PeriodicBound,
    exchange_function,
    uncertainty_bounds,
)
from qtopt.solvers import Exact, fluctuations
from qtopt.solvers.weak import phase_space_covariance
from tests.helpers.discretised import MACHINES
from tests.helpers.machines import (
    converter,
    converter_drive,
    drude,
    engine,
    engine_drive,
    machine_of,
    ohmic,
    solve,
)


@settings(max_examples=200, deadline=None)
@given(st.floats(1e-6, 300.0))
def test_exchange_function_inverts(entropy: float) -> None:
    """f = csch^2(y) with y tanh y = x/2, between its limits 2/x - 2/3 and 2/x, and above 2/(e^x - 1)."""
    value = float(exchange_function(np.float64(entropy)))
    y = np.arcsinh(1.0 / np.sqrt(value))
    np.testing.assert_allclose(y * np.tanh(y), entropy / 2.0, rtol=1e-12)
    assert 2.0 / np.expm1(entropy) <= value * (1.0 + 1e-9) and value <= 2.0 / entropy * (1.0 + 1e-12)


def test_bounds_are_distinct_and_say_where_they_hold() -> None:
    bounds = uncertainty_bounds()
    assert len({bound.kind for bound in bounds}) == len(bounds) == 4
    assert all(bound.source and bound.domain for bound in bounds)
    one = np.ones(())
    biased = Current(one, 1.5 * one, one, one, -one)  # X - Omega X' = 2 X
    assert ClassicalBound().violated(biased) and PeriodicBound().violated(biased)
    assert not ClassicalBound().violated(biased._replace(variance_rate=2.0 * one))
    assert PeriodicBound().value(biased) == 1.5 / 4.0
    assert ExchangeBound().limit(biased) < 2.0  # always weaker than the classical bound


def test_bounds_concern_their_currents() -> None:
    kinds: tuple[CurrentKind, ...] = ("power", "local power", "heat")
    assert [ClassicalBound().concerns(kind, "heater") for kind in kinds] == [True, True, True]
    assert [ExchangeBound().concerns(kind, "engine") for kind in kinds] == [True, False, True]
    assert [ConstancyBound().concerns(kind, "engine") for kind in kinds] == [True, False, False]
    assert not ConstancyBound().concerns("power", "work converter")


def test_evaluate_reports_the_published_violation() -> None:
    result = evaluate(converter(), converter_drive())
    assert result.mode == "work converter" and result.local_tur is not None and result.tur is not None
    assert result.local_tur[0] == pytest.approx(4.43e-3, abs=5e-6)
    assert result.tur == pytest.approx(2.0 / np.tanh(1.0), rel=1e-10)
    assert result.output_tur == pytest.approx(result.local_tur[0])
    assert result.violated_bounds is not None
    assert result.violated_bounds["local power 1"] == ["classical"] and result.violated_bounds["power"] == []


def test_slope_in_the_frequency_is_taken_at_a_fixed_shape() -> None:
    """With g_B weighted by Omega/omega_c the periodic bound is violated too, as published: theory (8.4)."""
    drive = converter_drive()
    weighted = type(drive)(0.2, np.array([1.0, 0.2 / 12.0]), drive.phases)
    result = evaluate(converter(), weighted)
    step = 1e-6
    slopes = [
        solve(converter(), type(drive)(0.2 + s, weighted.amplitudes, drive.phases)).local_powers[0]
        for s in (step, -step)
    ]
    mean, slope = result.local_powers[0], float(slopes[0] - slopes[1]) / (2.0 * step)
    assert result.local_power_fluctuations is not None
    expected = result.local_power_fluctuations[0] * result.entropy_production_rate / (mean - 0.2 * slope) ** 2
    assert result.violated_bounds is not None
    assert (expected < 2.0) == ("periodic" in result.violated_bounds["local power 1"])


def test_constancy_is_the_product_of_an_engine() -> None:
    result = evaluate(engine(1e-5), engine_drive())
    assert result.efficiency is not None and result.power_fluctuations is not None
    product = (
        result.power_fluctuations * (0.8 - result.efficiency) / (-result.power * result.efficiency * 0.2)
    )
    assert result.tur == pytest.approx(product, rel=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("name", MACHINES)
def test_exact_fluctuations_against_discretised_baths(name: str) -> None:
    """Hundreds of discrete modes per bath, strong coupling; the reference is good to some 1e-4."""
    found = fluctuations(MACHINES[name].case.machine, MACHINES[name].case.drive, Exact())
    np.testing.assert_allclose(found.local_power_covariance, MACHINES[name].fluctuations, rtol=3e-4)


def test_no_fluctuations_are_explained() -> None:
    machine = machine_of((1.0, 0.6), (ohmic(0.01, 1.0), ohmic(1.0, 0.2, (1.0, 1.0))))
    result = evaluate(machine, engine_drive(), Exact())
    assert result.tur is None and result.no_fluctuations is not None
    assert "strictly Ohmic" in result.no_fluctuations


def test_normal_modes_of_overdamped_oscillators() -> None:
    """One weakly damped antiphase mode survives: theory (7.4)."""
    mode = normal_modes(engine())[0]
    mean_square = (1.0 + 0.36) / 2.0
    np.testing.assert_allclose(mode.frequency, np.sqrt(mean_square), rtol=1e-4)
    np.testing.assert_allclose(mode.damping, 0.64**2 / (16.0 * mean_square * 100.0), rtol=2e-3)
    assert mode.antiphase is not None and mode.antiphase < -0.999
    alone = normal_modes(machine_of((1.0,), (drude(0.1, 5.0, 1.0), ohmic(0.2, 1.0, (1.0,)))))
    np.testing.assert_allclose([alone[0].frequency, alone[0].damping], [np.sqrt(1.0 - 0.01), 0.1], rtol=1e-12)


@pytest.mark.slow
def test_logarithmic_negativity() -> None:
    r = 0.7
    state = np.array(
        [
            [np.cosh(2 * r), np.sinh(2 * r), 0.0, 0.0],
            [np.sinh(2 * r), np.cosh(2 * r), 0.0, 0.0],
            [0.0, 0.0, np.cosh(2 * r), -np.sinh(2 * r)],
            [0.0, 0.0, -np.sinh(2 * r), np.cosh(2 * r)],
        ]
    )
    np.testing.assert_allclose(logarithmic_negativity(jnp.asarray(state / 2.0)), 2.0 * r, rtol=1e-12)
    assert logarithmic_negativity(jnp.eye(4) / 2.0) == 0.0
    # Numerically, from the eigenvalues of |i Omega sigma^PT|.
    machine = machine_of((1.0, 0.6), (drude(0.01, 12.0, 0.1), drude(30.0, 20.0, 0.1, (1.0, 1.0))))
    covariance = np.asarray(eqx.filter_jit(phase_space_covariance)(machine))
    flip = np.diag([1.0, 1.0, 1.0, -1.0])
    form = np.kron([[0.0, 1.0], [-1.0, 0.0]], np.eye(2))
    smallest = np.abs(np.linalg.eigvals(1j * form @ flip @ covariance @ flip)).min()
    result = evaluate(machine, converter_drive())
    assert result.logarithmic_negativity == pytest.approx(-np.log(2.0 * smallest), rel=1e-9)
    assert evaluate(converter(), converter_drive()).logarithmic_negativity is None


def test_phase_space_covariance_tends_to_the_thermal_state() -> None:
    machine = machine_of((1.0, 0.6), (drude(0.01, 12.0, 0.4), drude(1e-6, 20.0, 0.4, (1.0, 1.0))))
    covariance = np.asarray(eqx.filter_jit(phase_space_covariance)(machine))
    w = np.array([1.0, 0.6])
    thermal = 0.5 / np.tanh(w / 0.8)
    expected = np.diag(np.concatenate([thermal / w, thermal * w]))
    np.testing.assert_allclose(covariance, expected, atol=1e-5)
