"""Engines and refrigerators: output and entropy rate fix the efficiency; outputs are what they are called."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from qtopt import Bath, Drude, InputError, Lorentzian, Machine, MonochromaticDrive, Ohmic
from qtopt.fronts import PURPOSES, Front, Refrigerator, purpose_of
from qtopt.observables import performance
from qtopt.plots import drives_figure, front_figure
from qtopt.solvers.weak import steady_state
from tests.test_plots import front_of

temperature = st.floats(0.05, 5.0)


@given(cold=temperature, ratio=st.floats(1.01, 10.0), share=st.floats(0.01, 0.99), power=st.floats(0.1, 10.0))
def test_output_and_entropy_fix_the_efficiency(cold: float, ratio: float, share: float, power: float) -> None:
    """With the first and the second law alone, whatever the machine."""
    hot = ratio * cold
    for name, kind in PURPOSES.items():
        purpose = kind(hot, cold)
        efficiency = share * purpose.limit
        if name == "engine":
            work, hot_heat = -power, power / efficiency
            cold_heat = -work - hot_heat
        else:
            work, cold_heat = power, efficiency * power
            hot_heat = -work - cold_heat
        entropy = -hot_heat / hot - cold_heat / cold
        output = purpose.output(work, [hot_heat, cold_heat], [hot, cold])
        found = performance([hot, cold], [work], [hot_heat, cold_heat])
        assert found.mode == name
        assert found.efficiency == pytest.approx(efficiency, rel=1e-12)
        assert found.efficiency_bound == pytest.approx(purpose.limit, rel=1e-12)
        a, b = purpose.gain
        assert a * work + b * entropy == pytest.approx(output, rel=1e-9)
        assert float(purpose.slope(efficiency)) * output == pytest.approx(entropy, rel=1e-9)
        assert float(purpose.efficiency(entropy / output)) == pytest.approx(efficiency, rel=1e-9)


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
    purpose = purpose_of(machine, "refrigerator")
    assert purpose == Refrigerator(hot=1.0, cold=0.8)
    a, b = purpose.gain
    output = purpose.output(float(state.power), np.asarray(state.heat_currents), machine.temperatures)
    heat = np.asarray(state.heat_currents)
    assert output == pytest.approx(heat[1:].sum() if driven == "hot" else heat[0], rel=1e-14)
    combined = a * float(state.power) + b * float(state.entropy_production_rate)
    assert combined == pytest.approx(output, rel=1e-11)


def test_equal_temperatures_cool_nothing() -> None:
    hot = Bath("hot", 0.2, Lorentzian(1e-5, 1.25, 0.01), "driven")
    machine = Machine([1.0], (hot, Bath("cold", 0.2, Ohmic(0.1), [1.0])))
    with pytest.raises(InputError, match="a front of refrigerators needs baths at exactly two temperatures"):
        purpose_of(machine, "refrigerator")


def test_figures_of_refrigerators() -> None:
    """Axes say what is shown; the points are the outputs, not the powers."""
    cooling = Refrigerator(hot=1.0, cold=0.8)
    engine = front_of(5)
    points = tuple(p._replace(output=2.0 * p.output, power=-p.power) for p in engine.points)
    front = Front(points, engine.certificate, cooling)
    drawn = front_figure({"joint": front}, 1e-5).axes[0]
    assert drawn.get_xlabel() == "coefficient of performance"
    assert drawn.get_ylabel() == r"cooling power $J_\mathrm{c}/d$ ($\hbar/\omega_A^2$)"
    lines = [np.asarray(line.get_ydata()) for line in drawn.get_lines() if line.get_linestyle() == "-"]
    assert any(np.allclose(y, [p.output / 1e-5 for p in points], rtol=1e-14) for y in lines if len(y) == 5)
    title = drives_figure({"joint": front}, strength=1e-5).axes[0].get_title()
    assert title.startswith("maximum cooling\nCOP = 0.4000")
    words = [text.get_text() for text in front_figure({"joint": Front((), None, cooling)}).axes[0].texts]
    assert "joint: no refrigerator within the bound" in words
