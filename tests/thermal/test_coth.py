"""The rational coth against 50 digits of mpmath."""

from collections.abc import Sequence

import jax
import mpmath
import numpy as np
import pytest
from hypothesis import given, strategies as st

from qtopt.errors import InputError
from qtopt.thermal import coth_poles, matsubara, rational_coth

RATIOS = np.logspace(-6, 10, 161)


def exact_coth(points: Sequence[complex] | np.ndarray, temperature: float = 1.0) -> np.ndarray:
    """coth(omega/2T), rounded once from 50 digits."""
    with mpmath.workdps(50):
        return np.array([complex(mpmath.coth(mpmath.mpmathify(z) / (2 * temperature))) for z in points])


def relative_error(points: np.ndarray, accuracy: float = 1e-15) -> np.ndarray:
    expected = exact_coth(points)
    return np.abs(np.asarray(rational_coth(points, 1.0, coth_poles(accuracy))) - expected) / np.abs(expected)


@pytest.mark.parametrize(
    ("accuracy", "bound"), [(1e-9, 7.5e-10), (2e-10, 1.9e-10), (1e-12, 7e-13), (1e-15, 2e-15)]
)
def test_documented_accuracy_over_sixteen_decades(accuracy: float, bound: float) -> None:
    assert relative_error(RATIOS, accuracy).max() < bound
    assert relative_error(-RATIOS, accuracy).max() < bound


@pytest.mark.parametrize("angle", [-0.5, -0.2, 0.3, 0.5])
def test_complex_frequencies_around_the_real_axis(angle: float) -> None:
    # From the real axis (1e-15) to the poles (1) the error grows geometrically with the angle.
    points = RATIOS[RATIOS < 1e8] * np.exp(1j * angle)
    assert relative_error(points).max() < 10.0 * 1e-15 ** (1.0 - abs(angle) / (np.pi / 2.0))


@pytest.mark.parametrize("angle", [-1.5, -1.2, -0.7, 0.7, 1.2, 1.5])
def test_complex_frequencies_before_the_first_poles(angle: float) -> None:
    # Further up, the rational form is another function by design: its poles are those of coth no longer. The
    # solver uses it consistently on both sides of the residue theorem.
    assert relative_error(RATIOS[RATIOS < 1.0] * np.exp(1j * angle)).max() < 3e-15


@pytest.mark.parametrize(
    ("accuracy", "size"), [(1e-3, 51), (1e-9, 51), (2e-10, 54), (1e-10, 66), (1e-12, 66), (1e-15, 80)]
)
def test_size_and_order_of_the_constants(accuracy: float, size: int) -> None:
    poles = coth_poles(accuracy)
    assert poles.k.shape == poles.weight.shape == (size,)
    assert np.all(np.diff(poles.k) > 0.0) and np.all(poles.weight > 0.0)
    assert (poles.k[0], poles.weight[0]) == (0.0, 0.5)
    np.testing.assert_allclose(matsubara(0.3, poles), 0.6 * np.pi * poles.k, rtol=1e-15)


def test_the_first_poles_are_matsubara_terms() -> None:
    poles = coth_poles()
    np.testing.assert_allclose(poles.k[1:3], [1.0, 2.0], rtol=1e-7)
    np.testing.assert_allclose(poles.weight[1:3], [1.0, 1.0], rtol=1e-6)


@pytest.mark.parametrize("accuracy", [9e-16, 0.0, -1.0, np.nan])
def test_no_table_is_more_accurate(accuracy: float) -> None:
    with pytest.raises(InputError, match="must be at least 1e-15"):
        coth_poles(accuracy)


@given(st.floats(1e-3, 1e3), st.floats(1e-3, 1e3))
def test_odd_and_scale_invariant(omega: float, temperature: float) -> None:
    value = float(rational_coth(omega, temperature))
    assert float(rational_coth(-omega, temperature)) == -value
    np.testing.assert_allclose(float(rational_coth(4.0 * omega, 4.0 * temperature)), value, rtol=1e-14)


@given(st.floats(0.05, 20.0))
def test_temperature_derivative(temperature: float) -> None:
    slope = jax.grad(lambda t: rational_coth(1.0, t))(temperature)
    # d/dT coth(w/2T) = (w/2T^2)/sinh(w/2T)^2; the error is relative to the sum, not to its exponential rest
    expected = 0.5 / temperature**2 / np.sinh(0.5 / temperature) ** 2
    np.testing.assert_allclose(slope, expected, rtol=1e-12, atol=1e-14 / temperature)
