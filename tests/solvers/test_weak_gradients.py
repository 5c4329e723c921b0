"""Gradients of P and S to every parameter: reverse mode, forward mode and finite differences."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from qtopt.solvers.weak import kernels, steady_state
from qtopt.solvers.weak._kernels import AT_ONCE
from tests.helpers.finite import SHRINK, ridders
from tests.helpers.grid import MODERATE, Structure, build, cases, generic_harmonics, near_poles
from tests.helpers.machines import Case, lorentzian, ohmic

EXAMPLE = Structure("lorentzian", ("ohmic",))
DRUDE = Structure("drude", ("ohmic",))
TWO_STATIC_BATHS = Structure("ohmic", ("ohmic", "drude"), 1)
SLOW_STRUCTURES = [
    EXAMPLE,
    DRUDE,
    TWO_STATIC_BATHS,
    Structure("drude", ("lorentzian",), 2, "independent"),
    Structure("lorentzian", ("drude",), 3),
    Structure("ohmic", ("ohmic",)),
    Structure("drude", ("drude", "ohmic")),
    Structure("lorentzian", ("lorentzian", "ohmic"), 2, "independent"),
]
# P and S are known to about this fraction of their size when differences are taken.
NOISE = 1e-11
STEP, LEVELS = 0.02, 9
RELATIVE = 1e-6


def power_and_entropy(parameters: Any) -> jax.Array:
    """(P, S) of (machine, drive)."""
    state = steady_state(*parameters)
    return jnp.stack([state.power, state.entropy_production_rate])


value = eqx.filter_jit(power_and_entropy)
reverse = eqx.filter_jit(jax.jacrev(power_and_entropy))
forward = eqx.filter_jit(lambda x, tangent: jax.jvp(power_and_entropy, (x,), (tangent,))[1])


def check_gradient(case: Case, relative_step: float = STEP) -> list[str]:
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

        def shifted(h, unit=unit):
            return np.asarray(value(unravel(jnp.asarray(flat + h * unit))))

        step = relative_step * max(abs(parameter), 1e-2)
        estimate, error = ridders(shifted, step, LEVELS)
        # The differences resolve P and S to their round-off only.
        noise = NOISE * size / (step / SHRINK ** (LEVELS - 1)) + 10.0 * error
        allowed = RELATIVE * np.abs(estimate) + noise
        resolved = noise <= 1e-4 * np.abs(estimate) + 1e-5 * size / max(abs(parameter), 1e-2)
        if np.any(np.abs(gradient[:, i] - estimate) > allowed) or not np.all(resolved):
            failures.append(f"parameter {i} = {parameter}: {gradient[:, i]} not {estimate} +- {error}")
    return [f"{case}: {failure}" for failure in failures]


def engine_case(width: float, damping: float) -> Case:
    """The example machine with a generic drive."""
    baths = [lorentzian(1.0, 1.25, width, 1.0), ohmic(damping, 0.2, [1.0, 1.0])]
    return build(EXAMPLE, baths, 0.45, generic_harmonics(2, 2, 1))


@pytest.mark.slow
def test_gradients_with_a_lorentzian_bath() -> None:
    """A grid, the overdamped example with its narrow bath, and finite gradients at critical damping."""
    failures = [text for case in cases(EXAMPLE, 3, 31, MODERATE) for text in check_gradient(case)]
    failures += check_gradient(engine_case(0.01, 100.0), 0.002)
    assert not failures, "\n".join(failures)
    for width in (2.5, 2.5 * (1 + 1e-12), 2.5 * (1 - 1e-12)):
        case = engine_case(width, 1.0)
        assert np.all(np.isfinite(ravel_pytree(reverse((case.machine, case.drive)))[0]))


def test_gradients_with_a_drude_bath() -> None:
    """A grid, and omega_c on (exactly) and beside (1e-6) a Matsubara frequency."""
    chosen = [*cases(DRUDE, 2, 31, MODERATE), *near_poles()[:2]]
    failures = [text for case in chosen for text in check_gradient(case)]
    assert not failures, "\n".join(failures)


@pytest.mark.slow
def test_gradients_with_two_static_baths() -> None:
    failures = [text for case in cases(TWO_STATIC_BATHS, 3, 31, MODERATE) for text in check_gradient(case)]
    assert not failures, "\n".join(failures)


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("structure", SLOW_STRUCTURES, ids=str)
def test_denser_gradients(structure: Structure) -> None:
    failures = [text for case in cases(structure, 12, 37, MODERATE) for text in check_gradient(case)]
    assert not failures, "\n".join(failures)


@pytest.mark.slow
def test_gradients_where_a_cutoff_meets_a_matsubara_frequency() -> None:
    failures = [text for case in near_poles()[:20] for text in check_gradient(case)]
    assert not failures, "\n".join(failures)


@pytest.mark.parametrize(
    "structure", [EXAMPLE, pytest.param(Structure("ohmic", ("drude",)), marks=pytest.mark.slow)], ids=str
)
def test_harmonics_in_parts_are_harmonics_one_by_one(structure: Structure) -> None:
    machine = cases(structure, 3, 0, MODERATE)[1].machine
    nu = 0.31 * jnp.arange(2 * AT_ONCE + 1)

    def total(machine: Any, each: bool) -> jax.Array:
        table = jax.vmap(lambda one: kernels(machine, one))(nu) if each else kernels(machine, nu)
        found = jnp.stack([table.work, table.heat])
        return jnp.sum(found.real + found.real**2 + found.imag)

    together, apart = (eqx.filter_jit(jax.value_and_grad(total))(machine, each) for each in (False, True))
    np.testing.assert_allclose(ravel_pytree(together)[0], ravel_pytree(apart)[0], rtol=1e-11)
