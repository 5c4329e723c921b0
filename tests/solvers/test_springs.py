"""Static springs: a machine with springs is the machine of its normal modes, theory (13.1) and (13.2)."""

import jax
import numpy as np
import pytest

import qtopt
from qtopt import Bath, Drude, Exact, FourierDrive, Lorentzian, Machine, Ohmic, Weak, files
from qtopt.errors import InputError
from qtopt.model import susceptibility
from qtopt.solvers.weak import phase_space_covariance

COSINE = np.array([[0.4, 0.1], [-0.3, 0.2], [0.2, 0.0]])
SINE = np.array([[0.0, -0.1], [0.3, 0.0], [0.1, 0.2]])
MEAN = np.array([0.3, -0.2, 0.1])
COUPLINGS = np.array([[1.0, 0.4, -0.2], [0.3, -0.6, 1.0]])


def _machines(size, strength, baths):
    """A machine with springs, that of its normal modes, and the rotation from one to the other."""
    frequencies = np.array([1.0, 0.7, 1.3])[:size]
    springs = np.array([[0.0, 0.15, -0.1], [0.15, 0.0, 0.05], [-0.1, 0.05, 0.0]])[:size, :size]
    squares, columns = np.linalg.eigh(np.diag(frequencies**2) + springs)
    turn = columns.T
    hot = Lorentzian(strength, 1.2, 0.3) if strength < 1e-3 else Drude(strength, 2.0)
    driven = Bath("hot", 1.0, hot, "driven")

    def static(rotation):
        densities = (Ohmic(0.2), Drude(0.1, 3.0))[:baths]
        temperatures = (0.3, 0.5)
        return [
            Bath(f"cold {b}", temperatures[b], density, rotation @ COUPLINGS[b, :size])
            for b, density in enumerate(densities)
        ]

    with_springs = Machine(frequencies, [driven, *static(np.eye(size))], "joint", springs)
    normal = Machine(np.sqrt(squares), [driven, *static(turn)])
    return with_springs, normal, turn


def _drives(size, turn):
    parts = MEAN[:size], COSINE[:size], SINE[:size]
    return FourierDrive(0.45, *parts), FourierDrive(0.45, *(turn @ part for part in parts))


