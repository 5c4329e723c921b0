"""What every harmonic frequency of a machine yields at every price of entropy (host code)."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ....numerics import best_ratio, largest_eigenvalue, zoomed
from ...rates import AbstractForms
from ._harmonic_grid import HarmonicGrid
from ._pure_states import priced

PRICES = 25
SMALLEST = 1e-12
"""Entropy rate that the tables know, in units of the largest."""


class BestHarmonics(NamedTuple):
    """The best of unit strength, sum_n |g_n|^2 = 1 over all n, at M efficiencies, from one or two harmonics.

    Attributes:
        output: (M,) -inf where there is none.
        drive_frequency: (M,) Omega.
        order: (M, 2) the harmonics n.
        share: (M, 2) of the strength; (0, 1) where one is enough.
        state: (M, 2, L) unit vectors along g_n.
    """

    output: np.ndarray
    drive_frequency: np.ndarray
    order: np.ndarray
    share: np.ndarray
    state: np.ndarray

    @staticmethod
    def none(count: int, size: int, drive_frequency: float) -> "BestHarmonics":
        """M times nothing, to be filled."""
        return BestHarmonics(
            np.full(count, -np.inf),
            np.full(count, drive_frequency),
            np.ones((count, 2), dtype=int),
            np.tile([0.0, 1.0], (count, 1)),
            np.zeros((count, 2, size), dtype=complex),
        )


class Landscape:
    """Forms X and S of output and entropy rate on a grid of nu = n Omega, and what they are worth.

    In terms of the price p of entropy one table of largest eigenvalues serves every efficiency: theory
    (9.19).

    Attributes:
        grid: nodes nu, denser around resonances.
        strongest: nu of the largest output of one harmonic.
        largest_output: of unit strength.
        largest_gain: the largest X/S of one harmonic.
        prices: (PRICES,) from 0 to the largest gain, beyond which nothing is worth its price.
        worth: (G, PRICES) largest eigenvalues of X - p S at the nodes.
    """

    def __init__(self, forms: AbstractForms, frequency_range: tuple[float, float]) -> None:
        self.low, self.high = frequency_range
        self.fixed = self.low == self.high
        self.kept_harmonics, self.size = forms.kept_harmonics, forms.size
        self.forms = forms
        grid = HarmonicGrid.of(forms, frequency_range)
        smallest = SMALLEST * np.abs(self.at(grid.nu)[1]).max()
        places, outputs = _peaks(grid, lambda nu: largest_eigenvalue(self.at(nu)[0]))
        self.strongest, self.largest_output = places[np.argmax(outputs)], float(outputs.max())
        grid = grid.around(places)
        places, gains = _peaks(grid, lambda nu: best_ratio(*self.at(nu), smallest)[0])
        self.largest_gain = float(gains.max())
        self.grid = grid.around(places)
        self.prices = max(self.largest_gain, 0.0) * (
            1.0 - np.append(np.geomspace(1.0, 1e-4, PRICES - 1), 0.0)
        )
        self.output, self.entropy = self.at(self.grid.nu)
        self.worth = priced(self.output, self.entropy, self.prices)

    def at(self, nu: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Forms of output and entropy rate, (..., L, L), at harmonic frequencies nu (...)."""
        output, entropy = self.forms.read(nu)
        return output, entropy

    def dual(self, worth: np.ndarray, kappa: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(M, G) smallest dual over the prices for kappa (M,), and at which, from `worth` (G, PRICES)."""
        best = np.full((len(kappa), len(worth)), np.inf)
        at = np.zeros(best.shape, dtype=int)
        for i, price in enumerate(self.prices):
            # Where p kappa is 1 but for round-off, worth/(1 - p kappa) is noise.
            rows = np.flatnonzero(price * kappa < 1.0 - 1e-9)
            found = worth[:, i] / (1.0 - price * kappa[rows, None])
            lower = found < best[rows]
            best[rows], at[rows] = np.where(lower, found, best[rows]), np.where(lower, i, at[rows])
        return best, at


def _peaks(grid: HarmonicGrid, function: Callable[[np.ndarray], np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """(where, value) of all local maxima of a function of nu."""
    node = np.flatnonzero(grid.peaks(function(grid.nu)))
    return zoomed(lambda _, nu: function(nu), grid.nu[node], grid.left[node], grid.right[node])


def largest_of_each(label: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Where each label has its largest value."""
    order = np.lexsort((value, label))
    return order[np.append(label[order][1:] != label[order][:-1], True)[: len(order)]]
