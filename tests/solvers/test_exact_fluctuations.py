"""Exact fluctuations: the double-harmonic quadrature, weak limit, equilibrium, positivity, gradients."""

from itertools import pairwise
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import assume, given, settings, strategies as st
from jax.flatten_util import ravel_pytree

from qtopt.errors import InputError
from qtopt.model import AbstractDrive, Machine, MonochromaticDrive, PiecewiseDrive
from qtopt.solvers import Exact, ExactSteadyState, Fluctuations, fluctuations, steady_state
from qtopt.solvers.weak import fluctuations as weak
from tests.helpers.machines import BathNumbers, Case, drive_of, drude, engine, lorentzian, machine_of, ohmic
from tests.references.exact_floquet_fluctuations import fluctuations as reference

COMMON = Exact(65, 16)  # one compiled program for each structure
GENERIC = np.array([[0.2, -0.3, 0.1], [0.4, 0.2 + 0.2j, 0.2j], [0.1j, -0.15, -0.1]])
QUARTER = np.array([[0.0, 0.0], [0.5, -0.5j], [0.0, 0.0]])  # cos, and cos a quarter of a period ahead
TRUNCATION = 14  # harmonics of the response; 12 leave 1e-11


weak_fluctuations = eqx.filter_jit(weak)


@eqx.filter_jit
def solve(
    machine: Machine, drive: AbstractDrive, solver: Exact = COMMON
) -> tuple[ExactSteadyState, Fluctuations]:
    return steady_state(machine, drive, solver), fluctuations(machine, drive, solver)


def case(driven: BathNumbers, *static: BathNumbers, frequency: float = 0.7, scale: float = 1.0) -> Case:
    """The generic drive on as many oscillators as the first static bath has couplings."""
    size = len(static[0]["coupling"])
    return Case((1.0, 0.6, 0.83)[:size], (driven, *static), frequency, scale * GENERIC[:, :size])


