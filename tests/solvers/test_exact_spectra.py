"""Exact spectra: pointwise the dense Floquet form, integrated the exact steady state; limits, derivatives."""

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
    FourierDrive,
    Machine,
    MonochromaticDrive,
    PiecewiseDrive,
    susceptibility,
)
from qtopt.solvers import Exact, steady_state
from qtopt.solvers.exact import NoiseSpectra, spectra
from tests.helpers.finite import ridders
from tests.helpers.grid import generic_harmonics
from tests.helpers.machines import Case, drude, engine, engine_drive, lorentzian, ohmic
from tests.references.exact_floquet import FloquetMachine
from tests.references.model import bath_poles
from tests.references.quadrature import integrate
from tests.references.weak_quadrature import split_baths

BOTH = [1.0, 1.0]
FREQUENCIES = (1.0, 0.6, 0.83)
OMEGA = np.concatenate([np.linspace(-2.5, 2.5, 26), [0.0, 1e-5, 0.45, 0.8246, 11.0]])
solve = eqx.filter_jit(spectra)

COSINES = 0.5 * np.array([[0.0, 0.0], np.exp([0.3j, -1.1j]) * [1.0, 1.4]])
PEAK = lorentzian(0.3, 1.25, 0.1, 1.0)
CASES = {
    "cosines": Case(FREQUENCIES[:2], (drude(0.3, 3.0, 1.0), ohmic(0.5, 0.2, BOTH)), 0.45, COSINES),
    "strong": Case(FREQUENCIES[:2], (PEAK, ohmic(1e4, 0.2, BOTH)), 0.45, COSINES),
    "strongly driven": Case(FREQUENCIES[:2], (ohmic(50.0, 1.0), ohmic(0.01, 0.2, BOTH)), 0.45, COSINES),
    "two static": Case(
        FREQUENCIES[:2],
        (ohmic(0.5, 0.2, BOTH), PEAK, drude(0.3, 2.0, 0.5, [0.4, -0.8])),
        0.45,
        0.5 * generic_harmonics(2, 2, 3),
    ),
    "three": Case(FREQUENCIES, (PEAK, ohmic(1e3, 0.2, [1.0] * 3)), 0.45, 0.5 * generic_harmonics(3, 3, 3)),
    "lone": Case((1.0,), (drude(0.3, 3.0, 1.0), ohmic(0.1, 0.2, [1.0])), 0.8, np.array([[0.3], [0.5j]])),
}


def cosine_drive(case: Case) -> MonochromaticDrive:
    first = case.harmonics[1]
    return MonochromaticDrive(case.drive_frequency, 2.0 * np.abs(first), -np.angle(first))


def drive_of(case: Case) -> AbstractDrive:
    return cosine_drive(case) if not np.any(case.harmonics[0]) else case.drive


