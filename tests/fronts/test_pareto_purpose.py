"""Engines, refrigerators, converters: output and entropy production rate fix the efficiency."""

from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, strategies as st

from qtopt import Bath, Drude, InputError, Lorentzian, Machine, MonochromaticDrive, Ohmic
from qtopt.fronts import (
    ConversionEfficiency,
    CoolingCOP,
    Front,
    FrontProblem,
    FrontSettings,
    Peak,
    PowerEfficiency,
    evaluated_point,
    trace,
)
from qtopt.fronts.tradeoffs import Currents
from qtopt.observables import performance
from qtopt.plots import drives_figure, front_figure
from qtopt.solvers import Weak
from qtopt.solvers.weak import steady_state
from tests.helpers.machines import converter, converter_drive
from tests.plots.test_plots import front_of

temperature = st.floats(0.05, 5.0)


@given(cold=temperature, ratio=st.floats(1.01, 10.0), share=st.floats(0.01, 0.99), power=st.floats(0.1, 10.0))
def test_output_and_entropy_fix_the_efficiency(cold: float, ratio: float, share: float, power: float) -> None:
    """With the first and the second law alone, whatever the machine."""
    hot = ratio * cold
    for tradeoff in (PowerEfficiency(hot, cold), CoolingCOP(hot, cold), ConversionEfficiency(cold, 0)):
        efficiency = share * tradeoff.limit
        if isinstance(tradeoff, PowerEfficiency):
            work, hot_heat = [-power, 0.0], power / efficiency
            temperatures, heat = [hot, cold], [hot_heat, power - hot_heat]
        elif isinstance(tradeoff, CoolingCOP):
            work, cold_heat = [power, 0.0], efficiency * power
            temperatures, heat = [hot, cold], [-power - cold_heat, cold_heat]
        else:
            work, temperatures = [-power, power / efficiency], [cold, cold]
            heat = [-0.3 * sum(work), -0.7 * sum(work)]
        entropy = -sum(j / t for j, t in zip(heat, temperatures, strict=True))
        found = tradeoff.gained(Currents(np.array(temperatures), np.array(work), np.array(heat), entropy))
        assert found is not None
        assert found[0] == pytest.approx(efficiency, rel=1e-12)
        said = performance(temperatures, work, heat)
        assert said.mode == tradeoff.machine_name and said.efficiency == pytest.approx(efficiency, rel=1e-12)
        assert said.efficiency_bound == pytest.approx(tradeoff.limit, rel=1e-12)
        rate = tradeoff.output(2).rate(jnp.array(work), jnp.asarray(entropy))
        assert float(rate) == pytest.approx(found[1], rel=1e-9)
        assert float(tradeoff.kappa(efficiency)) * found[1] == pytest.approx(entropy, rel=1e-9)
        assert float(tradeoff.efficiency(entropy / found[1])) == pytest.approx(efficiency, rel=1e-9)


@pytest.mark.parametrize("driven", [pytest.param("hot", marks=pytest.mark.slow), "cold"])
def test_cooling_power_is_the_heat_from_the_cold_bath(driven: str) -> None:
    """Whichever bath is driven; several baths may share a temperature."""
    values = (1.0, 0.8) if driven == "hot" else (0.8, 1.0)
    baths = (
        Bath("driven", values[0], Lorentzian(1e-3, 1.25, 0.1), "driven"),
        Bath("first", values[1], Ohmic(0.1), [1.0, 1.0]),
        Bath("second", values[1], Drude(0.2, 3.0), [0.5, -1.0]),
    )
    machine = Machine([1.0, 0.6], baths)
    state = steady_state(machine, MonochromaticDrive(0.5, [1.0, 0.7], [0.3, 2.0]))
    tradeoff = CoolingCOP.of(machine)
    assert tradeoff == CoolingCOP(hot=1.0, cold=0.8)
    heat, entropy = np.asarray(state.heat_currents), float(state.entropy_production_rate)
    cooled = heat[1:].sum() if driven == "hot" else heat[0]
    combined = float(tradeoff.output(2).rate(state.local_powers, state.entropy_production_rate))
    assert combined == pytest.approx(cooled, rel=1e-11)
    currents = Currents(
        np.asarray(machine.temperatures), np.array([1.0, 0.0]), heat * np.sign(cooled), entropy
    )
    gained = tradeoff.gained(currents)
    assert gained is not None and gained[1] == pytest.approx(abs(cooled), rel=1e-14)