@pytest.mark.parametrize(
    ("size", "baths"),
    [(2, 1), pytest.param(2, 2, marks=pytest.mark.slow), pytest.param(3, 1, marks=pytest.mark.slow)],
)
def test_weak_theory_in_normal_modes(size, baths):
    machine, normal, turn = _machines(size, 1e-5, baths)
    drive, turned = _drives(size, turn)
    state, expected = (qtopt.steady_state(*pair, Weak()) for pair in ((machine, drive), (normal, turned)))
    np.testing.assert_allclose(state.power, expected.power, rtol=1e-9)
    scale = np.abs(expected.heat_currents).max()
    np.testing.assert_allclose(state.heat_currents, expected.heat_currents, rtol=0, atol=1e-10 * scale)
    np.testing.assert_allclose(state.covariance, turn.T @ expected.covariance @ turn, rtol=1e-10, atol=1e-12)
    noise, other = (qtopt.fluctuations(*pair, Weak()) for pair in ((machine, drive), (normal, turned)))
    np.testing.assert_allclose(noise.power, other.power, rtol=1e-9)
    both = np.kron(np.eye(2), turn)
    moments, reference = (np.asarray(phase_space_covariance(m)) for m in (machine, normal))
    np.testing.assert_allclose(moments, both.T @ reference @ both, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("size", [2, pytest.param(3, marks=pytest.mark.slow)])
def test_exact_theory_in_normal_modes(size):
    machine, normal, turn = _machines(size, 0.2, 1)
    drive, turned = _drives(size, turn)
    solver = Exact(points=65)
    state, expected = (qtopt.steady_state(*pair, solver) for pair in ((machine, drive), (normal, turned)))
    np.testing.assert_allclose(state.power, expected.power, rtol=1e-10)
    np.testing.assert_allclose(state.heat_currents, expected.heat_currents, rtol=1e-10)
    np.testing.assert_allclose(state.covariance, turn.T @ expected.covariance @ turn, rtol=1e-10, atol=1e-12)


def test_susceptibility_is_the_inverse():
    machine, _, _ = _machines(2, 1e-5, 2)
    omega = jax.numpy.array([0.3 + 0.1j, 1.1, 2.0j])
    kernels = [bath.spectral_density.memory_kernel(omega) for bath in machine.static_baths]
    for k, w in enumerate(omega):
        matrix = np.asarray(machine.stiffness) - w**2 * np.eye(2)
        for bath, kernel in zip(machine.static_baths, kernels, strict=True):
            matrix = matrix + np.outer(bath.coupling, bath.coupling) * kernel[k]
        np.testing.assert_allclose(susceptibility(machine, omega)[..., k], np.linalg.inv(matrix), rtol=1e-12)


@pytest.mark.slow
def test_springs_have_gradients():
    machine, _, _ = _machines(2, 1e-5, 1)
    drive, _ = _drives(2, np.eye(2))

    def power(k):
        springs = jax.numpy.zeros((2, 2)).at[0, 1].set(k)
        changed = Machine(machine.frequencies, machine.baths, "joint", springs)
        return qtopt.steady_state(changed, drive, Weak()).power

    difference = (power(0.15 + 1e-4) - power(0.15 - 1e-4)) / 2e-4
    np.testing.assert_allclose(jax.grad(power)(0.15), difference, rtol=1e-6)


def test_two_equal_oscillators_split():
    baths = [Bath("d", 1.0, Drude(1e-3, 5.0), "driven"), Bath("s", 1.0, Ohmic(1e-3), [1.0, 0.5])]
    modes = qtopt.normal_modes(Machine([1.0, 1.0], baths, "joint", [[0.0, 0.2], [0.2, 0.0]]))
    found = sorted(mode.frequency for mode in modes)
    np.testing.assert_allclose(found, np.sqrt([0.8, 1.2]), rtol=1e-5)


@pytest.mark.parametrize(
    ("springs", "configuration", "words"),
    [
        ([[0.0, 0.1], [0.2, 0.0]], "joint", "symmetric"),
        ([[0.1, 0.2], [0.2, 0.0]], "joint", "the diagonal is not 0"),
        ([[0.0]], "joint", "2 x 2 numbers"),
        ([[0.0, 0.1], [0.1, 0.0]], "independent", "private baths"),
    ],
)
def test_springs_that_are_refused(springs, configuration, words):
    bath = Bath("d", 1.0, Drude(1e-3, 5.0), "driven")
    with pytest.raises(InputError, match=words):
        Machine([1.0, 0.7], [bath], configuration, springs)


def test_weak_theory_refuses_springs_that_push_apart():
    baths = [Bath("d", 1.0, Drude(1e-3, 5.0), "driven"), Bath("s", 1.0, Ohmic(0.1), [1.0, 0.5])]
    machine = Machine([1.0, 0.7], baths, "joint", [[0.0, 1.5], [1.5, 0.0]])
    with pytest.raises(InputError, match="a binding potential"):
        Weak().check(machine, FourierDrive(0.4, [0.0, 0.0], [[1.0], [1.0]], [[0.0], [0.0]]))


TEXT = """
[machine]
frequencies = [1.0, 0.7]
configuration = "joint"
springs = [[0, 0.1], [0.1, 0]]

[[machine.baths]]
name = "hot"
temperature = 1.0
spectral_density = { kind = "drude", damping = 0.1, cutoff = 3.0 }
coupling = "driven"

[solver]
kind = "exact"
"""


def test_springs_in_a_file():
    config = files.loads(TEXT)
    np.testing.assert_allclose(config.machine.stiffness, [[1.0, 0.1], [0.1, 0.49]])
    assert "machine.springs[0][1]" in files.number_keys(config)
    assert "machine.springs[1][0]" not in files.number_keys(config)
    changed = files.with_number(config, files.find_number(config, "machine.springs[0][1]", "key"), 0.2)
    again = files.loads(files.dumps(changed))
    np.testing.assert_allclose(again.machine.stiffness, [[1.0, 0.2], [0.2, 0.49]])


def test_springs_in_a_file_must_be_symmetric():
    with pytest.raises(InputError, match="two numbers of one pair differ"):
        files.loads(TEXT.replace("[0.1, 0]", "[0.2, 0]"))
