"""Machines in units of their own frequencies, and results back in those of the user.

Solvers meet powers of frequencies up to the fourth and round-off that is not homogeneous in them. They are
given machines whose largest oscillator frequency is near 1; a unit that is a power of two changes no digit.
"""

import re
from dataclasses import fields, replace
from typing import Any, TypeVar

import jax
import numpy as np
from jax import Array
from numpy.typing import NDArray

from ...errors import InputError
from ...model import FORCES, SPRINGS, AbstractDrive, Machine, Protocol
from ...numerics import xp
from ...schema import in_units
from ._readable import Readable

Result = TypeVar("Result", bound=Readable)
NEAR = 4
"""Frequencies within 2^-NEAR .. 2^NEAR are near 1: such machines are solved as they are."""


def exponent_of(machine: Machine, drive: AbstractDrive) -> NDArray[np.int64]:
    """k of the unit 2^k in which the largest frequency of oscillators is near 1, for machines (...)."""
    exponent = np.frexp(np.max(np.asarray(machine.frequencies), axis=-1))[1].astype(np.int64)
    return np.where(np.abs(exponent) <= NEAR, 0, exponent)


def to_natural(
    machine: Machine, drive: AbstractDrive, exponent: NDArray[np.int64]
) -> tuple[Machine, AbstractDrive]:
    """Machine and drive with frequencies in units of 2^exponent; themselves where that is 1."""
    if not np.any(exponent):
        return machine, drive
    with np.errstate(over="ignore", under="ignore"):
        return in_unit(machine, drive, np.ldexp(1.0, -exponent))


def in_unit(machine: Machine, drive: AbstractDrive, unit: Any) -> tuple[Machine, AbstractDrive]:
    """Machine and drive with every frequency multiplied by `unit`."""
    if isinstance(drive, Protocol):
        drives = tuple(_of_unit(part, unit) for part in drive.drives)
        return in_units(machine, unit), Protocol(drives, drive.frequency * unit)
    return in_units(machine, unit), _of_unit(drive, unit)


POWERS = {SPRINGS: 2.0, FORCES: 1.5}
"""of a frequency in the unit of these shapes: m omega^2, and sqrt(hbar m omega^3)"""


def _of_unit(drive: AbstractDrive, unit: Any) -> AbstractDrive:
    """One drive with its frequency, and its shapes where these have a unit, in another one."""
    known, shapes = (drive.factor, drive.drive) if isinstance(drive, ScaledDrive) else (1.0, drive)
    other = in_units(shapes, unit)
    if drive.target not in POWERS:
        return other
    factor = xp.ones_like(drive.frequency) * known * unit ** POWERS[drive.target]
    return ScaledDrive(drive.frequency * unit, other, factor, target=drive.target, pairs=drive.pairs)


