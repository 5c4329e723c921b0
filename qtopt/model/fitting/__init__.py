"""Rational baths fitted to tables and functions J(omega)."""

from ._columns import TableFormat as TableFormat, read_columns as read_columns
from ._fit import (
    FitSettings as FitSettings,
    fit_rows as fit_rows,
    fit_spectral_density as fit_spectral_density,
)
from ._reduce import Reduction as Reduction, reduced as reduced, reduced_machine as reduced_machine
from ._report import FitReport as FitReport, deviations as deviations
from ._rows import Rows as Rows, cleaned as cleaned
from ._tabulated import Tabulated as Tabulated
from ._transform import Quantity as Quantity
