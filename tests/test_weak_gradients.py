"""Gradients of P and S to every parameter: reverse mode, forward mode and finite differences."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from helpers_finite import ridders
from helpers_grid import SEVERAL, Structure, build, cases, generic_harmonics, near_poles
from helpers_machines import Case, lorentzian, ohmic
from jax.flatten_util import ravel_pytree

from qtopt.weak import steady_state

STRUCTURES = [
    Structure("lorentzian", ("ohmic",)),
    Structure("drude", ("drude",)),
    Structure("drude", ("lorentzian",), 2, "independent"),
    Structure("ohmic", ("ohmic", "drude"), 1),
]
SLOW_STRUCTURES = [
    Structure("lorentzian", ("drude",), 3),
    Structure("ohmic", ("ohmic",)),
    Structure("drude", ("drude", "ohmic")),
    Structure("lorentzian", ("lorentzian", "ohmic"), 2, "independent"),
]
RELATIVE = 1e-6


def power_and_entropy(parameters: Any) -> jax.Array:
    """(P, S) of (machine, drive)."""
    state = steady_state(*parameters)
    return jnp.stack([state.power, state.entropy_production_rate])


value = eqx.filter_jit(power_and_entropy)
reverse = eqx.filter_jit(jax.jacrev(power_and_entropy))
forward = eqx.filter_jit(lambda x, tangent: jax.jvp(power_and_entropy, (x,), (tangent,))[1])


def scale_of(parameter: float, typical: float) -> float:
    """First step of the differences: a few per cent of the parameter, or of a typical one where it is 0."""
    return 0.02 * max(abs(parameter), 1e-3 * typical)


def check_gradient(case: Case) -> list[str]:
    """Compare all derivatives of a case; returns the failures."""
    parameters = (case.machine, case.drive)
    flat, unravel = ravel_pytree(parameters)
    flat = np.asarray(flat)
    jacobian = reverse(parameters)
    rows = [np.asarray(ravel_pytree(jax.tree.map(lambda x, i=i: x[i], jacobian))[0]) for i in range(2)]
    gradient = np.stack(rows)
    tangent = flat * np.random.default_rng(0).normal(size=flat.size)
    along = np.asarray(forward(parameters, unravel(jnp.asarray(tangent))))
    failures = []
    summed = np.abs(gradient * tangent).sum(axis=1)
    if np.any(np.abs(along - gradient @ tangent) > 1e-9 * summed):
        failures.append(f"forward {along} reverse {gradient @ tangent}")
    size = np.abs(np.asarray(value(parameters)))
    for i, parameter in enumerate(flat):
        unit = np.eye(flat.size)[i]
        shifted = lambda h, unit=unit: np.asarray(value(unravel(jnp.asarray(flat + h * unit))))  # noqa: E731
        estimate, error = ridders(shifted, scale_of(parameter, np.abs(flat).max()))
        # Differences resolve P and S to round-off only: their own error estimate counts where it is larger.
        allowed = np.maximum(RELATIVE * np.abs(estimate), 10.0 * error)
        resolved = error <= 1e-4 * np.maximum(np.abs(estimate), 1e-3 * size / max(abs(parameter), 1e-3))
        if np.any(np.abs(gradient[:, i] - estimate) > allowed) or not np.all(resolved):
            failures.append(f"parameter {i} = {parameter}: {gradient[:, i]} not {estimate} +- {error}")
    return [f"{case}: {failure}" for failure in failures]


@pytest.mark.parametrize("structure", STRUCTURES, ids=str)
def test_gradients(structure: Structure) -> None:
    failures = [text for case in cases(structure, 4, 31, SEVERAL) for text in check_gradient(case)]
    assert not failures, "\n".join(failures)


def test_gradients_at_strong_damping_and_a_narrow_bath() -> None:
    """gamma_2 = 100 and 1e4, width 0.01: the example machine with a generic drive."""
    failures = []
    for damping in (100.0, 1e4):
        baths = [lorentzian(1.0, 1.25, 0.01, 1.0), ohmic(damping, 0.2, [1.0, 1.0])]
        case = build(STRUCTURES[0], baths, 0.45, generic_harmonics(2, 2, 1))
        failures += check_gradient(case)
    assert not failures, "\n".join(failures)


@pytest.mark.slow
@pytest.mark.parametrize("structure", [*STRUCTURES, *SLOW_STRUCTURES], ids=str)
def test_denser_gradients(structure: Structure) -> None:
    failures = [text for case in cases(structure, 12, 37, SEVERAL) for text in check_gradient(case)]
    assert not failures, "\n".join(failures)


@pytest.mark.slow
def test_gradients_where_a_cutoff_meets_a_matsubara_frequency() -> None:
    failures = [text for case in near_poles()[:20] for text in check_gradient(case)]
    assert not failures, "\n".join(failures)


def test_gradients_at_critical_damping_are_finite() -> None:
    """width = 2 omega_1: the two poles of the bath merge."""
    for width in (2.5, 2.5 * (1 + 1e-12), 2.5 * (1 - 1e-12)):
        baths = [lorentzian(1.0, 1.25, width, 1.0), ohmic(1.0, 0.2, [1.0, 1.0])]
        case = build(STRUCTURES[0], baths, 0.45, generic_harmonics(2, 2, 1))
        gradient, _ = ravel_pytree(reverse((case.machine, case.drive)))
        assert np.all(np.isfinite(gradient))
