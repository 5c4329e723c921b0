"""The points of one period at which the periodic steady state is known."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray


class AbstractGrid(ABC):
    """K equidistant points of a period; the interval that ends at each is 2^levels equal parts, by doubling.

    Attributes:
        points: K.
        levels: doublings of each interval.
    """

    points: int
    levels: int

    @property
    def phases(self) -> NDArray[np.float64]:
        """(K,) fractions 1/K, 2/K, .. 1 of the period."""
        return np.arange(1, self.points + 1) / self.points

    @property
    def shortest(self) -> float:
        """Length of the shortest interval, as a fraction of the period."""
        return 0.5**self.levels / self.points

    @property
    @abstractmethod
    def samples(self) -> NDArray[np.float64]:
        """Phases at which the coefficients are sampled."""


@dataclass(frozen=True)
class TimeGrid(AbstractGrid):
    """An odd number of points: functions of time are trigonometric polynomials there.

    They are shifted and differentiated exactly, and the mean over the points is the average over a period.
    """

    points: int
    levels: int

    @property
    def samples(self) -> NDArray[np.float64]:
        """The points themselves, (K,)."""
        return self.phases

    def derivative(self) -> NDArray[np.float64]:
        """(K, K) D with ``(f @ D)_k = df/dphase``."""
        return _trigonometric(self.points, 0.0, 1)

    def shift(self, fraction: float) -> NDArray[np.float64]:
        """(K, K) S with ``(f @ S)_k = f(phase_k - fraction)``."""
        return _trigonometric(self.points, -fraction, 0)


@dataclass(frozen=True)
class StepGrid(AbstractGrid):
    """Equal steps of a period, each in equal parts: coefficients are constant in each of the K intervals.

    Attributes:
        points: K, a multiple of the steps.
        levels: doublings of each interval.
        steps: S.
    """

    points: int
    levels: int
    steps: int

    @property
    def parts(self) -> int:
        """K/S intervals of a step, at whose ends the periodic state is known."""
        return self.points // self.steps

    @property
    def samples(self) -> NDArray[np.float64]:
        """The middles of the steps, (S,)."""
        return (np.arange(self.steps) + 0.5) / self.steps


@lru_cache(maxsize=256)
def _trigonometric(count: int, shift: float, order: int) -> NDArray[np.float64]:
    """M with ``(f @ M)_k = f^(order)(phase_k + shift)`` for trigonometric polynomials f, K odd.

    M_jk depends on (k - j) mod K only.
    """
    points, n = np.arange(count), np.arange(1, (count - 1) // 2 + 1)
    turns = (points[:, None] * n % count) / count + n * shift
    if order == 0:
        row = 1.0 + 2.0 * np.cos(2.0 * np.pi * turns).sum(axis=1)
    else:
        row = (-4.0 * np.pi * n * np.sin(2.0 * np.pi * turns)).sum(axis=1)
    return (row / count)[points - points[:, None]]
