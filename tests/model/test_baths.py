"""Spectral densities: J odd, Im chi_B = J, K = chi_B(0) - chi_B, slopes and pole expansions."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, strategies as st

from qtopt import InputError
from qtopt.model import (
    AbstractSpectralDensity,
    Bath,
    Drude,
    Lorentzian,
    Machine,
    Ohmic,
    check_spectral_density,
)

DENSITIES: list[AbstractSpectralDensity] = [
    Ohmic(0.7),
    Drude(0.3, 12.0),
    Drude(1e3, 1e-2),
    Lorentzian(1.0, 1.25, 0.01),
    Lorentzian(2e-5, 1.25, 1e-3),
    Lorentzian(1.0, 0.4, 3.0),  # overdamped
    Lorentzian(1.0, 0.5, 1.0),  # critically damped
]
OMEGA = np.concatenate([-np.logspace(-4, 4, 33), np.logspace(-4, 4, 33)])
COMPLEX = OMEGA * np.exp(1j * np.linspace(-0.4, 0.4, OMEGA.size)) + 0.3j

NAMES = ["ohmic", "drude", "strong drude", "narrow", "narrower", "overdamped", "critical"]
each_density = pytest.mark.parametrize("density", DENSITIES, ids=NAMES)


def published_density(density: AbstractSpectralDensity, omega: np.ndarray) -> np.ndarray:
    """J(omega) as printed in theory (1.11) to (1.13)."""
    match density:
        case Ohmic():
            return float(density.damping) * omega
        case Drude():
            return float(density.damping) * omega / (1.0 + omega**2 / float(density.cutoff) ** 2)
        case Lorentzian():
            peak, width = float(density.peak), float(density.width)
            return float(density.strength) * width * omega / ((omega**2 - peak**2) ** 2 + width**2 * omega**2)
        case _:
            raise TypeError(type(density))


@each_density
def test_density_is_the_published_one_and_odd(density: AbstractSpectralDensity) -> None:
    value = np.asarray(density.density(OMEGA))
    np.testing.assert_allclose(np.real(value), published_density(density, OMEGA), rtol=2e-12)
    np.testing.assert_allclose(np.imag(value), 0.0, atol=1e-13 * np.abs(value).max())
    np.testing.assert_array_equal(np.real(density.density(-OMEGA)), -np.real(value))
    assert np.all(np.real(value) * OMEGA > 0.0)


@each_density
def test_dissipative_part_of_the_response(density: AbstractSpectralDensity) -> None:
    # Im K = -Im chi_B = -J; the memoryless friction of an Ohmic bath is in K only. Far from the resonance
    # the imaginary part is a small component: its round-off is relative to the modulus.
    expected = np.real(density.density(OMEGA))
    kernel = np.asarray(density.memory_kernel(OMEGA))
    assert np.all(np.abs(np.imag(kernel) + expected) <= 1e-14 * np.abs(kernel) + 2e-12 * np.abs(expected))
    if not isinstance(density, Ohmic):
        chi = np.asarray(density.response(OMEGA))
        assert np.all(np.abs(np.imag(chi) - expected) <= 1e-14 * np.abs(chi) + 2e-12 * np.abs(expected))


@each_density
def test_memory_kernel_is_the_difference_of_responses(density: AbstractSpectralDensity) -> None:
    viscosity = complex(density.expansion().viscosity)
    static = complex(density.response(0.0))
    difference = static - np.asarray(density.response(COMPLEX)) - 1j * viscosity * COMPLEX
    kernel = np.asarray(density.memory_kernel(COMPLEX))
    np.testing.assert_allclose(kernel, difference, rtol=1e-11, atol=1e-13 * abs(static))
    np.testing.assert_allclose(complex(density.expansion().static), static, rtol=1e-14)


@each_density
def test_retarded_symmetry(density: AbstractSpectralDensity) -> None:
    # K(t) is real: K(-conj w) = conj K(w)
    mirrored = np.asarray(density.memory_kernel(-np.conj(COMPLEX)))
    np.testing.assert_allclose(mirrored, np.conj(np.asarray(density.memory_kernel(COMPLEX))), rtol=1e-12)


@each_density
def test_slope_is_the_difference_quotient(density: AbstractSpectralDensity) -> None:
    a, b = COMPLEX, COMPLEX[::-1] + 0.1
    quotient = (np.asarray(density.memory_kernel(a)) - np.asarray(density.memory_kernel(b))) / (a - b)
    slope = np.asarray(density.memory_kernel_slope(a, b))
    # subtracting the two kernels costs digits, dividing by hand does not
    lost = 1e-14 * (np.abs(density.memory_kernel(a)) + np.abs(density.memory_kernel(b))) / np.abs(a - b)
    assert np.all(np.abs(quotient - slope) <= 1e-11 * np.abs(slope) + lost)


@each_density
def test_slope_at_equal_points_is_the_derivative(density: AbstractSpectralDensity) -> None:
    points = jnp.asarray(COMPLEX)
    derivative = jax.vmap(jax.grad(lambda w: density.memory_kernel(w), holomorphic=True))(points)
    slope = density.memory_kernel_slope(points, points)
    # automatic differentiation subtracts terms of the size of K/w
    lost = 1e-13 * np.abs(np.asarray(density.memory_kernel(points)) / COMPLEX)
    assert np.all(np.abs(slope - derivative) <= 1e-11 * np.abs(slope) + lost)


@each_density
def test_expansion_reproduces_kernel_and_density(density: AbstractSpectralDensity) -> None:
    static, viscosity, poles, residues = density.expansion()
    assert np.all(np.imag(poles) < 0.0)

    def response(w: np.ndarray) -> np.ndarray:
        return np.sum(np.asarray(residues) / (w[:, None] - np.asarray(poles)), axis=1)

    # At critical damping the two residues are 1e5 times their sum, and J is moved by 1e-9 (documented).
    critical = isinstance(density, Lorentzian) and float(density.width) == 2.0 * float(density.peak)
    rtol, lost = (2e-9, 1e-10) if critical else (1e-11, 1e-13)
    scale = float(static) + float(viscosity)
    kernel = float(static) - 1j * float(viscosity) * COMPLEX - response(COMPLEX)
    np.testing.assert_allclose(kernel, density.memory_kernel(COMPLEX), rtol=rtol, atol=lost * scale)
    both = (response(COMPLEX) - response(-COMPLEX)) / 2j + float(viscosity) * COMPLEX
    np.testing.assert_allclose(both, density.density(COMPLEX), rtol=rtol, atol=lost * scale)


@given(st.floats(-1.0, 1.0), st.integers(-14, -1))
def test_expansion_around_critical_damping(sign: float, exponent: int) -> None:
    """Widths ever closer to 2 omega_1 from both sides: K stays right, gradients finite."""
    width = 2.0 * 0.7 * (1.0 + sign * 10.0**exponent)

    def kernel(density: Lorentzian) -> jax.Array:
        expansion = density.expansion()
        value = expansion.static - jnp.sum(expansion.residues / (0.3 + 0.2j - expansion.poles))
        return value.real + value.imag

    exact = Lorentzian(1.3, 0.7, width)
    value, slope = jax.value_and_grad(kernel)(exact)
    expected = exact.memory_kernel(0.3 + 0.2j)
    np.testing.assert_allclose(value, expected.real + expected.imag, rtol=1e-8)
    assert all(np.isfinite(leaf) for leaf in jax.tree.leaves(eqx.filter(slope, eqx.is_array)))


def test_couplings_follow_the_drive_or_are_one_number_for_each_oscillator() -> None:
    """The words and a single number mean what the arrays say; a driven bath has no numbers of its own."""
    driven = Bath("hot", 1.0, Ohmic(1.0), "driven")
    static = (Bath("cold", 0.2, Ohmic(1.0), "static"), Bath("warm", 0.5, Ohmic(1.0), 0.5))
    machine = Machine([1.0, 0.6, 0.3], (driven, *static))
    assert len(machine.driven_baths) == 1 and driven.driven and driven.coupling is None
    for bath, number in zip(machine.static_baths, (1.0, 0.5), strict=True):
        assert not bath.driven and np.asarray(bath.coupling).tolist() == [number] * 3


@pytest.mark.parametrize("coupling", ["drivn", "", "Static"])
def test_couplings_by_another_word(coupling: str) -> None:
    with pytest.raises(InputError, match='the coupling of a bath must be "driven", "static" or one number'):
        Bath("hot", 1.0, Ohmic(1.0), coupling)  # pyright: ignore[reportArgumentType]


@each_density
def test_densities_keep_their_interface(density: AbstractSpectralDensity) -> None:
    check_spectral_density(density, tolerance=1e-6)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("density", "memory_kernel must agree with density, Im K = -J"),
        ("response", "response must agree with memory_kernel"),
        ("expansion", "expansion must agree with memory_kernel"),
        ("memory", "memory must agree with memory_kernel"),
        ("memory_kernel_slope", "memory_kernel_slope must agree with memory_kernel"),
    ],
)
def test_functions_of_different_baths_are_told(name: str, words: str) -> None:
    """One function of each class belongs to a bath that is a tenth stronger."""

    class Mixed(Drude):
        pass

    stronger = Drude(0.33, 12.0)
    setattr(Mixed, name, lambda self, *given: getattr(stronger, name)(*given))
    with pytest.raises(InputError, match=f"Mixed.{words}"):
        check_spectral_density(Mixed(0.3, 12.0))
