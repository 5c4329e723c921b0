"""Spectra of any driven quadratic machine, theory 13.9: the dense Floquet form and the exact steady state."""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

import qtopt
from qtopt import Bath, Drude, Exact, FourierDrive, Machine, MonochromaticDrive, Ohmic, PiecewiseDrive
from qtopt.errors import InputError
from qtopt.model import Protocol
from qtopt.solvers.exact import NoiseSpectra, coherent_flows, spectra
from tests.helpers.finite import ridders
from tests.helpers.protocols import FRICTION, HOT, PEAK, Case, everything, fourier
from tests.references.floquet_protocol import Floquet
from tests.references.model import bath_poles, coth
from tests.references.quadrature import integrate

OMEGA = np.concatenate([np.linspace(-2.5, 2.5, 26), [0.0, 1e-5, 0.8, 1.0, 11.0]])
solve = eqx.filter_jit(spectra)


def _one(baths=(HOT, PEAK)):
    """Valves without a mean and a frequency that moves by 60 %."""
    drives = [
        fourier(1.1, "baths.b0", [0.0], [0.8], [0.0]),
        fourier(1.1, "baths.b1", [0.0], [-0.5], [0.6]),
        fourier(1.1, "frequencies", [0.0], [0.5], [0.33]),
    ]
    return Case([1.0], list(baths), drives)


def _two_harmonics():
    """Two Ohmic baths, one of them strong, and two harmonics."""

    def two(target, mean, first, second, pairs=()):
        return FourierDrive(0.9, mean, first, second, target=target, pairs=pairs)

    drives = [
        two("baths.b0", [0.7, 0.3], [[0.4, 0.1], [0.2, 0.0]], [[0.1, 0.0], [0.0, -0.2]]),
        two("baths.b1", [0.2, 0.9], [[0.1, 0.2], [-0.5, 0.1]], [[0.1, 0.3], [0.2, 0.0]]),
        two("springs", [0.0], [[0.15, -0.1]], [[0.1, 0.1]], ((1, 2),)),
    ]
    strong = FRICTION | {"temperature": 1.0, "damping": 300.0}
    return Case([1.0, 0.7], [strong, FRICTION | {"damping": 0.3}, PEAK | {"coupling": [0.4, 0.6]}], drives)


def _three():
    drives = [
        fourier(0.7, "baths.b0", [1.0, 0.4, 0.2], [0.6, 0.2, 0.0], [0.0, 0.1, 0.1]),
        fourier(0.7, "baths.b1", [0.3, 0.2, 1.0], [-0.1, 0.1, 0.6], [0.2, 0.0, 0.0]),
        fourier(0.7, "frequencies", [0.0, 0.0, 0.0], [0.5, -0.2, 0.1], [0.33, 0.0, 0.2]),
        fourier(0.7, "springs", [0.0, 0.0], [0.12, 0.06], [0.0, -0.05], ((1, 2), (2, 3))),
        fourier(0.7, "forces", [0.0, 0.0, 0.1], [0.2, 0.0, 0.0], [0.0, 0.1, 0.0]),
    ]
    springs = np.array([[0.0, 0.2, 0.0], [0.2, 0.0, 0.1], [0.0, 0.1, 0.0]])
    return Case([1.0, 0.8, 1.2], [HOT, PEAK, FRICTION | {"coupling": [0.3, 0.5, -0.6]}], drives, springs)


CASES = {"everything": everything, "one": _one, "two harmonics": _two_harmonics, "three": _three}


def _state(machine: Machine, protocol: Protocol, solver: Exact) -> qtopt.ExactSteadyState:
    state = qtopt.steady_state(machine, protocol, solver)
    assert isinstance(state, qtopt.ExactSteadyState)
    return state


def rows(found: NoiseSpectra) -> tuple[np.ndarray, ...]:
    """Works, heat currents and covariance of the noise of all baths."""
    parts = (found.work, found.heat_currents, found.covariance)
    return tuple(np.sum(np.asarray(part), axis=0) for part in parts)


def reference(case: Case, omega: np.ndarray, truncation: int) -> tuple[np.ndarray, ...]:
    """The same by the dense equations."""
    size, baths = len(case.frequencies), len(case.baths)
    found = Floquet(case.setting(truncation))(np.where(omega == 0.0, 1e-100, omega))
    springs, couplings, heat, covariance = np.split(
        found, np.cumsum([size * size, baths * size, baths]), axis=0
    )
    parts = {
        "springs": springs.reshape(size, size, -1),
        "couplings": couplings.reshape(baths, size, -1),
        "forces": np.zeros((size, len(omega))),
    }
    works = [
        case.expected_work({name: part[..., k] for name, part in parts.items()}) for k in range(len(omega))
    ]
    return np.stack(works, axis=1), heat, covariance.reshape(size, size, -1)


