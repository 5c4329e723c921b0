"""What the spectral densities of the baths imply."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ..model import AbstractDrive, Protocol, actuators, couplings_in_time, has_friction
from ..observables import AbstractCheck, Case, Finding
from ..schema import listed

NOTICEABLE, UNBOUND = 0.01, 1.0
"""share of a squared frequency that the counter-term compensates"""
SHARE = 0.01
"""of a drive's mean square that may move faster than it is said to"""


@dataclass(frozen=True)
class Momenta(AbstractCheck):
    """Momentum variances beside strictly Ohmic baths: theory (3.4)."""

    kind: ClassVar[str] = "momentum variances"

    def findings(self, case: Case) -> Iterator[Finding]:
        if case.solver.finite_momenta(case.machine):
            return
        names = [bath.name for bath in case.machine.baths if has_friction([bath])]
        yield self.finding(
            "note",
            f"<p^2> diverges logarithmically beside the strictly Ohmic bath {listed(names, 'and')}: "
            "momentum variances, energies of oscillators and entanglement have no value; currents do.",
            len(names),
            "Where you need them, give the bath a Drude cut-off.",
        )


@dataclass(frozen=True)
class CounterTerm(AbstractCheck):
    """A model without the counter-term would have other frequencies: theory (1.3)."""

    kind: ClassVar[str] = "counter-term"

    def findings(self, case: Case) -> Iterator[Finding]:
        machine, drive = case.machine, case.drive
        squares = np.diag(np.asarray(machine.stiffness))
        if drive is None or case.refusal is not None:
            ones = np.ones(machine.size)
            largest = [ones if bath.driven else np.abs(np.asarray(bath.coupling)) for bath in machine.baths]
        else:
            largest = np.abs(np.asarray(couplings_in_time(machine, drive))).max(axis=-1)
        for bath, coupling in zip(machine.baths, largest, strict=True):
            static = float(bath.spectral_density.expansion().static)
            shares = static * coupling**2 / squares
            l = int(np.argmax(shares))
            if shares[l] < NOTICEABLE:
                continue
            without = (
                "not be bound at all"
                if shares[l] >= UNBOUND
                else f"have the frequency {np.sqrt(squares[l] * (1.0 - shares[l])):.4g}"
            )
            yield self.finding(
                "warning" if shares[l] >= UNBOUND else "note",
                f"the counter-term of bath {bath.name!r} compensates {shares[l]:.2g} of the squared "
                f"frequency of oscillator {l + 1}: in a model without it, that oscillator would {without}.",
                shares[l],
                "Compare only with models that have the counter-term, or shift your frequencies.",
            )


@dataclass(frozen=True)
class CutOff(AbstractCheck):
    """A drive faster than anything in the bath that it couples."""

    kind: ClassVar[str] = "drive beyond the cut-off"

    def findings(self, case: Case) -> Iterator[Finding]:
        if case.drive is None or case.refusal is not None:
            return
        frequency = float(case.drive.frequency)
        drives = case.drive.drives if isinstance(case.drive, Protocol) else (case.drive,)
        moved = zip(actuators(case.machine, case.drive), drives, strict=True)
        for bath, drive in (
            (case.machine.baths[b], drive) for actuator, drive in moved for b in actuator.baths
        ):
            fastest = frequency * fast_harmonic(drive)
            poles = np.asarray(bath.spectral_density.expansion().poles)
            cutoff = np.abs(poles).max() if poles.size else np.inf
            if fastest <= cutoff:
                continue
            alone = frequency > cutoff
            what = "the drive frequency" if alone else "a harmonic with 1 % of the drive's mean square"
            yield self.finding(
                "warning" if alone else "note",
                f"{what}, {frequency if alone else fastest:.3g}, is beyond the highest frequency of bath "
                f"{bath.name!r}, {cutoff:.3g}: results depend on the tail of its spectral density.",
                (frequency if alone else fastest) / cutoff,
                "Make sure that the tail is that of your bath.",
            )


def fast_harmonic(drive: AbstractDrive) -> int:
    """The highest harmonic such that it and all beyond hold at least `SHARE` of the mean square."""
    series = drive.series()
    held = series.weights * np.sum(np.abs(np.asarray(series.amplitudes)) ** 2, axis=1)
    beyond = np.cumsum(held[::-1])[::-1]
    fast = np.flatnonzero(beyond > SHARE * held.sum())
    return int(series.orders[fast[-1]]) if fast.size else 0
