"""The grid of cases on which the weak solver meets the quadrature reference."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from helpers_machines import BathNumbers, Case, drude, lorentzian, ohmic

from qtopt.machine._machine import Configuration

FREQUENCIES = (1.0, 0.6, 0.83, 0.5, 1.31, 0.94)
# Exponents of gamma_2, T, Omega: the ranges that every structure covers.
DAMPING, TEMPERATURE, DRIVE = (-3.0, 4.0), (-2.0, 2.0), (-2.0, 2.0)


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


def spread(unit: float, exponents: tuple[float, float]) -> float:
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


def bath(kind: str, damping: float, temperature: float, shape: float, couples: Any) -> BathNumbers:
    """A bath of this kind; shape in [0, 1] sets its memory from long to short."""
    if kind == "ohmic":
        return ohmic(damping, temperature, couples)
    if kind == "drude":
        return drude(damping, spread(shape, (-1.0, 3.0)), temperature, couples)
    # peak 1.25, widths from 1e-3; the strength gives friction `damping` on resonance, J/w = d/(width w1^2)
    width = spread(shape, (-3.0, 1.0))
    return lorentzian(damping * width, 1.25, width, temperature, couples)


def cases(structure: Structure, count: int, seed: int) -> list[Case]:
    """A Latin hypercube over damping, temperatures, Omega and memories; every third is isothermal."""
    statics = len(structure.static)
    table = latin_hypercube(count, 3 + 3 * statics, seed)
    result = []
    for i, row in enumerate(table):
        hot = spread(row[0], TEMPERATURE)
        baths = [bath(structure.driven, 1.0, hot, row[1], "driven")]
        for s, kind in enumerate(structure.static):
            unit = row[3 + 3 * s : 6 + 3 * s]
            temperature = hot if i % 3 == 0 else spread(unit[1], TEMPERATURE)
            damping = spread(unit[0], DAMPING if s == 0 else (-2.0, 1.0))
            baths.append(bath(kind, damping, temperature, unit[2], coupling(structure.size, s)))
        result.append(
            Case(
                FREQUENCIES[: structure.size],
                tuple(baths),
                spread(row[2], DRIVE),
                generic_harmonics(structure.size, 2, seed + i),
                structure.configuration,
            )
        )
    return result


def product(structure: Structure, levels: Callable[[tuple[float, float]], np.ndarray]) -> list[Case]:
    """Every combination of damping, temperature and Omega at the given levels of each range."""
    result = []
    for damping in levels(DAMPING):
        for temperature in levels(TEMPERATURE):
            for drive in levels(DRIVE):
                index = len(result)
                cold = temperature * (1.0, 0.3)[index % 2]
                baths = [bath(structure.driven, 1.0, float(temperature), 0.3, "driven")]
                for s, kind in enumerate(structure.static):
                    shape = 0.2 + 0.6 * (index % 5) / 4.0
                    baths.append(bath(kind, float(damping), float(cold), shape, coupling(structure.size, s)))
                g = generic_harmonics(structure.size, 2, index)
                sizes = FREQUENCIES[: structure.size]
                result.append(Case(sizes, tuple(baths), float(drive), g, structure.configuration))
    return result
