"""Whether the theory holds for this machine."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ..errors import InputError
from ..observables import AbstractCheck, Case, Finding, Severity
from ..solvers import Exact, steady_state
from ..solvers.weak import LIMIT, SHIFT_LIMIT

DOUBLED = 1.0
"""from here on the driven bath is the larger part of a linewidth, and the exact solver is asked"""
HOPELESS = 0.5
"""power or heat of the weak theory are off by more than half of the exact ones"""
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
        severity, comparison = _beside_exact(case) if validity > DOUBLED else ("warning", "")
        yield self.finding(
            severity,
            f"the driven bath adds {validity:.2g} of its linewidth to a resonance, where the weak theory is "
            f"trusted below {LIMIT}{comparison}.",
            validity,
            "Weaken the driven bath, or use the exact solver.",
        )


@dataclass(frozen=True)
class Shift(AbstractCheck):
    """The driven bath moves a resonance, which the weak theory leaves where it is: theory (3.28)."""

    kind: ClassVar[str] = "shifted resonance"

    def findings(self, case: Case) -> Iterator[Finding]:
        shift = None if case.result is None else case.result.weak_shift
        if case.result is None or shift is None or shift <= SHIFT_LIMIT:
            return
        compared = case.result.weak_validity > DOUBLED  # by the check of weak coupling
        severity, comparison = ("warning", "") if compared else _beside_exact(case)
        yield self.finding(
            severity,
            f"the driven bath shifts a resonance by {shift:.2g} of its frequency, which the weak theory does "
            f"not know{comparison}.",
            shift,
            "Weaken the driven bath, or use the exact solver.",
        )


def _beside_exact(case: Case) -> tuple[Severity, str]:
    """How far the weak currents are from the exact ones, and how bad that is.

    Linewidths alone cannot tell: the same validity means currents that are right to a per cent beside a
    broadband bath, and that are several times too large beside a narrow one.
    """
    weak = case.result
    assert weak is not None and case.drive is not None
    try:
        exact = steady_state(case.machine, case.drive, Exact())
    except InputError as error:
        return "error", f", and no exact result can speak for it ({str(error).rstrip('.')})"
    heats = np.asarray(exact.heat_currents)
    heat = np.abs(np.asarray(weak.heat_currents) - heats).max() / np.abs(heats).max()
    power = abs(weak.power / float(exact.power) - 1.0)
    return (
        "error" if max(power, heat) > HOPELESS else "warning",
        f"; beside the exact solver power is off by {power:.1%} and heat by {heat:.1%} of the largest",
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
