"""The exact periodic steady state, at any coupling strength."""

from ._check import (
    check_drive as check_drive,
)
from ._fluctuations import (
    check_fluctuations as check_fluctuations,
    fluctuations as fluctuations,
)
from ._resolution import (
    Resolution as Resolution,
    default_points as default_points,
    fastest_rate as fastest_rate,
    levels_for as levels_for,
    resolution_for as resolution_for,
)
from ._result import (
    ExactSteadyState as ExactSteadyState,
)
from ._solver import (
    Exact as Exact,
)
from ._spectra import (
    NoiseSpectra as NoiseSpectra,
    spectra as spectra,
)
from ._stability import (
    spectral_radius as spectral_radius,
)
from ._steady_state import (
    steady_state as steady_state,
)
