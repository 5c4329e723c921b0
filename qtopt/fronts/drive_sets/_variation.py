"""Numbers of the machine (temperatures, bath parameters) that are searched together with the drive."""

from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ...errors import InputError
from ...model import AbstractDrive, Machine
from ...numerics import on_device
from ._drive_set import AbstractDriveSet, DriveParameters

COPIES = 4
"""Candidates for each target of a search: one begins with the machine's own numbers, the others anywhere."""


class Variation(eqx.Module):
    """Numbers of a machine that a search may change, each within a range, on a logarithmic scale.

    Attributes:
        build: the machine with given numbers (V,); jax-traceable.
        start: the numbers of the machine that the search begins with, (V,).
        ranges: (low, high), 0 < low < high, of each number.
        names: what tables and figures call them.

    Raises:
        InputError: a range that is empty or not positive, or a start outside its range.
    """

    build: Callable[[Float[Array, " V"]], Machine]
    start: tuple[float, ...] = eqx.field(static=True)
    ranges: tuple[tuple[float, float], ...] = eqx.field(static=True)
    names: tuple[str, ...] = eqx.field(static=True, default=())

    def __post_init__(self) -> None:
        if len(self.start) != len(self.ranges) or not self.ranges:
            raise InputError(
                f"a variation needs one range for each number, but it has {len(self.ranges)} for "
                f"{len(self.start)}."
            )
        for value, (low, high) in zip(self.start, self.ranges, strict=True):
            if not 0.0 < low < high < np.inf:
                raise InputError(
                    f"the range of a varied number must have 0 < lowest < highest, but it is [{low}, {high}]."
                )
            if not low <= value <= high:
                raise InputError(
                    f"a varied number must begin within its range, but {value} is outside [{low}, {high}]: "
                    "widen the range or change the number."
                )


class VariedParameters(NamedTuple):
    """Unconstrained parameters of a drive and of numbers; batches carry leading axes.

    Attributes:
        drive: see `DriveParameters`.
        numbers: logit of each number within its range, on a logarithmic scale.
    """

    drive: DriveParameters
    numbers: Float[Array, "*batch V"]

    @property
    def frequency_logit(self) -> Float[Array, "*batch"]:
        """The logit of the drive frequency, see `DriveParameters`."""
        return self.drive.frequency_logit


class Varied(eqx.Module):
    """Drives of a set together with numbers of the machine.

    Attributes:
        drive_set: the set of drives.
        ranges: (low, high) of each number.
    """

    drive_set: AbstractDriveSet
    ranges: tuple[tuple[float, float], ...] = eqx.field(static=True)

    def drive(self, parameters: VariedParameters) -> tuple[AbstractDrive, Array]:
        """The drive, and the numbers low (high/low)^sigmoid."""
        low, high = jnp.asarray(self.ranges).T
        numbers = low * (high / low) ** jax.nn.sigmoid(parameters.numbers)
        return self.drive_set.drive(parameters.drive), numbers

    def folded(self, parameters: VariedParameters) -> VariedParameters | None:
        """See `AbstractDriveSet.folded`; the numbers stay."""
        drive = self.drive_set.folded(parameters.drive)
        return None if drive is None else VariedParameters(drive, parameters.numbers)

    def starts(self, variation: Variation, drives: DriveParameters, seed: int) -> VariedParameters:
        """COPIES candidates for each of some drives, with different numbers."""
        low, high = np.array(self.ranges).T
        own = np.log(np.array(variation.start) / low) / np.log(high / low)
        count = drives.frequency_logit.shape[0] * COPIES
        fraction = np.random.default_rng(seed).uniform(0.1, 0.9, (count, len(own)))
        fraction[::COPIES] = np.clip(own, 0.02, 0.98)
        copies: Any = jax.tree.map(lambda leaf: np.repeat(np.asarray(leaf), COPIES, axis=0), drives)
        return VariedParameters(*on_device((copies, np.log(fraction / (1.0 - fraction)))))
