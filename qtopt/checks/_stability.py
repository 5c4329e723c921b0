"""Whether the driven coupling is about to amplify the motion: Floquet exponents of the exact dynamics."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from jax import Array
from numpy.typing import NDArray

from ..model import AbstractDrive, Machine, actuators, course, moving, state_space, system
from ..observables import AbstractCheck, Case, Finding
from ..programs import kept_program
from ..solvers import to_numpy, written_for_numpy

NEAR = 0.3
"""share of the slowest decay that the drive leaves"""
LEAST, MOST = 256, 8192
"""intervals of a period"""
HALVED = 0.25
"""norm of a matrix whose exponential the Padé approximant is good enough for"""
GAUSS = np.array([0.5 - np.sqrt(3.0) / 6.0, 0.5 + np.sqrt(3.0) / 6.0])


@dataclass(frozen=True)
class ParametricInstability(AbstractCheck):
    """The slowest Floquet exponent, whatever the solver is: theory (5.16)."""

    kind: ClassVar[str] = "parametric instability"

    def findings(self, case: Case) -> Iterator[Finding]:
        if case.drive is None or case.refusal is not None:
            return
        without, left = _slowest_static(case.machine), slowest_decay(case.machine, case.drive)
        if left < 0.0:
            yield self.finding(
                "error",
                f"the driven coupling amplifies the motion, which grows at the rate {-left:.3g}: there is no "
                "steady state, whatever the weak theory says.",
                left,
                "Weaken the coupling or the drive, or damp more strongly.",
            )
        elif left < NEAR * without < np.inf:
            yield self.finding(
                "warning",
                f"the drive leaves {left / without:.2g} of the slowest decay rate: the machine is near a "
                "parametric instability.",
                left / without,
                "Weaken the coupling or the drive, or change its frequency.",
            )


def _slowest_static(machine: Machine) -> float:
    """Slowest decay rate without the drive, of the oscillators or of a driven bath."""
    decays = [-np.linalg.eigvals(static_dynamics(machine)).real] if machine.static_baths else []
    decays += [-np.imag(bath.spectral_density.expansion().poles) for bath in machine.driven_baths]
    return float(np.concatenate(decays).min(initial=np.inf))


def slowest_decay(machine: Machine, drive: AbstractDrive) -> float:
    """-ln(largest Floquet multiplier)/period; negative where motion grows. On the host.

    The propagator of the period is a product of matrix exponentials: of the steps of a drive that jumps, of
    the fourth-order Magnus expansion at two Gauss points otherwise.
    """
    period = 2.0 * np.pi / float(drive.frequency)
    if drive.steps:
        phases = (np.arange(drive.steps) + 0.5) / drive.steps
        generators = _dynamics(machine, drive, phases) * period / drive.steps
    else:
        fastest = [np.sqrt(np.linalg.eigvalsh(np.asarray(machine.stiffness)).max())]
        fastest += [
            np.abs(np.real(b.spectral_density.expansion().poles)).max(initial=0.0) for b in machine.baths
        ]
        wanted = max(16 * drive.default_harmonics, 2.0 * period * max(fastest), LEAST)
        count = int(min(2.0 ** np.ceil(np.log2(wanted)), MOST))  # few programs do
        phases = (np.arange(count)[:, None] + GAUSS).ravel() / count
        first, second = np.moveaxis(_dynamics(machine, drive, phases).reshape(count, 2, -1), 1, 0)
        size = int(np.sqrt(first.shape[-1]))
        first, second = (part.reshape(count, size, size) * period / count for part in (first, second))
        generators = (first + second) / 2.0 + np.sqrt(3.0) / 12.0 * (second @ first - first @ second)
    monodromy = np.eye(generators.shape[-1])
    for step in _exponentials(generators):
        monodromy = step @ monodromy
    return float(-np.log(np.abs(np.linalg.eigvals(monodromy)).max()) / period)


def _exponentials(matrices: NDArray[np.float64]) -> NDArray[np.float64]:
    """exp of each of (K, n, n), all at once (SciPy takes one after the other, a second for a period).

    The diagonal Padé approximant of sixth order of the halved matrices, then squared as often: relative error
    1e-9 for each halved matrix.
    """
    largest = np.abs(matrices).sum(axis=-1).max()
    halvings = int(np.ceil(np.log2(max(largest / HALVED, 1.0))))
    halved, one = matrices / 2.0**halvings, np.eye(matrices.shape[-1])
    square = halved @ halved
    even, odd = one + square / 10.0, halved @ (one / 2.0 + square / 120.0)
    found: Any = np.linalg.solve(even - odd, even + odd)
    for _ in range(halvings):
        found = found @ found
    return found


def static_dynamics(machine: Machine) -> NDArray[np.float64]:
    """(n, n) dz/dt = A z of the oscillators and the memories of the static baths."""
    if written_for_numpy(machine):
        return np.asarray(state_space(to_numpy(machine)).dynamics)
    return np.asarray(_static_dynamics(machine))


def _dynamics(machine: Machine, drive: AbstractDrive, phases: NDArray[np.float64]) -> NDArray[np.float64]:
    """(K, n, n) dz/dt = A z of oscillators and memories at these phases of the period."""
    if written_for_numpy(machine, drive):
        found = _in_time(to_numpy(machine), to_numpy(drive), phases)
    else:
        found = _compiled(machine, drive, phases)
    return np.moveaxis(np.asarray(found), -1, 0)


@kept_program
def _static_dynamics(machine: Machine) -> Array:
    return state_space(machine).dynamics


def _in_time(machine: Machine, drive: AbstractDrive, phases: Any) -> Array:
    unit: Any = np.eye(machine.size)
    acting = actuators(machine, drive)
    now = moving(machine, acting, course(acting, *drive.at_phases(phases), machine.size))
    return system(now.stiffness, now.copies, unit, unit).dynamics


_compiled = kept_program(_in_time)