@pytest.mark.parametrize("name", [*list(CASES)[:3], pytest.param("three", marks=pytest.mark.slow)])
def test_every_frequency_equals_the_dense_equations(name: str) -> None:
    """To 1e-10 of the largest current, or covariance, at that frequency; each noise keeps the first law."""
    case = CASES[name]()
    found = solve(case.machine, case.protocol, OMEGA, 9)
    work, heat, covariance = reference(case, OMEGA, 9)
    scale = np.max(np.abs(found.heat_currents), axis=(0, 1))
    for mine, dense in zip(rows(found), (work, heat, covariance), strict=True):
        size = scale if dense.ndim == 2 else np.max(np.abs(dense), axis=(0, 1))
        assert np.max(np.abs(mine - dense) / size) < 1e-10
    assert np.all(np.abs(np.sum(found.heat_currents, axis=1) + found.power) < 1e-12 * scale)
    # Works come from positions and forces, the power from quanta: unitarity.
    assert np.all(np.abs(np.sum(found.work, axis=1) - found.power) < 1e-10 * scale)
    np.testing.assert_allclose(np.sum(found.local_powers, axis=1), np.sum(found.work, axis=1), atol=1e-12)


def test_each_noise_is_what_its_temperature_changes() -> None:
    case = everything()
    found = solve(case.machine, case.protocol, OMEGA[:20], 6)
    before = reference(case, OMEGA[:20], 6)
    for b, bath in enumerate(case.baths):
        hotter = [*case.baths]
        hotter[b] = bath | {"temperature": 2.0 * bath["temperature"]}
        after = reference(dataclasses.replace(case, baths=hotter), OMEGA[:20], 6)
        ratio = coth(OMEGA[:20] / (4.0 * bath["temperature"])) / coth(
            OMEGA[:20] / (2.0 * bath["temperature"])
        )
        for mine, one, other in zip(
            (found.work, found.heat_currents, found.covariance), before, after, strict=True
        ):
            np.testing.assert_allclose((ratio - 1.0) * mine[b], other - one, rtol=0, atol=1e-11)


def test_one_driven_bath_by_both_forms() -> None:
    """A frequency that moves by nothing: the machine of one driven bath, which has equations of its own."""
    hot, cold = Bath("hot", 1.0, Drude(0.3, 3.0), "driven"), Bath("cold", 0.2, Ohmic(1e4), [1.0, 0.7])
    machine = Machine([1.0, 0.6], [hot, cold], "joint", [[0.0, 0.1], [0.1, 0.0]])
    drive = FourierDrive(0.45, [0.2, 0.1], [[0.6], [0.3]], [[0.1], [0.4]])
    still = FourierDrive(0.45, [0.0, 0.0], [[0.0], [0.0]], [[0.0], [0.0]], target="frequencies")
    one, other = (solve(machine, d, OMEGA, 6) for d in (drive, Protocol([drive, still])))
    scale = np.max(np.abs(one.heat_currents), axis=(0, 1))
    for a, b in zip(one[:3], other[:3], strict=True):
        assert np.max(np.abs(a - b) / scale) < 1e-11
    np.testing.assert_allclose(one.covariance, other.covariance, atol=1e-11 * np.max(one.covariance))
    assert np.max(np.abs(other.work[:, 2:])) < 1e-14


