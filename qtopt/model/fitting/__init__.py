"""Rational baths fitted to tables and functions J(omega)."""

from ._fit import (
    FitReport as FitReport,
    fit_spectral_density as fit_spectral_density,
)
