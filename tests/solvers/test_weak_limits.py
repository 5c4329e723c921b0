"""Limits that need no reference: shared baths, equilibrium, second law, lone oscillators."""

from functools import lru_cache

import jax
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy.integrate import quad_vec

from qtopt.model import FourierDrive, MonochromaticDrive
from tests.helpers.grid import Structure, cases
from tests.helpers.machines import Case, drude, largest_current, machine_of, ohmic, solve

JOINT = Structure("drude", ("ohmic",))


def log_uniform(low: float, high: float) -> st.SearchStrategy[float]:
    """10^x, x uniform between the exponents."""
    return st.floats(low, high).map(lambda x: float(10.0**x))


def driven_case(
    seed: int, damping: float, temperatures: tuple[float, float], cutoff: float, omega: float
) -> Case:
    """Two oscillators with random frequencies, couplings and drive."""
    rng = np.random.default_rng(seed)
    g = rng.normal(size=(3, 2)) + 1j * rng.normal(size=(3, 2))
    g[0] = g[0].real
    static = ohmic(damping, temperatures[1], rng.uniform(0.3, 1.0, size=2).tolist())
    baths = (drude(1.0, cutoff, temperatures[0]), static)
    return Case((1.0, float(rng.uniform(0.2, 1.8))), baths, omega, g)


parameters = given(
    st.integers(0, 2**31),
    log_uniform(-2, 3),
    log_uniform(-1.5, 1.5),
    log_uniform(-1, 2),
    log_uniform(-1.5, 1),
)


@parameters
@settings(max_examples=150)
def test_isothermal_machines_never_deliver_work(
    seed: int, damping: float, temperature: float, cutoff: float, omega: float
) -> None:
    state = driven_case(seed, damping, (temperature, temperature), cutoff, omega).solve()
    assert float(state.power) >= -1e-12 * largest_current(state)


@parameters
@settings(max_examples=150)
def test_second_law_and_energy_balance(
    seed: int, damping: float, temperature: float, cutoff: float, omega: float
) -> None:
    cold = temperature * 10.0 ** np.random.default_rng(seed).uniform(-1.5, 1.5)
    case = driven_case(seed, damping, (temperature, float(cold)), cutoff, omega)
    state = case.solve()
    largest = largest_current(state)
    assert abs(float(state.heat_currents.sum() + state.power)) <= 1e-12 * largest
    np.testing.assert_allclose(state.local_powers.sum(), state.power, rtol=0, atol=1e-14 * largest)
    flows = np.abs(state.heat_currents / case.machine.temperatures).max()
    assert float(state.entropy_production_rate) >= -1e-11 * flows


def test_a_lone_oscillator_is_never_an_engine() -> None:
    """One oscillator, monochromatic drive, Ohmic driven bath: P >= 0 in 300 random machines."""
    rng = np.random.default_rng(8)
    for _ in range(300):
        damping, hot, cold, cutoff, omega = 10.0 ** rng.uniform([-2, -1, -1, -1, -1.5], [2, 1, 1, 2, 1])
        machine = machine_of(
            (1.0,), (ohmic(1.0, float(hot)), drude(float(damping), float(cutoff), float(cold), (1.0,)))
        )
        state = solve(machine, MonochromaticDrive(omega, np.ones(1), np.zeros(1)))
        assert float(state.power) >= -1e-12 * largest_current(state), machine


@pytest.mark.parametrize("structure", [JOINT, Structure("drude", ("ohmic",), 2, "independent")], ids=str)
def test_constant_drive(structure: Structure) -> None:
    """No work at all; heat flows only at different temperatures, and from hot to cold."""
    for case in cases(structure, 6, 3):
        g = case.harmonics.copy()
        g[1:] = 0.0
        hot = Case(case.frequencies, case.baths, case.drive_frequency, g, case.configuration).solve()
        assert float(hot.power) == 0.0 and not np.any(hot.local_powers)
        temperatures = [bath["temperature"] for bath in case.baths]
        if temperatures[0] != temperatures[1]:
            flow = float(hot.heat_currents[0]) * (temperatures[0] - temperatures[1])
            assert flow > 0.0
            continue
        warmer = ({**case.baths[0], "temperature": 2.0 * temperatures[0]}, case.baths[1])
        scale = largest_current(
            Case(case.frequencies, warmer, case.drive_frequency, g, case.configuration).solve()
        )
        assert largest_current(hot) <= 1e-10 * scale