def test_private_baths_are_lone_oscillators_side_by_side() -> None:
    hot, cold = Bath("hot", 1.0, Drude(0.3, 3.0), "driven"), Bath("cold", 0.2, Drude(0.2, 2.0), "driven")
    shapes = [([0.6, 0.4], [[0.3], [0.5]]), ([0.5, 0.2], [[-0.3], [0.2]]), ([0.0, 0.0], [[0.3], [0.2]])]
    targets = ["baths.hot", "baths.cold", "frequencies"]

    def protocol(l: slice) -> Protocol:
        parts = (
            FourierDrive(0.7, mean[l], cosine[l], [[0.1]] * len(mean[l]), target=target)
            for target, (mean, cosine) in zip(targets, shapes, strict=True)
        )
        return Protocol(list(parts))

    both = solve(Machine([1.0, 0.6], [hot, cold], "independent"), protocol(slice(2)), OMEGA, 5)
    lone = [
        solve(Machine([w], [hot, cold]), protocol(slice(l, l + 1)), OMEGA, 5) for l, w in ((0, 1.0), (1, 0.6))
    ]
    np.testing.assert_allclose(
        both.work, np.stack([p.work for p in lone], axis=2).reshape(2, 6, -1), atol=1e-13
    )
    np.testing.assert_allclose(both.heat_currents, lone[0].heat_currents + lone[1].heat_currents, atol=1e-13)
    np.testing.assert_allclose(both.covariance[:, 1, 1], lone[1].covariance[:, 0, 0], rtol=1e-10)
    assert not np.any(both.covariance[:, 0, 1])


CHUNK = 2048


@pytest.mark.parametrize(
    ("name", "truncation"),
    [("one", 10), *(pytest.param(*pair, marks=pytest.mark.slow) for pair in
                    (("everything", 14), ("two harmonics", 24), ("three", 14)))],
)  # fmt: skip
def test_integrals_and_coherent_flows_are_the_exact_steady_state(name: str, truncation: int) -> None:
    """Over all frequencies, with break points at every resonance: Floquet multipliers give their poles."""
    case = CASES[name]()
    machine, protocol, base = case.machine, case.protocol, case.omega
    state = eqx.filter_jit(_state)(machine, protocol, Exact(129).settled(machine, protocol)).check()
    rates = np.log(state.floquet_multipliers().astype(complex) + 1e-300) * base / (2.0 * np.pi)
    own = np.concatenate(
        [1j * rates, *(bath_poles(b) for b in case.baths), 2j * np.pi * np.asarray(machine.temperatures)]
    )
    own = np.abs(np.imag(own)) * 1j + np.real(own)
    own = own[np.abs(own) < 1e3]
    poles = (own[:, None] + base * np.arange(-truncation, truncation + 1)).ravel()

    def density(w: np.ndarray) -> np.ndarray:
        found = []
        for i in range(0, len(w), CHUNK):
            part = np.pad(w[i : i + CHUNK], (0, max(0, CHUNK - len(w) + i)), mode="edge")
            parts = rows(solve(machine, protocol, part, truncation))
            found.append(np.concatenate([p.reshape(-1, CHUNK) for p in parts]))
        return np.concatenate(found, axis=1)[:, : len(w)]

    value, _ = integrate(density, 0.0, 4.0 * np.abs(poles).max(), poles, 1e-9, rounds=12, gain=np.inf)
    ends = np.cumsum([len(state.work), len(case.baths)])
    work, heat, covariance = np.split(value / np.pi, ends)
    flows = coherent_flows(machine, protocol, truncation)
    largest = float(jnp.max(jnp.abs(state.heat_currents)))
    np.testing.assert_allclose(work + flows.work, state.work, rtol=1e-8, atol=1e-8 * largest)
    np.testing.assert_allclose(
        heat + flows.heat_currents, state.heat_currents, rtol=1e-8, atol=1e-8 * largest
    )
    spread = np.ravel(state.covariance)
    np.testing.assert_allclose(covariance, spread, rtol=0, atol=1e-8 * np.max(spread))


def test_coherent_flows_are_what_forces_change() -> None:
    case = everything()
    still = Protocol(
        [d if d.target != "forces" else fourier(0.8, "forces", [0, 0], [0, 0], [0, 0]) for d in case.drives]
    )
    with_, without = (_state(case.machine, p, Exact()) for p in (case.protocol, still))
    flows = jax.jit(coherent_flows, static_argnums=2)(case.machine, case.protocol, 10)
    np.testing.assert_allclose(flows.work, with_.work - without.work, atol=1e-11)
    np.testing.assert_allclose(flows.heat_currents, with_.heat_currents - without.heat_currents, atol=1e-11)
    np.testing.assert_allclose(flows.local_powers, with_.local_powers - without.local_powers, atol=1e-11)
    assert abs(float(flows.power + flows.heat_currents.sum())) < 1e-15 and np.all(flows.heat_currents < 0.0)
    waves = np.exp(1j * case.omega * np.outer(np.arange(6), with_.times)) / len(with_.times)
    np.testing.assert_allclose(flows.means[:6], waves @ with_.means[:, :2], atol=1e-11)
    none = coherent_flows(case.machine, still, 3)
    assert not np.any(none.work) and not np.any(none.means)


