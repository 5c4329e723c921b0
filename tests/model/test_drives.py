"""Drives: harmonics against Fourier integrals, values in time against harmonics, bounds, exact steps."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, strategies as st

from qtopt.model import AbstractDrive, BoundedDrive, FourierDrive, MonochromaticDrive, PiecewiseDrive

RNG = np.random.default_rng(5)
TWO_PI = 2.0 * np.pi
FOURIER = FourierDrive(0.45, RNG.normal(size=2), RNG.normal(size=(2, 3)), RNG.normal(size=(2, 3)))
MONOCHROMATIC = MonochromaticDrive(0.45, np.array([1.0, 0.3]), np.array([0.2, -2.1]))
BOUNDED = BoundedDrive(0.45, RNG.normal(size=2), RNG.normal(size=(2, 3)), RNG.normal(size=(2, 3)))
PIECEWISE = PiecewiseDrive(0.45, RNG.normal(size=(2, 5)))
numbers = st.floats(-1e3, 1e3)


def fourier_integral(drive: AbstractDrive, order: int, points: int = 4096) -> np.ndarray:
    """g_n = (Omega/2 pi) int_0^{2 pi/Omega} g(t) exp(i n Omega t) dt: the trapezoidal rule, spectral here."""
    phase = TWO_PI * np.arange(points) / points
    values = np.asarray(drive(phase / drive.frequency))
    return np.mean(values * np.exp(1j * order * phase)[:, None], axis=0)


def from_harmonics(g: np.ndarray, phase: np.ndarray) -> np.ndarray:
    """sum_n g_n exp(-i n phase) over positive and negative n."""
    waves = np.exp(-1j * phase[:, None] * np.arange(1, g.shape[0]))
    return g[0].real + 2.0 * (waves @ g[1:]).real


@pytest.mark.parametrize("drive", [FOURIER, MONOCHROMATIC, BOUNDED], ids=["fourier", "cosine", "bounded"])
def test_harmonics_are_fourier_integrals(drive: AbstractDrive) -> None:
    g = np.asarray(drive.harmonics(drive.default_harmonics))
    for order in sorted({0, 1, len(g) // 2, len(g) - 1}):
        np.testing.assert_allclose(g[order], fourier_integral(drive, order), atol=2e-14)


@pytest.mark.parametrize("drive", [FOURIER, MONOCHROMATIC, BOUNDED], ids=["fourier", "cosine", "bounded"])
def test_mean_square_is_a_time_average(drive: AbstractDrive) -> None:
    values = np.asarray(drive(np.arange(4096) * TWO_PI / 4096 / drive.frequency))
    np.testing.assert_allclose(drive.mean_square(), np.mean(values**2, axis=0), rtol=1e-13)


def test_more_harmonics_than_present_are_zero() -> None:
    assert not np.any(FOURIER.harmonics(7)[4:])
    assert not np.any(MONOCHROMATIC.harmonics(7)[2:])
    np.testing.assert_array_equal(FOURIER.harmonics(2), FOURIER.harmonics(7)[:3])


def test_piecewise_coefficients_are_exact() -> None:
    """Step by step: int exp(i n theta) by Gauss-Legendre rules that are exact to round-off."""
    node, weight = np.polynomial.legendre.leggauss(60)
    values = np.asarray(PIECEWISE.values)
    g = np.asarray(PIECEWISE.harmonics(40))
    for order in (0, 1, 2, 5, 13, 40):
        theta = TWO_PI * (np.arange(5)[:, None] + (node + 1.0) / 2.0) / 5.0
        steps = np.exp(1j * order * theta) @ weight / 10.0
        np.testing.assert_allclose(g[order], values @ steps, atol=1e-14)


def test_piecewise_values_and_square_wave() -> None:
    drive = PiecewiseDrive(0.45, np.array([[1.0, -1.0]]))
    g = np.asarray(drive.harmonics(9))[:, 0]
    order = np.arange(1, 10)
    np.testing.assert_allclose(g[1:], np.where(order % 2, 2j / (np.pi * order), 0.0), atol=1e-16)
    middle = (np.arange(-7, 8) + 0.5) / 2.0 * TWO_PI / 0.45
    np.testing.assert_array_equal(drive(middle)[:, 0], np.where(np.arange(-7, 8) % 2, -1.0, 1.0))
    np.testing.assert_allclose(drive.mean_square(), 1.0)


def test_parseval_of_the_piecewise_drive() -> None:
    g = np.abs(np.asarray(PIECEWISE.harmonics(20000))) ** 2
    np.testing.assert_allclose(g[0] + 2.0 * g[1:].sum(axis=0), PIECEWISE.mean_square(), rtol=2e-4)


@given(st.lists(numbers, min_size=10, max_size=10), st.floats(-50.0, 50.0), st.floats(1e-2, 1e2))
def test_fourier_values_are_consistent_with_harmonics(
    series: list[float], turns: float, frequency: float
) -> None:
    table = np.array(series).reshape(2, 5)
    drive = FourierDrive(frequency, table[:, 0], table[:, 1:3], table[:, 3:5])
    phase = np.array([turns])
    value = np.asarray(drive(phase / frequency))
    expected = from_harmonics(np.asarray(drive.harmonics(2)), phase)
    np.testing.assert_allclose(value, expected, atol=1e-12 * max(1.0, np.abs(table).max()))


@given(st.floats(0.0, 10.0), st.floats(-10.0, 10.0), st.floats(-50.0, 50.0), st.floats(1e-2, 1e2))
def test_cosine_values_are_consistent_with_harmonics(
    size: float, phi: float, turns: float, frequency: float
) -> None:
    drive = MonochromaticDrive(frequency, np.array([size, 1.0]), np.array([phi, 0.0]))
    value = np.asarray(drive(np.array([turns]) / frequency))
    expected = from_harmonics(np.asarray(drive.harmonics(1)), np.array([turns]))
    np.testing.assert_allclose(value, expected, atol=1e-12)


@given(
    st.lists(numbers, min_size=14, max_size=14),
    st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20),
    st.floats(1e-3, 1e3),
)
def test_bounded_drive_never_exceeds_one(series: list[float], times: list[float], frequency: float) -> None:
    table = np.array(series).reshape(2, 7)
    drive = BoundedDrive(frequency, table[:, 0], table[:, 1:4], table[:, 4:7])
    assert np.abs(drive(np.array(times))).max() <= 1.0
    assert np.abs(drive.samples(64)).max() <= 1.0
    assert np.all(drive.mean_square() <= 1.0 + 1e-14)


@pytest.mark.parametrize("bounds", [{}, {"low": 0.2, "high": 1.7}])
def test_slopes_of_a_bounded_drive(bounds: Any) -> None:
    """g, dg/du and d^2g/du^2 by differences in the mean of u, which moves u alone."""
    step = 1e-4

    def at(mean: float) -> tuple[np.ndarray, ...]:
        drive = BoundedDrive(0.7, [mean], [[0.8, -0.3]], [[0.2, 0.5]], **bounds)
        return tuple(np.asarray(part) for part in drive.bent_samples(6))

    series, shape, slope, bend = at(0.1)
    (more, above, _, _), (_, below, _, _) = at(0.1 + step), at(0.1 - step)
    np.testing.assert_allclose(more - series, step, atol=1e-14)
    drive = BoundedDrive(0.7, [0.1], [[0.8, -0.3]], [[0.2, 0.5]], **bounds)
    np.testing.assert_array_equal(shape, drive.samples(len(shape)))
    np.testing.assert_allclose(slope, (above - below) / (2.0 * step), atol=1e-7)
    np.testing.assert_allclose(bend, (above - 2.0 * shape + below) / step**2, atol=1e-6)


@given(st.lists(st.floats(-1.0, 1.0), min_size=6, max_size=6))
def test_bounded_values_are_consistent_with_harmonics(series: list[float]) -> None:
    table = np.array(series)
    drive = BoundedDrive(0.7, table[:2], table[2:4, None], table[4:, None])
    phase = np.linspace(-4.0, 9.0, 17)
    expected = from_harmonics(np.asarray(drive.harmonics(drive.default_harmonics)), phase)
    np.testing.assert_allclose(drive(phase / 0.7), expected, atol=1e-12)


def test_truncation_of_the_bounded_drive_decays_exponentially() -> None:
    def missing(count: int) -> float:
        g = np.abs(np.asarray(BOUNDED.harmonics(count))) ** 2
        return float(np.sum(BOUNDED.mean_square() - g[0] - 2.0 * g[1:].sum(axis=0)))

    errors = [abs(missing(count)) for count in (8, 16, 32, 64)]
    assert errors[0] < 0.2
    assert errors[1] < 0.2 * errors[0] and errors[2] < 0.05 * errors[1] and errors[3] < 1e-2 * errors[2]


@pytest.mark.parametrize("drive", [FOURIER, MONOCHROMATIC, BOUNDED], ids=["fourier", "cosine", "bounded"])
def test_frequency_is_differentiable(drive: AbstractDrive) -> None:
    """d g(t)/d Omega = t/Omega dg/dt; the harmonics do not depend on Omega."""
    time = jnp.asarray(2.3)

    def at(frequency: jax.Array, time: jax.Array) -> jax.Array:
        leaves, structure = jax.tree.flatten(drive)
        changed: AbstractDrive = jax.tree.unflatten(structure, [frequency, *leaves[1:]])
        return changed(time)

    by_frequency, by_time = jax.jacfwd(at, argnums=(0, 1))(drive.frequency, time)
    np.testing.assert_allclose(by_frequency, by_time * time / drive.frequency, rtol=1e-12)
    step = 1e-5
    difference = (at(drive.frequency + step, time) - at(drive.frequency - step, time)) / (2.0 * step)
    np.testing.assert_allclose(by_frequency, difference, rtol=1e-7)
