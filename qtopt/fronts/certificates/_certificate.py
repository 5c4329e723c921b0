"""What all certificates answer."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray


class Certificate(NamedTuple):
    """What no drive of a set does better than, at M targets.

    Attributes:
        target: (M,) what is asked for: an efficiency, or an extracted power.
        bound: (M,) no drive that does at least what is asked for yields more output (or has a smaller Q).
        mean_square_bound: (M,) the weaker bound from the mean squares of the drive alone.
        drive_frequency: (M,) where `bound` is reached; not a number where that is not known.
        constants: numbers by name that bound every drive, whatever is asked for.
    """

    target: NDArray[np.float64]
    bound: NDArray[np.float64]
    mean_square_bound: NDArray[np.float64]
    drive_frequency: NDArray[np.float64]
    constants: Mapping[str, float] = MappingProxyType({})

    def sorted(self) -> "Certificate":
        """The same by rising target."""
        order = np.argsort(self.target, kind="stable")
        return Certificate(*(column[order] for column in self[:4]), constants=self.constants)


class EfficiencyScale(Protocol):
    """How an efficiency says what an output X may cost: entropy is produced at the rate S = kappa X."""

    def kappa(self, efficiency: ArrayLike) -> NDArray[np.float64]:
        """kappa at these efficiencies."""
        ...

    def efficiency(self, kappa: ArrayLike) -> NDArray[np.float64]:
        """The inverse of `kappa`."""
        ...


class AbstractCertifier(ABC):
    """The bounds of one machine on the output at an efficiency: what all targets share is computed once."""

    @abstractmethod
    def at(self, efficiency: NDArray[np.float64]) -> Certificate:
        """The bounds at these efficiencies, (M,)."""

    @abstractmethod
    def quick(self, efficiency: NDArray[np.float64]) -> Certificate:
        """Bounds by a cheaper argument and a coarser search, for aims: no smaller than by `at`, but for 1e-3.

        The mean-square bound may be missing: not a number.
        """

    @abstractmethod
    def efficiency_range(self, tight: bool = False) -> tuple[float, float] | None:
        """(efficiency at the largest output, largest efficiency); None without any output.

        Args:
            tight: by the best bound there is, however long it takes.
        """
