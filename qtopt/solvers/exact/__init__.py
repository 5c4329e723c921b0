"""The exact periodic steady state, at any coupling strength."""

from ._check import check_drive as check_drive
from ._result import ExactSteadyState as ExactSteadyState
from ._solver import Exact as Exact
from ._spectra import NoiseSpectra as NoiseSpectra, spectra as spectra
from ._stability import spectral_radius as spectral_radius
