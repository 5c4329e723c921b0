"""Baths with friction and memory: J_1 + J_2 in one bath is J_1 and J_2 in two at the same temperature."""

import dataclasses
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import Array, Float

import qtopt
from qtopt import AbstractSpectralDensity, Bath, Drude, InputError, Lorentzian, Machine, Ohmic
from qtopt.model import Memory, PoleExpansion
from qtopt.numerics import to_array
from qtopt.schema import parameter
from tests.helpers.machines import engine_drive


class Brownian(AbstractSpectralDensity):
    """J = gamma omega + d g omega/((omega^2 - omega_1^2)^2 + g^2 omega^2), with one noise behind both parts.

    J/omega = gamma |a - omega^2 - i b omega|^2/|omega_1^2 - omega^2 - i g omega|^2 is its spectral factor.
    """

    kind: ClassVar[str] = "mixed for a test"
    damping: Float[Array, ""] = parameter(help="gamma", unit="frequency", positive=True, converter=to_array)
    peak_part: Lorentzian = parameter(help="the resonance")

    def density(self, omega):
        return Ohmic(self.damping).density(omega) + self.peak_part.density(omega)

    def response(self, omega):
        return self.peak_part.response(omega)

    def memory_kernel(self, omega):
        return Ohmic(self.damping).memory_kernel(omega) + self.peak_part.memory_kernel(omega)

    def memory_kernel_slope(self, a, b):
        return Ohmic(self.damping).memory_kernel_slope(a, b) + self.peak_part.memory_kernel_slope(a, b)

    def expansion(self) -> PoleExpansion:
        return self.peak_part.expansion()._replace(viscosity=self.damping)

    def memory(self) -> Memory:
        d, g, w = self.peak_part.strength, self.peak_part.width, self.peak_part.peak
        a = jnp.sqrt(w**4 + d * g / self.damping)
        b = jnp.sqrt(g**2 - 2.0 * w**2 + 2.0 * a)
        first = jnp.sqrt(self.damping / d) * (b - g)
        second = jnp.sqrt(self.damping / d) * (a - w**2) - g * first
        out = -jnp.sqrt(self.damping / d) * (b - g) * w**2
        outlet = jnp.stack([out, (g * out / w**2) + jnp.sqrt(self.damping / d) * (a - w**2)])
        noise = jnp.stack([first, second])
        return self.peak_part.memory()._replace(noise=noise, outlet=outlet, viscosity=self.damping)


RESONANCE = Lorentzian(0.02, 0.8, 0.3)
MIXED = Brownian(jnp.asarray(0.05), RESONANCE)


def machine(*baths: Bath) -> Machine:
    return Machine([1.0, 0.6], baths, "joint")


def one_and_two(coupling, temperature: float = 0.3) -> tuple[tuple[Bath, ...], tuple[Bath, ...]]:
    """The mixed bath, and its parts as two baths."""
    parts = (("friction", Ohmic(0.05)), ("resonance", RESONANCE))
    return (Bath("mixed", temperature, MIXED, coupling),), tuple(
        Bath(name, temperature, density, coupling) for name, density in parts
    )


def assert_same(one, two, merged: slice) -> None:
    """Powers and covariances agree; heat of the merged baths adds up."""
    np.testing.assert_allclose(one.local_powers, two.local_powers, rtol=1e-8, atol=1e-12)
    np.testing.assert_allclose(one.covariance, two.covariance, rtol=1e-9)
    scale = float(np.max(np.abs(two.heat_currents)))
    parted = np.asarray(two.heat_currents)
    summed = np.concatenate([parted[: merged.start], [parted[merged].sum()], parted[merged.stop :]])
    np.testing.assert_allclose(one.heat_currents, summed, atol=1e-9 * scale)


THIRD = (Bath("third", 0.7, Drude(0.1, 3.0), [0.5, 1.0]),)


@pytest.mark.parametrize(
    ("solver", "more"),
    [
        pytest.param(qtopt.Weak(), (), id="weak"),
        pytest.param(qtopt.Weak(), THIRD, id="weak-third"),
        pytest.param(qtopt.Exact(), (), id="exact"),
        pytest.param(qtopt.Exact(), THIRD, id="exact-third", marks=pytest.mark.slow),
    ],
)
def test_a_static_mixed_bath_is_its_parts(solver, more: tuple[Bath, ...]) -> None:
    driven = Bath("hot", 1.0, Lorentzian(1e-4, 1.25, 0.1), "driven")
    one, two = (machine(driven, *baths, *more) for baths in one_and_two([1.0, 0.7]))
    found, expected = (qtopt.steady_state(m, engine_drive(), solver) for m in (one, two))
    assert_same(found, expected, slice(1, 3))


@pytest.mark.slow
def test_a_driven_mixed_bath_is_its_parts_in_the_exact_theory() -> None:
    static = Bath("cold", 0.2, Drude(0.5, 3.0), "static")
    one, two = (machine(*baths, static) for baths in one_and_two("driven"))
    found, expected = (qtopt.steady_state(m, engine_drive(), qtopt.Exact()) for m in (one, two))
    assert_same(found, expected, slice(0, 2))

    def power(bath: Bath) -> jax.Array:
        return qtopt.Exact(65, 12).steady_state(machine(bath, static), engine_drive()).power

    slope = jax.grad(power)(one.baths[0]).spectral_density.damping
    step = 1e-5
    ends = [
        power(dataclasses.replace(one.baths[0], spectral_density=Brownian(0.05 + s * step, RESONANCE)))
        for s in (-1.0, 1.0)
    ]
    np.testing.assert_allclose(slope, (ends[1] - ends[0]) / (2.0 * step), rtol=1e-5)


def test_what_is_not_known_of_mixed_baths_is_refused() -> None:
    (mixed,), _ = one_and_two("driven")
    asked = machine(mixed, Bath("cold", 0.2, Drude(0.5, 3.0), "static"))
    with pytest.raises(InputError, match=r"'mixed' has friction beside its poles: use the exact solver"):
        qtopt.steady_state(asked, engine_drive())
    with pytest.raises(InputError, match=r"exact fluctuations need .* 'mixed' has friction beside its poles"):
        qtopt.Exact().check_fluctuations(asked, engine_drive())
    with pytest.raises(InputError, match=r"bath 'mixed' is memoryless in part, where a jump costs infinite"):
        qtopt.Exact().check(asked, qtopt.PiecewiseDrive(0.45, [[1.0, -1.0], [0.5, -0.5]]))