def reference(case: Case, omega: np.ndarray, truncation: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Local powers (L, K), heat currents (B, K), covariance (L, L, K), of the noise of all baths together."""
    at, driven, static = split_baths(list(case.baths))
    harmonics = dict(enumerate(case.harmonics))
    dense = FloquetMachine(
        list(case.frequencies), driven, static, case.drive_frequency, harmonics, truncation, "transmission"
    )
    rows, size, count = dense(omega), len(case.frequencies), len(case.baths)
    order = list(range(size + 1, size + count))
    order.insert(at, size)
    return rows[:size], rows[order], rows[size + count :].reshape(size, size, -1)


def assert_dense(case: Case, drive: AbstractDrive, truncation: int, tolerance: float) -> None:
    """Against the largest current (or covariance) that any one noise causes at that frequency."""
    found = solve(case.machine, drive, OMEGA, truncation)
    scale = np.max(np.abs(found.heat_currents), axis=(0, 1))
    local, heat, covariance = reference(case, OMEGA, truncation)
    assert np.max(np.abs(np.sum(found.local_powers, axis=0) - local) / scale) < tolerance
    assert np.max(np.abs(np.sum(found.heat_currents, axis=0) - heat) / scale) < tolerance
    spread = np.max(np.abs(covariance), axis=(0, 1))
    assert np.max(np.abs(np.sum(found.covariance, axis=0) - covariance) / spread) < tolerance


SLOW = ("strongly driven", "two static")


@pytest.mark.parametrize(
    ("name", "truncation"),
    [
        *(pytest.param(name, 9, marks=pytest.mark.slow if name in SLOW else ()) for name in CASES),
        ("cosines", 4),
        ("two static", 4),
    ],
)
def test_every_frequency_equals_the_dense_equations(name: str, truncation: int) -> None:
    case = CASES[name]
    assert_dense(case, drive_of(case), truncation, 1e-11)


def test_a_cosine_is_the_fourier_drive_of_one_harmonic() -> None:
    case = CASES["cosines"]
    one, other = (solve(case.machine, drive, OMEGA, 6) for drive in (cosine_drive(case), case.drive))
    for a, b in zip(one, other, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-13 * float(jnp.max(jnp.abs(b))))


def lone(case: Case, l: int) -> Case:
    """One oscillator of a machine, with its own baths."""
    baths = tuple(
        bath if isinstance(bath["coupling"], str) else bath | {"coupling": bath["coupling"][l : l + 1]}
        for bath in case.baths
    )
    return Case(case.frequencies[l : l + 1], baths, case.drive_frequency, case.harmonics[:, l : l + 1])


def test_private_baths_are_lone_oscillators_side_by_side() -> None:
    case = CASES["cosines"]
    found = solve(case.machine.with_configuration("independent"), case.drive, OMEGA, 6)
    one, two = (solve(lone(case, l).machine, lone(case, l).drive, OMEGA, 6) for l in range(2))
    local = jnp.concatenate([one.local_powers, two.local_powers], axis=1)
    heat, scale = one.heat_currents + two.heat_currents, float(jnp.max(jnp.abs(one.heat_currents)))
    np.testing.assert_allclose(found.local_powers, local, rtol=1e-10, atol=1e-13 * scale)
    np.testing.assert_allclose(found.heat_currents, heat, rtol=1e-10, atol=1e-13 * scale)
    np.testing.assert_allclose(found.power, one.power + two.power, rtol=1e-10, atol=1e-13 * scale)
    np.testing.assert_allclose(found.covariance[:, 1, 1], two.covariance[:, 0, 0], rtol=1e-11)
    assert not np.any(found.covariance[:, 0, 1])


CHUNK = 2048


def rows(found: NoiseSpectra) -> np.ndarray:
    """Local powers, heat currents, covariance of all noise, (rows, K)."""
    parts = (jnp.sum(part, axis=0) for part in found[1:4])
    return np.concatenate([np.asarray(part).reshape(-1, part.shape[-1]) for part in parts])


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("cosines", marks=pytest.mark.slow),
        pytest.param("two static", marks=pytest.mark.slow),
        "engine",
    ],
)
def test_integrals_are_the_exact_steady_state(name: str) -> None:
    """Over all frequencies, with break points at every resonance: Floquet multipliers give their poles."""
    if name == "engine":
        machine, drive, baths, truncation = (
            engine(1e-3),
            engine_drive(),
            [lorentzian(1e-3, 1.25, 0.01, 1.0)],
            8,
        )
    else:
        case, truncation = CASES[name], 24
        machine, drive, baths = case.machine, drive_of(case), list(case.baths)
    state = eqx.filter_jit(steady_state)(machine, drive, Exact(129).settled(machine, drive)).check()
    base = float(drive.frequency)
    rates = np.log(state.floquet_multipliers().astype(complex) + 1e-300) * base / (2.0 * np.pi)
    own = np.concatenate([1j * rates, *(bath_poles(b) for b in baths), 2j * np.pi * machine.temperatures])
    own = np.abs(np.imag(own)) * 1j + np.real(own)
    own = own[np.abs(own) < 1e3]
    poles = (own[:, None] + base * np.arange(-truncation, truncation + 1)).ravel()

    def density(w: np.ndarray) -> np.ndarray:
        parts = [np.pad(w[i : i + CHUNK], (0, max(0, CHUNK - len(w) + i)), mode="edge")
                 for i in range(0, len(w), CHUNK)]  # fmt: skip
        found = [rows(solve(machine, drive, part, truncation)) for part in parts]
        return np.concatenate(found, axis=1)[:, : len(w)]

    value, _ = integrate(density, 0.0, 4.0 * np.abs(poles).max(), poles, 1e-9, rounds=12, gain=np.inf)
    size, count = machine.size, len(machine.baths)
    local, heat, covariance = np.split(value / np.pi, [size, size + count])
    largest = float(jnp.max(jnp.abs(state.heat_currents)))
    np.testing.assert_allclose(local, state.local_powers, rtol=1e-9, atol=1e-9 * largest)
    np.testing.assert_allclose(heat, state.heat_currents, rtol=1e-9, atol=1e-9 * largest)
    np.testing.assert_allclose(covariance.reshape(size, size), state.covariance, rtol=1e-8, atol=1e-10)


POINTS = np.concatenate([np.linspace(-2.5, -0.05, 16), np.linspace(0.05, 2.5, 16)])


@settings(max_examples=60)
@given(st.integers(0, 10**6))
def test_first_law_and_symmetry_at_every_frequency(seed: int) -> None:
    rng = np.random.default_rng(seed)

    def decade(low: float, high: float) -> float:
        return float(10.0 ** rng.uniform(low, high))

    baths = (
        drude(decade(-3, 1), decade(0, 2), decade(-1, 1)),
        ohmic(decade(-2, 4), decade(-1, 1), rng.uniform(0.3, 1.0, 2)),
        drude(decade(-2, 2), decade(0, 2), decade(-1, 1), rng.uniform(-1.0, 1.0, 2)),
    )
    frequencies = tuple(float(f) for f in rng.uniform(0.5, 1.3, 2))
    case = Case(frequencies, baths, decade(-1, 1), 0.7 * generic_harmonics(2, 2, seed))
    found = solve(case.machine, case.drive, POINTS, 7)
    heat, power = np.asarray(found.heat_currents), np.asarray(found.power)
    scale = np.max(np.abs(heat), axis=1)
    assert np.all(np.abs(np.sum(heat, axis=1) + power) < 1e-12 * scale)
    # Another expression of the same power, from positions and forces: unitarity.
    assert np.all(np.abs(np.sum(found.local_powers, axis=1) - power) < 1e-9 * scale)
    for part in found:
        part = np.asarray(part)
        # Resonances may be so narrow that the rounding of w + n Omega shows.
        np.testing.assert_allclose(part, part[..., ::-1], rtol=1e-8, atol=1e-9 * np.max(np.abs(part)))


def test_truncation_converges_exponentially() -> None:
    case = CASES["cosines"]
    best, *found = (rows(solve(case.machine, cosine_drive(case), OMEGA, n)) for n in (20, 4, 8, 12))
    errors = np.array([np.max(np.abs(one - best)) for one in found])
    assert np.all(errors[1:] < 0.1 * errors[:-1]), errors


def test_weak_limit_of_the_density() -> None:
    """d -> 0: the integrands of the weak theory, noise of the driven bath and of the static one apart."""
    strength, drive, omega = 1e-9, engine_drive(), np.array([0.31, 0.7, 1.1, 1.3, 1.9, -0.4])
    machine = engine(strength)
    driven, g = machine.driven_baths[0].spectral_density, np.asarray(drive.harmonics(1)[1])
    work = np.zeros((2, 2, len(omega)))
    for n, amplitude in ((1, g), (-1, np.conj(g))):
        quantum = n * float(drive.frequency)
        chi = jnp.imag(susceptibility(machine, jnp.asarray(omega + quantum, dtype=complex)))
        here = jnp.imag(susceptibility(machine, jnp.asarray(omega, dtype=complex)))
        absorbed = np.einsum("l,lmk,m->k", np.conj(amplitude), chi, amplitude).real
        returned = np.einsum("l,lmk,m->k", amplitude, here, np.conj(amplitude)).real
        hot, cold = (1.0 / np.tanh(omega / (2.0 * float(t))) for t in machine.temperatures)
        density, shifted = (jnp.real(driven.density(w)) for w in (omega, omega + quantum))
        work[0, 0] += quantum * density * hot * absorbed
        work[1, 0] += quantum * shifted * cold * returned
    found = solve(machine, drive, omega, 3)
    np.testing.assert_allclose(found.power, work[:, 0], rtol=1e-5)


@pytest.mark.parametrize("kind", ["cosines", pytest.param("fourier", marks=pytest.mark.slow)])
def test_gradients_equal_finite_differences(kind: str) -> None:
    """Reverse = forward = extrapolated central differences, of a mixture of every density."""
    case = CASES["cosines"]
    drive = (
        cosine_drive(case)
        if kind == "cosines"
        else FourierDrive(0.45, [0.2, 0.1], [[0.6], [0.3]], [[0.1], [0.4]])
    )
    flat, unravel = ravel_pytree((case.machine, drive))
    omega = np.array([0.3, 0.62, 0.97, 1.7])
    weights = [np.random.default_rng(0).normal(size=p.shape) for p in spectra(case.machine, drive, omega, 4)]

    def mixture(values: jax.Array) -> jax.Array:
        machine, drive = unravel(values)
        found = spectra(machine, drive, omega, 4)
        return sum((jnp.sum(w * part) for w, part in zip(weights, found, strict=True)), jnp.zeros(()))

    value = jax.jit(mixture)
    reverse, forward = jax.jit(jax.grad(mixture))(flat), jax.jit(jax.jacfwd(mixture))(flat)
    np.testing.assert_allclose(forward, reverse, rtol=1e-10, atol=1e-11)
    for i in range(flat.size):
        estimate, error = ridders(lambda h, i=i: np.asarray(value(flat.at[i].add(h))), 1e-2)
        assert abs(reverse[i] - estimate) < 1e-9 * abs(estimate) + 4.0 * error + 1e-11, i
        assert error < 1e-5 * max(1.0, abs(estimate))


@pytest.mark.slow
def test_second_derivatives() -> None:
    case = CASES["cosines"]

    def power(frequency: jax.Array) -> jax.Array:
        drive = cosine_drive(case).with_frequency(frequency)
        return spectra(case.machine, drive, np.array([0.9]), 3).power[0, 0]

    slope = jax.jit(jax.grad(power))
    estimate, error = ridders(lambda h: np.asarray(slope(0.45 + h)), 1e-2)
    found = float(jax.jit(jax.grad(jax.grad(power)))(jnp.asarray(0.45)))
    assert abs(found - estimate) < 1e-8 * abs(estimate) + 4.0 * error


def test_the_machine_and_the_drive_can_be_batched() -> None:
    case = CASES["cosines"]
    pair = (case.machine, cosine_drive(case))
    batch = jax.tree.map(lambda leaf: jnp.stack([leaf, 1.1 * leaf]), pair)
    found = jax.jit(jax.vmap(lambda m, d: spectra(m, d, OMEGA, 4).power))(*batch)
    machine, drive = jax.tree.map(lambda leaf: leaf[1], batch)
    single = solve(machine, drive, OMEGA, 4).power
    np.testing.assert_allclose(found[1], single, rtol=1e-11, atol=1e-13 * float(jnp.max(jnp.abs(single))))


def test_zero_frequency_is_a_limit() -> None:
    case = CASES["cosines"]
    at, near = (rows(solve(case.machine, cosine_drive(case), np.array([w]), 4)) for w in (0.0, 1e-7))
    np.testing.assert_allclose(at, near, rtol=1e-6, atol=1e-9)


def refused(machine: Machine, drive: AbstractDrive, harmonics: int = 3) -> str:
    with pytest.raises(InputError) as stop:
        spectra(machine, drive, OMEGA, harmonics)
    return str(stop.value)


def test_refusals() -> None:
    machine, drive = CASES["cosines"].machine, cosine_drive(CASES["cosines"])
    steps = PiecewiseDrive(0.45, [[1.0, -1.0], [1.0, 0.0]])
    assert refused(machine, steps) == (
        "spectra need a smooth drive, but this one jumps 2 times a period: use a Fourier or bounded drive."
    )
    assert "harmonics must be a whole number of at least 1, but it is 0" in refused(machine, drive, 0)
    lonely = MonochromaticDrive(0.45, [1.0], [0.0])
    assert "one shape per oscillator (2), but it has 1" in refused(machine, lonely)


def test_programs_hold_no_lapack_and_no_callback() -> None:
    def power(pair: tuple[Machine, AbstractDrive]) -> jax.Array:
        return jnp.sum(spectra(pair[0], pair[1], OMEGA, 2).power)

    program = eqx.filter_jit(jax.value_and_grad(power))
    text = program.lower((CASES["three"].machine, CASES["three"].drive)).compile().compiled.as_text()  # pyright: ignore
    assert 'custom_call_target="lapack' not in text and "python_cpu_callback" not in text
