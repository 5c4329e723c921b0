"""The exact solver against the frequency-domain Floquet reference and in its limits."""

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
    Lorentzian,
    Machine,
    MonochromaticDrive,
    Ohmic,
    logarithmic_negativity,
)
from qtopt.model._machine import Configuration
from qtopt.solvers import Exact, ExactSteadyState, steady_state
from qtopt.solvers.exact import spectral_radius
from qtopt.solvers.weak import phase_space_covariance, steady_state as weak_steady_state
from tests.helpers.grid import generic_harmonics
from tests.helpers.machines import BathNumbers, Case, drude, engine, engine_drive, lorentzian, ohmic
from tests.references.exact_floquet import exact_floquet

FREQUENCIES = (1.0, 0.6, 0.83)
solve = eqx.filter_jit(steady_state)


def run(machine: Machine, drive: AbstractDrive, points: int | None = None) -> ExactSteadyState:
    return solve(machine, drive, Exact(points).settled(machine, drive)).check()


def strong_case(driven: BathNumbers, damping: float, size: int) -> Case:
    """Three harmonics and a mean without any symmetry, weak enough to be parametrically stable."""
    baths = (driven, ohmic(damping, 0.2, [1.0] * size))
    return Case(FREQUENCIES[:size], baths, 0.45, 0.35 * generic_harmonics(size, 3, 5))


def compare(case: Case, truncation: int) -> None:
    expected = exact_floquet(
        list(case.frequencies),
        list(case.baths),
        case.drive_frequency,
        dict(enumerate(case.harmonics)),
        truncation=truncation,
    )
    state = run(case.machine, case.drive, 129)
    for name in ("power", "local_powers", "heat_currents", "covariance"):
        np.testing.assert_allclose(
            getattr(state, name), expected[name], rtol=1e-7, err_msg=f"{name} of {case}"
        )
    assert float(state.first_law_residual) < 1e-9


DRIVEN = {"drude": drude(0.5, 3.0, 1.0, "driven"), "lorentzian": lorentzian(0.3, 1.25, 0.1, 1.0)}


@pytest.mark.parametrize(("kind", "damping"), [("drude", 0.5)])
def test_floquet_reference(kind: str, damping: float) -> None:
    compare(strong_case(DRIVEN[kind], damping, 2), 16)


@pytest.mark.slow
@pytest.mark.timeout(1800)  # the quadrature takes minutes where resonances are narrow
@pytest.mark.parametrize("size", [1, 2, 3])
@pytest.mark.parametrize("damping", [0.01, 0.5, 100.0])
@pytest.mark.parametrize("kind", ["drude", "lorentzian"])
def test_floquet_reference_on_the_whole_grid(kind: str, damping: float, size: int) -> None:
    compare(strong_case(DRIVEN[kind], damping, size), 18)


def test_narrow_mode_beside_strong_damping_keeps_its_digits() -> None:
    """gamma_2 = 100: the oscillators' own basis costs 2e-8, congruences that are not symmetrised 4e-8."""
    harmonics = dict(enumerate(np.asarray(engine_drive().harmonics(1))))
    baths = [lorentzian(1e-3, 1.25, 0.01, 1.0), ohmic(100.0, 0.2, [1.0, 1.0])]
    expected = exact_floquet([1.0, 0.6], baths, 0.45, harmonics, truncation=6)
    state = run(engine(1e-3), engine_drive())
    np.testing.assert_allclose(state.local_powers, expected["local_powers"], rtol=1e-10)
    np.testing.assert_allclose(state.heat_currents, expected["heat_currents"], rtol=1e-10)


def test_published_numbers_of_the_example() -> None:
    # The engine of docs/absolute_power.md.
    for strength, expected in ((1e-5, -0.3342), (1e-3, -0.0862)):
        state = run(engine(strength), engine_drive())
        np.testing.assert_allclose(float(state.power) / strength, expected, atol=6e-5)
    assert float(run(engine(1.0), engine_drive()).power) > 0.0


@pytest.mark.slow
def test_difference_to_the_weak_theory_is_proportional_to_the_strength() -> None:
    strengths = np.array([1e-7, 1e-6, 1e-5])
    weak = float(weak_steady_state(engine(1.0), engine_drive()).power)
    differences = [
        float(run(engine(strength), engine_drive()).power) / strength / weak - 1.0 for strength in strengths
    ]
    slope = np.polyfit(np.log(strengths), np.log(np.abs(differences)), 1)[0]
    assert abs(slope - 1.0) < 0.02, differences


