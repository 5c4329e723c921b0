"""Opponent 3: quadax, adaptive Gauss-Kronrod quadrature in JAX, all currents in one vector-valued integral.

Two oscillators with a common static Ohmic bath and one weak Lorentzian driven bath, one harmonic; formulas
and break points as in `scipy_quad`. Compiled once; differentiable and usable under `vmap` as qtopt is.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import quadax  # pyright: ignore[reportMissingImports]

from . import scipy_quad


def evaluator(
    machine: dict, drive_frequency: float, epsrel: float = 1e-9
) -> Callable[[jax.Array], jax.Array]:
    """A compiled function of the harmonic g, (2,) complex, that returns P, P_A, P_B, J_1, J_2."""
    _, bath_peaks = scipy_quad.driven_bath(machine["driven"])
    _, chi_peaks = scipy_quad.susceptibility(machine)
    peaks = [0.0, *bath_peaks, *chi_peaks]
    points = sorted({round(peak - move, 12) for peak in peaks for move in (0.0, drive_frequency)})
    interval = jnp.array([-np.inf, *points, np.inf])

    def currents(g: jax.Array) -> jax.Array:
        value, _ = quadax.quadgk(
            lambda w: _integrand(machine, drive_frequency, g, w),
            interval,
            epsabs=1e-4 * epsrel * machine["driven"]["strength"],
            epsrel=epsrel,
            max_ninter=1000,
        )
        return value / jnp.pi

    return jax.jit(currents)


def _integrand(machine: dict, shift: float, g: jax.Array, w: jax.Array) -> jax.Array:
    """(5,) P, P_A, P_B, J_1, J_2 per frequency."""
    bath, gamma = machine["driven"], machine["static_damping"]
    half_1, half_2 = 0.5 / machine["driven_temperature"], 0.5 / machine["static_temperature"]
    first, second = machine["frequencies"]

    def chi(x: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
        friction = -1j * gamma * x
        a, b = first**2 - x * x, second**2 - x * x
        determinant = a * b + friction * (a + b)
        return (b + friction) / determinant, -friction / determinant, (a + friction) / determinant

    def kernel(x: jax.Array) -> jax.Array:
        square = bath["peak"] ** 2
        return bath["strength"] / square - bath["strength"] / (square - x * x - 1j * bath["width"] * x)

    cross = jnp.conj(g[0]) * g[1]
    aa, bb, re, im = jnp.abs(g[0]) ** 2, jnp.abs(g[1]) ** 2, cross.real, cross.imag
    moved, here, back = w + shift, chi(w), kernel(w + shift) / jnp.tanh(half_2 * w)
    there, noise = chi(moved), -kernel(w).imag / jnp.tanh(half_1 * w)
    absorbed = aa * there[0].imag + bb * there[2].imag + 2.0 * re * there[1].imag
    flow = (noise + kernel(w).imag / jnp.tanh(half_2 * moved)) * absorbed

    def local(own: jax.Array, sign: float, own_entry: int) -> jax.Array:
        response = own * there[own_entry].imag + re * there[1].imag + sign * im * there[1].real
        taken = own * here[own_entry].imag + re * here[1].imag
        return noise * response - back.imag * taken - back.real * sign * im * here[1].imag

    return jnp.stack(
        [shift * flow, shift * local(aa, 1.0, 0), shift * local(bb, -1.0, 2), w * flow, -moved * flow]
    )
