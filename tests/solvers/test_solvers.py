"""Solver objects, groups of oscillators, the Fourier series of a drive, and results as people read them."""

from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import qtopt
from qtopt import (
    AbstractSolver,
    Exact,
    Fluctuations,
    FourierDrive,
    InputError,
    Machine,
    MonochromaticDrive,
    Weak,
    WeakSteadyState,
)
from qtopt.model import AbstractDrive, blocks, over_groups
from qtopt.solvers import STATUSES
from tests.helpers.machines import engine, engine_drive

THREE = (1.0, 0.6, 1.3)


def three(configuration: str) -> Machine:
    baths = engine(1e-3).baths
    couplings = jnp.array([1.0, 0.8, 1.1])
    baths = tuple(b if b.driven else eqx.tree_at(lambda x: x.coupling, b, couplings) for b in baths)
    return Machine(THREE, baths, configuration)  # pyright: ignore[reportArgumentType]


def test_groups_of_oscillators() -> None:
    joint, private = three("joint"), three("independent")
    assert joint.groups().tolist() == [[0, 1, 2]] and private.groups().tolist() == [[0], [1], [2]]
    assert joint.sharing().all() and (private.sharing() == np.eye(3, dtype=bool)).all()
    one = private.part(jnp.array([1]))
    assert one.size == 1 and float(one.frequencies[0]) == 0.6
    assert [float(b.coupling[0]) for b in one.static_baths] == [0.8]


def test_blocks_are_zero_between_oscillators_that_share_no_bath() -> None:
    private = three("independent")
    parts = over_groups(lambda part: jnp.full((1, 1), part.frequencies[0]).at[0, 0].add(0.0), private)
    np.testing.assert_array_equal(blocks(private, parts), np.diag(THREE))
    # What is not a number in one group stays there.
    whole = np.asarray(blocks(private, parts.at[1].set(jnp.nan)))
    assert np.isnan(whole).sum() == 1 and np.isnan(whole[1, 1])


def test_independent_oscillators_are_machines_of_their_own() -> None:
    private = three("independent")
    drive = FourierDrive(0.45, [0.1, 0.2, 0.3], [[0.5], [0.6], [0.7]], [[0.1], [-0.2], [0.3]])
    whole, noise = qtopt.steady_state(private, drive), qtopt.fluctuations(private, drive)
    heat, heat_noise = np.zeros(2), np.zeros(2)
    for l in range(3):
        part = jax.tree.map(lambda leaf, l=l: leaf[l : l + 1] if leaf.ndim else leaf, drive)
        alone = qtopt.steady_state(private.part(jnp.array([l])), part)
        own = qtopt.fluctuations(private.part(jnp.array([l])), part)
        np.testing.assert_allclose(whole.local_powers[l], alone.power, rtol=1e-12)
        np.testing.assert_allclose(whole.covariance[l, l], alone.covariance[0, 0], rtol=1e-12)
        np.testing.assert_allclose(noise.local_power_covariance[l, l], own.power, rtol=1e-12)
        assert own.heat_currents is not None
        heat, heat_noise = heat + alone.heat_currents, heat_noise + own.heat_currents
    np.testing.assert_allclose(whole.heat_currents, heat, rtol=1e-12)
    assert noise.heat_currents is not None
    np.testing.assert_allclose(noise.heat_currents, heat_noise, rtol=1e-12)


@pytest.mark.parametrize(
    "drive",
    [
        MonochromaticDrive(0.45, [1.0, 0.7], [0.0, 2.0]),
        FourierDrive(0.45, [0.1, 0.2], [[0.5, 0.3], [0.6, 0.1]], [[0.1, 0.0], [-0.2, 0.4]]),
    ],
)
def test_series_of_a_drive(drive: AbstractDrive) -> None:
    series, times = drive.series(), np.linspace(0.0, 20.0, 7)
    both = series.two_sided()
    assert both.orders.tolist() == sorted({*series.orders.tolist(), *(-series.orders).tolist()})
    phases = np.exp(-1j * np.outer(times, both.orders) * 0.45)
    np.testing.assert_allclose(phases @ np.asarray(both.amplitudes), drive(times), atol=1e-14)
    for part in (series, both):
        mean_square = part.weights @ np.abs(np.asarray(part.amplitudes)) ** 2
        np.testing.assert_allclose(mean_square, drive.mean_square(), rtol=1e-14)