class ScaledDrive(AbstractDrive):
    """The shapes of a drive, all multiplied by one number.

    Attributes:
        frequency: Omega; that of `drive` does not count.
        drive: the shapes.
        factor: the number.
    """

    drive: AbstractDrive
    factor: Array

    @property
    def on_host(self) -> bool:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Whether the drive can do without compiling."""
        return self.drive.on_host

    @property
    def size(self) -> int:
        return self.drive.size

    @property
    def default_harmonics(self) -> int:
        return self.drive.default_harmonics

    @property
    def lowest_harmonic(self) -> int:
        return self.drive.lowest_harmonic

    @property
    def steps(self) -> int:
        return self.drive.steps

    def __call__(self, time: Any) -> Any:
        return self.factor * self.drive.with_frequency(self.frequency)(time)

    def harmonics(self, count: int) -> Any:
        return self.factor * self.drive.harmonics(count)

    def mean_square(self) -> Any:
        return self.factor**2 * self.drive.mean_square()


def power_of(unit: str) -> int:
    """The power of a frequency in a unit such as "hbar omega_A^2" or "hbar / (m omega_A)"."""
    above, _, below = unit.partition("/")

    def count(text: str) -> int:
        return sum(int(power or 1) for power in re.findall(r"omega_A(?:\^(\d+))?", text))

    return count(above) - count(below)


def from_natural(values: Any, exponent: NDArray[np.int64], unit: str) -> Any:
    """Numbers of this unit, given in units of 2^exponent, in those of the user: (..., more) for (...)."""
    power = power_of(unit)
    if power == 0 or not np.any(exponent):
        return values
    values = np.asarray(values)
    shift = power * np.reshape(exponent, exponent.shape + (1,) * (values.ndim - exponent.ndim))
    with np.errstate(over="ignore", under="ignore"):
        return values * np.ldexp(1.0, shift) if np.iscomplexobj(values) else np.ldexp(values, shift)


def moments_from_natural(values: Any, exponent: NDArray[np.int64], axes: int) -> NDArray[np.float64]:
    """Means (axes = 1) or covariances (2) of positions and velocities: as `from_natural`."""
    values = np.asarray(values)
    half = values.shape[-1] // 2
    scale = 2.0 ** (0.5 * float(exponent) * np.repeat([-1.0, 1.0], half))
    return values * (scale if axes == 1 else scale[:, None] * scale)


def in_units_of_user(found: Result, exponent: NDArray[np.int64]) -> Result:
    """A result in natural units in those in which the machine was given."""
    if not np.any(exponent):
        return found
    changed = {}
    for field in fields(found):
        part, unit, axes = getattr(found, field.name), field.metadata["unit"], field.metadata["moments"]
        if part is not None and axes:
            changed[field.name] = moments_from_natural(part, exponent, axes)
        elif part is not None and power_of(unit):
            changed[field.name] = np.asarray(from_natural(part, exponent, unit))
    return replace(found, **changed)


COLDEST = 1e-10
"""Temperature over frequency below which the rational coth ends among the frequencies that count."""


SLOWEST = 1e-100
"""Of drive frequencies, relative to the largest of the oscillators."""


def coldest_allowed(machine: Machine, drive: AbstractDrive) -> NDArray[np.float64]:
    """Lowest temperature of a bath that the rational coth knows, for machines (...); NumPy: theory (4.2).

    It must know the frequencies of drive and oscillators, as strong static baths raise them, and those to
    which the baths respond: zero-point fluctuations are exchanged up to their cut-offs.
    """
    one = np.ndim(machine.frequencies) == 1
    responses = _responses if one else jax.vmap(_responses)
    return COLDEST * np.maximum(np.asarray(responses(machine)), np.asarray(drive.frequency))


def _responses(machine: Machine) -> Any:
    """The largest frequency of oscillators held by the static baths, and of the poles of all baths."""
    expansions = [bath.spectral_density.expansion() for bath in machine.baths]
    pull = machine.stiffness + sum(
        expansion.static * xp.outer(bath.coupling, bath.coupling)
        for bath, expansion in zip(machine.baths, expansions, strict=True)
        if not bath.driven
    )
    poles = xp.abs(xp.concatenate([expansion.poles for expansion in expansions]))
    held = xp.sqrt(xp.max(xp.sum(xp.abs(pull), axis=1)))  # no normal frequency is above
    return xp.maximum(held, xp.max(poles, initial=0.0))


def is_too_slow(machine: Machine, drive: AbstractDrive) -> NDArray[np.bool_]:
    """Whether the drive is so slow that squares and ratios of rates leave float64, for machines (...)."""
    return np.asarray(drive.frequency) < SLOWEST * np.asarray(machine.frequencies).max(axis=-1)


def check_scales(machine: Machine, drive: AbstractDrive) -> None:
    """Refuse, on the host, baths that are colder and drives that are slower than the solvers can resolve.

    Raises:
        InputError: which bath or the drive, and a number that is allowed.
    """
    if is_too_slow(machine, drive):
        raise InputError(
            f"drive.frequency must be at least {SLOWEST:g} of the largest oscillator frequency, but it is "
            f"{float(drive.frequency):.3g}: give a faster drive."
        )
    least = float(coldest_allowed(machine, drive))
    for bath in machine.baths:
        if float(bath.temperature) < least:
            raise InputError(
                f"the temperature of bath {bath.name!r} must be at least {COLDEST:g} of the largest "
                f"frequency of oscillators, drive and responses of baths, but it is "
                f"{float(bath.temperature):.3g}: nothing changes any more below {least:.3g}, give that."
            )
