"""From kernels to currents: reactive power, any times larger, leaves no round-off behind."""

from fractions import Fraction

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.typing import NDArray

from qtopt.model import FourierSeries
from qtopt.solvers.weak._kernels import Kernels
from qtopt.solvers.weak._steady_state import currents

HARMONICS, BATHS, REACTIVE = 6, 2, 1e9
Complex = NDArray[np.complex128]


def random_case(size: int, seed: int, private: bool) -> tuple[Kernels, Complex]:
    """Kernels whose reciprocal part of Im K is 1e9 times all others, and a complex drive."""
    rng = np.random.default_rng(seed)

    def kernel() -> Complex:
        real, imag, large = rng.normal(size=(3, HARMONICS, BATHS, size, size))
        k = real + 1j * (imag + REACTIVE * (large + np.swapaxes(large, -1, -2)))
        return k * np.eye(size) if private else k

    amplitudes = rng.normal(size=(2, HARMONICS, size))
    table = Kernels(work=jnp.asarray(kernel()), heat=jnp.asarray(kernel()))
    return table, amplitudes[0] + 1j * amplitudes[1]


def exact_form(kernel: Complex, g: Complex) -> list[Fraction]:
    """``sum_n Re[conj(g_l) K_lm g_m]`` for each l in exact arithmetic, n and -n."""
    a, b, re, im = (np.vectorize(Fraction)(x) for x in (g.real, g.imag, kernel.real, kernel.imag))
    even = a[:, :, None] * a[:, None, :] + b[:, :, None] * b[:, None, :]
    odd = a[:, :, None] * b[:, None, :] - b[:, :, None] * a[:, None, :]
    weights = np.array([1] + [2] * (HARMONICS - 1))[:, None, None, None]
    return list(np.sum(weights * (even[:, None] * re - odd[:, None] * im), axis=(0, 1, 3)))


@pytest.mark.parametrize("size", [1, 2, 3])
@pytest.mark.parametrize("seed", range(3))
def test_totals_keep_every_digit_beside_reactive_power(size: int, seed: int) -> None:
    table, g = random_case(size, seed, private=False)
    found = jax.jit(lambda table, g: currents(table, FourierSeries.one_sided(g)))(
        jax.tree.map(jnp.asarray, table), jnp.asarray(g)
    )
    scale = np.sum(np.abs(g)) ** 2
    for value, kernel in ((found.power, table.work), (found.driven_heat, table.heat)):
        expected = float(sum(exact_form(np.array(kernel), g)))
        assert float(value) == pytest.approx(expected, abs=1e-14 * scale)


@pytest.mark.parametrize("size", [1, 2, 3])
def test_local_powers_of_private_baths_keep_every_digit(size: int) -> None:
    """Im K_ll does no work at all, not even the round-off of a fused multiply-add."""
    table, g = random_case(size, 7, private=True)
    found = jax.jit(lambda table, g: currents(table, FourierSeries.one_sided(g)))(
        jax.tree.map(jnp.asarray, table), jnp.asarray(g)
    )
    expected = [float(p) for p in exact_form(np.array(table.work), g)]
    np.testing.assert_allclose(found.local_powers, expected, rtol=0.0, atol=1e-14 * np.sum(np.abs(g)) ** 2)
