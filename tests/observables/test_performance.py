"""Operating modes and efficiencies from the signs of the currents, by hand and from real machines."""

import numpy as np
import pytest

from qtopt.model import MonochromaticDrive
from qtopt.observables import Performance, performance
from tests.helpers.machines import engine, engine_drive, lorentzian, machine_of, ohmic, solve

# temperatures, local powers, heat currents; mode, efficiency, bound
HANDMADE = [
    ((2.0, 1.0), (-0.3, -0.1), (1.0, -0.6), "engine", 0.4, 0.5),
    ((1.0, 2.0), (-0.5, 0.1), (-0.6, 1.0), "engine", 0.4, 0.5),
    ((2.0, 1.0), (0.5, 0.5), (-1.6, 0.6), "refrigerator", 0.6, 1.0),
    ((2.0, 1.0), (0.5, 0.0), (0.5, -1.0), "accelerator", None, None),
    ((2.0, 1.0), (0.5, 0.5), (-0.4, -0.6), "heater", None, None),
    ((2.0, 1.0), (0.0, 0.0), (0.0, 0.0), "idle", None, None),
    ((1.0, 1.0), (0.0, 0.0), (0.0, 0.0), "idle", None, None),
    ((1.0, 1.0), (-0.6, 1.0), (-0.1, -0.3), "work converter", 0.6, 1.0),
    ((1.0, 1.0), (0.6, 1.0), (-0.6, -1.0), "heater", None, None),
    ((3.0, 2.0, 1.0), (-0.4, 0.0), (0.8, 0.2, -0.6), "engine", 0.4, 2.0 / 3.0),
    ((2.0, 1.0), (-1e-16, 0.0), (1.0, -1.0), "accelerator", None, None),
    ((6.0, 1.2, 1.0), (0.1, 0.0), (1.7, -2.6, 0.8), "refrigerator", 8.0, np.inf),  # heat from 6 does the work
]


@pytest.mark.parametrize(("temperatures", "powers", "heats", "mode", "efficiency", "bound"), HANDMADE)
def test_modes_by_hand(
    temperatures: tuple[float, ...],
    powers: tuple[float, ...],
    heats: tuple[float, ...],
    mode: str,
    efficiency: float | None,
    bound: float | None,
) -> None:
    result = performance(temperatures, powers, heats)
    assert result.mode == mode
    np.testing.assert_allclose(result.carnot_efficiency, 1.0 - min(temperatures) / max(temperatures))
    np.testing.assert_allclose(result.efficiency, np.nan if efficiency is None else efficiency)
    np.testing.assert_allclose(result.efficiency_bound, np.nan if bound is None else bound)


def evaluate(hot: float, cold: float, frequency: float, peak: float = 1.25) -> Performance:
    """The example machine with other temperatures, drive frequency and bath resonance."""
    machine = machine_of((1.0, 0.6), (lorentzian(1.0, peak, 0.01, hot), ohmic(100.0, cold, (1.0, 1.0))))
    drive = MonochromaticDrive(frequency, np.ones(2), np.array([0.0, np.pi]))
    state = solve(machine, drive)
    return performance(machine.temperatures, state.local_powers, state.heat_currents)


def test_the_example_is_an_engine_below_carnot() -> None:
    state = solve(engine(), engine_drive())
    result = performance(engine().temperatures, state.local_powers, state.heat_currents)
    assert result.mode == "engine"
    assert 0.0 < result.efficiency < result.carnot_efficiency
    # Engine identity: S = (-P/T_c)(eta_C/eta - 1)
    expected = -state.power / 0.2 * (result.carnot_efficiency / result.efficiency - 1.0)
    np.testing.assert_allclose(state.entropy_production_rate, expected, rtol=1e-9)


def test_real_machines_of_every_mode() -> None:
    """The same machine is engine, refrigerator, accelerator and heater as the drive frequency changes."""
    found = {
        evaluate(hot, cold, frequency).mode
        for hot, cold in ((1.0, 0.2), (0.25, 0.2))
        for frequency in (0.05, 0.2, 0.425, 0.45, 0.6, 2.0)
    }
    assert found >= {"engine", "refrigerator", "accelerator", "heater"}, found


def test_refrigerator_stays_below_its_bound() -> None:
    """Heat leaves the cold Ohmic bath at the resonance 0.825 of the antiphase mode, upwards by Omega."""
    result = evaluate(0.25, 0.2, 0.425)
    assert result.mode == "refrigerator", result
    np.testing.assert_allclose(result.efficiency_bound, 0.2 / 0.05)
    assert 0.0 < result.efficiency < result.efficiency_bound
