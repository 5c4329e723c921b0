"""Fronts: acceptance numbers, resuming, search space, selection."""

import json
import os
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings as hypothesis_settings, strategies as st

from qtopt import (
    Bath,
    CoolingCOP,
    FrontProblem,
    FrontSettings,
    InputError,
    Lorentzian,
    Machine,
    Ohmic,
    Peak,
    PowerEfficiency,
    Rms,
    Weak,
    evaluate,
    trace,
)
from qtopt.fronts import (
    AbstractEfficiencyTradeoff,
    DriveParameters,
    certifier_of,
    machine_forms,
    non_dominated,
    search,
)
from qtopt.fronts._evaluated import evaluated_point
from qtopt.fronts.rates import FormRates
from qtopt.fronts.search import Refine, explored, gradient_norms, refined
from qtopt.fronts.tradeoffs import EfficiencyTarget
from qtopt.jobs import Store
from qtopt.registry import class_of
from tests.fronts.test_pareto_certificate import ENGINE, STRENGTH, engine


def power_efficiency(machine: Machine, drives: Peak | Rms, **settings) -> FrontProblem:
    return FrontProblem(machine, PowerEfficiency.of(machine), drives, settings=FrontSettings(**settings))


@pytest.mark.parametrize(("kind", "cold"), [(PowerEfficiency, 0.2), (CoolingCOP, 0.8)])
def test_rms_front_is_the_certified_front(kind: type[AbstractEfficiencyTradeoff], cold: float) -> None:
    """With the rms bound every point lies within 1e-6 of the exact front, and never above it."""
    machine = engine(cold=cold)
    front = trace(FrontProblem(machine, kind.of(machine), Rms(3), settings=FrontSettings(points=6)))
    assert len(front.points) == 6
    gaps = np.array([point.gap for point in front.points])
    assert np.all(np.abs(gaps) < 1e-6)
    assert np.all(np.diff([point.output for point in front.points]) < 0.0)
    point = front.points[0]
    again = evaluated_point(machine, point.drive, kind.of(machine), Weak())
    assert again is not None and list(point.merits) == list(again.merits)  # whichever process makes them
    found = evaluate(machine, point.drive)
    assert found.mode == kind.machine_name and found.efficiency == pytest.approx(point.efficiency, rel=1e-9)
    expected = -found.power if kind is PowerEfficiency else found.heat_currents[1]
    assert point.output == pytest.approx(expected, rel=1e-9)


def test_points_are_what_the_solver_of_the_problem_says() -> None:
    """A weak solver with a coarser coth: its own numbers, not those of the default one."""
    machine, coarse = engine(), Weak(accuracy=1e-2)
    problem = FrontProblem(machine, PowerEfficiency.of(machine), Rms(2), coarse, FrontSettings(points=2))
    for point in trace(problem).points:
        power = float(coarse.steady_state(machine, point.drive).power)
        assert point.power == pytest.approx(power, rel=1e-12, abs=0.0)
        finest = float(Weak().steady_state(machine, point.drive).power)
        assert point.power != pytest.approx(finest, rel=1e-10, abs=0.0)


def test_peak_bound_beats_cosines() -> None:
    """Omega = 0.45, 15 harmonics: at least 0.535 d (cosines 0.344 d), below the certified 0.541 d."""
    front = trace(power_efficiency(engine(), Peak(15, (0.45, 0.45)), points=2, starts=6))
    best = front.points[0]
    assert -best.power / STRENGTH > 0.535
    assert 0.0 <= best.gap < 0.012
    samples = np.asarray(best.drive(np.linspace(0.0, 2.0 * np.pi / 0.45, 5000)))
    assert np.abs(samples).max() <= 1.0


def area(efficiency: np.ndarray, output: np.ndarray) -> float:
    """Of all points (efficiency, output) that some of these dominate."""
    order = np.argsort(efficiency)
    best = np.maximum.accumulate(output[order][::-1])[::-1]
    return float(np.sum(np.diff(efficiency[order], prepend=0.0) * best))


@pytest.mark.slow
def test_peak_front_reaches_its_certificate() -> None:
    """The example with 5 harmonics: 99 % of the area below 30 points of the certified front."""
    front = trace(power_efficiency(engine(), Peak(5), points=30))
    found = np.array([(p.efficiency, p.output, p.bound) for p in front.points])
    assert np.all(found[:, 1] <= found[:, 2] * (1.0 + 1e-9))
    forms = machine_forms(engine(), ENGINE.output(2), (0.05, 1.0), 64)
    certifier = certifier_of(forms, ENGINE, "peak", (0.05, 1.0))
    span = certifier.efficiency_range(tight=True)
    assert span is not None
    exact = certifier.at(np.linspace(*span, 31)[:-1])
    assert area(found[:, 0], found[:, 1]) > 0.99 * area(exact.target, exact.bound)
    assert np.median(found[:, 2] / found[:, 1]) < 1.1


