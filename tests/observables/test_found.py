"""Machines on which the campaign of `tests/campaign` found a fault: each stands for its kind."""

import tracemalloc

import numpy as np
import pytest

from qtopt import files
from qtopt.errors import InputError
from qtopt.fronts import FrontProblem, FrontSettings, Peak
from qtopt.fronts.tradeoffs import PowerEfficiency
from qtopt.model import (
    Bath,
    Drude,
    FourierDrive,
    GaussianState,
    Lorentzian,
    Machine,
    MonochromaticDrive,
    Ohmic,
    Protocol,
    normal_modes,
)
from qtopt.observables import OTHER_UNIT, errors_of, evaluate
from qtopt.scan import parameter_scan
from qtopt.solvers import UNRESOLVED, Exact, Weak, steady_state
from qtopt.solvers.exact._resolution import memory_of
from qtopt.solvers.time_domain import simulate_periods
from qtopt.solvers.weak import WeakSteadyState, phase_space_covariance

HOT = Bath("hot", 1.0, Lorentzian(1e-5, 1.25, 0.01), "driven")


def one(frequency: float, mean: float, cosine: float, sine: float) -> FourierDrive:
    return FourierDrive(frequency, [mean], [[cosine]], [[sine]])


def test_a_resonance_on_the_axis_leaves_no_warning_in_the_window() -> None:
    """Panels were halved around a slow pole until the ratio of distances overflowed."""
    baths = Bath("hot", 0.023, Ohmic(1.34e7), "driven"), Bath("cold", 2e4, Ohmic(5.5e7), [0.4, -0.86])
    slow = FourierDrive(9.4e-7, [-3.25, -0.35], [[-0.87], [-0.04]], [[-1.1], [1.1]])
    found = evaluate(Machine([0.379, 0.264], baths, "independent"), slow)
    assert found.entropy_production_rate > -found.entropy_production_rate_error


def test_friction_beyond_the_end_of_the_rational_coth_is_unresolved_or_done_by_the_window() -> None:
    """Sums over poles gave a heat of 3 where it is 1e-12, with an error estimate of 1e-14."""
    hot = Bath("hot", 4.0, Ohmic(2e-11), "driven")
    machine = Machine([0.83], (hot, Bath("cold", 1.6e-9, Ohmic(188375.0), [-1.0])))
    drive = one(4.7e-4, -1.6, 0.14, 1.8)
    state = steady_state(machine, drive)
    assert int(Weak().status(machine, drive, state)) == UNRESOLVED
    found = evaluate(machine, drive)  # one static bath: from the window
    assert 0.0 < found.heat_currents[0] < 1e-10
    assert abs(sum(found.heat_currents) + found.power) < 1e-9 * found.heat_currents[0]
    cold = Bath("cold", 1.6e-9, Ohmic(188375.0), [-0.7])
    with pytest.raises(InputError, match="must be resolved to 1e-6"):
        evaluate(Machine([0.83], (hot, cold, cold)), drive)


GENTLE = FourierDrive(0.3, [1.0, 0.5], [[0.3], [0.2]], [[0.1], [-0.4]])


@pytest.mark.parametrize("cold", [1e-8, 1e-9])
@pytest.mark.parametrize("pair", [(Ohmic, Ohmic), (Ohmic, Drude), (Drude, Ohmic), (Drude, Drude)])
def test_what_the_rational_coth_leaves_out_is_known(cold: float, pair: tuple[type, type]) -> None:
    """Sums over poles lost 2e-2 to 1 of the heat of cold machines beside a Drude bath, and said 1e-12."""
    first, second = (kind(0.3) if kind is Ohmic else kind(0.3, 2.0) for kind in pair)
    baths = Bath("hot", cold, first, "driven"), Bath("cold", 1.7 * cold, second, [1.0, -0.4])
    machine = Machine([1.0, 1.3], baths)
    found, window = steady_state(machine, GENTLE), evaluate(machine, GENTLE)
    off = np.abs(np.array(found.heat_currents) - window.heat_currents)
    assert 1e-9 * found.systematic_error < off.max() < found.systematic_error
    assert abs(float(found.power) - window.power) < 0.1 * found.systematic_error
    assert found.systematic_error < (1e-9 / cold) ** 4 * np.max(np.abs(window.heat_currents))


