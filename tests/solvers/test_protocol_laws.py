"""Laws that every machine and every protocol obeys, on random ones: theory, sections 2, 8 and 13."""

from dataclasses import dataclass
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, seed, settings, strategies as st

import qtopt
from qtopt import Bath, Drude, Exact, FourierDrive, Lorentzian, Machine, Ohmic
from qtopt.errors import InputError
from qtopt.model import Protocol
from tests.helpers.finite import ridders

ALLOWED = (HealthCheck.too_slow, HealthCheck.filter_too_much)
SLOW = settings(max_examples=500, suppress_health_check=ALLOWED)
QUICK = settings(max_examples=12, suppress_health_check=ALLOWED)
HARMONICS = 2
DEPTH = 0.6


@dataclass(frozen=True)
class Wanted:
    """The structure of a random machine, and the seed of its numbers."""

    size: int
    kinds: tuple[str, ...]
    driven: int
    moves: frozenset[str]
    seed: int


def structures(largest: int) -> st.SearchStrategy[Wanted]:
    """Up to `largest` oscillators beside two or three baths, of which one at least is driven."""
    kinds = st.lists(st.sampled_from(["drude", "lorentzian", "ohmic"]), min_size=2, max_size=3)
    return st.builds(
        Wanted,
        st.integers(1, largest),
        kinds.map(tuple),
        st.integers(1, 2),
        st.frozensets(st.sampled_from(["frequencies", "springs", "forces"])),
        st.integers(0, 2**32 - 1),
    )


def series(random: np.random.Generator, rows: int, depth: float, mean: float = 0.0) -> dict[str, Any]:
    """Shapes of two harmonics that stay within `depth` of random means up to `mean`."""
    parts = random.normal(size=(2, rows, HARMONICS))
    parts *= depth / np.abs(parts).sum(axis=(0, 2), keepdims=True)
    return {"mean": mean * random.uniform(-1.0, 1.0, rows), "cosine": parts[0], "sine": parts[1]}


def made(wanted: Wanted) -> tuple[Machine, Protocol]:
    """A machine with a positive stiffness, and its protocol."""
    random, size = np.random.default_rng(wanted.seed), wanted.size
    turn = np.linalg.qr(random.normal(size=(size, size)))[0]
    stiffness = symmetric(turn.T @ np.diag(random.uniform(0.5, 1.5, size) ** 2) @ turn)
    baths, drives, frequency = [], [], float(np.exp(random.uniform(np.log(0.1), np.log(2.0))))
    for i, kind in enumerate(wanted.kinds):
        damping, rate = np.exp(random.uniform(np.log([0.01, 0.5]), np.log([0.5, 5.0])))
        density = {
            "drude": Drude(damping, rate),
            "lorentzian": Lorentzian(damping, 0.5 + rate, 0.3 * rate),
            "ohmic": Ohmic(damping),
        }[kind]
        coupling = "driven" if i < wanted.driven else random.uniform(-1.0, 1.0, size)
        baths.append(Bath(f"b{i}", random.uniform(0.1, 2.0), density, coupling))
        if i < wanted.driven:
            drives.append(FourierDrive(frequency, **series(random, size, DEPTH, 1.0), target=f"baths.b{i}"))
    if "frequencies" in wanted.moves:
        drives.append(FourierDrive(frequency, **series(random, size, 0.3), target="frequencies"))
    if "springs" in wanted.moves and size > 1:
        pairs = tuple((l + 1, m + 1) for l in range(size) for m in range(l))
        drives.append(
            FourierDrive(frequency, **series(random, len(pairs), 0.1), target="springs", pairs=pairs)
        )
    if "forces" in wanted.moves:
        drives.append(FourierDrive(frequency, **series(random, size, 0.5, 0.5), target="forces"))
    springs = stiffness - np.diag(np.diag(stiffness))
    return Machine(np.sqrt(np.diag(stiffness)), baths, "joint", springs), Protocol(drives)


def symmetric(matrix: np.ndarray) -> np.ndarray:
    """Without the last digits in which two halves differ."""
    return (matrix + matrix.T) / 2.0


