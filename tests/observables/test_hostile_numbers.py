"""Numbers that nobody would give: each is a sentence or a right answer, whatever the unit."""

import json
from typing import Any

import numpy as np
import pytest

from qtopt.errors import InputError
from qtopt.model import (
    Bath,
    Drude,
    GaussianState,
    Lorentzian,
    Machine,
    MonochromaticDrive,
    Ohmic,
    Protocol,
    undamped_modes,
)
from qtopt.observables import Evaluation, evaluate
from qtopt.schema import in_units
from qtopt.solvers import AbstractSolver, Exact, Weak, steady_state
from qtopt.solvers.time_domain import simulate_periods

HOT = Bath("hot", 1.0, Lorentzian(1e-5, 1.25, 0.01), "driven")
SOLVERS = [Weak(), pytest.param(Exact(), marks=pytest.mark.slow)]


def machine(
    frequencies: tuple[float, ...] = (1.0, 0.6), coupling: Any = "static", damping: float = 1.0
) -> Machine:
    bath = Bath("cold", 0.2, Ohmic(damping), coupling)
    return Machine(np.array(frequencies), (HOT, bath))


def drive(*amplitudes: float, frequency: float = 0.45, phases: tuple[float, ...] = (0.0, 2.0)) -> Any:
    return MonochromaticDrive(frequency, np.array(amplitudes), np.array(phases[: len(amplitudes)]))


def is_json(result: Evaluation) -> bool:
    return bool(json.dumps(result.as_dict(), allow_nan=False)) and bool(str(result))


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("exponent", [43, -43, 200])
def test_any_system_of_units_gives_the_same_digits(exponent: int, solver: AbstractSolver) -> None:
    """SI has frequencies of 1e13; a unit that is a power of two changes no digit at all."""
    unit = 2.0**exponent
    given, other = (machine(), drive(1.0, 1.0)), (in_units(machine(), unit), in_units(drive(1.0, 1.0), unit))
    one, two = evaluate(*given, solver), evaluate(*other, solver)
    assert two.power == one.power * unit**2
    assert two.heat_currents == [heat * unit**2 for heat in one.heat_currents]
    assert two.power_fluctuations == one.power_fluctuations * unit**3
    assert two.covariance == (np.array(one.covariance) / unit).tolist()
    assert two.normal_modes[0]["damping"] == one.normal_modes[0]["damping"] * unit
    assert two.efficiency == one.efficiency and two.tur == one.tur
    np.testing.assert_allclose(float(steady_state(*other, solver).power), two.power, rtol=1e-9)


@pytest.mark.parametrize("exponent", [43, -43])
def test_any_system_of_units_gives_the_same_motion(exponent: int) -> None:
    """What has no unit is the same; positions and velocities have the square roots of units."""
    unit, bath = 2.0**exponent, Bath("cold", 0.2, Drude(0.5, 3.0), "static")
    given = Machine([1.0, 0.6], (HOT, bath)), drive(1.0, 1.0)
    other = in_units(given[0], unit), in_units(given[1], unit)
    scale = np.sqrt(np.repeat([1.0 / unit, unit], 2))
    start = GaussianState(np.array([0.3, -0.1, 0.2, 0.0]), 0.6 * np.eye(4))
    moved = GaussianState(scale * start.mean, scale[:, None] * start.covariance * scale)
    (one,) = simulate_periods(*given, start, 1, 4)
    (two,) = simulate_periods(*other, moved, 1, 4)
    same: Any = {"rtol": 1e-7, "atol": 1e-9}
    np.testing.assert_allclose(two.times * unit, one.times, **same)
    np.testing.assert_allclose(two.populations, one.populations, **same)
    np.testing.assert_allclose(two.means / scale, one.means, **same)
    np.testing.assert_allclose(two.covariances / (scale[:, None] * scale), one.covariances, **same)
    for name in ("local_powers", "heat_currents", "works"):
        np.testing.assert_allclose(getattr(two, name) / unit**2, getattr(one, name), **same)
    states = steady_state(*given, Exact()), steady_state(*other, Exact())
    covariances = [np.asarray(state.phase_space_covariance) for state in states]
    np.testing.assert_allclose(covariances[1] / (scale[:, None] * scale), covariances[0], **same)