def test_one_oscillator_has_no_configuration() -> None:
    machine = machine_of((1.0,), (drude(1.0, 5.0, 0.7), ohmic(0.8, 0.2, (0.9,))))
    drive = FourierDrive(0.4, np.array([0.2]), np.array([[1.0, 0.4]]), np.array([[0.3, -0.5]]))
    joint, independent = (solve(machine.with_configuration(c), drive) for c in ("joint", "independent"))
    for a, b in zip(jax.tree.leaves(joint), jax.tree.leaves(independent), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-13)


def test_joint_is_independent_when_only_one_oscillator_takes_part() -> None:
    """Couplings [1, 0] and no drive on B: the currents are those of A alone."""
    baths = (drude(1.0, 5.0, 0.7), ohmic(0.8, 0.2, (1.0, 0.0)))
    series = np.array([[1.0, 0.4], [0.0, 0.0]])
    drive = FourierDrive(0.4, np.array([0.2, 0.0]), series, -0.3 * series)
    machine = machine_of((1.0, 0.6), baths)
    lone = solve(
        machine_of((1.0,), (baths[0], {**baths[1], "coupling": (1.0,)})),
        FourierDrive(0.4, np.array([0.2]), series[:1], -0.3 * series[:1]),
    )
    for configuration in ("joint", "independent"):
        state = solve(machine.with_configuration(configuration), drive)
        np.testing.assert_allclose(state.heat_currents, lone.heat_currents, rtol=1e-12)
        np.testing.assert_allclose(state.local_powers, [float(lone.power), 0.0], rtol=1e-12)


@lru_cache
def equilibrium_covariance(damping: float, temperature: float, couplings: tuple[float, float]) -> np.ndarray:
    """<x_l x_l'> = int_0^inf dw/pi Im chi_ll'(w) coth(w/2T), in w = exp(s)."""
    g = np.outer(couplings, couplings)

    def integrand(s: float) -> np.ndarray:
        w = np.exp(s)
        chi = np.linalg.inv(np.diag([1.0 - w**2, 0.36 - w**2]) - 1j * damping * w * g)
        return w * chi.imag / np.tanh(w / (2.0 * temperature)) / np.pi

    points = [float(np.log(w)) for w in (0.6, 0.8246, 1.0)]
    return np.asarray(quad_vec(integrand, -25.0, 15.0, epsrel=1e-11, points=points)[0])


@pytest.mark.parametrize("damping", [0.05, 1.0, 30.0])
@pytest.mark.parametrize("temperature", [0.02, 0.5, 20.0])
def test_covariance_is_the_equilibrium_one(damping: float, temperature: float) -> None:
    machine = machine_of((1.0, 0.6), (drude(1.0, 5.0, 0.7), ohmic(damping, temperature, (1.0, 0.7))))
    drive = FourierDrive(0.4, np.zeros(2), np.ones((2, 2)), np.zeros((2, 2)))
    covariance = np.asarray(solve(machine, drive).covariance)
    expected = equilibrium_covariance(damping, temperature, (1.0, 0.7))
    np.testing.assert_allclose(covariance, expected, rtol=1e-8, atol=1e-9 * expected.max())
    np.testing.assert_array_equal(covariance, covariance.T)


def test_covariance_in_closed_form() -> None:
    """Nearly undamped: coth(w/2T)/2w. Classical: T/w^2 at any damping."""
    drive = FourierDrive(0.4, np.zeros(1), np.ones((1, 2)), np.zeros((1, 2)))

    def variance(damping: float, temperature: float) -> float:
        machine = machine_of((0.6,), (drude(1.0, 5.0, 0.7), ohmic(damping, temperature, (1.0,))))
        return float(solve(machine, drive).covariance[0, 0])

    np.testing.assert_allclose(variance(1e-9, 0.2), 1.0 / np.tanh(1.5) / 1.2, rtol=1e-8)
    np.testing.assert_allclose(variance(3.0, 1e6), 1e6 / 0.36, rtol=1e-9)