def random_machine(seed: int, isothermal: bool = False) -> tuple[Machine, FourierDrive]:
    """Strong and weak coupling, low and high temperature, slow and fast drives; two or three oscillators."""
    rng = np.random.default_rng(seed)

    def decade(low, high):
        return float(10.0 ** rng.uniform(low, high))

    size = 2
    hot, cold = decade(-1.5, 1.0), decade(-1.5, 1.0)
    cold = hot if isothermal else cold
    driven = (
        Drude(decade(-3, 0), decade(0, 2)) if seed % 2 else Lorentzian(decade(-4, -1), 1.25, decade(-2, 0))
    )
    baths = (
        Bath("hot", hot, driven, "driven"),
        Bath("cold", cold, Ohmic(decade(-1.5, 2)), rng.uniform(0.3, 1.0, size)),
    )
    amplitude = 0.0 if isothermal else 0.4
    shape = amplitude * rng.normal(size=(2, size, 2))
    drive = FourierDrive(decade(-1, 1), rng.uniform(0.2, 0.6, size), shape[0], shape[1])
    configuration = "joint" if rng.uniform() < 0.7 else "independent"
    return Machine(rng.uniform(0.5, 1.3, size), baths, configuration), drive


@pytest.mark.parametrize("configuration", ["joint", pytest.param("independent", marks=pytest.mark.slow)])
def test_undriven_phase_space(configuration: Configuration) -> None:
    """Without a drive: the weak integrals over the static baths, positions, momenta, entanglement."""
    baths = (
        Bath("unused", 1.0, Drude(0.3, 2.0), "driven"),
        Bath("soft", 0.05, Drude(5.0, 6.0), [1.0, 0.8]),
        Bath("peaked", 0.1, Lorentzian(0.2, 0.7, 0.3), [0.2, -1.0]),
    )
    machine = Machine([1.0, 0.6], baths, configuration)
    state = run(machine, FourierDrive(0.5, [0.0, 0.0], [[0.0], [0.0]], [[0.0], [0.0]]))
    expected = np.asarray(eqx.filter_jit(phase_space_covariance)(machine))
    found = np.asarray(state.phase_space_covariance)
    np.testing.assert_allclose(found, np.broadcast_to(expected, found.shape), rtol=0.0, atol=1e-10)
    entangled = float(logarithmic_negativity(jnp.asarray(expected)))
    np.testing.assert_allclose(state.negativity_in_time, entangled, atol=1e-9)
    assert (entangled > 0.0) == (configuration == "joint")
    lowest = np.linalg.eigvalsh(expected + 0.5j * np.kron([[0.0, 1.0], [-1.0, 0.0]], np.eye(2))).min()
    assert lowest > -1e-12  # the uncertainty relation


COMMON = Exact(65, 16)


@settings(max_examples=200)
@given(st.integers(0, 10**6))
def test_second_law_and_energy_balance(seed: int) -> None:
    machine, drive = random_machine(seed)
    state = solve(machine, drive, COMMON)
    if int(state.status) != 0:
        assert int(state.status) == 1 and np.isnan(float(state.power))
        return
    heat = np.asarray(state.heat_currents)
    largest = max(np.abs(heat).max(), abs(float(state.power)))
    assert abs(heat.sum() + float(state.power)) < 1e-12 * largest
    flows = np.abs(heat / np.asarray(machine.temperatures)).max()
    assert float(state.entropy_production_rate) > -1e-9 * flows
    assert np.all(np.linalg.eigvalsh(np.asarray(state.covariance)) > 0.0)


@settings(max_examples=100)
@given(st.integers(0, 10**6))
def test_static_couplings_at_one_temperature_are_in_equilibrium(seed: int) -> None:
    machine, drive = random_machine(seed, isothermal=True)
    state = solve(machine, drive, COMMON)
    assert int(state.status) == 0
    # Each bath gives and takes about T times its rate; equilibrium is their balance.
    scale = float(machine.temperatures[0] + jnp.max(machine.frequencies)) * 1e-9
    assert np.abs(np.asarray(state.heat_currents)).max() < scale
    assert abs(float(state.power)) < 1e-12


@settings(max_examples=40)
@given(st.integers(0, 10**6))
def test_one_oscillator_with_a_memoryless_driven_bath_is_no_engine(seed: int) -> None:
    rng = np.random.default_rng(seed)

    def decade(low, high):
        return float(10.0 ** rng.uniform(low, high))

    baths = (
        Bath("hot", decade(-1, 1), Ohmic(decade(-3, 1)), "driven"),
        Bath("cold", decade(-1, 1), Ohmic(decade(-3, 1)), [1.0]),
    )
    drive = MonochromaticDrive(decade(-1, 1), [decade(-1, 0.5)], [0.0])
    state = solve(Machine([1.0], baths), drive, COMMON)
    heat = np.abs(np.asarray(state.heat_currents)).max()
    assert int(state.status) == 1 or float(state.power) > -1e-9 * heat


def test_one_oscillator_with_a_structured_driven_bath_is_an_engine() -> None:
    baths = (
        Bath("hot", 1.0, Lorentzian(1e-4, 1.45, 0.01), "driven"),
        Bath("cold", 0.2, Ohmic(0.05), [1.0]),
    )
    assert float(run(Machine([1.0], baths), MonochromaticDrive(0.45, [1.0], [0.0])).power) < 0.0


