"""Any driven quadratic machine: the exact solver against independent references and limits, theory 13."""

from pathlib import Path

import jax
import numpy as np
import pytest

import qtopt
from qtopt import Bath, Drude, Exact, FourierDrive, Machine, MonochromaticDrive, PiecewiseDrive
from qtopt.errors import InputError
from qtopt.model import Protocol, susceptibility
from qtopt.solvers.time_domain import simulate
from tests.helpers.protocols import FRICTION, HOT, PEAK, Case, everything, fourier
from tests.references.discretised_protocol import discretised_protocol
from tests.references.floquet_protocol import floquet_protocol


def assert_floquet(case, truncation=10, relative=1e-7):
    """Every power, heat current and covariance agrees with the Floquet form."""
    state = qtopt.steady_state(case.machine, case.protocol, Exact())
    expected = floquet_protocol(case.setting(truncation))
    np.testing.assert_allclose(state.work, case.expected_work(expected), rtol=relative, atol=1e-13)
    np.testing.assert_allclose(state.heat_currents, expected["heat"], rtol=relative)
    np.testing.assert_allclose(state.covariance, expected["covariance"], rtol=relative)
    np.testing.assert_allclose(state.power, expected["power"], rtol=relative)
    assert abs(float(state.power + state.heat_currents.sum())) < 1e-10 * np.abs(state.heat_currents).max()
    np.testing.assert_allclose(np.sum(state.local_powers), state.power, rtol=1e-12)
    return state, expected


def test_everything_driven_at_once():
    state, expected = assert_floquet(everything())
    spectrum = np.fft.fft(np.asarray(state.means)[:, :2], axis=0) / len(state.means)
    np.testing.assert_allclose(np.abs(spectrum[:4]), np.abs(expected["mean"][10:14]), rtol=1e-9)


def _one(depth):
    drives = [
        fourier(1.1, "baths.b0", [0.8], [depth], [0.0]),
        fourier(1.1, "baths.b1", [0.8], [-depth], [0.1]),
        fourier(1.1, "frequencies", [0.0], [depth / 2], [0.1]),
    ]
    return Case([1.0], [HOT, PEAK], drives)


def _three():
    drives = [
        fourier(0.7, "baths.b0", [1.0, 0.4, 0.2], [0.6, 0.2, 0.0], [0.0, 0.1, 0.1]),
        fourier(0.7, "baths.b1", [0.3, 0.2, 1.0], [-0.1, 0.1, 0.6], [0.2, 0.0, 0.0]),
        fourier(0.7, "baths.b2", [0.3, 1.0, 0.2], [0.1, -0.5, 0.1], [0.1, 0.3, 0.0]),
        fourier(0.7, "frequencies", [0.0, 0.0, 0.0], [0.3, -0.2, 0.1], [0.1, 0.0, 0.2]),
        fourier(0.7, "springs", [0.0, 0.0], [0.05, 0.1], [0.0, -0.05], ((1, 2), (2, 3))),
    ]
    springs = np.array([[0.0, 0.2, 0.0], [0.2, 0.0, 0.1], [0.0, 0.1, 0.0]])
    baths = [HOT, PEAK, {"kind": "drude", "damping": 0.1, "cutoff": 5.0, "temperature": 0.5}]
    return Case([1.0, 0.8, 1.2], baths, drives, springs)


def _friction():
    """Ohmic baths whose couplings are driven, beside one that is not."""
    drives = [
        fourier(0.9, "baths.b0", [0.7, 0.3], [0.4, 0.2], [0.1, 0.0]),
        fourier(0.9, "baths.b1", [0.2, 0.9], [0.1, -0.5], [0.1, 0.2]),
        fourier(0.9, "frequencies", [0.0, 0.0], [0.2, 0.1], [0.1, 0.0]),
    ]
    first, second = FRICTION | {"temperature": 1.0}, FRICTION | {"damping": 0.3}
    return Case([1.0, 0.7], [first, second, PEAK | {"coupling": [0.4, 0.6]}], drives)


@pytest.mark.slow
@pytest.mark.parametrize("make", [lambda: _one(0.6), lambda: _one(0.2), _three, _friction])
def test_floquet_form(make):
    assert_floquet(make(), 12)


@pytest.mark.slow
def test_time_domain_relaxes_to_the_exact_state():
    case = everything()
    machine, protocol, points = case.machine, case.protocol, 65
    period = 2.0 * np.pi / case.omega
    times = (60.0 + np.arange(points) / points) * period
    trajectory = simulate(machine, protocol, qtopt.GaussianState.vacuum(machine), times)
    state = qtopt.steady_state(machine, protocol, Exact())
    np.testing.assert_allclose(np.mean(trajectory.works, axis=0), state.work, rtol=1e-7)
    np.testing.assert_allclose(np.mean(trajectory.heat_currents, axis=0), state.heat_currents, rtol=1e-7)
    np.testing.assert_allclose(trajectory.means[1:, :2], state.means[:-1, :2], atol=1e-8)
    np.testing.assert_allclose(np.sum(trajectory.local_powers, axis=1), np.sum(trajectory.works, axis=1))


