"""Whether every oscillation decays."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import equinox as eqx
import numpy as np

from ..model import AbstractDrive, Bath, Machine, Ohmic, couplings_in_time, normal_modes_of
from ..observables import AbstractCheck, Case, Finding
from ._stability import static_dynamics

UNDAMPED, NEARLY = 1e-9, 1e-6
"""damping over frequency"""


@dataclass(frozen=True)
class Undamped(AbstractCheck):
    """An oscillator or normal mode that no bath damps: theory (7.1)."""

    kind: ClassVar[str] = "undamped mode"

    def findings(self, case: Case) -> Iterator[Finding]:
        machine = case.machine if case.solver.quadratic else _with_mean_coupling(case.machine, case.drive)
        if not machine.static_baths:
            return
        for mode in normal_modes_of(*np.linalg.eig(static_dynamics(machine)), machine.size):
            ratio = mode.damping / mode.frequency if mode.frequency > 0.0 else np.inf
            if ratio < NEARLY and np.any(np.abs(mode.shape) > 0.0):
                by = "static bath" if case.solver.quadratic else "bath"
                hardly = "no" if ratio < UNDAMPED else "hardly a"
                yield self.finding(
                    "error" if ratio < UNDAMPED else "warning",
                    f"{hardly} {by} damps the mode {_composition(mode.shape)} of frequency "
                    f"{mode.frequency:.4g} (damping over frequency {max(ratio, 0.0):.1g}): "
                    "it never forgets its initial state.",
                    ratio,
                    "Couple another bath to it, or detune equal frequencies.",
                )


def _with_mean_coupling(machine: Machine, drive: AbstractDrive | None) -> Machine:
    """The machine with static baths in place of the driven ones, which see the same motions.

    The driven ones damp at sidebands, of which this knows nothing: each is memoryless here, so that what it
    sees at all is damped.
    """
    if drive is None:
        return _with_baths(machine, machine.static_baths)
    copies, friction = [], Ohmic(float(machine.frequencies[0]))
    for bath, g in zip(machine.baths, np.asarray(couplings_in_time(machine, drive)), strict=True):
        overlap = g @ g.T / g.shape[1] * machine.sharing()
        strengths, directions = np.linalg.eigh(overlap)
        couplings = (np.sqrt(np.maximum(strengths, 0.0)) * directions).T if bath.driven else ()
        copies += [
            Bath(bath.name, bath.temperature, friction, own) for own in couplings if np.any(own != 0.0)
        ]
    return _with_baths(machine, (*machine.static_baths, *copies))


def _with_baths(machine: Machine, baths: tuple[Bath, ...]) -> Machine:
    """The same oscillators with other baths."""
    return eqx.tree_at(lambda m: m.baths, machine, baths) if baths else machine


def _composition(shape: np.ndarray) -> str:
    """Such as 0.83 x_1 - 0.55 x_2, of norm 1."""
    real = np.real(shape * np.exp(-1j * np.angle(shape[np.argmax(np.abs(shape))])))
    real = real / np.linalg.norm(real)
    terms = [
        f"{'-' if part < 0.0 else '+'} {abs(part):.2g} x_{l + 1}"
        for l, part in enumerate(real)
        if abs(part) > 5e-3
    ]
    return " ".join(terms).removeprefix("+ ")