@pytest.mark.parametrize("exponent", [43, -43])
def test_driven_springs_and_forces_in_any_unit(exponent: int) -> None:
    """Shapes that have a unit themselves: m omega^2 and sqrt(hbar m omega^3)."""
    unit = 2.0**exponent
    baths = Bath("hot", 1.0, Drude(0.3, 3.0), [1.0, 0.0]), Bath("cold", 0.2, Drude(0.5, 3.0), [0.0, 1.0])

    def given(unit: float) -> tuple[Machine, Protocol]:
        alone = in_units(Machine([1.0, 0.6], baths), unit)
        springs = 0.1 * unit**2 * (np.ones((2, 2)) - np.eye(2))
        force = np.array([0.1, 0.2]) * unit**1.5
        shapes = (
            MonochromaticDrive(0.4 * unit, [0.1 * unit**2], [0.0], target="springs", pairs=((1, 2),)),
            MonochromaticDrive(0.4 * unit, force, [0.0, 0.3], target="forces"),
        )
        return Machine(alone.frequencies, alone.baths, springs=springs), Protocol(shapes)

    one, two = evaluate(*given(1.0), Exact(33)), evaluate(*given(unit), Exact(33))
    np.testing.assert_allclose(np.array(two.heat_currents) / unit**2, one.heat_currents, rtol=1e-10)
    np.testing.assert_allclose(np.array(two.local_powers) / unit**2, one.local_powers, rtol=1e-10)
    start = GaussianState.vacuum(given(1.0)[0]), GaussianState.vacuum(given(unit)[0])
    (slow,) = simulate_periods(*given(1.0), start[0], 1, 2)
    (fast,) = simulate_periods(*given(unit), start[1], 1, 2)
    np.testing.assert_allclose(fast.works / unit**2, slow.works, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ({"temperature": 1e-300}, "temperature of bath 'cold' must be at least 1e-10"),
        (
            {"temperature": 1e200},
            r"must be finite in float64, but machine.baths\[1\].temperature = 1e\+200 is",
        ),
    ],
)
def test_numbers_too_far_apart_are_named(numbers: dict[str, float], words: str) -> None:
    bath = Bath("cold", numbers["temperature"], Ohmic(1.0), "static")
    with pytest.raises(InputError, match=words):
        evaluate(Machine([1.0, 0.6], (HOT, bath)), drive(1.0, 1.0))


def test_frequencies_too_far_apart_are_named() -> None:
    with pytest.raises(InputError, match=r"drive.frequency must be at least 1e-100 of .* is 1e-160: give"):
        evaluate(machine(), drive(1.0, 1.0, frequency=1e-160))


@pytest.mark.parametrize("solver", SOLVERS)
def test_without_drive_a_machine_is_idle(solver: AbstractSolver) -> None:
    found = evaluate(machine(), drive(0.0, 0.0), solver)
    assert found.mode == "idle" and found.power == 0.0 and found.heat_currents == [0.0, 0.0]
    assert found.warnings() == [] and is_json(found)


@pytest.mark.parametrize("solver", SOLVERS)
def test_motions_beside_drive_and_baths_do_not_matter(solver: AbstractSolver) -> None:
    """Two equal oscillators driven and damped alike are one with couplings of sqrt 2."""
    found = evaluate(machine((1.0, 1.0)), drive(1.0, 1.0, phases=(0.0, 0.0)), solver)
    alone = evaluate(machine((1.0,), damping=2.0), drive(2.0**0.5), solver)
    np.testing.assert_allclose(found.power, alone.power, rtol=1e-9)
    np.testing.assert_allclose(found.heat_currents, alone.heat_currents, rtol=1e-9)
    np.testing.assert_allclose(found.power_fluctuations, alone.power_fluctuations, rtol=1e-9)
    assert found.undamped_modes == ["x_1 - x_2"] and found.covariance == [[None, None], [None, None]]
    assert any("no bath damps the motion x_1 - x_2" in line for line in found.warnings())
    assert is_json(found)


def test_motions_that_the_drive_moves_and_nobody_damps_are_named() -> None:
    with pytest.raises(InputError, match=r"but x_1 - x_2 \(frequency 1\) is damped by none: detune"):
        evaluate(machine((1.0, 1.0)), drive(1.0, 1.0))
    with pytest.raises(InputError, match=r"but x_2 \(frequency 0.6\) is damped by none: couple"):
        evaluate(machine(coupling=[1.0, 0.0]), drive(1.0, 1.0))
    with pytest.raises(InputError, match=r"x_1 - x_2 .* seen by no bath"):
        steady_state(machine((1.0, 1.0)), drive(1.0, 1.0, phases=(0.0, 0.0)))


def test_undamped_motions_follow_from_the_structure() -> None:
    """Eigenvectors of the potential on which no static bath acts, also with springs."""
    baths = (HOT, Bath("cold", 0.2, Ohmic(1.0), [1.0, 2.0, 0.0]))
    modes = undamped_modes(Machine([1.0, 1.0, 0.6], baths))
    assert sorted(map(str, modes)) == ["x_1 - 0.5 x_2", "x_3"]
    assert undamped_modes(Machine([1.0, 1.1, 0.6], (HOT, Bath("cold", 0.2, Ohmic(1.0), "static")))) == ()
    spring = [[0.0, -0.3], [-0.3, 0.0]]
    (mode,) = undamped_modes(
        Machine([1.0, 1.0], (HOT, Bath("cold", 0.2, Ohmic(1.0), "static")), springs=spring)
    )
    assert str(mode) == "x_1 - x_2"
    np.testing.assert_allclose(mode.frequency, np.sqrt(1.3), rtol=1e-12)


def test_digits_that_are_not_known_are_not_shown() -> None:
    """Baths of one temperature exchange nothing: what is left of their heat is round-off, and said to be."""
    baths = (HOT, *(Bath(name, 0.2, Drude(0.3, 5.0), [1.0, 0.5]) for name in ("left", "right")))
    found = evaluate(Machine([1.0, 0.6], baths), drive(0.0, 0.0))
    left, right = found.heat_currents[1:]
    assert abs(left) <= found.heat_currents_error[1] and abs(right) <= found.heat_currents_error[2]
    assert f"{left:.12e}" not in str(found) or left == 0.0
    usual = evaluate(machine(), drive(1.0, 1.0))
    assert 0.0 < usual.power_error < 1e-9 * abs(usual.power)
