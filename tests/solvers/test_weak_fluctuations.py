"""Fluctuations of the weak theory: quadrature, isothermal identity, positivity: theory (3.15) to (3.19)."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from qtopt.errors import InputError
from qtopt.model import MonochromaticDrive, PiecewiseDrive
from qtopt.solvers.weak import fluctuations
from tests.helpers.machines import (
    Case,
    converter,
    converter_drive,
    drive_of,
    drude,
    lorentzian,
    machine_of,
    ohmic,
    solve,
)
from tests.references.weak_fluctuations import fluctuations as reference

compiled = eqx.filter_jit(fluctuations)

HARMONICS = np.array([[0.2, -0.3], [0.5, 0.3 + 0.2j], [0.1j, -0.25], [0.0, 0.1 - 0.2j]])
PHASED = np.array([[0.0, 0.0], [0.5, 0.5j]])
CASES = [
    Case((1.0, 0.6), (drude(0.01, 12.0, 0.1), ohmic(100.0, 0.1, (1.0, 1.0))), 0.2, PHASED),
    Case((1.0, 0.6), (drude(0.01, 12.0, 1.0), ohmic(0.5, 0.2, (1.0, 0.4))), 0.7, HARMONICS),
    Case((1.0, 0.6), (lorentzian(1.0, 1.25, 0.01, 1.0), ohmic(100.0, 0.2, (1.0, 1.0))), 0.45, PHASED),
    Case((1.0, 0.3), (lorentzian(1.0, 1.25, 0.3, 0.02), drude(3.0, 5.0, 0.3, (1.0, 1.0))), 3.0, HARMONICS),
    Case((1.0, 0.6), (ohmic(0.01, 0.1), ohmic(0.5, 0.3, (1.0, 1.0))), 0.3, PHASED),
    Case((1.0, 0.6), (ohmic(0.01, 2.0), drude(5.0, 3.0, 0.05, (1.0, 1.0))), 2.0, HARMONICS),
    Case(
        (1.0, 0.6),
        (drude(0.1, 3.0, 1.0), ohmic(0.5, 0.2, (1.0, 0.3)), drude(1.0, 4.0, 0.6, (0.2, 1.0))),
        0.7,
        HARMONICS,
    ),
]
THREE = Case(
    (1.0, 0.7, 0.4),
    (drude(0.1, 3.0, 0.2), ohmic(0.5, 0.2, (1.0, 1.0, 1.0))),
    0.7,
    np.array([[0.0, 0.0, 0.0], [0.5, 0.5j, -0.3]]),
)


@pytest.mark.parametrize(
    "case", [*CASES[:4], *(pytest.param(c, marks=pytest.mark.slow) for c in [*CASES[4:], THREE])], ids=str
)
def test_quadrature(case: Case) -> None:
    work, driven, static, error = reference(
        case.frequencies, case.baths, case.drive_frequency, dict(enumerate(case.harmonics))
    )
    result = compiled(case.machine, case.drive)
    scale = np.sqrt(np.outer(np.diag(work), np.diag(work)))
    np.testing.assert_array_less(np.abs(result.local_power_covariance - work), 1e-9 * scale + 4.0 * error)
    if case.baths[0]["kind"] == "ohmic" or len(case.baths) > 2:
        assert result.heat_currents is None
    else:
        tolerance = 1e-9 if not np.any(case.harmonics[0]) else 1e-6  # see NEAR_ZERO
        assert result.heat_currents is not None
        np.testing.assert_allclose(result.heat_currents, [driven, static], rtol=tolerance)


@pytest.mark.parametrize("temperature", [0.1, 1.0, 30.0])
@pytest.mark.parametrize("frequency", [0.1, 0.8, 20.0])
def test_isothermal_identity(temperature: float, frequency: float) -> None:
    """D_P S/P^2 = (Omega/T) coth(Omega/2T) >= 2: the total power never violates the classical bound."""
    pairs = (
        (drude(0.01, 12.0, temperature), ohmic(100.0, temperature, (1.0, 1.0))),
        (ohmic(0.01, temperature), ohmic(0.1, temperature, (1.0, 1.0))),
        (lorentzian(1.0, 1.25, 0.01, temperature), drude(0.5, 5.0, temperature, (1.0, 0.3))),
    )
    drive = MonochromaticDrive(frequency, np.array([1.0, 0.4]), np.array([0.0, 1.1]))
    identity = frequency / temperature / np.tanh(frequency / (2.0 * temperature))
    for baths in pairs:
        machine = machine_of((1.0, 0.6), baths)
        state, result = solve(machine, drive), compiled(machine, drive)
        product = result.power * state.entropy_production_rate / state.power**2
        np.testing.assert_allclose(product, identity, rtol=1e-10)


def test_precision_of_the_published_converter() -> None:
    state, result = solve(converter(), converter_drive()), compiled(converter(), converter_drive())
    product = result.local_powers * state.entropy_production_rate / state.local_powers**2
    np.testing.assert_allclose(product[0], 4.43e-3, atol=5e-6)


positive = st.floats(-2.0, 1.0).map(lambda x: 10.0**x)


@settings(max_examples=60, deadline=None)
@given(
    temperatures=st.tuples(positive, positive),
    rates=st.tuples(positive, positive, positive),
    frequency=positive,
    couplings=st.tuples(st.floats(0.2, 1.0), st.floats(-1.0, 1.0)),
    amplitudes=st.lists(st.complex_numbers(max_magnitude=1.0), min_size=6, max_size=6),
)
def test_variances_are_positive(temperatures, rates, frequency, couplings, amplitudes) -> None:
    hot, cold = temperatures
    machine = machine_of((1.0, 0.6), (drude(0.1, 10.0 * rates[0], hot), ohmic(rates[1], cold, couplings)))
    g = np.concatenate([[[0.1, 0.1]], np.reshape(amplitudes, (3, 2))])
    result = compiled(machine, drive_of(frequency, g))
    covariance = np.asarray(result.local_power_covariance)
    np.testing.assert_allclose(covariance, covariance.T, rtol=1e-9, atol=1e-12 * np.trace(covariance))
    assert np.linalg.eigvalsh(covariance).min() >= -1e-9 * np.trace(covariance)
    np.testing.assert_allclose(result.power, covariance.sum(), rtol=1e-12)
    assert result.heat_currents is not None and np.all(np.asarray(result.heat_currents) > 0.0)


@pytest.mark.slow
def test_independent_oscillators_fluctuate_independently() -> None:
    joint = Case((1.0, 0.6), (drude(0.1, 5.0, 1.0), ohmic(0.5, 0.2, (1.0, 0.5))), 0.7, PHASED)
    result = compiled(joint.machine.with_configuration("independent"), joint.drive)
    for l in range(2):
        single = machine_of((joint.frequencies[l],), (joint.baths[0], ohmic(0.5, 0.2, ((1.0, 0.5)[l],))))
        g = PHASED[:, l : l + 1]
        alone = compiled(single, drive_of(0.7, g))
        np.testing.assert_allclose(result.local_powers[l], alone.power, rtol=1e-11)
    assert result.local_power_covariance[0, 1] == 0.0


@pytest.mark.slow
def test_gradient() -> None:
    def product(parameters: jax.Array) -> jax.Array:
        temperature, damping, cutoff, static, frequency, phase = parameters
        machine = machine_of(
            (1.0, 0.6), (drude(damping, cutoff, temperature), ohmic(static, 0.3, (1.0, 1.0)))
        )
        drive = MonochromaticDrive(frequency, jnp.ones(2), jnp.stack([jnp.zeros(()), phase]))
        result = fluctuations(machine, drive)
        assert result.heat_currents is not None
        return jnp.log(result.local_powers[0]) + jnp.log(result.heat_currents[1])

    at = jnp.array([0.5, 0.1, 5.0, 2.0, 0.7, 1.0])
    compiled_product = jax.jit(product)
    steps = 1e-5 * np.eye(6) * np.asarray(at)
    differences = [(compiled_product(at + s) - compiled_product(at - s)) / (2.0 * s.max()) for s in steps]
    np.testing.assert_allclose(jax.jit(jax.grad(product))(at), differences, rtol=1e-6, atol=1e-8)


@pytest.mark.slow
def test_jumps_need_a_fast_falling_spectrum() -> None:
    drive = PiecewiseDrive(0.5, np.array([[1.0, -1.0], [-1.0, 1.0]]))
    with pytest.raises(InputError, match="falls faster than 1/omega"):
        fluctuations(converter(), drive)
    machine = machine_of((1.0, 0.6), (lorentzian(1.0, 1.25, 0.3, 0.5), ohmic(1.0, 0.2, (1.0, 1.0))))
    few, many = (fluctuations(machine, drive, harmonics).power for harmonics in (64, 256))
    np.testing.assert_allclose(few, many, rtol=1e-3)
