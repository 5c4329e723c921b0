"""Several drives with one period, each of which moves something else."""

import math
from collections.abc import Sequence

from jax.typing import ArrayLike
from jaxtyping import Array, Complex, Float

from ...errors import InputError
from ...numerics import xp
from ._drive import AbstractDrive


class Protocol(AbstractDrive):
    """Drives with one frequency and a `target` each, side by side: their shapes are those of the protocol.

    Attributes:
        frequency: Omega of them all; by default that of the first drive.
        drives: what moves, in the order in which results list its work; their own frequencies do not count.

    Raises:
        InputError: no drive, or a protocol among the drives.

    Source: theory (13.1).
    """

    drives: tuple[AbstractDrive, ...]

    def __init__(self, drives: Sequence[AbstractDrive], frequency: ArrayLike | None = None) -> None:
        self.drives = tuple(drives)
        if not self.drives or any(isinstance(drive, Protocol) for drive in self.drives):
            raise InputError("a protocol must have one drive at least, none of them a protocol itself.")
        self.frequency = self.drives[0].frequency if frequency is None else frequency
        self.target, self.pairs = "", ()

    @property
    def on_host(self) -> bool:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Whether all of its drives can do without compiling."""
        return all(drive.on_host for drive in self.drives)

    @property
    def size(self) -> int:
        """Number of all shapes."""
        return sum(drive.size for drive in self.drives)

    @property
    def default_harmonics(self) -> int:
        return max(drive.default_harmonics for drive in self.drives)

    @property
    def lowest_harmonic(self) -> int:
        return min(drive.lowest_harmonic for drive in self.drives)

    @property
    def steps(self) -> int:
        """Steps within which every drive is constant; 0 if one of them is smooth."""
        return math.lcm(*(drive.steps for drive in self.drives))

    @property
    def parts(self) -> tuple[AbstractDrive, ...]:
        return tuple(drive.with_frequency(self.frequency) for drive in self.drives)

    def __call__(self, time: ArrayLike) -> Float[Array, "... L"]:
        return xp.concatenate([drive(time) for drive in self.parts], axis=-1)

    def harmonics(self, count: int) -> Complex[Array, "count+1 L"]:
        return xp.concatenate([drive.harmonics(count) for drive in self.parts], axis=1)

    def mean_square(self) -> Float[Array, " L"]:
        return xp.concatenate([drive.mean_square() for drive in self.parts])
