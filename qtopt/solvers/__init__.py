"""From a machine and a drive to its periodic steady state and its fluctuations."""

from ._fluctuations import (
    Fluctuations as Fluctuations,
)
from ._steady_state import (
    SteadyState as SteadyState,
)