def test_equal_temperatures_cool_nothing() -> None:
    hot = Bath("hot", 0.2, Lorentzian(1e-5, 1.25, 0.01), "driven")
    machine = Machine([1.0], (hot, Bath("cold", 0.2, Ohmic(0.1), [1.0])))
    with pytest.raises(InputError, match="a front of refrigerators needs baths at exactly two temperatures"):
        CoolingCOP.of(machine)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_converters_beat_the_published_cosines() -> None:
    """Cosines extract 3.94e-4 at efficiency 0.894; at 0.83 the best drives extract 1.7 times as much."""
    machine = converter()
    tradeoff = ConversionEfficiency.of(machine)
    published = evaluated_point(machine, converter_drive(), tradeoff, Weak())
    assert published is not None
    assert published.efficiency == pytest.approx(0.894, abs=5e-4)
    assert published.output == pytest.approx(3.94e-4, rel=2e-3)
    drives, settings = Peak(3, (0.1, 0.3)), FrontSettings(6, 8)
    front = trace(FrontProblem(machine, tradeoff, drives, settings=settings))
    efficiency, output = front.values("efficiency"), front.values("output")
    assert np.any((efficiency > 0.83) & (output > 1.7 * published.output))
    assert np.all(front.values("gap") >= 0.0)
    entropy = (1.0 / efficiency - 1.0) / 0.1 * output
    np.testing.assert_allclose(front.values("entropy_production_rate"), entropy, rtol=1e-7)


def test_figures_of_refrigerators() -> None:
    """Axes say what is shown; the points are the outputs, not the powers."""
    cooling = CoolingCOP(hot=1.0, cold=0.8)
    engine = front_of(5)
    points = tuple(
        replace(p, merits={**p.merits, "output": 2.0 * p.output}, power=-p.power) for p in engine.points
    )
    front = Front(cooling, points, engine.certificate)
    drawn = front_figure({"joint": front}, 1e-5).axes[0]
    assert drawn.get_xlabel() == "coefficient of performance"
    assert drawn.get_ylabel() == r"cooling power $J_\mathrm{c}/d$ ($\hbar/\omega_A^2$)"
    lines = [np.asarray(line.get_ydata()) for line in drawn.get_lines() if line.get_linestyle() == "-"]
    assert any(np.allclose(y, [p.output / 1e-5 for p in points], rtol=1e-14) for y in lines if len(y) == 5)
    title = drives_figure({"joint": front}, strength=1e-5).axes[0].get_title()
    assert title.startswith("maximum cooling\nCOP = 0.4000")
    words = [
        text.get_text()
        for text in front_figure({"joint": Front(cooling, remark="no refrigerator within the bound")})
        .axes[0]
        .texts
    ]
    assert "joint: no refrigerator within the bound" in words


def test_a_target_prefers_what_meets_it_to_what_is_stronger_but_a_neighbour_away() -> None:
    """Also at high efficiencies, though kappa = S/X of the lowest aim is 400 times that of the highest."""
    tradeoff = ConversionEfficiency(0.1, 0)
    aims = np.linspace(0.05, 0.95, 10)
    targets = tradeoff.targets(aims, np.ones(10), 0)
    meets = targets.score(jnp.ones(10), jnp.asarray(tradeoff.kappa(aims)))
    lower = targets.score(jnp.full(10, 1.5), jnp.asarray(1.5 * tradeoff.kappa(np.maximum(aims - 0.1, 0.02))))
    assert np.all(np.asarray(meets) < np.asarray(lower))
