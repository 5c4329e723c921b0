"""How many digits there are."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ..observables import AbstractCheck, Case, Finding

SMALL, LARGE = 1e-6, 1e-2
"""of the power: what dropped harmonics, or points of time, may change"""
PRINTED, FEW = 10, 3
"""digits of a printed efficiency; fewer than these are few"""
ROUND_OFF = 1e-13
"""of the largest current"""


@dataclass(frozen=True)
class Truncation(AbstractCheck):
    """Harmonics of the drive that were not kept, or too few points of time: theory (3.25)."""

    kind: ClassVar[str] = "truncation"

    def findings(self, case: Case) -> Iterator[Finding]:
        if case.result is None or case.drive is None:
            return
        error, power = case.result.truncation_error, abs(case.result.power)
        if not error > SMALL * power:
            return
        share = error / power if power > 0.0 else np.inf
        yield self.finding(
            "warning" if share > LARGE else "note",
            f"what the solver left out can change the power by {share:.1g} of itself.",
            share,
            "Keep more harmonics (Weak(harmonics=...), or a smoother drive), or more points of time "
            "(Exact(points=...)).",
        )


@dataclass(frozen=True)
class EfficiencyDigits(AbstractCheck):
    """An efficiency that is known to fewer digits than are printed."""

    kind: ClassVar[str] = "digits of the efficiency"

    def findings(self, case: Case) -> Iterator[Finding]:
        result = case.result
        if result is None or result.efficiency is None or result.power == 0.0:
            return
        flows = np.abs(np.asarray(result.heat_currents))
        imbalance = abs(result.power + sum(result.heat_currents))
        error = result.truncation_error + imbalance + ROUND_OFF * flows.max()
        if result.first_law_residual is not None:
            error += result.first_law_residual * flows.max()
        smallest = min(abs(result.power), flows[flows > 0.0].min(initial=np.inf))
        digits = int(np.floor(-np.log10(max(error / smallest, 1e-16))))
        if digits < PRINTED:
            yield self.finding(
                "warning" if digits < FEW else "note",
                f"the efficiency is known to {max(digits, 0)} digits: currents are known to {error:.1g}, and "
                f"the smallest of them is {smallest:.2g}.",
                digits,
                "Do not read more of them; a larger current or more harmonics gives more.",
            )
