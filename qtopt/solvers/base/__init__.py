"""What all solvers share: their interface and what they return."""

from ._fluctuations import Fluctuations as Fluctuations
from ._readable import POWER as POWER, VARIANCE_RATE as VARIANCE_RATE, Readable as Readable, result as result
from ._solver import (
    AbstractSolver as AbstractSolver,
    Each as Each,
    check_jumps as check_jumps,
    check_size as check_size,
)
from ._steady_state import (
    RESOLVED as RESOLVED,
    STATUSES as STATUSES,
    UNDAMPED as UNDAMPED,
    UNRESOLVED as UNRESOLVED,
    UNSTABLE as UNSTABLE,
    AbstractSteadyState as AbstractSteadyState,
)
