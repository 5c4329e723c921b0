"""Weak-coupling theory: second order in the driven bath, all orders in the static ones."""

from ._conduction import conduction as conduction
from ._fluctuations import (
    NEAR_ZERO as NEAR_ZERO,
    fluctuations as fluctuations,
    noise_kernels as noise_kernels,
    noise_orders as noise_orders,
)
from ._kernels import (
    Kernels as Kernels,
    covariance as covariance,
    kernels as kernels,
    phase_space_covariance as phase_space_covariance,
)
from ._result import WeakSteadyState as WeakSteadyState
from ._solver import Weak as Weak
from ._steady_state import steady_state as steady_state
from ._validity import (
    LIMIT as LIMIT,
    SHIFT_LIMIT as SHIFT_LIMIT,
    self_energies as self_energies,
    weak_validity as weak_validity,
)
from ._window import with_window_currents as with_window_currents
