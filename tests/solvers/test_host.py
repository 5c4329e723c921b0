"""Single machines on NumPy arrays: nothing is compiled, and nothing differs from what jax traces."""

from collections.abc import Callable, Iterator
from typing import ClassVar

import equinox as eqx
import jax
import numpy as np
import pytest

import qtopt
from qtopt import (
    AbstractDrive,
    AbstractSolver,
    Bath,
    BoundedDrive,
    Drude,
    Exact,
    FourierDrive,
    Lorentzian,
    Machine,
    MonochromaticDrive,
    Ohmic,
    PiecewiseDrive,
    Weak,
)
from qtopt.numerics import directional, to_array, xp
from qtopt.observables._solved import Observation
from qtopt.solvers import computed
from qtopt.solvers.weak import kernels, noise_kernels

COMPILED = "/jax/core/compile/backend_compile_duration"


@pytest.fixture
def programs() -> Iterator[list[str]]:
    """What was compiled while the test ran, one entry for each program."""
    found: list[str] = []

    def listen(event: str, duration_secs: float, **kwargs: str | int) -> None:
        if event == COMPILED:
            found.append(str(kwargs.get("fun_name", event)))

    jax.monitoring.register_event_duration_secs_listener(listen)
    yield found
    jax.monitoring.unregister_event_duration_listener(listen)


def engine(configuration: str = "joint") -> tuple[Machine, MonochromaticDrive]:
    """Two oscillators, a driven bath with memory and two static ones."""
    baths = (
        Bath("hot", 1.0, Lorentzian(1e-3, 1.25, 0.1), "driven"),
        Bath("cold", 0.2, Ohmic(0.3), [1.0, 0.7]),
        Bath("third", 0.4, Drude(0.2, 5.0), "static"),
    )
    machine = Machine([1.0, 0.6], baths, configuration)  # pyright: ignore[reportArgumentType]
    return machine, MonochromaticDrive(0.45, [1.0, 0.8], [0.0, 2.0])


@pytest.mark.parametrize("solver", [Weak(), Exact()], ids=["weak", "exact"])
def test_one_machine_compiles_nothing(solver: qtopt.AbstractSolver, programs: list[str]) -> None:
    machine, drive = engine()
    state = qtopt.steady_state(machine, drive, solver)
    noise = qtopt.fluctuations(machine, drive, solver)
    result = qtopt.evaluate(machine, drive, solver)
    assert isinstance(state.heat_currents, np.ndarray) and isinstance(noise.local_powers, np.ndarray)
    assert str(state) and str(result) and repr(machine) and repr(drive)
    assert programs == []


def differences(function: Callable[[float], np.ndarray], at: float, step: float) -> np.ndarray:
    """Central differences of the sixth order."""
    weights = ((1, 0.75), (2, -0.15), (3, 1.0 / 60.0))
    return sum(
        (w * (function(at + k * step) - function(at - k * step)) / step for k, w in weights), np.zeros(())
    )


@pytest.mark.parametrize("solver", [Weak(), Exact(65, 10)], ids=["weak", "exact"])
@pytest.mark.parametrize("configuration", ["joint", "independent"])
def test_derivative_in_the_drive_frequency(configuration: str, solver: qtopt.AbstractSolver) -> None:
    machine, drive = engine(configuration)
    _, found = computed(Observation(solver, True, False), machine, drive)

    def powers(frequency: float) -> np.ndarray:
        return np.asarray(qtopt.steady_state(machine, drive.with_frequency(frequency), solver).local_powers)

    expected = differences(powers, 0.45, 2e-3)
    np.testing.assert_allclose(found["local_power_slopes"], expected, rtol=1e-7)


def test_nested_derivatives() -> None:
    def inner(x: np.ndarray) -> np.ndarray:
        return directional(lambda y: xp.exp(x * y) / y, np.array(2.0), np.array(1.0), host=True)[1]

    _, slope = directional(inner, np.array(0.3), np.array(1.0), host=True)
    # d/dx d/dy exp(xy)/y = x exp(xy)
    assert slope == pytest.approx(0.3 * np.exp(0.6), rel=1e-14)


class ForJaxAlone(Lorentzian):
    """A bath whose formulas are not promised to work on NumPy arrays."""

    on_host: ClassVar[bool] = False


