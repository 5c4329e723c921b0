"""Spectral densities J(omega), one file for each."""

from ...registry import register
from ._drude import Drude as Drude
from ._interface import check_spectral_density as check_spectral_density
from ._lorentzian import Lorentzian as Lorentzian
from ._ohmic import Ohmic as Ohmic
from ._rational import Rational as Rational
from ._spectral_density import (
    AbstractSpectralDensity as AbstractSpectralDensity,
    Memory as Memory,
    PoleExpansion as PoleExpansion,
)

for _kind in (Ohmic, Drude, Lorentzian, Rational):
    register(_kind)
