"""Drives as waveforms: samples that an arbitrary waveform generator plays in a loop, with what is lost."""

import io
import os
import re
import tomllib
from dataclasses import dataclass, fields

import numpy as np
import tomli_w
from numpy.typing import NDArray

from .. import __version__
from ..errors import InputError
from ..jobs import write_atomically
from ..model import AbstractDrive, actuators, shape_names
from ._config import Config, require_drive

PREFIXES = {"": 1.0, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}
RATE = re.compile(r"\s*([0-9.]+(?:[eE][+-]?[0-9]+)?)\s*(?:([kMGT]?)\s*(?:S|Sa|Samples)/s)?\s*")
MOST_PERIODS, MOST_SAMPLES = 64, 10_000_000
BITS = range(2, 33)


@dataclass(frozen=True)
class Waveform:
    """Samples of every shape of a drive over whole periods, and what is lost by sampling and rounding.

    Attributes:
        names: of the shapes.
        values: (K, A) samples; whole numbers (codes) where there are `bits`, else couplings.
        bits: of the generator, or None.
        scale: the coupling at the largest code, 2^(bits-1) - 1; 1 without bits.
        rate: samples per second (per 1/omega_A where the configuration has no units).
        period: that the drive should have, in the same time.
        periods: of the drive in the loop.
        period_error: relative difference of the period that is played: a loop has whole samples.
        clipped: samples beyond the scale, which are at the largest code.
        above_nyquist: share of the mean square that lies in harmonics above half the rate (they fold back).
        rounding: root mean square of what rounding changes, in couplings.
    """

    names: tuple[str, ...]
    values: NDArray[np.float64]
    bits: int | None
    scale: float
    rate: float
    period: float
    periods: int
    period_error: float
    clipped: int
    above_nyquist: float
    rounding: float

    @property
    def couplings(self) -> NDArray[np.float64]:
        """(K, A) what the samples mean."""
        return self.values * (self.scale / _largest(self.bits))


def sample_rate(text: str, config: Config) -> float:
    """The rate in "1GS/s" in 1/s, where the configuration has units; a plain number counts in omega_A.

    Raises:
        InputError: it is no rate, or one in samples per second for a configuration without units.
    """
    found = RATE.fullmatch(text)
    try:
        number = float(found[1]) if found else 0.0
    except ValueError:
        number = 0.0
    if found is None or not 0.0 < number < np.inf:
        raise InputError(f'--rate must be a rate above 0 such as "1GS/s", but it is {text!r}: give one.')
    if found[2] is None:
        return number * (1.0 if config.units is None else config.units.system.frequency)
    if config.units is None:
        raise InputError(
            "--rate in samples per second needs a configuration that says what its frequencies are: give "
            'it a section [units] (frequency = "2*pi*1 GHz"), or a plain number of samples per 1/omega_A.'
        )
    return number * PREFIXES[found[2]]


def waveform(config: Config, rate: float, bits: int | None = None, scale: float | None = None) -> Waveform:
    """Sample the drive of a configuration.

    The loop holds as many periods, at most 64, as make its length closest to a whole number of samples.

    Args:
        config: machine and drive.
        rate: samples per second, or per 1/omega_A where there are no units.
        bits: of the generator; None keeps the couplings.
        scale: the coupling at the largest code; by default the largest of the drive: nothing is clipped.

    Raises:
        InputError: no drive, bits or scale that no generator has, fewer than two samples in a period or more
            than ten million in the loop.
    """
    drive = require_drive(config)
    names = tuple(shape_names(actuators(config.machine, drive)))
    if bits is not None and bits not in BITS:
        raise InputError(f"--bits must be between {BITS[0]} and {BITS[-1]}, but it is {bits}: give another.")
    unit = 1.0 if config.units is None else config.units.system.frequency
    period = 2.0 * np.pi / (float(drive.frequency) * unit)
    if rate * period < 2.0:
        raise InputError(
            f"--rate must give two samples in a period at least, but {rate:.3g} gives {rate * period:.3g}: "
            f"raise it to {2.0 / period:.3g} or more."
        )
    counts = np.arange(1, MOST_PERIODS + 1)
    exact = rate * period * counts
    periods = int(counts[np.argmin(np.round(np.abs(exact - np.round(exact)) / exact, 15))])
    samples = round(rate * period * periods)
    if samples > MOST_SAMPLES:
        raise InputError(
            f"--rate must give {MOST_SAMPLES:,} samples at most, but {rate:.3g} gives {samples:,}: lower it."
        )
    phases = np.arange(samples) * periods / samples % 1.0
    shapes = np.asarray(drive(phases * 2.0 * np.pi / float(drive.frequency)))
    largest = float(np.abs(shapes).max())
    scale = (largest or 1.0) if scale is None else scale
    if not 0.0 < scale < np.inf:
        raise InputError(f"--scale must be a finite number above 0, but it is {scale}: give another.")
    values, top = shapes, _largest(bits)
    if bits is not None:
        values = np.clip(np.round(shapes / scale * top), -top, top)
    else:
        scale = 1.0
    clipped = int((np.abs(shapes) > scale * (1.0 + 0.5 / top)).sum()) if bits is not None else 0
    inside = np.abs(shapes) <= scale
    rounded = (values * scale / top - shapes)[inside]
    return Waveform(
        names, values, bits, scale, rate, period, periods, samples / (rate * period * periods) - 1.0, clipped,
        _above(drive, rate * period / 2.0), float(np.sqrt(np.mean(rounded**2))) if rounded.size else 0.0,
    )  # fmt: skip


def write_waveform(made: Waveform, path: str | os.PathLike[str], about: dict[str, str]) -> None:
    """A CSV file: a header of comment lines, which are TOML, a line of names, and a line for each sample."""
    header = {f.name: getattr(made, f.name) for f in fields(made) if f.name not in ("names", "values")}
    header = {key: value for key, value in header.items() if value is not None}
    text = io.StringIO()
    for line in tomli_w.dumps({"qtopt": __version__, **about, **header}).splitlines():
        text.write(f"# {line}\n")
    text.write(",".join(name.replace(",", " ") for name in made.names) + "\n")
    np.savetxt(text, made.values, "%.17g" if made.bits is None else "%d", ",")
    write_atomically(path, text.getvalue())


def read_waveform(path: str | os.PathLike[str]) -> Waveform:
    """What `write_waveform` wrote."""
    with open(path, encoding="utf-8") as file:
        lines = file.read().splitlines()
    count = next(i for i, line in enumerate(lines) if not line.startswith("#"))
    header = tomllib.loads("\n".join(line[2:] for line in lines[:count]))
    known = {f.name: header.get(f.name) for f in fields(Waveform)}
    values = np.loadtxt(lines[count + 1 :], delimiter=",", ndmin=2)
    return Waveform(**{**known, "names": tuple(lines[count].split(",")), "values": values})


def _largest(bits: int | None) -> float:
    """The largest code; 1 where there are none."""
    return 1.0 if bits is None else float(2 ** (bits - 1) - 1)


def _above(drive: AbstractDrive, order: float) -> float:
    """Share of the mean square in harmonics above this order."""
    total = float(np.sum(np.asarray(drive.mean_square())))
    series = drive.series(int(np.ceil(order)))
    held = series.weights * np.sum(np.abs(np.asarray(series.amplitudes)) ** 2, axis=1)
    kept = float(held[series.orders <= order].sum())
    return max(1.0 - kept / total, 0.0) if total > 0.0 else 0.0
