"""Checks: when a model cannot mean what its user thinks. One class for each, entered in the registry."""

from ..registry import register
from ._audit import audit as audit
from ._baths import CounterTerm, CutOff, Momenta
from ._damping import Undamped
from ._digits import EfficiencyDigits, Truncation
from ._published import PublishedRange
from ._search import EdgeOfSearch
from ._stability import ParametricInstability
from ._theory import Refusal, SecondLaw, Shift, WeakCoupling

for check in (
    Refusal,
    WeakCoupling,
    Shift,
    SecondLaw,
    Undamped,
    ParametricInstability,
    Momenta,
    CounterTerm,
    CutOff,
    Truncation,
    EfficiencyDigits,
    EdgeOfSearch,
    PublishedRange,
):
    register(check)
