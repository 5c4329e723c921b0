"""The time domain: relaxation to the exact periodic state, closed limits, energy, jumps, the command line."""

import csv
import json
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
from scipy.linalg import expm, solve_continuous_lyapunov

from qtopt.cli import main
from qtopt.errors import InputError
from qtopt.model import (
    AbstractDrive,
    AbstractSpectralDensity,
    Bath,
    Drude,
    FourierDrive,
    GaussianState,
    Lorentzian,
    Machine,
    MonochromaticDrive,
    Ohmic,
    PiecewiseDrive,
)
from qtopt.model._machine import Configuration
from qtopt.solvers import Exact, steady_state
from qtopt.solvers.time_domain import Trajectory, joined, simulate, simulate_periods
from qtopt.thermal import CothPoles

EXAMPLE = Path(__file__).parents[2] / "scripts" / "machines" / "collective_engine.toml"
COSINES = MonochromaticDrive(0.45, [1.0, 0.7], [0.0, 2.0])
STEPS = PiecewiseDrive(0.45, [[1.0, -1.0, 0.5], [0.0, 0.5, 1.0]])
FEW = CothPoles(np.array([0.0, 1.0, 2.0, 3.6]), np.array([0.5, 1.0, 1.0, 1.4]))


def machine(
    hot: AbstractSpectralDensity, cold: AbstractSpectralDensity, configuration: Configuration = "joint"
) -> Machine:
    baths = (Bath("hot", 1.0, hot, "driven"), Bath("cold", 0.2, cold, [1.0, 0.8]))
    return Machine([1.0, 0.6], baths, configuration)


MACHINES = {
    "drude": machine(Drude(0.2, 3.0), Ohmic(0.5)),
    "lorentzian": machine(Lorentzian(0.05, 1.25, 0.2), Ohmic(0.5)),
    "independent": machine(Drude(0.2, 3.0), Ohmic(0.5), "independent"),
    "ohmic": machine(Ohmic(0.2), Ohmic(0.5)),
    "memory": machine(Lorentzian(0.1, 1.25, 0.3), Drude(0.5, 5.0)),
}


@lru_cache
def relaxed(name: str, points: int = 32) -> Trajectory:
    """The last of 80 periods."""
    found = MACHINES[name]
    initial = GaussianState.squeezed(found, 0.4, 0.3).displaced(1.0, [0.2, -0.5])
    return list(simulate_periods(found, COSINES, initial, 80, points))[-1]


QUICK = ("lorentzian",)


@pytest.mark.parametrize(
    "name", [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in MACHINES]
)
def test_relaxes_to_the_exact_periodic_state(name: str) -> None:
    """Covariances, powers and heat currents of the exact solver, which shares no integrator with this."""
    exact, found = steady_state(MACHINES[name], COSINES, Exact()), relaxed(name)
    covariance = np.asarray(exact.phase_space_covariance[-1])
    np.testing.assert_allclose(found.covariances[-1], covariance, rtol=0, atol=3e-9)
    powers, heat = np.asarray(exact.local_powers), np.asarray(exact.heat_currents)
    np.testing.assert_allclose(found.local_powers.mean(axis=0), powers, rtol=0, atol=1e-9)
    np.testing.assert_allclose(found.heat_currents.mean(axis=0), heat, rtol=0, atol=1e-9)
    assert np.abs(found.means).max() < 1e-6


def energies(found: Trajectory, frequencies: np.ndarray) -> np.ndarray:
    return np.asarray(found.populations + 0.5) @ frequencies


