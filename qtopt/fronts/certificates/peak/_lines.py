"""Lines that bound the output of all drives of a frequency by the entropy that they produce."""

import numpy as np

from ....numerics import on_device
from ._lone_duals import line_heights

STEP = 0.005
"""Between two prices of the lattice, by logarithm."""
NEARNESS = (1, 8), (4, 6), (16, 8), (64, 8), (256, 4)
"""Of the prices below 1/kappa: so many multiples of so many steps."""
FREE = -1
"""Number of the line of entropy that costs nothing; all others are places in the lattice."""
AT_ONCE = 32
"""Lines in one call of the compiled program."""


class Lines:
    """``X - mu S <= V(mu)`` at the frequencies of a grid, for prices mu of a lattice, computed once each.

    V is the bound by the share of one harmonic with one of two weights. One line bounds the output at every
    efficiency, whose bound is the best of its own prices: they lie the closer, the nearer they are to
    1/kappa, and do not depend on what else is asked.

    Args:
        table: (G, H, 2, L, L) forms of output and entropy rate.
        highest: price at which no drive has output, or any other: what is above has no lines.
        private: whether no form couples two oscillators.

    Source: theory (10.14).
    """

    def __init__(self, table: np.ndarray, highest: float, private: bool) -> None:
        self.table, self.highest, self.private = table, highest, private
        self.heights: dict[int, np.ndarray] = {}

    def bounds(self, kappa: np.ndarray, lone: float) -> tuple[np.ndarray, np.ndarray]:
        """(M, G) bounds for kappa (M,) where one harmonic has the share `lone` at most, and multipliers."""
        own, places = [self._own(float(one)) for one in kappa], np.arange(len(self.table))
        self._compute(sorted(set().union(*own) - self.heights.keys()))
        bounds, multipliers = np.empty((2, len(kappa), len(places)))
        for row, (one, numbers) in enumerate(zip(kappa, own, strict=True)):
            lines = np.stack([self.heights[number] for number in numbers])
            price = self._price(np.array(numbers))
            room = 1.0 - one * price
            found = (lone * lines[:, :, 0] + (1.0 - lone) * lines[:, :, 1]).min(axis=1) / room[:, None]
            best = np.argmin(found, axis=0)
            bounds[row], multipliers[row] = found[best, places], (price / room)[best]
        return bounds, multipliers

    def _own(self, kappa: float) -> list[int]:
        """The numbers of the lines for one kappa, whose prices are below 1/kappa."""
        first = max(0, int(np.floor(np.log(max(kappa * self.highest, 1e-300)) / STEP)) + 1)
        found = {FREE} | {step * (-(-first // step) + k) for step, count in NEARNESS for k in range(count)}
        return sorted(found)

    def _price(self, numbers: np.ndarray) -> np.ndarray:
        return np.where(numbers == FREE, 0.0, self.highest * np.exp(-STEP * numbers))

    def _compute(self, numbers: list[int]) -> None:
        for start in range(0, len(numbers), AT_ONCE):
            some = numbers[start : start + AT_ONCE]
            filled = np.array(some + some[-1:] * (AT_ONCE - len(some)))
            table, prices = on_device((self.table, self._price(filled)))
            self.heights |= zip(some, np.asarray(line_heights(table, prices, self.private)), strict=False)