@pytest.mark.slow
def test_resumed_search_ends_in_the_same_front(tmp_path) -> None:
    problem = power_efficiency(engine(), Peak(3, (0.3, 0.6)), points=4, starts=4)
    whole = trace(problem)
    path = tmp_path / "state.part"

    def interrupt(done: int, total: int, message: str) -> None:
        if done == 9:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        trace(problem, Store(path, "mine"), interrupt)
    assert path.exists()
    seen: list[int] = []
    resumed = trace(problem, Store(path, "mine"), lambda done, total, message: seen.append(done))
    assert min(done for done in seen if done > 2) >= 9
    assert [resumed.row(p) for p in resumed.points] == [whole.row(p) for p in whole.points]


def test_machine_without_engine_gives_an_empty_front() -> None:
    """One oscillator with an Ohmic driven bath: no engine within any bound at this frequency."""
    hot = Bath("hot", 1.0, Ohmic(1e-3), "driven")
    machine = Machine([1.0], (hot, Bath("cold", 0.2, Ohmic(0.1), [1.0])))
    front = trace(power_efficiency(machine, Peak(1, (0.3, 0.3)), points=2, starts=2))
    assert front.points == () and front.certificate is None
    assert front.remark == "no engine within the bound" and front.remark in str(front)


def test_equal_temperatures_are_refused() -> None:
    hot = Bath("hot", 0.2, Lorentzian(1e-5, 1.25, 0.01), "driven")
    machine = Machine([1.0], (hot, Bath("cold", 0.2, Ohmic(0.1), [1.0])))
    with pytest.raises(InputError, match=r"exactly two temperatures, but they are at \[0.2\]"):
        PowerEfficiency.of(machine)


def test_score_reaches_concave_parts() -> None:
    """On a concave front (power against entropy rate) every point wins for its own target."""
    power = np.linspace(1.0, 2.0, 11)
    entropy = 2.0 * np.sqrt(power - 0.99) + 1.0
    slope = entropy / power
    weights = np.linspace(0.0, 1.0, 1001)[:, None]
    winners = set(np.argmin(weights * entropy - (1.0 - weights) * power, axis=1))
    assert winners == {0, 10}
    for i in range(4, 11):
        target = EfficiencyTarget(jnp.asarray(slope[i]), jnp.asarray(power[i]), jnp.asarray(0.01))
        values = [
            float(target.score(jnp.asarray(p), jnp.asarray(s))) for p, s in zip(power, entropy, strict=True)
        ]
        reached = int(np.argmin(values))
        assert slope[reached] <= slope[i] + 0.05 and power[reached] >= power[i] - 0.3


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=25))
def test_non_dominated_by_definition(rows: list[tuple[int, int]]) -> None:
    values = np.array(rows, dtype=float)
    kept = set(non_dominated(values).tolist())

    def beaten(i: int, by: int) -> bool:
        worse = all(values[by] >= values[i])
        return worse and (any(values[by] > values[i]) or (by < i and all(values[by] == values[i])))

    expected = {i for i in range(len(rows)) if not any(beaten(i, j) for j in range(len(rows)) if j != i)}
    assert kept == expected


@given(st.integers(0, 2**31 - 1), st.sampled_from(["peak", "rms"]))
@hypothesis_settings(max_examples=20)
def test_drive_sets_obey_their_bounds(seed: int, kind: str) -> None:
    drives = class_of("drive set", kind)(5, (0.1, 0.9))
    parameters = drives.random(jax.random.key(seed), jnp.asarray([0.3]), 2)
    drive = drives.drive(jax.tree.map(lambda leaf: leaf[0], parameters))
    again = drives.drive(jax.tree.map(lambda leaf: leaf[0], drives.parameters_of([drive])))
    times = np.linspace(0.0, 70.0, 99)
    np.testing.assert_allclose(again(times), drive(times), atol=1e-9)
    assert drives.kept_harmonics == drive.default_harmonics
    assert 0.1 <= float(drive.frequency) <= 0.9
    if kind == "peak":
        assert np.abs(np.asarray(drive(np.linspace(0.0, 70.0, 999)))).max() <= 1.0
    else:
        np.testing.assert_allclose(float(jnp.sum(drive.mean_square())), 1.0, rtol=1e-12)


