"""Bounds for drives that never exceed 1: what the harmonics of a shape cost."""

from ._absorption import MULTIPLES as MULTIPLES, band_table as band_table, reduced as reduced
from ._band_share import (
    AMPLITUDES as AMPLITUDES,
    DEGREES as DEGREES,
    LONE_SHARE as LONE_SHARE,
    SHARES as SHARES,
    band_share as band_share,
)
from ._dual_shapes import lone_values as lone_values
from ._lines import Lines as Lines
from ._lone_duals import (
    fine_duals as fine_duals,
    line_heights as line_heights,
)
from ._shape_bounds import (
    Placed as Placed,
    ShapeBounds as ShapeBounds,
    highest as highest,
    is_peak as is_peak,
    spacing as spacing,
)
from ._shape_library import library_value as library_value
