"""Thermodynamic results: currents, operating modes, efficiencies."""

from ._fluctuations import Fluctuations as Fluctuations
from ._mode import (
    MODES as MODES,
    Performance as Performance,
    Performances as Performances,
    performance as performance,
    performances as performances,
)
from ._steady_state import SteadyState as SteadyState
from ._synchronisation import logarithmic_negativity as logarithmic_negativity, pearson as pearson