@pytest.mark.parametrize(("damping", "cutoff"), [(2e8, 49.0), (2e7, 4e-4)])
def test_a_bath_too_cold_for_an_oscillator_that_another_bath_holds_is_refused(
    damping: float, cutoff: float
) -> None:
    """The covariance was below the uncertainty relation: sqrt(gamma omega_c) raised the frequency."""
    cold = 1e-11 * np.sqrt(damping * cutoff)
    baths = Bath("hot", 1.0, Ohmic(2e-5), "driven"), Bath("cold", cold, Drude(damping, cutoff), [1.0])
    with pytest.raises(InputError, match="oscillators, drive and responses of baths"):
        evaluate(Machine([0.5], baths), one(0.03, 0.06, 2.6, -0.6))


def test_the_covariance_of_a_cold_machine_does_not_feel_the_end_of_the_rational_coth() -> None:
    """<p^2> beside a Drude bath was off by 4e-6 at T = 1e-9, and by a hundredth of that at 1e-8."""
    sigmas = [
        np.asarray(phase_space_covariance(Machine([1.0], (HOT, Bath("cold", t, Drude(0.5, 3.0), [1.0])))))
        for t in (1e-6, 1e-8, 1e-9)
    ]
    np.testing.assert_allclose(sigmas[1], sigmas[0], rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(sigmas[2], sigmas[0], rtol=1e-7, atol=1e-14)


@pytest.mark.parametrize("damping", [4.3e-9, 1e-8, 1e-7])
def test_what_a_narrow_resonance_between_two_static_baths_loses_is_known(damping: float) -> None:
    """Up to 1e-6 of the heat, said to be known to 2e-9: as much as float64 loses of equipartition."""
    hot, drive = Bath("hot", 1.84e-9, Ohmic(1.4e8), "driven"), one(1.48e-3, -0.65, -1.0, -1.3)
    cold, half = (Bath("cold", 2.4e5, Drude(damping, 0.546), [c]) for c in (-0.15, -0.15 / np.sqrt(2.0)))
    whole, split = (steady_state(Machine([0.353], (hot, *baths)), drive) for baths in ([cold], [half, half]))
    far = abs(float(whole.heat_currents[0] - split.heat_currents[0]))
    assert far > 1e-9 * abs(float(whole.heat_currents[0]))
    assert isinstance(split, WeakSteadyState)
    np.testing.assert_allclose(split.systematic_error, far, rtol=1e-2)


def test_what_is_wrong_in_every_unit_is_part_of_the_errors() -> None:
    """A second solution in another unit has the same error, and no difference shows it."""
    first = {"heat_currents": np.array([[1.0, -1.0]]), "truncation_error": np.zeros(1)}
    again = {"heat_currents": OTHER_UNIT**2 * first["heat_currents"]}
    known = errors_of(first, again, {"heat_currents": 2})["heat_currents_error"]
    less = errors_of(first | {"systematic_error": np.full(1, 1e-3)}, again, {"heat_currents": 2})
    np.testing.assert_allclose(less["heat_currents_error"], 1e-3 + known)


def test_a_mode_so_slow_that_float64_loses_it_is_refused() -> None:
    """Two baths of one half lost 98 % of the position's variance, and said that it was known to 1e-7."""
    hot = Bath("hot", 0.3, Ohmic(0.35), "driven")
    half = Bath("cold", 0.026, Drude(5.7e11, 0.0725), [1.175])
    with pytest.raises(InputError, match="finite in float64"):
        evaluate(Machine([0.158], (hot, half, half)), one(1e7, 0.35, 1.0, -0.9))


def test_a_bath_too_cold_for_the_cut_off_of_another_is_refused() -> None:
    """Exchange of zero-point fluctuations up to the cut-off was off by 4e-7, in every unit the same."""
    baths = Bath("hot", 7e5, Ohmic(6.5e-14), "driven"), Bath("cold", 1.8e-7, Drude(45.8, 13060.0), [0.4])
    with pytest.raises(InputError, match="oscillators, drive and responses of baths"):
        evaluate(Machine([0.41], baths), one(0.03, 0.06, 2.6, -0.6))


def test_the_error_of_exact_currents_contains_what_few_points_of_time_leave_out() -> None:
    """33 points were off by 7e-8 of the currents, said to be known to 1e-11."""
    baths = (
        Bath("hot", 0.0163, Lorentzian(9.3e-5, 74.2, 2.48), "driven"),
        Bath("cold", 2.64, Ohmic(0.469), [0.324]),
    )
    machine, drive = Machine([0.365], baths), one(0.281, -0.872, 0.941, -0.289)
    few, many = (evaluate(machine, drive, Exact(points)) for points in (33, 65))
    off = np.abs(np.array(few.heat_currents) - many.heat_currents)
    assert np.all(off > 1e-9 * np.abs(many.heat_currents))
    assert np.all(off <= few.heat_currents_error)


def test_a_resonance_without_a_linewidth_is_refused_in_the_weak_theory() -> None:
    machine = Machine([1.0, 0.6], (HOT, Bath("cold", 0.2, Ohmic(1e-300), "static")))
    with pytest.raises(InputError, match="must have a linewidth in the weak theory"):
        evaluate(machine, MonochromaticDrive(0.45, [1.0, 1.0], [0.0, 3.0]))


def test_without_drive_nothing_is_exchanged_beside_an_undamped_motion_either() -> None:
    """The residual of the first law was 1e23: round-off over round-off."""
    machine = Machine([1.0, 1.0], (HOT, Bath("cold", 0.2, Ohmic(100.0), "static")))
    found = evaluate(machine, MonochromaticDrive(0.45, [0.0, 0.0], [0.0, 0.0]), Exact())
    assert found.first_law_residual == 0.0 and found.mode == "idle"


def test_a_front_of_a_machine_with_an_undamped_motion_is_refused_before_the_search() -> None:
    machine = Machine([1.0, 1.0], (HOT, Bath("cold", 0.2, Ohmic(100.0), "static")))
    with pytest.raises(InputError, match=r"x_1 - x_2 \(frequency 1\) is damped by none"):
        FrontProblem(machine, PowerEfficiency.of(machine, 1))


def test_a_period_of_more_oscillations_than_steps_is_refused_at_once() -> None:
    """It was integrated for minutes, until 100000 steps were done."""
    machine = Machine([1e8], (HOT, Bath("cold", 0.2, Drude(1.0, 3.0), "static")))
    with pytest.raises(InputError, match="fewer than 100000 steps"):
        list(simulate_periods(machine, one(0.45, 0.0, 1.0, 0.0), GaussianState.vacuum(machine), 1))


def test_what_does_not_fit_into_memory_is_refused_before_it_begins() -> None:
    """The operating system ended the process, or NumPy raised in the middle."""
    machine = Machine(np.linspace(1.0, 2.0, 20000), (HOT, Bath("cold", 0.2, Ohmic(100.0), "static")))
    ones = np.ones(20000)
    with pytest.raises(
        InputError, match="an exact machine of 20000 oscillators at 65 points of time must fit"
    ):
        Exact().check(machine, MonochromaticDrive(0.45, ones, ones))
    small = Machine([1.0, 0.6], (HOT, Bath("cold", 0.2, Ohmic(100.0), "static")))
    with pytest.raises(InputError, match="a search of 1000000000000 candidates must fit into memory"):
        FrontProblem(small, PowerEfficiency.of(small, 1), settings=FrontSettings(10**6, 10**6))
    with pytest.raises(InputError, match=r"a search of 32 candidates .* harmonics, or a smaller `chunk`"):
        FrontProblem(small, PowerEfficiency.of(small, 1), Peak(20000), settings=FrontSettings(2, 16))


@pytest.mark.parametrize("size", [3, 10])
def test_the_memory_of_an_exact_machine_is_forecast(size: int) -> None:
    """tracemalloc sees what NumPy takes, beside small and beside large matrices."""
    machine = Machine(np.linspace(1.0, 2.0, size), (HOT, Bath("cold", 0.2, Drude(0.1, 3.0), "static")))
    drive = MonochromaticDrive(0.45, np.ones(size), np.zeros(size))
    steady_state(machine, drive, Exact())  # what is imported on the way is no memory of the machine
    tracemalloc.start()
    steady_state(machine, drive, Exact())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert 0.5 < peak / memory_of(machine, 65) < 1.5


def test_currents_under_driven_springs_and_forces_have_errors() -> None:
    """Their shapes have a unit, omega^2 and omega^(3/2); a wrong power would be an error of order one."""
    baths = Bath("hot", 1.0, Drude(0.1, 3.0), [1.0, 0.5]), Bath("cold", 0.3, Drude(0.2, 2.0), [0.2, 1.0])
    springs = FourierDrive(0.7, [0.0], [[0.05]], [[0.1]], target="springs", pairs=((1, 2),))
    forces = FourierDrive(0.7, [0.1, 0.0], [[0.3], [0.0]], [[0.0], [0.2]], target="forces")
    found = evaluate(Machine([1.0, 0.8], baths), Protocol((springs, forces)), Exact())
    size = np.abs(found.heat_currents).max()
    assert 0.0 < max(found.heat_currents_error) < 1e-9 * size
    assert 0.0 < found.power_error < 1e-9 * size


@pytest.mark.parametrize("points", [33, 129, 513])
@pytest.mark.parametrize("frequency", [3.0, 1e-3])
def test_round_off_of_a_slow_relaxation_is_within_its_error(frequency: float, points: int) -> None:
    """The decay that the propagator of a period shows, beside the modes of the undriven machine."""
    baths = Bath("hot", 1.0, Drude(1e-18, 3.0), "driven"), Bath("cold", 0.5, Drude(1e-9, 2.0), [1.0])
    machine, drive = Machine([1.0], baths), MonochromaticDrive(frequency, [1.0], [0.0])
    state = steady_state(machine, drive, Exact(points).settled(machine, drive))
    slowest = min(mode.damping for mode in normal_modes(machine))
    found = -np.log(float(state.spectral_radius)) * frequency / (2.0 * np.pi)
    assert abs(found / slowest - 1.0) < float(state.relaxation_error) < 1e-2
    largest = max(np.abs(np.asarray(part)).max() for part in (state.heat_currents, state.work))
    assert float(state.systematic_error) == pytest.approx(
        float(state.relaxation_error * largest), rel=1e-9, abs=0.0
    )


def test_variance_rates_are_as_uncertain_as_the_slowest_relaxation() -> None:
    first = {
        "local_power_covariance": np.full((3, 1, 1), 2.0),
        "relaxation_error": np.array([0.0, 1e-3, 1e-2]),
    }
    found = errors_of(first, first, {"local_power_covariance": 0})["local_power_covariance_error"]
    round_off = 4.0 * np.finfo(float).eps
    np.testing.assert_allclose(found[:, 0, 0], 2.0 * (first["relaxation_error"] + round_off), rtol=1e-12)


@pytest.mark.parametrize("damping", [1e-14, 1e-16])
def test_a_relaxation_within_round_off_is_unresolved(damping: float) -> None:
    """Heat was off by orders of magnitude and the covariance below the uncertainty relation, with status 0;
    or the machine was called parametrically unstable.
    """
    baths = (
        Bath("hot", 1.0, Drude(1e-3 * damping, 3.0), "driven"),
        Bath("cold", 0.5, Drude(damping, 2.0), [1.0]),
    )
    machine, drive = Machine([1.0], baths), MonochromaticDrive(1.0, [1.0], [0.0])
    with pytest.raises(InputError, match="must be far above the round-off of a period, but the ratio is"):
        evaluate(machine, drive, Exact())


def test_frequencies_beyond_float64_are_refused_in_the_time_domain_too() -> None:
    """The eigenvalues of what is not finite ended in a traceback."""
    baths = HOT, Bath("cold", 0.2, Ohmic(100.0), [1.0, 1.0])
    machine, drive = Machine([1e300, 0.6], baths), MonochromaticDrive(0.45, [1.0, 1.0], [0.0, 0.0])
    with pytest.raises(InputError, match="must be at least 1e-100 of the largest oscillator frequency"):
        list(simulate_periods(machine, drive, GaussianState(np.zeros(4), np.eye(4)), 1))
    with pytest.raises(InputError, match="squared frequencies and rates of a machine must be finite"):
        normal_modes(machine)


def test_what_only_one_of_two_solutions_resolves_is_unresolved() -> None:
    """Its errors were not numbers: the second solution has more points, and so more round-off of a period."""
    baths = Bath("hot", 1.0, Drude(1e-14, 3.0), "driven"), Bath("cold", 0.5, Drude(1.2e-11, 2.0), [1.0])
    machine, drive = Machine([1.0], baths), MonochromaticDrive(1.0, [1.0], [0.0])
    solver = Exact(65).settled(machine, drive)
    errors = [
        float(each.steady_state(machine, drive).relaxation_error) for each in (solver, solver.for_error())
    ]
    assert errors[0] < 1e-2 < errors[1]
    with pytest.raises(InputError, match="must be far above the round-off of a period"):
        evaluate(machine, drive, solver)
    text = files.dumps(files.Config(machine=machine, drive=drive, solver=Exact(65)))
    axis = '{ key = "machine.baths.cold.spectral_density.damping", values = [1.2e-11, 1e-3] }'
    found = parameter_scan(files.loads(f"{text}\n[scan]\naxes = [{axis}]\nfluctuations = false\n"))
    assert found["status"].values.tolist() == [UNRESOLVED, 0]
    assert np.isnan(found["power"].values).tolist() == [True, False]
