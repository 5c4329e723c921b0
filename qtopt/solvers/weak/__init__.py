"""Weak-coupling theory: second order in the driven bath, all orders in the static ones."""

from ._conduction import (
    conduction as conduction,
)
from ._fluctuations import (
    check_fluctuations as check_fluctuations,
    fluctuations as fluctuations,
    noise_kernels as noise_kernels,
)
from ._kernels import (
    Kernels as Kernels,
    covariance as covariance,
    kernels as kernels,
    phase_space_covariance as phase_space_covariance,
)
from ._result import (
    WeakSteadyState as WeakSteadyState,
)
from ._solver import (
    Weak as Weak,
)
from ._steady_state import (
    currents as currents,
    steady_state as steady_state,
)
from ._unit_check import (
    RESOLUTION as RESOLUTION,
    heat_error as heat_error,
    in_other_units as in_other_units,
)
from ._validity import (
    LIMIT as LIMIT,
    Resonances as Resonances,
    self_energies as self_energies,
    weak_validities as weak_validities,
    weak_validity as weak_validity,
)
from ._window import (
    with_window_currents as with_window_currents,
)