class Doubled(AbstractSolver):
    """A user's solver: all powers of the weak theory twice."""

    kind: ClassVar[str] = "doubled"
    provides: ClassVar[frozenset[str]] = frozenset()
    quadratic: ClassVar[bool] = False
    cost: ClassVar[int] = 1
    traces: ClassVar[list[int]] = []

    def check(self, machine: Machine, drive: AbstractDrive) -> None:
        Weak().check(machine, drive)

    def check_fluctuations(self, machine: Machine, drive: AbstractDrive) -> None:
        raise InputError("this solver must not be asked for fluctuations, but it was.")

    def steady_state(self, machine: Machine, drive: AbstractDrive) -> WeakSteadyState:
        self.traces.append(1)
        state = Weak().steady_state(machine, drive)
        return eqx.tree_at(lambda s: s.power, state, 2.0 * state.power)

    def fluctuations(self, machine: Machine, drive: AbstractDrive) -> Fluctuations:
        raise NotImplementedError

    def finite_momenta(self, machine: Machine) -> bool:
        return False

    def phase_space_covariance(self, machine, drive, state):
        raise NotImplementedError


def test_a_users_solver_compiles_once_for_all_numbers() -> None:
    Doubled.traces.clear()
    for frequency in (0.3, 0.4, 0.5):
        drive = MonochromaticDrive(frequency, [1.0, 1.0], [0.0, np.pi])
        found = qtopt.steady_state(engine(), drive, Doubled())
        np.testing.assert_allclose(found.power, 2.0 * qtopt.steady_state(engine(), drive).power, rtol=1e-12)
    assert len(Doubled.traces) == 1
    with pytest.raises(InputError, match="must not be asked for fluctuations"):
        qtopt.fluctuations(engine(), engine_drive(), Doubled())


def test_the_plain_call_can_be_traced() -> None:
    drive = engine_drive()
    power = qtopt.steady_state(engine(), drive).power
    slope = jax.grad(lambda d: qtopt.steady_state(engine(), d).power)(drive).frequency
    step = 1e-5

    def at(change: float) -> float:
        moved = drive.with_frequency(drive.frequency + change)
        return float(qtopt.steady_state(engine(), moved).power)

    assert float(slope) == pytest.approx((at(step) - at(-step)) / (2.0 * step), rel=1e-6)
    many = jax.vmap(lambda f: qtopt.steady_state(engine(), drive.with_frequency(f)).power)
    assert float(many(drive.frequency[None])[0]) == pytest.approx(float(power), rel=1e-12)


def test_an_undamped_mode_is_an_error_outside_of_jit_and_a_status_inside() -> None:
    baths = engine().baths
    second = eqx.tree_at(lambda b: b.temperature, baths[1], jnp.asarray(0.4))
    machine = Machine([1.0, 1.0], (*baths, second))
    with pytest.raises(InputError, match=r"but x_1 - x_2 \(frequency 1\) is damped by none: detune"):
        qtopt.steady_state(machine, engine_drive())
    status = jax.jit(lambda m: qtopt.steady_state(m, engine_drive()).status)(machine)
    assert STATUSES[int(status)] == "undamped"


def test_open_settings_are_settled_for_the_numbers_of_a_machine() -> None:
    settled = Exact().settled(engine(), engine_drive())
    assert settled.points == 65 and settled.levels is not None
    assert settled.settled(engine(1e-3), engine_drive()) == settled
    assert Exact(33, 9).settled(engine(), engine_drive()) == Exact(33, 9)
    assert Weak().settled(engine(), engine_drive()) == Weak()


def test_results_are_readable() -> None:
    state = qtopt.steady_state(engine(), engine_drive())
    noise = qtopt.fluctuations(engine(), engine_drive())
    lines = str(state).splitlines()
    assert lines[0] == "WeakSteadyState"
    assert lines[1].split()[:4] == ["power", f"{float(state.power):.6g}", "hbar", "omega_A^2"]
    assert "supplied by the drive; negative: extracted" in lines[1]
    first, second = (f"{float(value):.6g}" for value in state.heat_currents)
    assert f"[{first}, {second}]" in lines[3]
    assert repr(state).startswith(f"WeakSteadyState(power={float(state.power):.6g}, ") and "\n" not in repr(
        state
    )
    assert f"<td>power</td><td>{float(state.power):.6g}</td><td>hbar omega_A^2</td>" in state._repr_html_()
    assert "hbar^2 omega_A^3" in str(noise)


def test_placeholders_and_batches_are_shown_by_their_shapes() -> None:
    texts = []

    def shown(frequency: jax.Array) -> WeakSteadyState:
        drive = engine_drive().with_frequency(frequency)
        state = qtopt.steady_state(engine(), drive)
        texts.append((str(state), repr(state)))
        return state

    states = jax.vmap(shown)(jnp.linspace(0.3, 0.5, 20))
    assert "local_powers             float64[2]" in texts[0][0] and "float64[]" in texts[0][1]
    assert "float64[20,2]" in str(states)
