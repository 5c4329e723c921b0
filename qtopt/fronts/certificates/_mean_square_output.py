"""The front of output and efficiency of drives with a given mean square, which is its own bound."""

import numpy as np
from numpy.typing import ArrayLike

from ..rates import AbstractForms
from ._certificate import AbstractCertifier, Certificate, EfficiencyScale
from .attained import BestDrives, MeanSquareFront


class MeanSquareCertifier(AbstractCertifier):
    """Bounds for drives with sum_l mean(g_l^2) <= L/2, which are reached: see `MeanSquareFront`.

    Args:
        forms: of output and entropy production, with as many harmonics as the drives may have.
        tradeoff: what an efficiency costs.
        frequency_range: lowest and highest drive frequency.
    """

    def __init__(
        self, forms: AbstractForms, tradeoff: EfficiencyScale, frequency_range: tuple[float, float]
    ) -> None:
        self.tradeoff, self.front = tradeoff, MeanSquareFront(forms, frequency_range)

    def best(self, efficiency: ArrayLike) -> BestDrives:
        """The strongest drives that are at least as efficient as asked for, (M,)."""
        return self.front.best(self.tradeoff.kappa(efficiency))

    def at(self, efficiency: np.ndarray) -> Certificate:
        best = self.best(efficiency)
        return Certificate(
            np.asarray(efficiency, dtype=float), best.output, best.output, best.drive_frequency
        )

    def quick(self, efficiency: np.ndarray) -> Certificate:
        return self.at(efficiency)

    def efficiency_range(self, tight: bool = False) -> tuple[float, float] | None:
        ends = self.front.kappa_range()
        if ends is None:
            return None
        strongest, thriftiest = self.tradeoff.efficiency(np.array(ends))
        return float(strongest), float(thriftiest)
