"""Harmonic frequencies nu = n Omega of a machine, dense enough to find the best (host code)."""

from dataclasses import dataclass

import numpy as np

from ....numerics import beside
from ...rates import AbstractForms

NODES = 8
"""On each panel of the table; a panel is shorter than the resonance on it is wide."""
HALVINGS = 12
"""Of the distance to the neighbours, towards a peak: near the largest efficiency only the peak is left."""


@dataclass(frozen=True)
class HarmonicGrid:
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
    def of(forms: AbstractForms, frequency_range: tuple[float, float]) -> "HarmonicGrid":
        """NODES nodes on each panel of the forms, and the ends of the intervals."""
        intervals = _union(np.outer(np.arange(1, forms.kept_harmonics + 1), frequency_range))
        edges, part = forms.edges, np.arange(NODES) / NODES
        nodes = (edges[:-1, None] + np.diff(edges)[:, None] * part).ravel()
        inside = np.any((nodes[:, None] > intervals[:, 0]) & (nodes[:, None] < intervals[:, 1]), axis=1)
        return HarmonicGrid._with(intervals, np.concatenate([nodes[inside], intervals.ravel()]))

    @staticmethod
    def _with(intervals: np.ndarray, nu: np.ndarray) -> "HarmonicGrid":
        nu = np.unique(nu)
        home = np.searchsorted(intervals[:, 0], nu, side="right")
        together = home[1:] == home[:-1]
        left = np.concatenate([nu[:1], np.where(together, nu[:-1], nu[1:])])
        right = np.concatenate([np.where(together, nu[1:], nu[:-1]), nu[-1:]])
        return HarmonicGrid(intervals, nu, left, right)

    def around(self, centres: np.ndarray) -> "HarmonicGrid":
        """A grid that has the centres as nodes, and more and more nodes towards them."""
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
        before, after = beside(values)
        before = np.where(self.left < self.nu, before, -np.inf)
        after = np.where(self.right > self.nu, after, -np.inf)
        return (values >= before) & (values >= after)


def _union(intervals: np.ndarray) -> np.ndarray:
    """Rising intervals (I, 2), those that overlap made one."""
    merged = [list(intervals[0])]
    for low, high in intervals[1:]:
        if low <= merged[-1][1]:
            merged[-1][1] = high
        else:
            merged.append([low, high])
    return np.array(merged)
