"""From a machine and a drive to its periodic steady state and its fluctuations."""

from ..registry import register
from ._solve import fluctuations as fluctuations, steady_state as steady_state
from .base import (
    RESOLVED as RESOLVED,
    STATUSES as STATUSES,
    UNDAMPED as UNDAMPED,
    UNRESOLVED as UNRESOLVED,
    UNSTABLE as UNSTABLE,
    AbstractSolver as AbstractSolver,
    AbstractSteadyState as AbstractSteadyState,
    Each as Each,
    Fluctuations as Fluctuations,
)
from .exact import Exact as Exact, ExactSteadyState as ExactSteadyState
from .weak import Weak as Weak, WeakSteadyState as WeakSteadyState

for _kind in (Weak, Exact):
    register(_kind)