def test_folded_drive_is_the_same_drive() -> None:
    space = Peak(6)
    cosine, sine = np.zeros((2, 6)), np.zeros((2, 6))
    cosine[:, 2], sine[:, 5] = [1.5, -1.4], [0.3, 0.1]
    start = space.parameters(np.array([0.1, -0.2]), cosine, sine, 0.1)
    found = space.folded(start)
    assert found is not None
    times = np.linspace(0.0, 60.0, 500)
    before = space.drive(DriveParameters(*(jnp.asarray(leaf) for leaf in start)))(times)
    after = space.drive(DriveParameters(*(jnp.asarray(leaf) for leaf in found)))(times)
    np.testing.assert_allclose(before, after, atol=1e-9)


def test_search_programs_hold_no_lapack_and_no_callback() -> None:
    space = Peak(3, (0.4, 0.5))
    kept = space.kept_harmonics
    model = FormRates(machine_forms(engine(), ENGINE.output(2), (0.4, 0.5), kept))
    parameters = space.random(jax.random.key(0), jnp.full(4, 0.45), 2)
    targets = EfficiencyTarget(jnp.full(4, 6.0), jnp.full(4, 1e-5), jnp.full(4, 0.1))
    for program, length in ((explored, (jnp.asarray(0.1), jnp.asarray(2))), (refined, (4,))):
        text = program.lower(model, space, targets, parameters, *length).compile().compiled.as_text()  # pyright: ignore
        assert 'custom_call_target="lapack' not in text and "python_cpu_callback" not in text


def test_no_steps_of_adam_evaluate_where_the_candidates_are() -> None:
    """What tells gradients of spaces whose numbers vary: the program of their search, standing still."""
    space = Rms(2, (0.4, 0.5))
    model = FormRates(machine_forms(engine(), ENGINE.output(2), (0.4, 0.5), space.kept_harmonics))
    parameters = space.random(jax.random.key(0), jnp.full(3, 0.45), 2)
    targets = EfficiencyTarget(jnp.full(3, 6.0), jnp.full(3, 1e-5), jnp.full(3, 0.1))
    rate = jnp.asarray(0.1)
    still, rates, norms = explored(model, space, targets, parameters, rate, jnp.asarray(0))
    assert jax.tree.all(jax.tree.map(np.array_equal, still, parameters))
    expected = jax.jit(jax.vmap(lambda p: jnp.stack(model.rates(space.drive(p)))))(parameters).T
    np.testing.assert_allclose(np.stack(rates), expected, rtol=1e-12)
    np.testing.assert_allclose(norms, gradient_norms(model, space, targets, parameters), rtol=1e-12)
    moved, later, _ = explored(model, space, targets, parameters, rate, jnp.asarray(20))
    assert np.all(targets.score(*later) < targets.score(*rates))
    np.testing.assert_allclose(moved.cosine, parameters.cosine, atol=20 * 0.1)


SHARED = """
import json, sys
import qtopt
qtopt.configure()
import jax
from tests.fronts.test_pareto_front import improved
assert len(jax.devices()) == 8
print(json.dumps(improved(None)))
"""


def improved(at_once: int | None) -> list[list[float]]:
    """Rates of five candidates after a few evaluations of L-BFGS."""
    space = Rms(2, (0.45, 0.45))
    forms = machine_forms(engine(), ENGINE.output(2), (0.45, 0.45), space.kept_harmonics)
    model = FormRates(forms, at_once=at_once)
    parameters = space.random(jax.random.key(1), jnp.full(5, 0.45), 2)
    targets = EfficiencyTarget(jnp.full(5, 6.0), jnp.full(5, 1e-5), jnp.full(5, 0.1))
    return [
        np.asarray(rate).tolist() for rate in search.improved(Refine(4), model, space, targets, parameters)[1]
    ]


def test_devices_and_chunks_do_not_matter() -> None:
    """Five candidates fill eight devices, and chunks of two, unevenly."""
    flags = f"{os.environ['XLA_FLAGS']} --xla_force_host_platform_device_count=8"
    done = subprocess.run(
        [sys.executable, "-c", SHARED],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "XLA_FLAGS": flags},
        timeout=280,
    )
    here = improved(None)
    assert np.all(np.isfinite(here))
    np.testing.assert_allclose(json.loads(done.stdout), here, rtol=1e-9)
    np.testing.assert_allclose(improved(2), here, rtol=1e-9)