def test_parametric_instability_is_a_status() -> None:
    baths = (DRIVEN["lorentzian"], ohmic(0.01, 0.2, [1.0, 1.0]))
    case = Case((1.0, 0.6), baths, 0.45, generic_harmonics(2, 3, 5))
    state = solve(case.machine, case.drive, Exact().settled(case.machine, case.drive))
    assert int(state.status) == 1 and np.isnan(float(state.power)) and float(state.spectral_radius) > 1.4
    np.testing.assert_allclose(
        np.abs(state.floquet_multipliers()[0]), float(state.spectral_radius), rtol=1e-9
    )
    with pytest.raises(InputError, match=r"Floquet multipliers inside the unit circle.*weaken"):
        state.check()


def test_a_coarse_step_is_a_status() -> None:
    state = solve(engine(1e-5), engine_drive(), Exact(65, 1))
    assert int(state.status) == 2
    with pytest.raises(InputError, match=r"must resolve the fastest rate.*settled"):
        state.check()


def test_refused_drives() -> None:
    with pytest.raises(InputError, match=r"one shape per oscillator \(2\), but it has 3"):
        steady_state(engine(), MonochromaticDrive(0.4, np.ones(3), np.zeros(3)), Exact())


def test_two_driven_baths_balance() -> None:
    """Two baths at one temperature, both driven: work is dissipated; both orders of the baths agree."""
    one, two = (Bath(name, 0.5, Drude(0.2, cutoff), "driven") for name, cutoff in (("a", 2.0), ("b", 5.0)))
    drive = FourierDrive(0.7, [0.5, 0.4], [[0.3], [0.1]], [[0.0], [0.3]])
    state, swapped = (run(Machine([1.0, 0.6], baths), drive) for baths in ((one, two), (two, one)))
    assert float(state.power) > 0.0
    np.testing.assert_allclose(state.heat_currents, swapped.heat_currents[::-1], rtol=1e-9)


def test_gradients_equal_finite_differences() -> None:
    baths = (drude(0.3, 3.0, 1.0, "driven"), ohmic(0.5, 0.2, [1.0, 0.7]))
    assert_gradients(Case((1.0, 0.6), baths, 0.45, 0.35 * generic_harmonics(2, 2, 5)), 2e-3)


@pytest.mark.slow
def test_gradients_near_parametric_instability() -> None:
    """The strongest of a series of drives that is still stable: spectral radius above 0.97."""
    baths = (drude(0.3, 3.0, 1.0, "driven"), ohmic(0.05, 0.2, [1.0, 0.7]))
    cases = [
        Case((1.0, 0.6), baths, 1.9, amplitude * generic_harmonics(2, 2, 5))
        for amplitude in np.linspace(0.35, 0.8, 19)
    ]
    radii = [float(solve(case.machine, case.drive, COMMON).spectral_radius) for case in cases]
    stable = [i for i, radius in enumerate(radii) if radius < 1.0]
    assert len(stable) < len(cases) and 0.97 < radii[stable[-1]]
    assert_gradients(cases[stable[-1]], 2e-4)


def assert_gradients(case: Case, relative_step: float) -> None:
    """Power, entropy production, spectral radius: reverse = forward = central differences, extrapolated."""
    parameters = (case.machine, case.drive)
    flat, unravel = ravel_pytree(parameters)
    solver = Exact().settled(*parameters)

    def rates(values: jax.Array) -> jax.Array:
        state = steady_state(unravel(values)[0], unravel(values)[1], solver)
        radius = spectral_radius(state.monodromy[0])
        return jnp.stack([state.power, state.entropy_production_rate, radius])

    value = jax.jit(rates)
    reverse, forward = jax.jit(jax.jacrev(rates))(flat), jax.jit(jax.jacfwd(rates))(flat)
    np.testing.assert_allclose(forward, reverse, rtol=1e-8, atol=1e-11)
    size = np.abs(np.asarray(value(flat)))
    for i in range(flat.size):
        step = relative_step * max(abs(float(flat[i])), 0.1)

        def shifted(h, i=i):
            return np.asarray(value(flat.at[i].add(h)))

        coarse, fine = ((shifted(h) - shifted(-h)) / (2.0 * h) for h in (step, step / 2.0))
        finer = (shifted(step / 4.0) - shifted(-step / 4.0)) / (step / 2.0)
        first, second = (4.0 * fine - coarse) / 3.0, (4.0 * finer - fine) / 3.0
        estimate = (16.0 * second - first) / 15.0
        noise = 1e-11 * size / step
        assert np.all(np.abs(reverse[:, i] - estimate) < 1e-6 * np.abs(estimate) + noise), (i, estimate)


def test_exact_programs_hold_no_lapack_and_no_callback() -> None:
    machine, drive = engine(1e-5), engine_drive()
    solver = Exact().settled(machine, drive)

    def power(pair):
        return steady_state(pair[0], pair[1], solver).power

    program = eqx.filter_jit(jax.value_and_grad(power))
    text = program.lower((machine, drive)).compile().compiled.as_text()  # pyright: ignore
    assert 'custom_call_target="lapack' not in text and "python_cpu_callback" not in text
