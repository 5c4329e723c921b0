"""The exact periodic steady state, at any coupling strength."""

from ._check import check_drive as check_drive
from ._result import ExactSteadyState as ExactSteadyState
from ._solver import Exact as Exact
from ._spectra import (
    CoherentFlows as CoherentFlows,
    NoiseSpectra as NoiseSpectra,
    coherent_flows as coherent_flows,
    spectra as spectra,
)
from ._stability import spectral_radius as spectral_radius
