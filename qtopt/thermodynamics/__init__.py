"""Thermodynamic results: currents, operating modes, efficiencies."""

from ._fluctuations import Fluctuations as Fluctuations
from ._mode import Performance as Performance, performance as performance
from ._steady_state import SteadyState as SteadyState
from ._synchronisation import logarithmic_negativity as logarithmic_negativity, pearson as pearson