@pytest.mark.slow
def test_brute_force_with_work_fluctuations():
    baths = [
        {"kind": "drude", "damping": 0.3, "cutoff": 3.0, "temperature": 1.0},
        {"kind": "drude", "damping": 0.4, "cutoff": 2.0, "temperature": 0.3},
    ]
    drives = [
        fourier(1.3, "baths.b0", [0.7], [0.4], [0.1]),
        fourier(1.3, "baths.b1", [0.7], [-0.3], [0.2]),
        fourier(1.3, "frequencies", [0.0], [0.2], [0.2]),
        fourier(1.3, "forces", [0.1], [0.3], [0.2]),
    ]
    case = Case([1.0], baths, drives)
    # 260 modes are off by 8e-4, 520 by 2e-5; fluctuations settle with the periods over which work accumulates
    found = discretised_protocol(case.closed(), 390, 1.0, 40.0, 160, 10, 10)
    state = qtopt.steady_state(case.machine, case.protocol, Exact())
    largest = np.abs(state.work).max()
    np.testing.assert_allclose(found.work, state.work, rtol=0, atol=1e-4 * largest)
    np.testing.assert_allclose(found.heat, state.heat_currents, rtol=0, atol=2e-4 * largest)
    np.testing.assert_allclose(found.covariance, state.covariance, rtol=1e-5)
    noise = np.asarray(qtopt.fluctuations(case.machine, case.protocol, Exact()).work_covariance)
    np.testing.assert_allclose(found.fluctuations, noise, rtol=0, atol=2e-3 * np.abs(noise).max())
    np.testing.assert_allclose(np.diag(found.fluctuations), np.diag(noise), rtol=2e-3)


def test_forces_alone_do_the_work_of_linear_response():
    machine = Machine(
        [1.0, 0.6], [Bath("s", 0.7, Drude(0.3, 2.0), [1.0, -0.4])], "joint", [[0, 0.1], [0.1, 0]]
    )
    force = FourierDrive(
        0.5, [0.2, 0.1], [[0.3, 0.1], [0.2, 0.0]], [[0.0, 0.2], [-0.1, 0.1]], target="forces"
    )
    state = qtopt.steady_state(machine, force, Exact(points=65))
    harmonics, expected = np.asarray(force.harmonics(2)), 0.0
    for n in (1, 2):
        chi = np.asarray(susceptibility(machine, jax.numpy.array([n * 0.5 + 0j])))[..., 0]
        expected += 2.0 * n * 0.5 * (harmonics[n].conj() @ np.imag(chi) @ harmonics[n]).real
    np.testing.assert_allclose(state.power, expected, rtol=1e-10)
    np.testing.assert_allclose(state.heat_currents, [-expected], rtol=1e-10)


def _machine(**changes):
    hot, cold = Bath("hot", 1.0, Drude(0.2, 3.0), "driven"), Bath("cold", 0.3, Drude(0.1, 2.0), "driven")
    return Machine([1.0, 0.7], [hot, cold], **changes)


def _cosine(target, size=2, pairs=()):
    return MonochromaticDrive(0.5, [0.1] * size, [0.0] * size, target=target, pairs=pairs)


STEPS = PiecewiseDrive(0.5, [[1.0, 0.0], [0.0, 1.0]], target="baths.hot")


@pytest.mark.parametrize(
    ("drives", "words"),
    [
        ([_cosine("baths.hot")], "none moves 'cold'"),
        ([_cosine("baths.warm")], 'a bath whose coupling is "driven"'),
        ([_cosine("baths"), _cosine("baths")], "two drives must not move the same"),
        ([_cosine("baths"), _cosine("springs", 1)], "springs need `pairs`"),
        ([_cosine("baths"), _cosine("springs", 1, ((1, 3),))], "springs need `pairs`"),
        ([_cosine("baths"), _cosine("springs", 2, ((1, 2),))], "one shape per pair"),
        ([_cosine("baths"), _cosine("frequencies", 1)], "one shape per oscillator"),
        ([STEPS, _cosine("baths.cold")], "all smooth or all piecewise constant"),
    ],
)
def test_protocols_that_are_refused(drives, words):
    with pytest.raises(InputError, match=words):
        Exact().check(_machine(), Protocol(drives))


def test_the_weak_theory_says_what_it_does_not_cover():
    bath = Bath("s", 0.5, Drude(0.1, 2.0), [1.0, 1.0])
    machine = Machine([1.0, 0.7], [Bath("d", 1.0, Drude(0.1, 2.0), "driven"), bath])
    with pytest.raises(InputError, match="one drive, of the couplings to one bath"):
        qtopt.Weak().check(machine, Protocol([_cosine("baths"), _cosine("frequencies")]))


@pytest.mark.parametrize(
    ("name", "mode", "ideal", "reached"),
    [
        ("otto_engine", "engine", 1.0 - np.sqrt(0.5 / 1.5), 0.3),  # strongly coupled and fast
        ("parametric_refrigerator", "refrigerator", 0.2 / 0.8, 0.9),  # a quantum of 0.2 for work of 0.8
        ("transducer", "engine", 1.0 - 0.6, 0.99),  # a quantum of 0.6 for one of 1
        ("chain", "accelerator", None, None),
    ],
)
def test_examples_with_protocols_are_what_they_say(name, mode, ideal, reached):
    config = qtopt.load(Path(__file__).parents[2] / "scripts" / "machines" / f"{name}.toml")
    assert config.driving is not None
    found = qtopt.evaluate(config.machine, config.driving, config.solver)
    assert found.mode == mode and (found.efficiency is None) == (ideal is None)
    if ideal is not None:
        assert reached * ideal < found.efficiency < ideal