@pytest.mark.parametrize("configuration", ["joint", pytest.param("independent", marks=pytest.mark.slow)])
def test_energy_is_conserved_at_all_times(configuration: str) -> None:
    """dE/dt = P + sum J, also in the transient: the integral of the flows is the change of the energy."""
    both = MACHINES["memory"].with_configuration(configuration)  # pyright: ignore[reportArgumentType]
    initial = GaussianState.two_mode_squeezed(both, 0.6).displaced(1.0)
    nodes, weights = np.polynomial.legendre.leggauss(8)
    edges = np.concatenate([[0.0], np.geomspace(1e-6, 8.0, 40)])
    inside = edges[:-1, None] + np.diff(edges)[:, None] * (nodes + 1.0) / 2.0
    times = np.concatenate([inside, edges[1:, None]], axis=1).ravel()
    found = simulate(both, COSINES, initial, np.concatenate([[0.0], times]))
    energy = energies(found, np.asarray(both.frequencies))
    flow = (found.power + found.heat_currents.sum(axis=1))[1:].reshape(40, 9)[:, :8]
    gained = np.cumsum(flow @ weights * np.diff(edges) / 2.0)
    np.testing.assert_allclose(energy[9::9] - energy[0], gained, rtol=0, atol=1e-7)


def test_free_evolution() -> None:
    """Weakly damped: x^2 breathes at 2 omega, means turn classically, entanglement stays."""
    free = machine(Drude(1e-12, 1.0), Drude(1e-12, 1.0))
    times = np.linspace(0.0, 30.0, 13)
    squeezed = simulate(
        free, COSINES, GaussianState.squeezed(free, 0.7).displaced([1.0, 2.0]), times, poles=FEW
    )
    for l, omega in enumerate((1.0, 0.6)):
        cosine, sine = np.cos(omega * times), np.sin(omega * times)
        breathing = (np.exp(-1.4) * cosine**2 + np.exp(1.4) * sine**2) / (2.0 * omega)
        np.testing.assert_allclose(squeezed.covariances[:, l, l], breathing, rtol=1e-8)
        np.testing.assert_allclose(squeezed.means[:, l], (l + 1) * cosine, rtol=0, atol=1e-8)
    expected = np.sinh(0.7) ** 2 + np.array([1.0, 4.0 * 0.6]) / 2.0
    np.testing.assert_allclose(squeezed.populations, np.tile(expected, (13, 1)), rtol=5e-8)
    entangled = simulate(free, COSINES, GaussianState.two_mode_squeezed(free, 0.5), times, poles=FEW)
    assert np.linalg.det(entangled.covariances[-1]) == pytest.approx(1.0 / 16.0, rel=1e-7)


def test_mean_follows_the_classical_motion() -> None:
    """Damped motion of the mean: an oscillator with friction, whatever the temperature."""
    single = Machine([1.0], (Bath("h", 1.0, Drude(1e-13, 1.0), "driven"), Bath("c", 0.3, Ohmic(0.2), [1.0])))
    drive = FourierDrive(0.5, [0.0], [[1.0]], [[0.0]])
    times = np.linspace(0.0, 40.0, 9)
    found = simulate(single, drive, GaussianState.vacuum(single).displaced(1.0), times, poles=FEW)
    inner = np.sqrt(1.0 - 0.01)
    expected = np.exp(-0.1 * times) * (np.cos(inner * times) + 0.1 / inner * np.sin(inner * times))
    np.testing.assert_allclose(found.means[:, 0], expected, rtol=0, atol=1e-9)


