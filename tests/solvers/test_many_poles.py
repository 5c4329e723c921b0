"""Baths of many poles in the exact solver: large matrices, and what they must not change."""

import jax.numpy as jnp
import numpy as np
import pytest

from qtopt.model import Bath, Drude, Lorentzian, Machine, MonochromaticDrive, Rational
from qtopt.solvers import Exact, steady_state
from qtopt.solvers.exact._doubling import LARGE, product

DRIVE = MonochromaticDrive(0.45, [1.0, 1.0], [0.0, np.pi])
STRENGTH, PEAK, WIDTH = 0.02, 1.25, 0.2


@pytest.mark.parametrize("size", [LARGE - 1, LARGE])
@pytest.mark.parametrize("library", [np, jnp])
def test_products_at_every_time(size: int, library) -> None:
    """Against einsum, with one side that has an axis more."""
    rng = np.random.default_rng(size)
    left, right = rng.standard_normal((3, size, 5)), rng.standard_normal((2, size, 4, 5))
    found = product(library.asarray(left), library.asarray(right))
    np.testing.assert_allclose(found, np.einsum("ijt,sjkt->sikt", left, right), rtol=0.0, atol=1e-13)


def test_poles_that_zeros_cancel_change_nothing() -> None:
    """A resonance of 2 poles, and the same J with 14: 19 variables in place of 7."""

    def currents(density: Lorentzian | Rational) -> np.ndarray:
        baths = Bath("hot", 1.0, density, "driven"), Bath("cold", 0.2, Drude(0.1, 5.0), "static")
        machine = Machine([1.0, 0.6], baths)
        state = steady_state(machine, DRIVE, Exact())
        assert abs(float(state.first_law_residual)) < 1e-9
        return np.r_[state.power, state.heat_currents]

    resonance = Lorentzian(STRENGTH, PEAK, WIDTH)
    a, b = np.sqrt(PEAK**2 - WIDTH**2 / 4.0), WIDTH / 2.0
    others = [[0.3 * k, 0.1 + 0.05 * k] for k in range(1, 7)]
    same = Rational(1.0, [], [[a, b], *others], [], others)
    omega = np.linspace(0.1, 4.0, 7)
    scale = np.real(np.asarray(resonance.density(omega)) / np.asarray(same.density(omega)))
    np.testing.assert_allclose(scale, scale[0], rtol=1e-12)
    same = Rational(scale[0], [], [[a, b], *others], [], others)
    np.testing.assert_allclose(currents(same), currents(resonance), rtol=1e-9)
