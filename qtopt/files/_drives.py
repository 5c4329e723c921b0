"""The drives g_l(t) of the driven baths, all periodic with the period 2 pi / Omega."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from ._table import Matrix, Table, Vector, count, wrong


@dataclass(frozen=True)
class MonochromaticConfig:
    """g_l(t) = amplitudes_l cos(Omega t + phases_l)."""

    kind: ClassVar[str] = "monochromatic"
    frequency: float
    """Omega"""
    amplitudes: Vector
    phases: Vector
    """in radians"""


@dataclass(frozen=True)
class FourierConfig:
    """g_l(t) = mean_l + sum_n cosine_ln cos(n Omega t) + sine_ln sin(n Omega t), n = 1 ... N."""

    kind: ClassVar[str] = "fourier"
    frequency: float
    """Omega"""
    mean: Vector
    cosine: Matrix
    """L x N"""
    sine: Matrix
    """L x N"""


@dataclass(frozen=True)
class PiecewiseConfig:
    """g_l(t) = values_ls during step s of S equal steps over one period."""

    kind: ClassVar[str] = "piecewise"
    frequency: float
    """Omega"""
    values: Matrix
    """L x S"""


@dataclass(frozen=True)
class BoundedConfig:
    """g_l(t) = tanh u_l(t) of the Fourier series u_l: |g_l| < 1 at all times."""

    kind: ClassVar[str] = "bounded"
    frequency: float
    """Omega"""
    mean: Vector
    cosine: Matrix
    """L x N"""
    sine: Matrix
    """L x N"""


DriveConfig = MonochromaticConfig | FourierConfig | PiecewiseConfig | BoundedConfig

_EACH = "one for each oscillator"


def _monochromatic(table: Table, oscillators: int) -> MonochromaticConfig:
    table.only("frequency", "kind", "amplitudes", "phases")
    return MonochromaticConfig(
        frequency=table.number("frequency", positive=True),
        amplitudes=table.vector("amplitudes", oscillators, _EACH),
        phases=table.vector("phases", oscillators, _EACH),
    )


def _series(table: Table, oscillators: int) -> tuple[Vector, Matrix, Matrix]:
    """The mean, cosine and sine of a Fourier series for each oscillator."""
    mean = table.vector("mean", oscillators, _EACH)
    cosine = table.matrix("cosine", oscillators, "with one number for each harmonic")
    sine = table.matrix("sine", oscillators, "with one number for each harmonic")
    if len(sine[0]) != len(cosine[0]):
        must = f"as long in every list as in `{table.at('cosine')}`, {count(len(cosine[0]))}"
        raise wrong(table.at("sine"), must, len(sine[0]))
    return mean, cosine, sine


def _fourier(table: Table, oscillators: int) -> FourierConfig:
    table.only("frequency", "kind", "mean", "cosine", "sine")
    frequency = table.number("frequency", positive=True)
    mean, cosine, sine = _series(table, oscillators)
    return FourierConfig(frequency=frequency, mean=mean, cosine=cosine, sine=sine)


def _bounded(table: Table, oscillators: int) -> BoundedConfig:
    table.only("frequency", "kind", "mean", "cosine", "sine")
    frequency = table.number("frequency", positive=True)
    mean, cosine, sine = _series(table, oscillators)
    return BoundedConfig(frequency=frequency, mean=mean, cosine=cosine, sine=sine)


def _piecewise(table: Table, oscillators: int) -> PiecewiseConfig:
    table.only("frequency", "kind", "values")
    return PiecewiseConfig(
        frequency=table.number("frequency", positive=True),
        values=table.matrix("values", oscillators, "with one number for each step"),
    )


_READERS: Mapping[str, Callable[[Table, int], DriveConfig]] = {
    MonochromaticConfig.kind: _monochromatic,
    FourierConfig.kind: _fourier,
    PiecewiseConfig.kind: _piecewise,
    BoundedConfig.kind: _bounded,
}
DRIVES = tuple(_READERS)
"""the kinds of drives"""


def read_drive(table: Table, oscillators: int) -> DriveConfig:
    """The [drive] section."""
    return _READERS[table.choice("kind", DRIVES)](table, oscillators)