def exact_steps(drive: PiecewiseDrive, periods: int) -> np.ndarray:
    """Covariance by matrix exponentials: constant steps, two Drude baths, few poles of the coth."""
    frequencies, size = np.array([1.0, 0.6]), 6
    gamma, cutoff, hot_cold = np.array([0.2, 0.5]), np.array([3.0, 5.0]), np.array([1.0, 0.2])
    b = np.zeros((2, size))
    b[0, 4] = b[1, 5] = 1.0
    rates = 2.0 * np.pi * hot_cold[:, None] * FEW.k[1:]
    strengths = 2.0 * hot_cold[:, None] * FEW.weight[1:]

    def dynamics(g: np.ndarray) -> np.ndarray:
        a = np.zeros((size, size))
        a[:2, 2:4], a[2:4, :2] = np.eye(2), -np.diag(frequencies**2)
        for bath, coupling in enumerate((g, np.array([1.0, 0.8]))):
            gain = np.sqrt(gamma[bath]) * cutoff[bath]
            a[2:4, :2] -= gamma[bath] * cutoff[bath] * np.outer(coupling, coupling)
            a[2:4, 4 + bath] = gain * coupling
            a[4 + bath, :2], a[4 + bath, 4 + bath] = gain * coupling, -cutoff[bath]
        return a

    def generator(a: np.ndarray) -> np.ndarray:
        modes, one = rates.shape[1], np.eye(size)
        total = 1 + 2 * modes * size + size**2
        made, last = np.zeros((total, total)), slice(1 + 2 * modes * size, total)
        made[last, last] = np.kron(a, one) + np.kron(one, a)
        for bath in range(2):
            outer = np.kron(b[bath][:, None], one) + np.kron(one, b[bath][:, None])
            made[last, 0] += outer @ b[bath] * hot_cold[bath]
            for j in range(modes):
                own = slice(1 + (bath * modes + j) * size, 1 + (bath * modes + j + 1) * size)
                made[own, own] = a - rates[bath, j] * one
                made[own, 0] = -a @ b[bath]
                made[last, own] = outer * strengths[bath, j]
        return made

    idle = dynamics(np.zeros(2))[4:, 4:]
    memory = [[cutoff[i] / (cutoff[i] + mu) * b[i] for mu in rates[i]] for i in range(2)]
    correlation = [hot_cold[i] * b[i] + strengths[i] @ np.array(memory[i]) for i in range(2)]
    source = sum(np.outer(b[i], correlation[i]) + np.outer(correlation[i], b[i]) for i in range(2))
    covariance = np.diag([0.5, 0.5 / 0.6, 0.5, 0.3, 0.0, 0.0])
    covariance[4:, 4:] = solve_continuous_lyapunov(idle, -np.asarray(source)[4:, 4:])
    state = np.concatenate([[1.0], np.ravel(memory), covariance.ravel()])
    values = np.asarray(drive.values)
    length = 2.0 * np.pi / float(drive.frequency) / values.shape[1]
    turns = [expm(generator(dynamics(values[:, s])) * length) for s in range(values.shape[1])]
    for _ in range(periods):
        for turn in turns:
            state = turn @ state
    return state[-(size**2) :].reshape(size, size)[:4, :4]


def test_steps_equal_matrix_exponentials() -> None:
    """A drive that jumps, three periods after the switch-on, vacuum at t = 0."""
    both = Machine(
        [1.0, 0.6],
        (Bath("hot", 1.0, Drude(0.2, 3.0), "driven"), Bath("cold", 0.2, Drude(0.5, 5.0), [1.0, 0.8])),
    )
    found = list(simulate_periods(both, STEPS, GaussianState.vacuum(both), 3, 7, poles=FEW))[-1]
    np.testing.assert_allclose(found.covariances[-1], exact_steps(STEPS, 3), rtol=0, atol=1e-9)


@pytest.mark.slow
def test_work_of_jumps_balances_the_energy() -> None:
    """Jumps leave the energy of the oscillators as it is: heat between them balances a relaxed period."""
    both = MACHINES["memory"]
    nodes, weights = np.polynomial.legendre.leggauss(16)
    period = 2.0 * np.pi / 0.45
    inside = ((np.arange(3)[:, None] + (nodes + 1.0) / 2.0) / 3.0).ravel() * period
    times = np.concatenate([60 * period + inside, [61 * period]])
    found = simulate(both, STEPS, GaussianState.vacuum(both), np.concatenate([[60 * period], times]))
    heat = np.tile(weights, 3) / 6.0 * period @ found.heat_currents[1:-1].sum(axis=1)
    size = np.asarray(both.frequencies)
    change = np.diff(energies(found, size)[[0, -1]])[0]
    assert heat == pytest.approx(change, abs=1e-8)
    assert np.all(found.local_powers == 0.0) and np.abs(found.jump_works[-1]).max() > 1.0


