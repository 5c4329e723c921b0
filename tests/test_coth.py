"""The rational coth against 50 digits of mpmath."""

from collections.abc import Sequence

import jax
import mpmath
import numpy as np
import pytest
from hypothesis import given, strategies as st

from qtopt.thermal import coth_poles, matsubara, rational_coth

RATIOS = np.logspace(-6, 8, 141)


def exact_coth(points: Sequence[complex] | np.ndarray, temperature: float = 1.0) -> np.ndarray:
    """coth(omega/2T), rounded once from 50 digits."""
    with mpmath.workdps(50):
        return np.array([complex(mpmath.coth(mpmath.mpmathify(z) / (2 * temperature))) for z in points])


def relative_error(points: np.ndarray, nodes: int | None = None) -> np.ndarray:
    poles = coth_poles() if nodes is None else coth_poles(nodes)
    expected = exact_coth(points)
    return np.abs(np.asarray(rational_coth(points, 1.0, poles)) - expected) / np.abs(expected)


def test_real_frequencies_over_fourteen_decades() -> None:
    assert relative_error(RATIOS).max() < 1e-13
    assert relative_error(-RATIOS).max() < 1e-13


@pytest.mark.parametrize("angle", [-0.5, -0.2, 0.3, 0.5])
def test_complex_frequencies_around_the_real_axis(angle: float) -> None:
    assert relative_error(RATIOS * np.exp(1j * angle)).max() < 1e-13


@pytest.mark.parametrize("angle", [-1.5, -1.2, -0.7, 0.7, 1.2, 1.5])
def test_complex_frequencies_below_the_first_compressed_block(angle: float) -> None:
    # Further up, the poles of the compressed tail are not those of coth: the rational form is another
    # function there by design, and the solver uses it consistently on both sides of the residue theorem.
    assert relative_error(RATIOS[RATIOS < 2.0 * np.pi] * np.exp(1j * angle)).max() < 1e-13


@pytest.mark.parametrize(("nodes", "bound"), [(16, 2e-15), (14, 1.02e-13), (10, 7e-10), (6, 4e-6)])
def test_documented_accuracy_of_fewer_nodes(nodes: int, bound: float) -> None:
    # Two roundings of the last digit of the expected value come on top of the documented error.
    assert relative_error(RATIOS, nodes).max() < bound + 2 * np.finfo(float).eps


def test_the_error_falls_by_nine_for_each_node() -> None:
    errors = [relative_error(RATIOS, nodes).max() for nodes in (5, 7, 9)]
    assert errors[1] < errors[0] / 9.0 and errors[2] < errors[1] / 9.0


def test_size_and_order_of_the_constants() -> None:
    poles = coth_poles()
    assert poles.k.shape == (202,)
    assert np.all(np.diff(poles.k) > 0.0) and np.all(poles.weight > 0.0)
    np.testing.assert_array_equal(poles.k[:4], [0.0, 1.0, 2.0, 3.0])
    np.testing.assert_allclose(poles.weight[:4], [0.5, 1.0, 1.0, 1.0], rtol=1e-14)
    np.testing.assert_allclose(matsubara(0.3, poles)[1], 0.6 * np.pi, rtol=1e-15)


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