def state_of(machine: Machine, protocol: Protocol) -> qtopt.ExactSteadyState:
    """The steady state, where there is one: some protocols amplify."""
    try:
        state = qtopt.steady_state(machine, protocol, Exact())
    except InputError as error:
        assume("amplifies parametrically" not in str(error))
        raise
    assert isinstance(state, qtopt.ExactSteadyState)
    return state


def obeys_the_laws(wanted: Wanted) -> None:
    machine, protocol = made(wanted)
    state = state_of(machine, protocol)
    heat, work = np.asarray(state.heat_currents), np.asarray(state.work)
    largest = max(np.abs(heat).max(), np.abs(work).max())
    assert abs(work.sum() + heat.sum()) < 1e-10 * largest
    assert abs(float(state.power) - work.sum()) < 1e-12 * largest
    error = 1e-10 * largest + float(state.truncation_error)
    assert float(state.entropy_production_rate) > -error / float(machine.temperatures.min())
    found = qtopt.performance(machine.temperatures, state.local_powers, heat)
    if np.isfinite(found.efficiency) and abs(float(state.power)) > 1e3 * error:
        assert found.efficiency < found.efficiency_bound * (1.0 + 1e-9)
    covariance = np.asarray(state.phase_space_covariance)
    assert np.linalg.eigvalsh(covariance[:, : wanted.size, : wanted.size]).min() > 0.0
    turned, turned_protocol, turn = rotated(machine, protocol, wanted.seed)
    other = qtopt.steady_state(turned, turned_protocol, Exact())
    np.testing.assert_allclose(other.heat_currents, heat, rtol=0, atol=1e-9 * largest)
    np.testing.assert_allclose(other.power, state.power, rtol=0, atol=1e-9 * largest)
    np.testing.assert_allclose(other.covariance, turn @ state.covariance @ turn.T, rtol=1e-8, atol=1e-9)


def rotated(machine: Machine, protocol: Protocol, seed: int) -> tuple[Machine, Protocol, np.ndarray]:
    """The same machine in other coordinates: x' = turn x."""
    size = machine.size
    turn = np.linalg.qr(np.random.default_rng([seed, 1]).normal(size=(size, size)))[0]
    stiffness = symmetric(turn @ np.asarray(machine.stiffness) @ turn.T)
    pairs = [(l, m) for l in range(size) for m in range(l)]
    bends = np.zeros((1 + 2 * HARMONICS, size, size))
    drives = []
    for drive in protocol.drives:
        assert isinstance(drive, FourierDrive)
        columns = np.concatenate([np.asarray(drive.mean)[:, None], drive.cosine, drive.sine], axis=1)
        if drive.target == "frequencies":
            own = np.asarray(machine.frequencies)[:, None] ** 2 * columns
            bends += np.einsum("lk,lm->klm", own, np.eye(size))
        elif drive.target == "springs":
            for (l, m), row in zip(drive.pairs, columns, strict=True):
                bends[:, l - 1, m - 1] += row
                bends[:, m - 1, l - 1] += row
        else:
            drives.append(_fourier(drive.frequency, turn @ columns, drive.target))
    bends = np.einsum("la,kab,mb->klm", turn, bends, turn)
    if np.any(bends):
        own = np.diagonal(bends, axis1=1, axis2=2).T / np.diag(stiffness)[:, None]
        drives.append(_fourier(protocol.frequency, own, "frequencies"))
        if size > 1:
            rows = np.array([bends[:, l, m] for l, m in pairs])
            named = tuple((l + 1, m + 1) for l, m in pairs)
            drives.append(_fourier(protocol.frequency, rows, "springs", named))
    baths = [
        bath
        if bath.driven
        else Bath(bath.name, bath.temperature, bath.spectral_density, turn @ bath.coupling)
        for bath in machine.baths
    ]
    springs = stiffness - np.diag(np.diag(stiffness))
    return Machine(np.sqrt(np.diag(stiffness)), baths, "joint", springs), Protocol(drives), turn


def _fourier(frequency, columns, target, pairs=()):
    mean, cosine, sine = columns[:, 0], columns[:, 1 : 1 + HARMONICS], columns[:, 1 + HARMONICS :]
    return FourierDrive(frequency, mean, cosine, sine, target=target, pairs=pairs)


