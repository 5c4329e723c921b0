"""Machines with protocols, for the package and as the independent references describe them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from qtopt import Bath, Drude, FourierDrive, Lorentzian, Machine, Ohmic
from qtopt.model import Protocol, actuators
from tests.references.discretised_protocol import Machine as Closed
from tests.references.floquet_protocol import Setting, series


def density(bath: dict):
    """The spectral density of a bath of the references."""
    if bath["kind"] == "ohmic":
        return Ohmic(bath["damping"])
    if bath["kind"] == "drude":
        return Drude(bath["damping"], bath["cutoff"])
    return Lorentzian(bath["strength"], bath["peak"], bath["width"])


@dataclass
class Case:
    """A joint machine under Fourier drives.

    Attributes:
        frequencies, springs: of the oscillators.
        baths: as in the references; `coupling` where it is static.
        drives: with targets; one frequency.
    """

    frequencies: Sequence[float]
    baths: list[dict]
    drives: list[FourierDrive]
    springs: np.ndarray | None = None

    @property
    def machine(self) -> Machine:
        """The machine of the package."""
        built = [
            Bath(f"b{i}", bath["temperature"], density(bath), bath.get("coupling", "driven"))
            for i, bath in enumerate(self.baths)
        ]
        return Machine(list(self.frequencies), built, "joint", self.springs)

    @property
    def protocol(self) -> Protocol:
        """The protocol of the package."""
        return Protocol(self.drives)

    @property
    def omega(self) -> float:
        """The drive frequency."""
        return float(self.drives[0].frequency)

    def drive(self, target: str) -> FourierDrive | None:
        """The drive with this target."""
        return next((drive for drive in self.drives if drive.target == target), None)

    def setting(self, truncation: int) -> Setting:
        """The same for the Floquet reference."""
        size, squares = len(self.frequencies), np.square(self.frequencies)
        springs = 0.0 if self.springs is None else self.springs
        stiffness: dict[int, Any] = {0: np.diag(squares) + 0j + springs}
        for n, value in _series(self.drive("frequencies")).items():
            stiffness[n] = stiffness.get(n, 0.0) + np.diag(squares * value)
        spring = self.drive("springs")
        for n, value in _series(spring).items():
            assert spring is not None
            stiffness[n] = stiffness.get(n, np.zeros((size, size), complex)).astype(complex)
            for (l, m), part in zip(spring.pairs, value, strict=True):
                stiffness[n][l - 1, m - 1] += part
                stiffness[n][m - 1, l - 1] += part
        couplings = [
            {0: np.asarray(bath["coupling"], dtype=complex)}
            if "coupling" in bath
            else _series(self.drive(f"baths.b{i}"))
            for i, bath in enumerate(self.baths)
        ]
        force = _series(self.drive("forces")) or {0: np.zeros(size, complex)}
        return Setting(stiffness, couplings, self.baths, force, self.omega, truncation)

    def closed(self) -> Closed:
        """The same for the brute force."""
        setting = self.setting(1)

        def at(coefficients, slope):
            rate = -1j * self.omega

            def value(time):
                terms = (c * (rate * n) ** slope * np.exp(rate * n * time) for n, c in coefficients.items())
                return np.real(sum(terms, np.zeros(())))

            return value

        def stacked(slope):
            parts = [at(c, slope) for c in setting.couplings]
            return lambda time: np.stack([part(time) for part in parts])

        moving = [at(c, slope) for c in (setting.stiffness, setting.force) for slope in (0, 1)]
        return Closed(
            moving[0], moving[1], stacked(0), stacked(1), moving[2], moving[3], self.baths, self.omega
        )

    def expected_work(self, found: dict) -> np.ndarray:
        """The works of a Floquet reference in the order of the package."""
        parts = []
        for actuator in actuators(self.machine, self.protocol):
            if actuator.target == "baths":
                parts.append(sum(found["couplings"][b] for b in actuator.baths))
            elif actuator.target == "frequencies":
                parts.append(np.diag(found["springs"]))
            elif actuator.target == "springs":
                parts.append(np.array([2.0 * found["springs"][l, m] for l, m in actuator.pairs]))
            else:
                parts.append(found["forces"])
        return np.concatenate(parts)


def _series(drive: FourierDrive | None) -> dict[int, np.ndarray]:
    if drive is None:
        return {}
    return series(np.asarray(drive.mean), np.asarray(drive.cosine).T, np.asarray(drive.sine).T)


def fourier(frequency, target, mean, cosine, sine, pairs=()):
    """A Fourier drive of one harmonic for each list of numbers, one for each shape."""
    return FourierDrive(
        frequency, list(mean), [[c] for c in cosine], [[s] for s in sine], target=target, pairs=pairs
    )


HOT = {"kind": "drude", "damping": 0.2, "cutoff": 3.0, "temperature": 1.0}
PEAK = {"kind": "lorentzian", "strength": 0.1, "peak": 0.9, "width": 0.4, "temperature": 0.3}
FRICTION = {"kind": "ohmic", "damping": 0.1, "temperature": 0.5}


def everything() -> Case:
    """Two oscillators beside an Ohmic bath: two baths, frequencies, a spring and forces are driven."""
    omega = 0.8
    drives = [
        fourier(omega, "baths.b0", [0.6, 0.5], [0.3, 0.2], [0.1, 0.0]),
        fourier(omega, "baths.b1", [0.6, 0.5], [-0.3, 0.2], [0.1, 0.2]),
        fourier(omega, "frequencies", [0.0, 0.0], [0.3, 0.2], [0.0, 0.1]),
        fourier(omega, "springs", [0.0], [0.1], [0.05], ((1, 2),)),
        fourier(omega, "forces", [0.1, 0.0], [0.2, 0.1], [0.0, 0.1]),
    ]
    return Case(
        [1.0, 0.7], [HOT, PEAK, FRICTION | {"coupling": [0.5, -0.8]}], drives, np.array([[0, 0.1], [0.1, 0]])
    )
