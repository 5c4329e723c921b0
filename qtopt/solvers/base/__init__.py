"""What all solvers share: their interface and what they return."""

from ._fluctuations import Fluctuations as Fluctuations
from ._host import (
    computed as computed,
    concrete as concrete,
    on_numpy as on_numpy,
    to_numpy as to_numpy,
    written_for_numpy as written_for_numpy,
)
from ._natural import (
    check_scales as check_scales,
    coldest_allowed as coldest_allowed,
    exponent_of as exponent_of,
    from_natural as from_natural,
    in_unit as in_unit,
    in_units_of_user as in_units_of_user,
    is_too_slow as is_too_slow,
    moments_from_natural as moments_from_natural,
    power_of as power_of,
    to_natural as to_natural,
)
from ._readable import POWER as POWER, VARIANCE_RATE as VARIANCE_RATE, Readable as Readable, result as result
from ._solver import (
    AbstractSolver as AbstractSolver,
    Each as Each,
    check_jumps as check_jumps,
    check_size as check_size,
)
from ._steady_state import (
    LOST as LOST,
    NOT_FINITE as NOT_FINITE,
    RESOLVED as RESOLVED,
    STATUSES as STATUSES,
    UNDAMPED as UNDAMPED,
    UNRESOLVED as UNRESOLVED,
    UNSTABLE as UNSTABLE,
    AbstractSteadyState as AbstractSteadyState,
)
