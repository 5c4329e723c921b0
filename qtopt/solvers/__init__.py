"""From a machine and a drive to its periodic steady state and its fluctuations."""

from ..registry import register
from ._damped import check_damped as check_damped, with_dampers as with_dampers
from ._solve import fluctuations as fluctuations, steady_state as steady_state
from .base import (
    LOST as LOST,
    NOT_FINITE as NOT_FINITE,
    RESOLVED as RESOLVED,
    STATUSES as STATUSES,
    UNDAMPED as UNDAMPED,
    UNRESOLVED as UNRESOLVED,
    UNSTABLE as UNSTABLE,
    AbstractSolver as AbstractSolver,
    AbstractSteadyState as AbstractSteadyState,
    Each as Each,
    Fluctuations as Fluctuations,
    check_scales as check_scales,
    coldest_allowed as coldest_allowed,
    computed as computed,
    exponent_of as exponent_of,
    from_natural as from_natural,
    in_unit as in_unit,
    is_too_slow as is_too_slow,
    on_numpy as on_numpy,
    power_of as power_of,
    to_natural as to_natural,
    to_numpy as to_numpy,
    written_for_numpy as written_for_numpy,
)
from .exact import Exact as Exact, ExactSteadyState as ExactSteadyState
from .weak import Weak as Weak, WeakSteadyState as WeakSteadyState

for _kind in (Weak, Exact):
    register(_kind)