@pytest.mark.slow
def test_times_need_not_be_regular() -> None:
    found = MACHINES["drude"]
    initial = GaussianState.thermal(found, [0.5, 0.0])
    regular = joined(list(simulate_periods(found, COSINES, initial, 2, 4)))
    some = simulate(found, COSINES, initial, regular.times[[0, 3, 4, 7]])
    for name in ("covariances", "populations", "local_powers"):
        np.testing.assert_allclose(
            getattr(some, name)[1:], getattr(regular, name)[[3, 4, 7]], rtol=0, atol=1e-8
        )
    np.testing.assert_allclose(some.populations[0], [1.0 / np.expm1(2.0), 0.0], atol=1e-14)


def bad_covariance() -> GaussianState:
    return GaussianState(np.zeros(2), np.diag([0.1, 0.1]))


def wrong_drive() -> AbstractDrive:
    return MonochromaticDrive(0.45, [1.0], [0.0])


VACUUM = GaussianState.vacuum(MACHINES["drude"])
ERRORS = {
    "uncertainty": (bad_covariance, "must obey the uncertainty relation"),
    "symmetry": (lambda: GaussianState(np.zeros(2), np.array([[1.0, 0.2], [0.0, 1.0]])), "must be symmetric"),
    "shape": (lambda: GaussianState(np.zeros(3), np.eye(3)), "a mean of 2L numbers"),
    "not finite": (lambda: GaussianState(np.zeros(2), np.full((2, 2), np.nan)), "must be finite numbers"),
    "negative": (lambda: GaussianState.thermal(MACHINES["drude"], -1.0), "temperatures must not be negative"),
    "pair": (lambda: GaussianState.two_mode_squeezed(MACHINES["drude"], 1.0, (0, 2)), "two different osc"),
    "times": (lambda: simulate(MACHINES["drude"], COSINES, VACUUM, [1.0, 0.5]), "ascending from 0"),
    "no times": (lambda: simulate(MACHINES["drude"], COSINES, VACUUM, []), "at least one time"),
    "drive": (lambda: simulate(MACHINES["drude"], wrong_drive(), VACUUM, [1.0]), "one shape per oscillator"),
    "state": (
        lambda: simulate(MACHINES["drude"], COSINES, GaussianState(np.zeros(2), np.eye(2)), [1.0]),
        "one mode per oscillator",
    ),
    "jump": (lambda: simulate(MACHINES["ohmic"], STEPS, VACUUM, [1.0]), "a drive that jumps must couple"),
}


@pytest.mark.parametrize("case", ERRORS)
def test_errors_say_what_to_do(case: str) -> None:
    act, words = ERRORS[case]
    with pytest.raises(InputError, match=words):
        act()


def test_command_line_writes_data_and_figure(tmp_path, capsys) -> None:
    text = EXAMPLE.read_text().replace("damping = 100.0", "damping = 1.0")
    path = tmp_path / "machine.toml"
    path.write_text(text + '\n[simulation]\nperiods = 3\ninitial = { kind = "thermal", temperature = 0.5 }\n')
    main(["simulate", str(path), "--out", str(tmp_path / "out"), "--points-per-period", "8"])
    captured = capsys.readouterr()
    assert "trajectory.csv" in captured.out and "periods" in captured.err
    with (tmp_path / "out" / "trajectory.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 25
    assert {"t", "population_1", "covariance_x1_x2", "power", "power_2", "heat_hot"} <= set(rows[0])
    assert float(rows[0]["population_1"]) == pytest.approx(1.0 / np.expm1(2.0))
    assert json.loads(rows[-1]["t"]) == pytest.approx(3 * 2.0 * np.pi / 0.45)
    assert (tmp_path / "out" / "trajectory.png").stat().st_size > 0


def test_command_line_refuses_no_periods(tmp_path, capsys) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["simulate", str(EXAMPLE), "--out", str(tmp_path), "--periods", "0"])
    error = capsys.readouterr().err
    assert stop.value.code == 2 and "--periods must be a whole number of at least 1" in error
