"""Fronts over protocols: bounds, starts, aims, files, and what is refused; the search itself where slow."""

import csv
import dataclasses
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import qtopt
from qtopt import files
from qtopt.cli import main
from qtopt.errors import InputError
from qtopt.fronts import (
    CoolingCOP,
    FrontProblem,
    FrontSettings,
    PowerEfficiency,
    PowerEfficiencyConstancy,
    PowerPrecision,
    Protocols,
    problem_of,
    trace,
)
from qtopt.fronts._cycles import COARSEST, _rates
from qtopt.fronts._evaluated import evaluated_point
from qtopt.fronts.rates import SolverRates
from qtopt.fronts.search import Refine, improved
from qtopt.fronts.tradeoffs import EfficiencyTarget
from qtopt.jobs import Store
from tests.files.test_protocol_files import MACHINE

TWO = MACHINE.replace(
    "frequencies = [1.0, 0.7]", "frequencies = [1.0, 0.7]\nsprings = [[0.0, 0.1], [0.1, 0.0]]"
)
ONE = MACHINE.replace("frequencies = [1.0, 0.7]", "frequencies = [1.0]")
PARETO = """
[pareto]
points = 3
starts = 2
harmonics = 2
frequency = [0.1, 0.5]
configurations = ["joint"]
"""
CYCLE = """
[[pareto.drives]]
target = "baths.hot"
low = 0.0
high = 1.0

[[pareto.drives]]
target = "baths.cold"
low = 0.0
high = 1.0

[[pareto.drives]]
target = "frequencies"
low = -0.5
high = 0.3
harmonics = 1
"""
SPRING = """
[[pareto.drives]]
target = "springs"
low = -0.1
high = 0.2
pairs = [[1, 2]]
"""


def problem(text: str = TWO + PARETO + CYCLE + SPRING) -> FrontProblem:
    return problem_of(files.loads(text), "joint")


def test_every_shape_keeps_its_bounds():
    asked = problem()
    protocols = asked.drive_set
    assert isinstance(protocols, Protocols)
    starts = protocols.starts(0, asked.machine, 64)
    # ten thousand times as strong as any search would make them: shapes switch, and as fast as they may
    wild = starts._replace(series=jax.tree.map(lambda leaf: 1e4 * leaf, starts.series))
    times = np.linspace(0.0, 100.0, 500)
    limits = np.array([[0.0, 1.0]] * 4 + [[-0.5, 0.3]] * 2 + [[-0.1, 0.2]])
    for parameters in (starts, wild):
        every = jax.jit(jax.vmap(lambda one: protocols.drive(one)(times)))(parameters)
        assert np.all(every > limits[:, 0] - 1e-15) and np.all(every < limits[:, 1] + 1e-15)
        assert np.all(np.ptp(every, axis=1).max(axis=0) > 0.6 * np.ptp(limits, axis=1))
    frequencies = np.asarray(protocols.drive_frequency(starts.frequency_logit))
    assert 0.1 < frequencies.min() < 0.15 and 0.4 < frequencies.max() < 0.5


def test_cycles_open_one_valve_after_the_other():
    """Every second start: cold is closed while hot is open, and the frequency is at an end while it is."""
    asked = problem(ONE + PARETO + CYCLE)
    protocols = asked.drive_set
    assert isinstance(protocols, Protocols)
    starts = protocols.starts(1, asked.machine, 200)
    phases = 2.0 * np.pi * np.arange(64) / 64
    at_phases = jax.vmap(lambda one: (lambda d: d(phases / d.frequency))(protocols.drive(one)))
    shapes = jax.jit(at_phases)(starts)
    hot, cold, square = np.moveaxis(np.asarray(shapes), -1, 0)
    overlap = np.mean(hot * cold, axis=1) / np.sqrt(np.mean(hot**2, axis=1) * np.mean(cold**2, axis=1))
    assert np.median(overlap[::2]) < 0.5 < np.median(overlap[1::2])
    together = np.abs([np.corrcoef(h, s)[0, 1] for h, s in zip(hot[::2], square[::2], strict=True)])
    assert np.median(together) > 0.8


