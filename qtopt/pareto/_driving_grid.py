"""Driving frequencies nu = n Omega that a machine can have, densely enough to find what is best (host code)."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ._forms import Forms

NODES = 8
"""on each panel of the table; a panel is shorter than the resonance on it is wide"""
HALVINGS = 12
"""of the distance to the neighbours, towards a peak: near the largest efficiency only the peak is left"""
ZOOM, LEVELS = 9, 12
"""points and levels of a zoom, each four times finer than the one before"""


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
    function: Callable[[np.ndarray], np.ndarray], start: np.ndarray, left: np.ndarray, right: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(where, value) of the largest of ``function(points (P, ZOOM)) -> (P, ZOOM)`` between left and right, each (P,).

    From `start`, whose value must be finite, to wherever is better; values that are no better are forgotten.
    """
    rows = np.arange(len(start))
    place, value = start, function(np.repeat(start[:, None], ZOOM, axis=1))[:, 0]
    half = np.maximum(right - start, start - left)
    for level in range(LEVELS if half.any() else 0):
        points = place[:, None] + half[:, None] * np.linspace(-1.0, 1.0, ZOOM)
        points = np.clip(points, left[:, None], right[:, None])
        found = function(points)
        best = np.argmax(found, axis=1)
        gain = found[rows, best] - value
        place = np.where(gain > 0.0, points[rows, best], place)
        value = np.maximum(value, found[rows, best])
        half = half / 4.0
        if level > 4 and np.all(gain <= 1e-14 * np.abs(value)):
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