@QUICK
@given(structures(2))
def test_laws(wanted: Wanted) -> None:
    obeys_the_laws(wanted)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@SLOW
@given(structures(3))
def test_laws_of_500_machines(wanted: Wanted) -> None:
    obeys_the_laws(wanted)


def no_variance_is_negative(wanted: Wanted) -> None:
    machine, protocol = made(wanted)
    state_of(machine, protocol)
    noise = qtopt.fluctuations(machine, protocol, Exact())
    covariance = np.asarray(noise.work_covariance)
    np.testing.assert_allclose(covariance, covariance.T, atol=1e-12 * np.abs(covariance).max())
    assert np.linalg.eigvalsh(covariance).min() > -1e-9 * np.abs(covariance).max()


def smooth(largest: int) -> st.SearchStrategy[Wanted]:
    """Machines whose fluctuations exist: every driven bath has a memory."""
    return structures(largest).filter(lambda wanted: "ohmic" not in wanted.kinds[: wanted.driven])


@settings(QUICK, max_examples=3)
@given(smooth(1))
def test_variances(wanted: Wanted) -> None:
    no_variance_is_negative(wanted)


PART = 25
"""machines of one test, which ends within its time"""


@pytest.mark.slow
@pytest.mark.parametrize("part", range(500 // PART))
def test_variances_of_500_machines(part: int) -> None:
    @seed(part)
    @settings(max_examples=PART, suppress_health_check=ALLOWED)
    @given(smooth(2))
    def of_part(wanted: Wanted) -> None:
        no_variance_is_negative(wanted)

    of_part()


GRADED = Wanted(2, ("drude", "lorentzian", "drude"), 2, frozenset({"frequencies", "springs", "forces"}), 0)
"""The structure of machines whose gradients are compared: one program for all of them."""


@pytest.mark.slow
@pytest.mark.parametrize("part", range(500 // PART))
def test_gradients_of_500_machines(part: int) -> None:
    """Every current's slope along a random direction of all numbers, against extrapolated differences."""
    compared = [error for number in range(part * PART, (part + 1) * PART) for error in slope_error(number)]
    assert len(compared) > PART // 2 and max(compared) < 1e-8, compared


def slope_error(number: int) -> list[float]:
    """Relative to the largest slope, beyond what the differences know; nothing where the protocol amplifies.

    Close to where it amplifies slopes change within a thousandth of every number: differences of one step are
    off by up to 4 %, so that the step is controlled.
    """
    model = made(Wanted(GRADED.size, GRADED.kinds, GRADED.driven, GRADED.moves, number))
    solver = Exact(points=65, levels=12)
    arrays, static = eqx.partition(model, eqx.is_array)
    leaves, structure = jax.tree.flatten(arrays)
    random = np.random.default_rng([number, 2])
    direction = [leaf * random.normal(size=np.shape(leaf)) for leaf in leaves]

    def currents(h: float) -> np.ndarray:
        shifted = [x + h * d for x, d in zip(leaves, direction, strict=True)]
        return np.asarray(_currents(solver, static, structure, shifted))

    expected, error = ridders(currents, 2e-3, 7)
    if not np.all(np.isfinite(expected)):
        return []
    slopes = np.asarray(_slopes(solver, static, structure, leaves, direction))
    unknown = np.maximum(np.abs(slopes - expected) - 4.0 * error, 0.0)
    return [float(np.max(unknown) / np.max(np.abs(expected)))]


@eqx.filter_jit
def _currents(solver, static, structure, leaves):
    machine, protocol = eqx.combine(jax.tree.unflatten(structure, leaves), static)
    state = qtopt.steady_state(machine, protocol, solver)
    assert isinstance(state, qtopt.ExactSteadyState)
    return jnp.concatenate([state.work, state.heat_currents])


@eqx.filter_jit
def _slopes(solver, static, structure, leaves, direction):
    def currents(numbers):
        return _currents(solver, static, structure, numbers)

    return jax.jvp(currents, (leaves,), (direction,))[1]