def test_gradients_equal_finite_differences() -> None:
    """Reverse = forward = extrapolated central differences, of a mixture of every density and flow."""
    case = _one((HOT, FRICTION))
    case.drives.append(fourier(1.1, "forces", [0.1], [0.3], [0.2]))
    flat, unravel = ravel_pytree((case.machine, case.protocol))
    omega, random = np.array([0.3, 0.97]), np.random.default_rng(0)
    weights = [random.normal(size=p.shape) for p in solve(case.machine, case.protocol, omega, 3)]

    def mixture(values: jax.Array) -> jax.Array:
        machine, protocol = unravel(values)
        found, flows = spectra(machine, protocol, omega, 3), coherent_flows(machine, protocol, 3)
        parts = (jnp.sum(w * part) for w, part in zip(weights, found, strict=True))
        return sum(parts, flows.work @ np.arange(1.0, 1 + len(flows.work)) + flows.heat_currents[0])

    value = jax.jit(mixture)
    reverse, forward = jax.jit(jax.grad(mixture))(flat), jax.jit(jax.jacfwd(mixture))(flat)
    np.testing.assert_allclose(forward, reverse, rtol=1e-9, atol=1e-10)
    for i in range(flat.size):
        estimate, error = ridders(lambda h, i=i: np.asarray(value(flat.at[i].add(h))), 1e-2)
        assert abs(reverse[i] - estimate) < 1e-8 * abs(estimate) + 4.0 * error + 1e-10, i


def test_machines_and_protocols_can_be_batched() -> None:
    case = _one()
    pair = (case.machine, case.protocol)
    batch = jax.tree.map(lambda leaf: jnp.stack([leaf, 1.1 * leaf]), pair)
    found = jax.jit(jax.vmap(lambda m, p: spectra(m, p, OMEGA, 4).work))(*batch)
    machine, protocol = jax.tree.map(lambda leaf: leaf[1], batch)
    single = solve(machine, protocol, OMEGA, 4).work
    np.testing.assert_allclose(found[1], single, rtol=0, atol=1e-12 * float(jnp.max(jnp.abs(single))))


def test_a_harmonic_may_be_undamped_by_itself() -> None:
    """Valves without mean damp no harmonic directly; the outermost one is then a free oscillator at 1."""
    case = _one()
    at, near = (rows(solve(case.machine, case.protocol, np.array([w]), 2)) for w in (3.2, 3.2 + 1e-9))
    for a, b in zip(at, near, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)


def test_programs_hold_no_lapack_and_no_callback() -> None:
    def power(pair: tuple[Machine, Protocol]) -> jax.Array:
        return jnp.sum(spectra(pair[0], pair[1], OMEGA, 2).power)

    case = _one()
    program = eqx.filter_jit(jax.value_and_grad(power))
    text = program.lower((case.machine, case.protocol)).compile().compiled.as_text()  # pyright: ignore
    assert 'custom_call_target="lapack' not in text and "python_cpu_callback" not in text


@pytest.mark.parametrize("function", [lambda *a: spectra(a[0], a[1], OMEGA, *a[2:]), coherent_flows])
def test_refusals(function) -> None:
    baths = [Bath("hot", 1.0, Drude(0.2, 3.0), "driven"), Bath("cold", 0.3, Drude(0.1, 2.0), "driven")]
    machine = Machine([1.0, 0.7], baths)

    def refused(drive, *harmonics: int) -> str:
        with pytest.raises(InputError) as stop:
            function(machine, drive, *harmonics)
        return str(stop.value)

    steps = [[1.0, 0.0], [0.0, 1.0]]
    jumping = Protocol([PiecewiseDrive(0.5, steps, target=f"baths.{bath.name}") for bath in baths])
    assert refused(jumping) == (
        "spectra need a smooth drive, but this one jumps 2 times a period: use a Fourier or bounded drive."
    )
    hot = MonochromaticDrive(0.5, [0.1, 0.1], [0.0, 0.0], target="baths.hot")
    assert "none moves 'cold'" in refused(hot)
    smooth = MonochromaticDrive(0.5, [0.1, 0.1], [0.0, 0.0])
    assert "harmonics must be a whole number of at least 1, but it is 0" in refused(smooth, 0)
    mixed = Protocol([hot, jumping.drives[1]])
    assert "all smooth or all piecewise constant" in refused(mixed)
