"""Protocols that jump: valves, frequencies and springs, against a quench, the time domain and the laws."""

import numpy as np
import pytest
from numpy.typing import ArrayLike

from qtopt import Bath, Drude, Exact, FourierDrive, Machine, PiecewiseDrive, Protocol, evaluate
from qtopt.model import GaussianState, actuators
from qtopt.solvers import steady_state
from qtopt.solvers.time_domain import simulate_periods

FREQUENCY = 0.4
STROKES = Protocol(
    [
        PiecewiseDrive(FREQUENCY, [[1.0, 0.0, 0.0, 0.2]], target="baths.hot"),
        PiecewiseDrive(FREQUENCY, [[0.0, 0.1, 1.0, 0.0]], target="baths.cold"),
        PiecewiseDrive(FREQUENCY, [[0.5, -0.1, -0.4, 0.2]], target="frequencies"),
    ]
)
ENGINE = Machine(
    [1.0], (Bath("hot", 2.0, Drude(0.5, 4.0), "driven"), Bath("cold", 0.3, Drude(0.4, 3.0), "driven"))
)
SPRINGS = Protocol(
    [
        PiecewiseDrive(FREQUENCY, [[0.2, -0.1]], target="springs", pairs=((1, 2),)),
        PiecewiseDrive(FREQUENCY, [[0.3, 0.0], [0.0, 0.4]], target="frequencies"),
        PiecewiseDrive(FREQUENCY, [[1.0, 0.6], [0.1, 0.3]], target="baths.hot"),
    ]
)
PAIR = Machine(
    [1.0, 0.7],
    (Bath("hot", 2.0, Drude(0.5, 4.0), "driven"), Bath("cold", 0.3, Drude(0.4, 3.0), [0.2, 1.0])),
    springs=[[0.0, 0.1], [0.1, 0.0]],
)
CASES = {"strokes": (ENGINE, STROKES), "springs": (PAIR, SPRINGS)}


def test_a_quench_of_an_isolated_thermal_oscillator_does_the_exact_work() -> None:
    """``(omega'^2 - omega^2) <x^2>/2`` at the jump, and back after a time tau in which x^2 has moved on."""
    omega, temperature, stiffer = 0.8, 0.7, 0.6
    baths = (Bath("hot", 1.0, Drude(1e-11, 3.0), [1.0]),)
    machine = Machine([omega], baths)
    quench = Protocol([PiecewiseDrive(FREQUENCY, [[0.0, stiffer]], target="frequencies")])
    energy = 0.5 * omega / np.tanh(0.5 * omega / temperature)
    start = GaussianState(np.zeros(2), np.diag([energy / omega**2, energy]))
    (found,) = simulate_periods(machine, quench, start, 1, 4)
    change = stiffer * omega**2
    first = 0.5 * change * energy / omega**2
    fast, tau = np.sqrt(omega**2 + change), np.pi / FREQUENCY
    cosine, sine = np.cos(fast * tau), np.sin(fast * tau)
    later = energy / omega**2 * cosine**2 + energy * sine**2 / fast**2
    works = found.potential_jump_works[:, 0]
    assert works[-2] == pytest.approx(first, rel=1e-8)
    assert works[-1] == pytest.approx(first - 0.5 * change * later, rel=1e-8)


def named(machine: Machine, drive: Protocol, work: ArrayLike) -> dict[str, np.ndarray]:
    """The work of each actuator, by its label."""
    acting = actuators(machine, drive)
    ends = np.cumsum([len(actuator.pairs) or machine.size for actuator in acting])
    return {
        actuator.label: part
        for actuator, part in zip(acting, np.split(np.asarray(work), ends[:-1]), strict=True)
    }


@pytest.mark.parametrize("name", CASES)
def test_first_and_second_law(name: str) -> None:
    machine, drive = CASES[name]
    state = steady_state(machine, drive, Exact())
    largest = np.abs(state.heat_currents).max()
    assert abs(float(state.power) + np.sum(state.heat_currents)) < 1e-10 * largest
    assert float(state.entropy_production_rate) > 0.0
    assert float(np.sum(state.work)) == pytest.approx(float(state.power), rel=1e-12)
    assert np.all(np.abs(state.work) > 1e-6)


@pytest.mark.parametrize("name", CASES)
def test_the_time_domain_relaxes_to_it(name: str) -> None:
    """Work of the jumps of couplings and of the potential, and the covariance at the points of the period."""
    machine, drive = CASES[name]
    state = steady_state(machine, drive, Exact(8))
    period, size = 2.0 * np.pi / FREQUENCY, machine.size
    points = len(state.times)
    *_, before, last = simulate_periods(machine, drive, GaussianState.vacuum(machine), 40, points)
    potential = (last.potential_jump_works[-1] - before.potential_jump_works[-1]).sum() / period
    couplings = (last.jump_works[-1] - before.jump_works[-1]).sum() / period
    own = sum(
        float(np.sum(part)) for name, part in named(machine, drive, state.work).items() if "bath" in name
    )
    scale = np.abs(state.heat_currents).max()
    assert couplings == pytest.approx(own, abs=1e-7 * scale)
    assert potential == pytest.approx(float(state.power) - own, abs=1e-7 * scale)
    np.testing.assert_allclose(
        last.covariances[:, :size, :size], state.covariance_in_time, rtol=0.0, atol=1e-7
    )


@pytest.mark.slow
def test_jumps_are_the_limit_of_steep_smooth_drives() -> None:
    """Edges of width s, extrapolated to s = 0 as a power series."""
    count, rows = 200, []
    for width in (0.012, 0.006, 0.003):
        smoothing = np.exp(-0.5 * (2.0 * np.pi * width * np.arange(count + 1)) ** 2)
        drives = []
        for part in STROKES.drives:
            harmonics = np.asarray(part.with_frequency(2.0).harmonics(count)) * smoothing[:, None]
            cosine, sine = 2.0 * np.real(harmonics[1:]).T, 2.0 * np.imag(harmonics[1:]).T
            drives.append(FourierDrive(2.0, np.real(harmonics[0]), cosine, sine, target=part.target))
        state = steady_state(ENGINE, Protocol(drives), Exact(5 * count))
        rows.append(np.concatenate([state.work, state.heat_currents]))
    first = [2.0 * rows[1] - rows[0], 2.0 * rows[2] - rows[1]]
    limit = (4.0 * first[1] - first[0]) / 3.0
    state = steady_state(ENGINE, STROKES.with_frequency(2.0), Exact())
    expected = np.concatenate([state.work, state.heat_currents])
    np.testing.assert_allclose(limit, expected, rtol=0.0, atol=1e-2 * np.abs(expected).max())


def test_the_work_of_every_shape_is_named() -> None:
    machine, drive = CASES["springs"]
    found = evaluate(machine, drive, Exact())
    work = found.as_dict()["work"]
    assert set(work) == {"baths.hot", "frequencies", "springs"}
    assert sum(np.sum(part) for part in work.values()) == pytest.approx(found.power, rel=1e-12)
