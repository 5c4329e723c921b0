"""Machines as plain numbers: the same case for qtopt and for the independent quadrature reference."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import equinox as eqx
import jax
import numpy as np

from qtopt.model import (
    AbstractSpectralDensity,
    Bath,
    Drude,
    FourierDrive,
    Lorentzian,
    Machine,
    MonochromaticDrive,
    Ohmic,
)
from qtopt.model._machine import Configuration
from qtopt.solvers import WeakSteadyState
from qtopt.solvers.weak import steady_state
from tests.references.weak_quadrature import reference

BathNumbers = dict[str, Any]

# One compiled program for each structure (kinds of baths, L, number of harmonics, configuration).
solve = eqx.filter_jit(steady_state)


@dataclass(frozen=True)
class Case:
    """A machine and a drive, as the reference wants them."""

    frequencies: tuple[float, ...]
    baths: tuple[BathNumbers, ...]
    drive_frequency: float
    harmonics: np.ndarray  # (N+1, L) complex g_n, n >= 0
    configuration: Configuration = "joint"

    @property
    def machine(self) -> Machine:
        return machine_of(self.frequencies, self.baths, self.configuration)

    @property
    def drive(self) -> FourierDrive:
        """The Fourier drive with these harmonics."""
        return drive_of(self.drive_frequency, self.harmonics)

    def solve(self) -> WeakSteadyState:
        return solve(self.machine, self.drive)

    def reference(self) -> dict[str, Any]:
        harmonics = dict(enumerate(self.harmonics))
        return reference(
            list(self.frequencies), list(self.baths), self.drive_frequency, harmonics, self.configuration
        )

    def __str__(self) -> str:
        baths = [
            {k: v.tolist() if isinstance(v, np.ndarray) else v for k, v in b.items()} for b in self.baths
        ]
        return f"Case({self.frequencies}, {baths}, Omega={self.drive_frequency!r}, {self.configuration})"


def drive_of(frequency: float, harmonics: np.ndarray) -> FourierDrive:
    """The Fourier drive with (N+1, L) complex harmonics: g_n = (cosine_n + i sine_n)/2."""
    cosine, sine = 2.0 * np.real(harmonics[1:]).T, 2.0 * np.imag(harmonics[1:]).T
    return FourierDrive(frequency, np.real(harmonics[0]), cosine, sine)


def density_of(bath: BathNumbers) -> AbstractSpectralDensity:
    """The spectral density of a bath given as numbers."""
    if bath["kind"] == "ohmic":
        return Ohmic(bath["damping"])
    if bath["kind"] == "drude":
        return Drude(bath["damping"], bath["cutoff"])
    return Lorentzian(bath["strength"], bath["peak"], bath["width"])


def machine_of(
    frequencies: tuple[float, ...], baths: tuple[BathNumbers, ...], configuration: Configuration = "joint"
) -> Machine:
    """The machine of these numbers."""
    built: list[Bath] = []
    for i, bath in enumerate(baths):
        name, temperature, density = f"bath {i}", bath["temperature"], density_of(bath)
        if isinstance(bath["coupling"], str):
            built.append(Bath(name, temperature, density, "driven"))
        else:
            built.append(Bath(name, temperature, density, np.asarray(bath["coupling"], dtype=float)))
    return Machine(np.array(frequencies), tuple(built), configuration)


def ohmic(damping: float, temperature: float, coupling: Any = "driven") -> BathNumbers:
    return {"kind": "ohmic", "damping": damping, "temperature": temperature, "coupling": coupling}


def drude(damping: float, cutoff: float, temperature: float, coupling: Any = "driven") -> BathNumbers:
    return {**ohmic(damping, temperature, coupling), "kind": "drude", "cutoff": cutoff}


def lorentzian(
    strength: float, peak: float, width: float, temperature: float, coupling: Any = "driven"
) -> BathNumbers:
    return {
        "kind": "lorentzian",
        "strength": strength,
        "peak": peak,
        "width": width,
        "temperature": temperature,
        "coupling": coupling,
    }


@lru_cache
def engine(strength: float = 1.0) -> Machine:
    """The published engine: Lorentzian hot bath, overdamped cold one."""
    hot = lorentzian(strength, 1.25, 0.01, 1.0)
    return machine_of((1.0, 0.6), (hot, ohmic(100.0, 0.2, (1.0, 1.0))))


def engine_drive() -> MonochromaticDrive:
    """Cosines in antiphase at Omega = 0.45."""
    return MonochromaticDrive(0.45, np.ones(2), np.array([0.0, np.pi]))


@lru_cache
def converter(cutoff: float = 12.0, damping: float = 100.0) -> Machine:
    """The published work-to-work converter: isothermal, Drude bath 1."""
    return machine_of((1.0, 0.6), (drude(0.01, cutoff, 0.1), ohmic(damping, 0.1, (1.0, 1.0))))


def converter_drive() -> MonochromaticDrive:
    """Cosines a quarter period apart at Omega = 0.2."""
    return MonochromaticDrive(0.2, np.ones(2), np.array([0.0, np.pi / 2.0]))


def largest_current(state: WeakSteadyState) -> float:
    """Scale of the energy balance."""
    currents = jax.device_get((state.local_powers, state.heat_currents))
    return float(max(np.abs(c).max() for c in currents))
