"""Whether the theory holds for this machine."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ..observables import AbstractCheck, Case, Finding
from ..solvers.weak import LIMIT

HOPELESS = 1.0
"""the driven bath is the larger part of a linewidth"""
NEGATIVE = -1e-9
"""entropy production below this, relative to what flows, is no round-off"""


@dataclass(frozen=True)
class Refusal(AbstractCheck):
    """The solver has no answer for the machine."""

    kind: ClassVar[str] = "no steady state"

    def findings(self, case: Case) -> Iterator[Finding]:
        if case.refusal is not None:
            yield self.finding("error", case.refusal, np.nan, "")


@dataclass(frozen=True)
class WeakCoupling(AbstractCheck):
    """Second order in the driven bath is not enough: theory (3.27)."""

    kind: ClassVar[str] = "weak coupling"

    def findings(self, case: Case) -> Iterator[Finding]:
        validity = None if case.result is None else case.result.weak_validity
        if validity is None or validity <= LIMIT:
            return
        hopeless = validity > HOPELESS
        yield self.finding(
            "error" if hopeless else "warning",
            f"the driven bath adds {validity:.2g} of its linewidth to a resonance, where the weak theory "
            f"{'does not hold' if hopeless else f'is trusted below {LIMIT}'}.",
            validity,
            "Weaken the driven bath, or use the exact solver.",
        )


@dataclass(frozen=True)
class SecondLaw(AbstractCheck):
    """Entropy production must not be negative: theory (2.4)."""

    kind: ClassVar[str] = "second law"

    def findings(self, case: Case) -> Iterator[Finding]:
        if case.result is None:
            return
        flows = np.abs(np.asarray(case.result.heat_currents) / np.asarray(case.machine.temperatures)).max()
        rate = case.result.entropy_production_rate
        if rate < NEGATIVE * flows:
            yield self.finding(
                "error",
                f"the entropy production rate is negative, {rate:.3g}: the driven bath changes the heat "
                "between static baths by more than the weak theory can bear.",
                rate,
                "Weaken the driven bath, or use the exact solver.",
            )
