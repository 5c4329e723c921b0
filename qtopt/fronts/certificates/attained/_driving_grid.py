"""Driving frequencies nu = n Omega of a machine, dense enough to find the best (host code)."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ...rates import Forms

NODES = 8
"""on each panel of the table; a panel is shorter than the resonance on it is wide"""
HALVINGS = 12
"""of the distance to the neighbours, towards a peak: near the largest efficiency only the peak is left"""
STEPS, LEVELS, ENOUGH = np.linspace(-1.0, 1.0, 9), 13, 9
"""Of a zoom, each level four times finer than the one before. ENOUGH levels place a smooth maximum, whose
value is off by the square of the last step; one at the edge of what is allowed takes all of them."""
STILL = 1e-13
"""relative gain of a level that counts"""


@dataclass(frozen=True)
class DrivingGrid:
    """Nodes in the intervals [n low, n high], n = 1..N.

    Attributes:
        intervals: (I, 2) their union, disjoint and rising.
        nu: (G,) rising.
        left: (G,) the neighbour of each node within its interval, or the node itself at an end.
        right: (G,) likewise.
    """

    intervals: np.ndarray
    nu: np.ndarray
    left: np.ndarray
    right: np.ndarray

    @staticmethod
    def of(forms: Forms, frequency: tuple[float, float]) -> "DrivingGrid":
        """NODES nodes on each panel of the forms, and the ends of the intervals."""
        intervals = _union(np.outer(np.arange(1, forms.harmonics + 1), frequency))
        edges, part = forms.edges, np.arange(NODES) / NODES
        nodes = (edges[:-1, None] + np.diff(edges)[:, None] * part).ravel()
        inside = np.any((nodes[:, None] > intervals[:, 0]) & (nodes[:, None] < intervals[:, 1]), axis=1)
        return DrivingGrid._with(intervals, np.concatenate([nodes[inside], intervals.ravel()]))

    @staticmethod
    def _with(intervals: np.ndarray, nu: np.ndarray) -> "DrivingGrid":
        nu = np.unique(nu)
        home = np.searchsorted(intervals[:, 0], nu, side="right")
        together = home[1:] == home[:-1]
        left = np.concatenate([nu[:1], np.where(together, nu[:-1], nu[1:])])
        right = np.concatenate([np.where(together, nu[1:], nu[:-1]), nu[-1:]])
        return DrivingGrid(intervals, nu, left, right)

    def around(self, centres: np.ndarray) -> "DrivingGrid":
        """With the centres as nodes, and more and more nodes towards them."""
        near = np.searchsorted(self.nu, centres).clip(0, len(self.nu) - 1)
        left, right = (side[near][:, None] for side in (self.left, self.right))
        width = (right - left) * 0.5 ** np.arange(HALVINGS)
        nodes = np.concatenate([centres[:, None] - width, centres[:, None] + width], axis=1)
        return self._with(
            self.intervals, np.concatenate([self.nu, centres, np.clip(nodes, left, right).ravel()])
        )

    def spacing(self, nu: np.ndarray) -> np.ndarray:
        """Distance between the neighbours of the nearest node above nu."""
        near = np.searchsorted(self.nu, nu).clip(0, len(self.nu) - 1)
        return self.right[near] - self.left[near]

    def peaks(self, values: np.ndarray) -> np.ndarray:
        """Where values (..., G) are no smaller than at the neighbours."""
        lowest = np.full((*values.shape[:-1], 1), -np.inf)
        before = np.concatenate([lowest, values[..., :-1]], axis=-1)
        after = np.concatenate([values[..., 1:], lowest], axis=-1)
        before, after = (
            np.where(self.left < self.nu, before, -np.inf),
            np.where(self.right > self.nu, after, -np.inf),
        )
        return (values >= before) & (values >= after)


def zoomed(
    function: Callable[[np.ndarray, np.ndarray], np.ndarray],
    start: np.ndarray,
    left: np.ndarray,
    right: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """(where, value) of the largest values between left and right of P functions of one variable, (P,) each.

    Args:
        function: ``function(rows (Q,), points (Q, K)) -> (Q, K)`` of those of the P that are still moving.
        start: where to begin; wherever is better comes next, and what is no better is forgotten.
        left: no smaller points are looked at.
        right: no larger points are looked at.
    """
    moving = np.arange(len(start))
    place, value = start.copy(), function(moving, start[:, None])[:, 0]
    half = np.maximum(right - start, start - left)
    for level in range(LEVELS if half.any() else 0):
        points = place[moving, None] + half[moving, None] * 4.0**-level * STEPS
        points = np.clip(points, left[moving, None], right[moving, None])
        found = function(moving, points)
        best = np.argmax(found, axis=1)[:, None]
        found, points = (np.take_along_axis(part, best, axis=1)[:, 0] for part in (found, points))
        gain = found - value[moving]
        better = gain > 0.0
        place[moving[better]], value[moving[better]] = points[better], found[better]
        if level >= ENOUGH:
            moving = moving[gain > STILL * np.abs(found)]
        if len(moving) == 0:
            break
    return place, value


def _union(intervals: np.ndarray) -> np.ndarray:
    """Rising intervals (I, 2), those that overlap made one."""
    merged = [list(intervals[0])]
    for low, high in intervals[1:]:
        if low <= merged[-1][1]:
            merged[-1][1] = high
        else:
            merged.append([low, high])
    return np.array(merged)