def test_the_same_as_what_jax_traces() -> None:
    """All kinds of results; the traced solver is compared with independent references elsewhere."""
    cold = Bath("cold", 0.2, Ohmic(0.3), [1.0])
    drive = MonochromaticDrive(0.45, [1.0], [0.0])
    machines = [
        Machine([1.0], (Bath("hot", 1.0, kind(1e-3, 1.25, 0.1), "driven"), cold))
        for kind in (Lorentzian, ForJaxAlone)
    ]
    found, traced = (qtopt.steady_state(machine, drive) for machine in machines)
    noise, traced_noise = (qtopt.fluctuations(machine, drive) for machine in machines)
    assert isinstance(found.power, np.floating) and isinstance(traced.power, jax.Array)
    for one, other in zip(*map(jax.tree.leaves, ((found, noise), (traced, traced_noise))), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)


@pytest.mark.parametrize("size", [1, 2, 3])
@pytest.mark.parametrize("driven", [Lorentzian(1e-3, 1.25, 0.1), Ohmic(1e-3)], ids=["memory", "memoryless"])
@pytest.mark.parametrize("static", [1, 2])
def test_many_frequencies_are_as_each_alone(
    static: int, driven: qtopt.AbstractSpectralDensity, size: int
) -> None:
    """Arrays of frequencies go through formulas whose other axes are oscillators, points and nodes."""
    cold = Bath("cold", 0.2, Drude(0.4, 3.0), np.linspace(1.0, 0.7, size))
    third = Bath("third", 0.4, Ohmic(0.3), np.linspace(0.5, 1.2, size))
    machine = Machine([1.0, 0.6, 0.8][:size], (Bath("hot", 1.0, driven, "driven"), cold, third)[: 1 + static])
    nu = to_array([0.45, 0.9, 2.5])
    highest = 2 if isinstance(driven, Lorentzian) else 0
    together = [*kernels(machine, nu), *noise_kernels(machine, nu, highest)]
    for n in range(len(nu)):
        alone = [*kernels(machine, nu[n : n + 1]), *noise_kernels(machine, nu[n : n + 1], highest)]
        for all_of_them, one in zip(together, alone, strict=True):
            np.testing.assert_allclose(all_of_them[n], one[0], rtol=1e-10, atol=1e-12 * np.abs(one).max())


ROUND_OFF = {"truncation_error", "first_law_residual"}
"""Zero where all is well."""
SERIES = np.array([[0.5, 0.2], [-0.4, 0.3]])
DRIVES = {
    "fourier": FourierDrive(0.45, [0.1, -0.2], SERIES, SERIES[::-1]),
    "bounded": BoundedDrive(0.45, [0.1, -0.2], 2.0 * SERIES, SERIES[::-1]),
    "piecewise": PiecewiseDrive(0.45, [[1.0, 0.3, -1.0], [-0.9, 0.2, 0.8]]),
}


@pytest.mark.slow
@pytest.mark.parametrize("solver", [Weak(), Exact()], ids=["weak", "exact"])
@pytest.mark.parametrize("drive", DRIVES.values(), ids=DRIVES)
def test_every_family_of_drives_as_jax_traces_it(drive: AbstractDrive, solver: AbstractSolver) -> None:
    """Two oscillators with memory in a static and in the driven bath, states and fluctuations."""
    machine, _ = engine()
    settled = solver.settled(machine, drive)
    jumps = drive.steps > 0 and isinstance(solver, Exact)  # no exact fluctuations of these
    for function in (qtopt.steady_state,) if jumps else (qtopt.steady_state, qtopt.fluctuations):
        found = function(machine, drive, settled)
        traced = eqx.filter_jit(function)(machine, drive, settled)
        for name in vars(found).keys() - ROUND_OFF:
            pair = (jax.tree.leaves(getattr(result, name)) for result in (found, traced))
            for one, other in zip(*pair, strict=True):
                scale = np.max(np.abs(np.asarray(other)), initial=0.0)
                np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-11 * scale, err_msg=name)


def test_equinox_transforms_of_machines_stay() -> None:
    machine, _ = engine()
    assert eqx.filter_jit(lambda m: m.temperatures)(machine).shape == (3,)
