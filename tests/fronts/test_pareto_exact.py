"""Exact fronts and the strongest exact engine."""

from pathlib import Path

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest

from qtopt.fronts import (
    AbstractEfficiencyTradeoff,
    CoolingCOP,
    FrontPoint,
    FrontProblem,
    FrontSettings,
    PowerEfficiency,
    Rms,
    maximise_power,
    trace,
)
from qtopt.jobs import Store
from qtopt.model import BoundedDrive
from qtopt.solvers import Exact, ExactSteadyState, steady_state
from tests.helpers.machines import engine, lorentzian, machine_of, ohmic

solve = eqx.filter_jit(steady_state)


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "cold"), [(PowerEfficiency, 0.2), (CoolingCOP, 0.8)])
def test_exact_front_improves_on_weak_drives(
    kind: type[AbstractEfficiencyTradeoff], cold: float, tmp_path: Path
) -> None:
    baths = (lorentzian(1e-4, 1.25, 0.01, 1.0), ohmic(100.0, cold, (1.0, 1.0)))
    machine = machine_of((1.0, 0.6), baths)  # weak validity 0.26 for the published cosines
    tradeoff = kind.of(machine)
    problem = FrontProblem(machine, tradeoff, Rms(1, (0.41, 0.47)), Exact(), FrontSettings(3, 2))
    steps = []
    path = tmp_path / "state.part"

    def report(done: int, total: int, what: str) -> None:
        if "exact" in what:
            steps.append(done)

    front = trace(problem, Store(path, "x"), report)
    weak = front.begun_from
    assert weak is not None and weak.certificate is not None
    assert front.certificate is None and len(front.points) >= 1
    assert steps == sorted(steps) and len(steps) > 4

    def state_of(point: FrontPoint) -> ExactSteadyState:
        return solve(machine, point.drive, Exact().settled(machine, point.drive))

    def output(state: ExactSteadyState) -> float:
        return -float(state.power) if kind is PowerEfficiency else float(state.heat_currents[1])

    before = max(output(state_of(point)) for point in weak.points)
    assert max(point.output for point in front.points) > before * (1.0 + 1e-6)
    for point in front.points:
        state = state_of(point)
        np.testing.assert_allclose(point.power, float(state.power), rtol=1e-12)
        np.testing.assert_allclose(point.output, output(state), rtol=1e-12)
        assert 0.0 < point.efficiency < tradeoff.limit
    # A finished search, resumed, only evaluates.
    again = trace(problem, Store(path, "x"))
    assert [p.power for p in again.points] == [p.power for p in front.points]


@pytest.mark.slow
def test_strongest_engine_where_cosines_heat() -> None:
    """At d = 1 the published cosines are no engine; weaker coupling through a smaller amplitude is one."""
    machine = engine(1.0)
    series = jnp.array([[0.05], [-0.05]])
    start = BoundedDrive(0.45, jnp.zeros(2), series, jnp.zeros((2, 1)))
    drive, power = maximise_power(machine, [start], (0.2, 0.8), evaluations=12)
    state = solve(machine, drive, Exact(129).settled(machine, drive))
    np.testing.assert_allclose(-float(state.power), power, rtol=1e-6)
    assert power > 5e-5