def test_aims_reach_from_the_strongest_to_beyond_the_most_efficient():
    tradeoff = PowerEfficiency(1.0, 0.2)
    efficiency, output = np.array([0.2, 0.5, 0.6, 0.7]), np.array([4.0, 3.0, 1.0, 1e-4])
    rates = np.append(output, [-1.0, np.nan]), np.append(tradeoff.kappa(efficiency) * output, [2.0, np.nan])
    goal = tradeoff.goal_of(rates, 6)
    # 0.7 has too little output to count
    np.testing.assert_allclose(goal.aims[:, 0], [0.2, 0.3, 0.4, 0.5, 0.6, 0.64])
    np.testing.assert_allclose(goal.aims[:, 1], [4.0, 3.0, 3.0, 3.0, 1.0, 1.0])
    np.testing.assert_allclose(tradeoff.goal_of(rates, 2).aims, [[0.2, 4.0], [0.64, 1.0]])
    np.testing.assert_allclose(tradeoff.goal_of(rates, 1).aims, [[0.2, 4.0]])
    # more output at less efficiency is better for the first aim only; the last spares the most efficient
    found = goal.targets(goal.aims)
    stronger, weaker = (
        np.asarray(found.score(x, tradeoff.kappa(eta) * x)) for x, eta in ((5.0, 0.05), (4.0, 0.2))
    )
    np.testing.assert_array_equal(stronger < weaker, [True] + [False] * 5)
    last = np.array([float(found.score(x, tradeoff.kappa(0.6) * x)[-1]) for x in (0.9, 1.0, 1.1)])
    assert last.argmin() == 1
    nothing = goal.again((-np.ones(3), np.ones(3)), goal.aims)
    np.testing.assert_array_equal(nothing, goal.aims)
    heaters = tradeoff.goal_of((np.array([-1.0, -3.0]), np.ones(2)), 3)
    np.testing.assert_allclose(heaters.aims, [[0.24, 3.0], [0.48, 3.0], [0.72, 3.0]])
    powers = PowerPrecision(0).goal_of((output, output, output), 3)
    np.testing.assert_allclose(powers.aims, 4.0 * np.geomspace(0.01, 0.8, 3))


def test_what_is_not_resolved_is_no_machine(monkeypatch: pytest.MonkeyPatch):
    """Nine points of time make an engine, six times as strong, of a shape that they do not resolve."""
    asked = problem(ONE + PARETO + CYCLE)
    protocols = asked.drive_set
    assert isinstance(protocols, Protocols)
    starts = protocols.starts(7, asked.machine, 60)
    drive = protocols.drive(jax.tree.map(lambda leaf: leaf[12], starts))
    for points, resolved in ((9, False), (129, True)):
        solver = qtopt.Exact(points).settled(asked.machine, drive)
        state = qtopt.steady_state(asked.machine, drive, solver)
        assert state.power < 0.0 < state.entropy_production_rate
        assert (state.truncation_error < -state.power) == resolved
        # the state as the host found it: nothing to compile
        monkeypatch.setattr(qtopt.Exact, "steady_state", lambda *_, state=state: state)
        point = evaluated_point(asked.machine, drive, asked.tradeoff, solver)
        assert (point is not None) == resolved
        rates = SolverRates(asked.machine, solver, asked.tradeoff.output(1), False, coarsest=COARSEST)
        np.testing.assert_array_equal(np.isfinite(rates.rates(drive)), resolved)
        monkeypatch.undo()