def normalised(difference: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """``difference_lk/sqrt(D_ll D_kk)``: an off-diagonal entry may vanish."""
    root = np.sqrt(np.diag(covariance))
    return np.abs(difference) / np.outer(root, root)


def compare(example: Case, tolerance: float, truncation: int = TRUNCATION) -> None:
    expected, error = reference(
        example.frequencies,
        example.baths,
        example.drive_frequency,
        dict(enumerate(example.harmonics)),
        truncation,
    )
    assert normalised(error, expected).max() < tolerance / 10.0
    result = np.asarray(solve(example.machine, example.drive)[1].local_power_covariance)
    assert normalised(result - expected, expected).max() < tolerance, (result, expected)


QUICK = {
    "drude": case(drude(0.3, 3.0, 1.0), ohmic(0.5, 0.2, (1.0, 0.7))),
    "cold": case(drude(0.3, 3.0, 0.02), ohmic(0.5, 0.3, (1.0, 0.7))),
    "lorentzian": case(
        lorentzian(0.3, 1.25, 0.1, 1.0), ohmic(0.5, 0.2, (1.0, 0.7)), frequency=0.45, scale=0.8
    ),
}
SLOW = {
    "cold static drude": case(drude(0.3, 3.0, 0.5), drude(0.5, 5.0, 0.02, (1.0, 0.7)), frequency=0.4),
    "one oscillator": case(drude(0.3, 3.0, 1.0), ohmic(0.5, 0.2, (1.0,))),
    "three oscillators": case(drude(0.3, 3.0, 1.0), ohmic(0.5, 0.2, (1.0, 0.7, 0.5))),
    "two driven baths": case(drude(0.3, 3.0, 1.0), ohmic(0.5, 0.2, (1.0, 0.7)), drude(0.2, 1.5, 0.4)),
    "drude and lorentzian driven": case(
        drude(0.2, 3.0, 1.0), ohmic(0.5, 0.2, (1.0, 0.7)), lorentzian(0.2, 1.25, 0.3, 0.4)
    ),
    "two static baths": case(drude(0.3, 3.0, 1.0), ohmic(0.5, 0.2, (1.0, 0.7)), ohmic(0.1, 0.5, (0.2, 1.0))),
    "overdamped": case(
        lorentzian(0.3, 1.25, 0.1, 1.0), ohmic(100.0, 0.2, (1.0, 1.0)), frequency=0.45, scale=0.6
    ),
    "static lorentzian": case(
        drude(0.3, 3.0, 1.0), ohmic(0.3, 0.2, (1.0, 0.7)), lorentzian(0.3, 0.9, 0.2, 0.5, (0.4, 1.0))
    ),
}


@pytest.mark.parametrize(
    "name", ["drude", *(pytest.param(n, marks=pytest.mark.slow) for n in QUICK if n != "drude")]
)
def test_quadrature(name: str) -> None:
    compare(QUICK[name], 1e-11)


@pytest.mark.slow
@pytest.mark.parametrize("name", SLOW)
def test_quadrature_of_more_structures(name: str) -> None:
    compare(SLOW[name], 1e-10)


@pytest.mark.slow
def test_quadrature_of_the_overdamped_converter() -> None:
    compare(Case((1.0, 0.6), converter_baths(0.01), 0.2, QUARTER), 3e-10, 8)


def converter_baths(strength: float, damping: float = 100.0) -> tuple[BathNumbers, BathNumbers]:
    """Drude cut-off 12 and Ohmic bath at T = 0.1."""
    return drude(strength, 12.0, 0.1), ohmic(damping, 0.1, (1.0, 1.0))


@pytest.mark.slow
@pytest.mark.parametrize(("damping", "strongest"), [(0.5, 1e-4), (100.0, 1e-6)])
def test_difference_to_the_weak_theory_is_proportional_to_the_strength(
    damping: float, strongest: float
) -> None:
    drive = drive_of(0.2, QUARTER)
    limit = weak_fluctuations(machine_of((1.0, 0.6), converter_baths(1.0, damping)), drive)
    strengths, differences = strongest * np.array([0.01, 0.1, 1.0]), []
    for strength in strengths:
        exact = solve(machine_of((1.0, 0.6), converter_baths(float(strength), damping)), drive)[1]
        ratios = np.append(exact.local_powers, exact.power) / np.append(limit.local_powers, limit.power)
        differences.append(ratios / strength - 1.0)
    slopes = np.polyfit(np.log(strengths), np.log(np.abs(differences)), 1)[0]
    np.testing.assert_allclose(slopes, 1.0, atol=0.02, err_msg=f"{differences}")


def test_precision_of_the_published_converter() -> None:
    """The violation of the weak theory survives, Q = 0.00453 at gamma_1 = 1e-3."""
    machine = machine_of((1.0, 0.6), converter_baths(1e-3))
    state, result = solve(machine, drive_of(0.2, QUARTER))
    product = result.local_powers * state.entropy_production_rate / state.local_powers**2
    np.testing.assert_allclose(float(product[0]), 4.53e-3, atol=5e-6)


@pytest.mark.slow
@pytest.mark.parametrize("temperature", [0.05, 0.4, 5.0])
def test_small_modulation_of_strong_couplings_obeys_fluctuation_dissipation(temperature: float) -> None:
    """D_P S/P^2 = (Omega/T) coth(Omega/2T) + O(amplitude^2): linear response, at any coupling strength."""
    frequency = 0.7
    identity = frequency / temperature / np.tanh(frequency / (2.0 * temperature))
    machine = machine_of((1.0, 0.6), (drude(0.5, 3.0, temperature), ohmic(0.5, temperature, (1.0, 0.7))))
    errors = []
    for amplitude in (1e-2, 5e-3):
        g = np.array([[0.8, 0.5], [amplitude, amplitude * np.exp(0.7j)], [0.0, 0.0]])
        state, result = solve(machine, drive_of(frequency, g))
        errors.append(float(result.power * state.entropy_production_rate / state.power**2) / identity - 1.0)
    assert abs(errors[1]) < 1e-3
    np.testing.assert_allclose(errors[0] / errors[1], 4.0, rtol=0.01)


@pytest.mark.slow
def test_independent_oscillators_fluctuate_independently() -> None:
    joint = QUICK["drude"]
    machine = joint.machine.with_configuration("independent")
    result = np.asarray(eqx.filter_jit(fluctuations)(machine, joint.drive, COMMON).local_power_covariance)
    assert result[0, 1] == 0.0 and result[1, 0] == 0.0
    for l, coupling in enumerate(joint.baths[1]["coupling"]):
        single = (joint.baths[0], ohmic(0.5, 0.2, (coupling,)))
        harmonics = dict(enumerate(joint.harmonics[:, l : l + 1]))
        alone, _ = reference(joint.frequencies[l : l + 1], single, 0.7, harmonics, TRUNCATION)
        np.testing.assert_allclose(result[l, l], alone[0, 0], rtol=1e-11)


def decades(low, high):
    return st.floats(low, high).map(lambda x: 10.0**x)


@settings(max_examples=100)
@given(
    temperatures=st.tuples(decades(-1.5, 1.0), decades(-1.5, 1.0)),
    rates=st.tuples(decades(-3.0, 0.0), decades(-1.5, 2.0)),
    cutoff=decades(0.0, 2.0),
    frequency=decades(-1.0, 1.0),
    couplings=st.tuples(st.floats(0.3, 1.0), st.floats(-1.0, 1.0)),
    amplitudes=st.lists(st.complex_numbers(max_magnitude=0.5), min_size=4, max_size=4),
)
def test_variances_are_positive(
    temperatures: tuple[float, float],
    rates: tuple[float, float],
    cutoff: float,
    frequency: float,
    couplings: tuple[float, float],
    amplitudes: list[complex],
) -> None:
    baths = (drude(rates[0], cutoff, temperatures[0]), ohmic(rates[1], temperatures[1], couplings))
    g = np.concatenate([[[0.4, 0.3]], np.reshape(amplitudes, (2, 2))])
    state, result = solve(machine_of((1.0, 0.6), baths), drive_of(frequency, g))
    assume(int(state.status) == 0)
    covariance = np.asarray(result.local_power_covariance)
    size = np.trace(covariance)
    np.testing.assert_array_equal(covariance, covariance.T)
    np.testing.assert_allclose(float(result.power), covariance.sum(), rtol=1e-12, atol=1e-12 * size)
    assert np.linalg.eigvalsh(covariance).min() >= -1e-9 * size


@pytest.mark.slow
@pytest.mark.parametrize("scale", [1.0, 4.0])  # spectral radii 1.0105 and 2.2
def test_unstable_machines_have_no_variance(scale: float) -> None:
    baths = (lorentzian(0.3, 1.25, 0.1, 1.0), ohmic(0.01, 0.2, (1.0, 0.7)))
    example = case(*baths, frequency=1.2, scale=scale)
    state, result = solve(example.machine, example.drive)
    assert int(state.status) == 1
    assert np.all(np.isnan(np.asarray(result.local_power_covariance)))


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_converges_exponentially_with_the_points_of_time() -> None:
    example = QUICK["drude"]
    fine, *coarse = (
        np.asarray(solve(example.machine, example.drive, Exact(points, 16))[1].local_power_covariance)
        for points in (129, 17, 33, 65)
    )
    errors = [normalised(values - fine, fine).max() for values in coarse]
    assert errors[1] < 0.1 * errors[0] and errors[2] < 1e-11, errors


FLAT, UNRAVEL = ravel_pytree((QUICK["drude"].machine, QUICK["drude"].drive))


def variances(flat: jax.Array) -> jax.Array:
    """D_AA, D_AB, D_BB as functions of every parameter of machine and drive."""
    machine, drive = UNRAVEL(flat)
    covariance = fluctuations(machine, drive, COMMON).local_power_covariance
    return jnp.stack([covariance[0, 0], covariance[0, 1], covariance[1, 1]])


@pytest.fixture(scope="module")
def pull() -> Any:
    """Compiled reverse mode: the gradient of covector . D."""

    def gradient(flat, covector):
        return jax.vjp(variances, flat)[1](covector)[0]

    return jax.jit(gradient).lower(FLAT, jnp.ones(3)).compile()


def differences(direction: np.ndarray) -> np.ndarray:
    """Derivatives along a direction: central differences of four steps, extrapolated to order h^8."""

    def value(h: float) -> np.ndarray:
        machine, drive = UNRAVEL(FLAT + h * direction)
        covariance = solve(machine, drive)[1].local_power_covariance
        return np.asarray(covariance)[np.triu_indices(2)]

    table = [(value(h) - value(-h)) / (2.0 * h) for h in 0.04 * 0.5 ** np.arange(4)]
    for power in (4.0, 16.0, 64.0):
        table = [(power * fine - coarse) / (power - 1.0) for coarse, fine in pairwise(table)]
    return table[0]


@pytest.mark.slow
def test_gradients_equal_finite_differences(pull: Any) -> None:
    reverse = np.stack([pull(FLAT, row) for row in jnp.eye(3)])
    size = np.maximum(np.abs(np.asarray(FLAT)), 0.1)
    for i, direction in enumerate(np.diag(size)):
        expected = differences(direction)
        tolerance = 1e-6 * np.abs(expected) + 1e-9 * np.abs(expected).max()
        assert np.all(np.abs(reverse[:, i] * size[i] - expected) < tolerance), (i, expected)


@pytest.mark.slow
def test_forward_mode_equals_reverse_mode(pull: Any) -> None:
    forward = np.asarray(jax.jit(jax.jacfwd(variances))(FLAT))
    reverse = np.stack([pull(FLAT, row) for row in jnp.eye(3)])
    np.testing.assert_allclose(forward, reverse, rtol=1e-8, atol=1e-10 * np.abs(reverse).max())


@pytest.mark.slow
def test_programs_hold_no_lapack_and_no_callback(pull: Any) -> None:
    text = pull.as_text()
    assert len(text) > 1000
    assert 'custom_call_target="lapack' not in text and "python_cpu_callback" not in text


def test_refused_input() -> None:
    with pytest.raises(InputError, match=r"smooth drive.*jumps between 3 steps.*Fourier or bounded"):
        fluctuations(engine(), PiecewiseDrive(0.45, np.ones((2, 3))), Exact())
    with pytest.raises(InputError, match=r"one shape per oscillator \(2\), but it has 3"):
        fluctuations(engine(), MonochromaticDrive(0.4, np.ones(3), np.zeros(3)), Exact())
    memoryless = machine_of((1.0, 0.6), (ohmic(0.1, 1.0), ohmic(0.5, 0.2, (1.0, 1.0))))
    with pytest.raises(InputError, match=r"'bath 0' is strictly Ohmic.*Drude cut-off or use the weak"):
        fluctuations(memoryless, drive_of(0.7, QUARTER), Exact())


def test_coarse_steps_give_no_numbers() -> None:
    example = case(drude(0.3, 3.0, 0.4), ohmic(50.0, 0.2, (1.0,)))
    state, found = solve(example.machine, example.drive, Exact(65, 1))
    assert state.status == 2 and np.all(np.isnan(np.asarray(found.local_power_covariance)))
