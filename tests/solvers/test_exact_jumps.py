"""The exact solver under drives that jump: matrix exponentials, limits, the time domain, gradients."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from jax.flatten_util import ravel_pytree

from qtopt.errors import InputError
from qtopt.model import (
    AbstractDrive,
    Bath,
    Drude,
    FourierDrive,
    GaussianState,
    Lorentzian,
    Machine,
    Ohmic,
    PiecewiseDrive,
)
from qtopt.observables import evaluate
from qtopt.solvers import Exact, ExactSteadyState, steady_state
from qtopt.solvers.exact._resolution import grid_of
from qtopt.solvers.exact._steady_state import steady_state as few_poles
from qtopt.solvers.time_domain import simulate_periods
from qtopt.solvers.weak import steady_state as weak_steady_state
from qtopt.thermal import CothPoles
from tests.helpers.finite import ridders
from tests.helpers.machines import BathNumbers, drude, engine, lorentzian, machine_of, ohmic
from tests.references.exact_steps import exact_steps

STEPS = PiecewiseDrive(0.45, [[1.0, -1.0, 0.5], [0.0, 0.5, 1.0]])
FEW = CothPoles(np.array([0.0, 1.0, 2.0, 3.6]), np.array([0.5, 1.0, 1.0, 1.4]))
NAMES = ("power", "local_powers", "heat_currents", "covariance")
MODERATE = machine_of((1.0, 0.6), (drude(0.2, 3.0, 1.0), ohmic(0.5, 0.2, (1.0, 0.8))))
COARSE = Exact(3, 20)
solve = eqx.filter_jit(steady_state)


@eqx.filter_jit
def with_few_poles(machine: Machine, drive: AbstractDrive) -> ExactSteadyState:
    return few_poles(machine, drive, grid_of(3, 20, drive.steps), FEW)


def run(machine: Machine, drive: AbstractDrive, solver: Exact = COARSE) -> ExactSteadyState:
    return solve(machine, drive, solver).check()


def assert_same(state: ExactSteadyState, expected: ExactSteadyState, rtol: float) -> None:
    for name in NAMES:
        np.testing.assert_allclose(getattr(state, name), getattr(expected, name), rtol=rtol, err_msg=name)


CASES: dict[str, tuple[BathNumbers, ...]] = {
    "Drude and Ohmic": (drude(0.2, 3.0, 1.0), ohmic(0.5, 0.2, [1.0, 0.8])),
    "strong damping": (drude(0.2, 30.0, 1.0), ohmic(100.0, 0.2, [1.0, 1.0])),
    "Lorentzian and Drude": (lorentzian(0.1, 1.25, 0.3, 1.0), drude(0.5, 5.0, 0.2, [1.0, 0.8])),
}


@pytest.mark.parametrize("name", CASES)
def test_matrix_exponentials(name: str) -> None:
    """Heat is avg <F dq/dt> in the reference, what noises transmit in the solver."""
    expected = exact_steps([1.0, 0.6], CASES[name], 0.45, STEPS.values, FEW)
    state = with_few_poles(machine_of((1.0, 0.6), CASES[name]), STEPS).check()
    for what in NAMES:
        np.testing.assert_allclose(getattr(state, what), expected[what], rtol=1e-11, err_msg=what)
    assert float(state.first_law_residual) < 1e-11


@pytest.mark.slow
def test_narrow_mode_beside_strong_damping_keeps_its_digits() -> None:
    baths = (lorentzian(1e-5, 1.25, 0.01, 1.0), ohmic(100.0, 0.2, [1.0, 1.0]))
    expected = exact_steps([1.0, 0.6], baths, 0.45, STEPS.values, FEW)
    state = with_few_poles(machine_of((1.0, 0.6), baths), STEPS).check()
    for what in ("local_powers", "covariance"):
        np.testing.assert_allclose(getattr(state, what), expected[what], rtol=1e-10, err_msg=what)
    # In the reference noise and friction of the Ohmic bath cancel; the energy balance gives its heat here.
    np.testing.assert_allclose(state.heat_currents[0], expected["heat_currents"][0], rtol=1e-10)


@pytest.mark.slow
def test_a_step_without_any_damping() -> None:
    """Two driven baths, both off in one of the steps, when the oscillators are free."""
    baths, values = (drude(0.2, 3.0, 1.0), drude(0.3, 5.0, 0.5)), np.array([[1.0, 0.0, 0.3], [0.5, 0.0, 0.8]])
    expected = exact_steps([1.0, 0.6], baths, 0.45, values, FEW)
    state = with_few_poles(machine_of((1.0, 0.6), baths), PiecewiseDrive(0.45, values)).check()
    for what in NAMES:
        np.testing.assert_allclose(getattr(state, what), expected[what], rtol=1e-11, err_msg=what)


@pytest.mark.slow
def test_results_do_not_depend_on_the_points_of_time() -> None:
    coarse, fine = run(engine(1e-5), STEPS), run(engine(1e-5), STEPS, Exact(100, 16))
    assert coarse.times.shape == (3,) and fine.times.shape == (102,)
    assert_same(fine, coarse, 1e-10)
    np.testing.assert_allclose(fine.covariance_in_time[33::34], coarse.covariance_in_time, rtol=1e-10)


@pytest.mark.slow
def test_repeated_values_and_another_origin_of_time_are_the_same_drive() -> None:
    values, expected = np.asarray(STEPS.values), run(MODERATE, STEPS)
    for other in (np.repeat(values, 2, axis=1), np.roll(values, 1, axis=1)):
        assert_same(run(MODERATE, PiecewiseDrive(0.45, other)), expected, 1e-11)


@pytest.mark.slow
def test_constant_steps_and_fine_stairs_against_smooth_drives() -> None:
    """Independent oscillators. Stairs of S steps that keep the harmonic: the difference falls as 1/S^2."""
    machine = MODERATE.with_configuration("independent")
    smooth = FourierDrive(0.45, [0.5, 0.3], [[0.4], [0.1]], [[0.0], [0.3]])
    still = eqx.tree_at(lambda d: (d.cosine, d.sine), smooth, replace_fn=jnp.zeros_like)
    smooth_solution, steps = run(machine, still, Exact(65, 14)), 512
    constant = run(machine, PiecewiseDrive(0.45, np.repeat(smooth.mean[:, None], 3, axis=1)))
    assert float(constant.power) == 0.0
    np.testing.assert_allclose(constant.heat_currents, smooth_solution.heat_currents, rtol=1e-10)
    np.testing.assert_allclose(constant.covariance, smooth_solution.covariance, rtol=1e-11)
    middles = (np.arange(steps) + 0.5) / steps * 2.0 * np.pi / 0.45
    swing = np.asarray(smooth(middles) - smooth.mean) * np.pi / steps / np.sin(np.pi / steps)
    stairs = PiecewiseDrive(0.45, (swing + smooth.mean).T)
    assert_same(run(machine, stairs), run(machine, smooth, Exact(65, 14)), 2e-3)


@pytest.mark.slow
def test_jumps_are_the_limit_of_steep_smooth_drives() -> None:
    """Edges of width s: up to 7 % off at the last one, 0.2 % extrapolated to s = 0 as a power series."""
    machine = machine_of((1.0, 0.6), (drude(0.2, 0.7, 1.0), ohmic(0.5, 0.2, [1.0, 0.8])))
    drive, count = STEPS.with_frequency(2.0), 80
    rows = []
    for width in (0.04, 0.02, 0.01):
        smoothing = np.exp(-0.5 * (2.0 * np.pi * width * np.arange(count + 1)) ** 2)
        harmonics = np.asarray(drive.harmonics(count)) * smoothing[:, None]
        cosine, sine = 2.0 * np.real(harmonics[1:]).T, 2.0 * np.imag(harmonics[1:]).T
        smooth = FourierDrive(2.0, np.real(harmonics[0]), cosine, sine)
        state = run(machine, smooth, Exact(6 * count, 8))
        rows.append(np.concatenate([state.local_powers, state.heat_currents]))
    first = [2.0 * rows[1] - rows[0], 2.0 * rows[2] - rows[1]]
    limit = (4.0 * first[1] - first[0]) / 3.0
    state = run(machine, drive)
    expected = np.concatenate([state.local_powers, state.heat_currents])
    np.testing.assert_allclose(limit, expected, rtol=0, atol=3e-3 * np.abs(expected).max())


@pytest.mark.slow
def test_the_time_domain_relaxes_to_it() -> None:
    period, state = 2.0 * np.pi / 0.45, run(MODERATE, STEPS)
    *_, before, last = simulate_periods(MODERATE, STEPS, GaussianState.vacuum(MODERATE), 60, 3)
    works = (last.jump_works[-1] - before.jump_works[-1]).sum(axis=0) / period
    np.testing.assert_allclose(works, state.local_powers, rtol=0, atol=1e-9)
    np.testing.assert_allclose(last.covariances[:, :2, :2], state.covariance_in_time, rtol=0, atol=5e-9)


@pytest.mark.slow
def test_difference_to_the_weak_theory_is_proportional_to_the_strength() -> None:
    weak = eqx.filter_jit(weak_steady_state)(engine(1.0), STEPS, 4096)
    strengths = np.array([1e-7, 1e-6, 1e-5])
    states = [run(engine(strength), STEPS) for strength in strengths]
    for what in ("power", "heat_currents"):
        rates = [np.atleast_1d(getattr(s, what)) / d for s, d in zip(states, strengths, strict=True)]
        differences = np.abs(np.array(rates) / np.atleast_1d(getattr(weak, what)) - 1.0)
        slopes = np.polyfit(np.log(strengths), np.log(differences), 1)[0]
        np.testing.assert_allclose(slopes, 1.0, atol=0.02, err_msg=what)


def random_machine(seed: int, isothermal: bool) -> tuple[Machine, PiecewiseDrive]:
    """Weak to strong coupling, low and high temperature, slow and fast drives of three steps."""
    rng = np.random.default_rng(seed)

    def decade(low, high):
        return float(10.0 ** rng.uniform(low, high))

    hot, cold = decade(-1.5, 1.0), decade(-1.5, 1.0)
    driven = (
        Drude(decade(-3, 0), decade(0, 2)) if seed % 2 else Lorentzian(decade(-4, -1), 1.25, decade(-2, 0))
    )
    baths = (
        Bath("driven", hot, driven, "driven"),
        Bath("static", hot if isothermal else cold, Ohmic(decade(-1.5, 2)), rng.uniform(0.3, 1.0, 2)),
    )
    drive = PiecewiseDrive(decade(-1, 1), rng.normal(size=(2, 3)))
    return Machine(rng.uniform(0.5, 1.3, 2), baths), drive


@pytest.mark.slow
@settings(max_examples=60)
@given(st.integers(0, 10**6), st.booleans())
def test_second_law_and_energy_balance(seed: int, isothermal: bool) -> None:
    machine, drive = random_machine(seed, isothermal)
    state = solve(machine, drive, COARSE)
    if int(state.status) != 0:
        assert int(state.status) == 1 and np.isnan(float(state.power))
        return
    heat = np.asarray(state.heat_currents)
    largest = max(np.abs(heat).max(), abs(float(state.power)))
    assert abs(heat.sum() + float(state.power)) < 1e-12 * largest
    flows = np.abs(heat / np.asarray(machine.temperatures)).max()
    assert float(state.entropy_production_rate) > -1e-9 * flows
    assert not isothermal or float(state.power) > -1e-9 * largest
    assert float(state.first_law_residual) < 1e-7
    assert np.all(np.linalg.eigvalsh(np.asarray(state.covariance)) > 0.0)


@pytest.mark.slow
def test_parametric_instability_is_a_status() -> None:
    """A slow bath is a spring; switching it twice per oscillation pumps the oscillator."""
    machine = machine_of((1.0, 0.6), (drude(20.0, 0.05, 1.0), ohmic(1e-3, 0.2, [1.0, 1.0])))
    state = solve(machine, PiecewiseDrive(2.5, [[1.5, 0.0, 0.0], [0.0, 0.0, 0.0]]), COARSE)
    assert int(state.status) == 1 and np.isnan(float(state.power)) and float(state.spectral_radius) > 1.5


def test_memoryless_baths_are_refused() -> None:
    machine = machine_of((1.0, 0.6), (ohmic(0.2, 1.0), ohmic(0.5, 0.2, [1.0, 1.0])))
    with pytest.raises(InputError, match=r"must couple a bath with memory.*Drude cut-off or a smooth drive"):
        steady_state(machine, STEPS, Exact())


@pytest.mark.slow
def test_gradients_equal_finite_differences() -> None:
    flat, unravel = ravel_pytree((MODERATE, STEPS))

    def rates(values: jax.Array) -> jax.Array:
        machine, drive = unravel(values)
        state = steady_state(machine, drive, COARSE)
        return jnp.stack([state.power, state.entropy_production_rate, state.covariance[0, 1]])

    program = jax.jit(jax.jacrev(rates)).lower(flat).compile()
    text, value, slopes = str(program.as_text()), jax.jit(rates), program(flat)
    assert 'custom_call_target="lapack' not in text and "python_cpu_callback" not in text
    for i in range(flat.size):
        step = 0.02 * max(abs(float(flat[i])), 0.1)
        estimate, error = ridders(lambda h, i=i: np.asarray(value(flat.at[i].add(h))), step)
        assert np.all(error < 1e-7)
        assert np.all(np.abs(slopes[:, i] - estimate) < 1e-6 * np.abs(estimate) + 4.0 * error), (i, estimate)


def test_evaluate_gives_them_without_warnings() -> None:
    found = evaluate(MODERATE, STEPS, Exact())
    assert found.warnings() == [] and found.truncation_error == 0.0
    assert sum(found.heat_currents) == pytest.approx(-found.power, rel=1e-12)
