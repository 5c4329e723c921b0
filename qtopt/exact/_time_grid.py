"""The points of one period at which the periodic steady state is known."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

GAUSS_NODES = 12


@dataclass(frozen=True, eq=False)
class TimeGrid:
    """K points of a period, as fractions of it, with everything that depends on their number only.

    Interval k ends at ``ends[k]`` and is ``lengths[k]`` long; each is built from 2^levels equal parts by
    doubling. A smooth drive has a uniform grid (K odd), where functions of time are trigonometric
    polynomials: they are differentiated and shifted exactly. A drive of S constant steps has Gauss-Legendre
    nodes and the end of each step; there coefficients do not change within a step, so that the shift is
    the identity and the derivative zero.

    Attributes:
        ends: (K,) in (0, 1].
        lengths: (K,), sum 1.
        weights: (K,) quadrature weights of averages over a period, sum 1.
        levels: doublings of each interval.
        steps: S, 0 for a smooth drive.
    """

    ends: NDArray[np.float64]
    lengths: NDArray[np.float64]
    weights: NDArray[np.float64]
    levels: int
    steps: int

    @property
    def smooth(self) -> bool:
        """Whether functions of time are trigonometric polynomials on this grid."""
        return self.steps == 0

    @property
    def samples(self) -> NDArray[np.float64]:
        """Phases at which the drive is sampled for each interval: its end, or inside it if steps jump."""
        if self.smooth:
            return self.ends % 1.0
        return self.ends - self.lengths / 2.0

    @property
    def jumps(self) -> NDArray[np.int64]:
        """(S,) indices of the points at which the couplings jump."""
        return np.arange(1, self.steps + 1) * (GAUSS_NODES + 1) - 1

    def derivative(self) -> NDArray[np.float64]:
        """(K, K) D with ``(f @ D)_k = df/dphase`` on a uniform grid."""
        return _trigonometric(len(self.ends), 0.0, 1)

    def shift(self, fraction: float) -> NDArray[np.float64]:
        """(K, K) S with ``(f @ S)_k = f(ends_k - fraction)`` on a uniform grid."""
        return _trigonometric(len(self.ends), -fraction, 0)


@lru_cache(maxsize=256)
def _trigonometric(count: int, shift: float, order: int) -> NDArray[np.float64]:
    """M with ``(f @ M)_k = f^(order)(theta_k + shift)`` for trigonometric polynomials f, K odd."""
    n = np.arange(1, (count - 1) // 2 + 1)
    distance = (np.arange(count)[None, :] - np.arange(count)[:, None]) / count + shift
    phase = 2.0 * np.pi * n * distance[..., None]
    if order == 0:
        return (1.0 + 2.0 * np.cos(phase).sum(axis=-1)) / count
    return (-4.0 * np.pi * n * np.sin(phase)).sum(axis=-1) / count


def time_grid(points: int, levels: int, steps: int = 0) -> TimeGrid:
    """A grid of `points` per period (made odd), or of Gauss nodes in each of `steps` constant steps."""
    if steps == 0:
        count = points + 1 - points % 2
        ends = np.arange(1, count + 1) / count
        return TimeGrid(ends, np.full(count, 1.0 / count), np.full(count, 1.0 / count), levels, 0)
    nodes, weights = np.polynomial.legendre.leggauss(GAUSS_NODES)
    inside = np.append((nodes + 1.0) / 2.0, 1.0) / steps
    ends = (np.arange(steps)[:, None] / steps + inside).ravel()
    lengths = np.tile(np.diff(inside, prepend=0.0), steps)
    return TimeGrid(ends, lengths, np.tile(np.append(weights / 2.0, 0.0) / steps, steps), levels, steps)
