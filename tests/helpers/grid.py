"""The grid of cases on which the weak solver meets the quadrature reference."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from qtopt.model._machine import Configuration
from tests.helpers.machines import BathNumbers, Case, drude, lorentzian, ohmic

FREQUENCIES = (1.0, 0.6, 0.83, 0.5, 1.31, 0.94)
Range = tuple[float, float]


@dataclass(frozen=True)
class Ranges:
    """Exponents of ten that a grid covers."""

    damping: Range = (-3.0, 4.0)
    temperature: Range = (-2.0, 2.0)
    drive: Range = (-2.0, 2.0)
    cutoff: Range = (-1.0, 3.0)
    width: Range = (-3.0, 1.0)


FULL = Ranges()
# Where finite differences resolve gradients.
MODERATE = Ranges((-2.0, 1.0), (-1.0, 1.0), (-1.0, 1.0), (-1.0, 1.0), (-2.0, 0.5))


@dataclass(frozen=True)
class Structure:
    """What needs its own compilation: the kinds of the baths, L and the configuration."""

    driven: str
    static: tuple[str, ...]
    size: int = 2
    configuration: Configuration = "joint"

    def __str__(self) -> str:
        return f"{self.driven}-{'+'.join(self.static)}-{self.size}-{self.configuration}"


def latin_hypercube(count: int, dimensions: int, seed: int) -> np.ndarray:
    """(count, dimensions) in [0, 1]: every column visits count equal strata once, both ends included."""
    rng = np.random.default_rng(seed)
    strata = np.stack([rng.permutation(count) for _ in range(dimensions)], axis=1)
    return strata / (count - 1.0)


def spread(unit: float, exponents: Range) -> float:
    """10^x, x between the exponents."""
    return float(10.0 ** (exponents[0] + unit * (exponents[1] - exponents[0])))


def generic_harmonics(size: int, count: int, seed: int) -> np.ndarray:
    """(count+1, L) coefficients of a drive without any symmetry; the mean is real."""
    rng = np.random.default_rng(seed)
    g = rng.normal(size=(count + 1, size)) + 1j * rng.normal(size=(count + 1, size))
    g[0] = g[0].real
    return g / (1.0 + np.arange(count + 1.0)[:, None])


def coupling(size: int, index: int) -> list[float]:
    """Equal couplings for the first static bath, unequal ones for the others."""
    return [1.0] * size if index == 0 else [float(x) for x in 1.0 - 0.31 * np.arange(size) / max(1, index)]


def bath(
    kind: str, damping: float, temperature: float, memory: float, couples: Any, ranges: Ranges = FULL
) -> BathNumbers:
    """A bath of this kind; memory in [0, 1] runs from long to short."""
    if kind == "ohmic":
        return ohmic(damping, temperature, couples)
    if kind == "drude":
        return drude(damping, spread(memory, ranges.cutoff), temperature, couples)
    # peak 1.25; the strength gives a comparable friction J/w ~ d/(width w1^2) on resonance
    width = spread(memory, ranges.width)
    return lorentzian(damping * width, 1.25, width, temperature, couples)


def cases(structure: Structure, count: int, seed: int, ranges: Ranges = FULL) -> list[Case]:
    """A Latin hypercube over dampings, temperatures, Omega and memories; every third is isothermal."""
    table = latin_hypercube(count, 3 + 3 * len(structure.static), seed)
    result = []
    for i, row in enumerate(table):
        hot = spread(row[0], ranges.temperature)
        baths = [bath(structure.driven, 1.0, hot, row[1], "driven", ranges)]
        for s, kind in enumerate(structure.static):
            damping, cold, memory = row[3 + 3 * s : 6 + 3 * s]
            temperature = hot if i % 3 == 0 else spread(cold, ranges.temperature)
            couples = coupling(structure.size, s)
            baths.append(bath(kind, spread(damping, ranges.damping), temperature, memory, couples, ranges))
        g = generic_harmonics(structure.size, 2, seed + i)
        result.append(build(structure, baths, spread(row[2], ranges.drive), g))
    return result


def build(structure: Structure, baths: list[BathNumbers], drive: float, g: np.ndarray) -> Case:
    """The case with the standard oscillators."""
    return Case(FREQUENCIES[: structure.size], tuple(baths), drive, g, structure.configuration)


def product(structure: Structure) -> list[Case]:
    """Every combination of gamma_2 (decades), T (decades) and Omega (decades) of the full ranges."""
    result = []
    for damping in 10.0 ** np.arange(-3.0, 4.5):
        for temperature in 10.0 ** np.arange(-2.0, 2.5):
            for drive in 10.0 ** np.arange(-2.0, 2.5):
                index = len(result)
                cold, memory = float(temperature) * (1.0, 0.3)[index % 2], 0.1 + 0.2 * (index % 5)
                baths = [bath(structure.driven, 1.0, float(temperature), 0.3, "driven")]
                for s, kind in enumerate(structure.static):
                    couples = coupling(structure.size, s)
                    baths.append(bath(kind, float(damping), cold, memory, couples))
                g = generic_harmonics(structure.size, 2, index)
                result.append(build(structure, baths, float(drive), g))
    return result


def near_poles() -> list[Case]:
    """Drude cut-offs of bath 1 on and beside Matsubara frequencies 2 pi k T of either bath, T_1 != T_2."""
    structure, result = Structure("drude", ("ohmic",)), []
    for k in (1, 2, 3, 7, 40):
        for bath_at in (0, 1):
            for distance in (0.0, 1e-6, -1e-6, 1e-10, -1e-13):
                temperatures = (0.3, 0.2)
                cutoff = 2.0 * np.pi * k * temperatures[bath_at] * (1.0 + distance)
                baths = [drude(1.0, cutoff, 0.3), ohmic(5.0, 0.2, [1.0, 0.7])]
                result.append(build(structure, baths, 0.45, generic_harmonics(2, 2, k)))
    return result
