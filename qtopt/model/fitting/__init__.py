"""Rational baths fitted to tables and functions J(omega)."""

from ._columns import read_columns as read_columns
from ._fit import FitReport as FitReport, fit_spectral_density as fit_spectral_density
from ._tabulated import Tabulated as Tabulated