def test_a_search_that_resolves_nothing_ends_in_a_sentence(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("qtopt.fronts._cycles._rates", lambda *_: (np.full(24, np.nan),) * 2)
    with pytest.raises(InputError, match="must resolve one of 24 random drives to begin with"):
        trace(problem(ONE + PARETO + CYCLE))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (CYCLE.replace("high = 0.3", "high = -0.6"), r"`pareto.drives\[2\].high` must be above"),
        (CYCLE.replace("low = -0.5\n", ""), r"`pareto.drives\[2\].low` is missing"),
        (CYCLE.replace("baths.hot", "bath"), r"`pareto.drives\[0\].target` must be"),
        (CYCLE.replace("baths.hot", "baths.warm"), "a bath whose coupling is"),
        (CYCLE.replace("baths.cold", "baths.hot"), "two drives must not move the same"),
        (CYCLE.replace('target = "baths.cold"', 'target = "forces"'), "none moves 'cold'"),
        (CYCLE + SPRING.replace("pairs = [[1, 2]]\n", ""), r"`pareto.drives\[3\].pairs` is missing"),
        (CYCLE + SPRING, "pairs` of different oscillators"),
        (CYCLE + '\n[[pareto.vary]]\nkey = "machine.baths.hot.temperature"\nrange = [0.5, 2.0]\n', "vary"),
    ],
)
def test_what_is_refused(text: str, words: str):
    with pytest.raises(InputError, match=words):
        problem(ONE + PARETO + text)


def test_protocols_need_the_exact_solver_and_rates_that_can_be_aimed_at():
    asked = problem(ONE + PARETO + CYCLE)
    with pytest.raises(InputError, match=r'`pareto.drives` must go with solver.kind = "exact"'):
        dataclasses.replace(asked, solver=qtopt.Weak())
    with pytest.raises(InputError, match="a search of protocols must not trade off"):
        dataclasses.replace(asked, tradeoff=PowerEfficiencyConstancy.of(asked.machine))
    two = MACHINE + PARETO
    with pytest.raises(InputError, match="exactly one driven bath"):
        problem(two)


def test_points_are_configurations(tmp_path: Path):
    """A point of a front, written and read: the same protocol, and the search that found it."""
    config = files.loads(TWO + PARETO + CYCLE + SPRING)
    asked = problem_of(config, "joint")
    protocols = asked.drive_set
    assert isinstance(protocols, Protocols)
    drive = protocols.drive(jax.tree.map(lambda leaf: leaf[0], protocols.starts(3, asked.machine, 1)))
    files.save(files.with_driving(config, drive), tmp_path / "point.toml")
    again = files.load(tmp_path / "point.toml")
    assert again.pareto == config.pareto and again.pareto.drives[2].harmonics == 1
    driving = files.require_drive(again)
    times = np.linspace(0.0, 50.0, 30)
    np.testing.assert_allclose(driving(times), drive(times), atol=1e-15)  # the same but for round-off
    for one, other in zip(again.drives, drive.drives, strict=True):
        assert isinstance(one, qtopt.BoundedDrive) and isinstance(other, qtopt.BoundedDrive)
        np.testing.assert_array_equal(one.cosine, other.cosine)
    # where a plain drive takes the place of a protocol, nothing of the protocol stays
    plain = qtopt.MonochromaticDrive(0.3, [1.0, 1.0], [0.0, 0.0])
    assert files.require_drive(files.with_driving(again, plain)) is plain


LONG = pytest.mark.timeout(1800)
"""A search compiles a program of gradients: two minutes of processor time, more where others compute."""


