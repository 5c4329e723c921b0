"""Whether a search was stopped by its own limits."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ..fronts import at_ends
from ..model import AbstractDrive
from ..observables import AbstractCheck, Case, Finding

USED = 0.01
"""of the mean square of a drive, in the highest harmonic that it may have"""


@dataclass(frozen=True)
class EdgeOfSearch(AbstractCheck):
    """Points of a front at the end of the frequencies, or with the highest harmonic, that were allowed."""

    kind: ClassVar[str] = "edge of the search"

    def findings(self, case: Case) -> Iterator[Finding]:
        searched = case.searched
        if searched is None or not searched.drives:
            return
        count = len(searched.drives)
        ends = at_ends(searched.frequency, [float(drive.frequency) for drive in searched.drives])
        for (end, number), limit in zip(ends.items(), searched.frequency, strict=True):
            if number:
                yield self.finding(
                    "warning",
                    f"{number} of {count} points lie at the {end} end of the drive frequencies that were "
                    f"searched, {limit:g}: better drives may lie beyond.",
                    number / count,
                    "Widen `pareto.frequency`.",
                )
        shares = np.array([_share(drive, searched.harmonics) for drive in searched.drives])
        used = shares > USED
        if used.any():
            yield self.finding(
                "note",
                f"{used.sum()} of {count} points have up to {shares.max():.2g} of their mean square in the "
                f"highest harmonic that was allowed, {searched.harmonics}: better drives may have more.",
                shares.max(),
                "Raise `pareto.harmonics`, and compare with the bound.",
            )


def _share(drive: AbstractDrive, harmonic: int) -> float:
    """Share of the mean square in one harmonic."""
    series = drive.series(max(harmonic, 1))
    held = series.weights * np.sum(np.abs(np.asarray(series.amplitudes)) ** 2, axis=1)
    total = float(np.sum(np.asarray(drive.mean_square())))
    return float(held[series.orders == harmonic].sum() / total) if total > 0.0 else 0.0
