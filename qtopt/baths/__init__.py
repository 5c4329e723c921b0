"""Baths: spectral densities, and the baths that carry them at a temperature."""

from ._bath import (
    Bath as Bath,
    DrivenBath as DrivenBath,
    StaticBath as StaticBath,
    has_friction as has_friction,
)
from ._drude import Drude as Drude
from ._fit import FitReport as FitReport, fit_spectral_density as fit_spectral_density
from ._lorentzian import Lorentzian as Lorentzian
from ._ohmic import Ohmic as Ohmic
from ._rational import Rational as Rational
from ._spectral_density import (
    Memory as Memory,
    PoleExpansion as PoleExpansion,
    SpectralDensity as SpectralDensity,
)