@pytest.mark.slow
@LONG
def test_engines_by_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """Better than random starts; the files of points evaluate to their numbers; resumed, all is the same."""
    path, out = tmp_path / "machine.toml", tmp_path / "out"
    path.write_text(ONE + PARETO.replace("points = 3", "points = 2") + CYCLE)
    main(["pareto", str(path), "--out", str(out)])
    text = capsys.readouterr()
    assert "no certificate" in text.err and "certified_output" in text.out
    for name in ("front.png", "drives.png", "search.nc", "explorer.html"):
        assert (out / name).stat().st_size > 1000
    with (out / "front.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert rows and all(row["certified_output"] == "nan" for row in rows)
    for row in rows:
        own = files.load(out / row["point"])
        result = qtopt.evaluate(own.machine, files.require_drive(own), own.solver).as_dict()
        np.testing.assert_allclose(result["power"], float(row["power"]), rtol=1e-9)
        np.testing.assert_allclose(result["efficiency"], float(row["efficiency"]), rtol=1e-9)
        assert 0.0 < result["efficiency"] < 0.7 and result["mode"] == "engine"
    asked = problem(path.read_text())
    assert max(float(row["output"]) for row in rows) > 1.1 * best_of_random(asked)
    table = (out / "front.csv").read_text()
    main(["pareto", str(path), "--out", str(out), "--resume"])
    assert (out / "front.csv").read_text() == table


@pytest.mark.slow
@LONG
def test_the_strongest_end_is_the_largest_power():
    """The first aim asks for no efficiency: no search for power alone, from other starts, finds more."""
    asked = problem(ONE + PARETO + CYCLE)
    front = trace(asked)
    protocols = asked.drive_set
    assert isinstance(protocols, Protocols)
    solver = asked.solver.for_search().settled(asked.machine, protocols.example)
    rates_of = SolverRates(
        asked.machine, solver, asked.tradeoff.output(1), needs_noise=False, coarsest=COARSEST
    )
    starts = protocols.starts(11, asked.machine, 64)
    output, entropy = _rates(rates_of, protocols, starts, Store(None))
    best = np.argsort(np.where(np.isfinite(entropy), -output, np.inf))[:4]
    starts, ones = jax.tree.map(lambda leaf: leaf[best], starts), jnp.ones(4)
    any_efficiency = EfficiencyTarget(1e12 * ones, front.points[0].output * ones, ones)
    powers = improved(Refine(150), rates_of, protocols, any_efficiency, starts)[1][0]
    largest = np.max(powers, where=np.isfinite(powers), initial=0.0)
    np.testing.assert_allclose(front.points[0].output, largest, rtol=1e-3)
    # and no aim ends at a machine that does nothing
    assert len(front.points) == 3 and front.points[-1].output > 0.02 * largest


def best_of_random(asked: FrontProblem) -> float:
    """The largest output of 40 starts."""
    protocols = asked.drive_set
    assert isinstance(protocols, Protocols)
    starts = protocols.starts(7, asked.machine, 40)
    solver = qtopt.Exact().for_search().settled(asked.machine, protocols.example)

    def output(one):
        state = qtopt.steady_state(asked.machine, protocols.drive(one), solver)
        return asked.tradeoff.output(1).rate(state.local_powers, state.entropy_production_rate)

    return float(np.nanmax(jax.jit(lambda every: jax.lax.map(output, every))(starts)))


@pytest.mark.slow
@LONG
def test_refrigerators():
    """Cooling powers and coefficients of performance, beyond what random starts have."""
    text = ONE.replace("temperature = 0.3", "temperature = 0.8") + PARETO
    asked = problem(text + 'objectives = ["cooling", "cop"]\n' + CYCLE)
    assert isinstance(asked.tradeoff, CoolingCOP)
    front = trace(asked)
    assert len(front.points) >= 2 and front.certificate is None
    assert all(0.0 < point.efficiency < 4.0 for point in front.points)
    assert max(point.output for point in front.points) > 1.1 * best_of_random(asked)


@pytest.mark.slow
@LONG
def test_precise_protocols():
    """The noise of a point is that of `fluctuations`."""
    asked = problem(ONE + PARETO + 'objectives = ["power", "precision"]\n' + CYCLE)
    front = trace(dataclasses.replace(asked, settings=FrontSettings(2, 2)))
    assert front.points
    for point in front.points:
        noise = qtopt.fluctuations(point.machine, point.drive, qtopt.Exact())
        expected = noise.power * point.entropy_production_rate / point.power**2
        np.testing.assert_allclose(point.uncertainty_product, expected, rtol=1e-9)
