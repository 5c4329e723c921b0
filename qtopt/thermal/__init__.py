"""Thermal factors: the rational coth and the frequency integrals closed with it."""

from ._coth import (
    CothPoles as CothPoles,
    beyond_the_poles as beyond_the_poles,
    coth_poles as coth_poles,
    heat_beyond_the_poles as heat_beyond_the_poles,
    matsubara as matsubara,
    rational_coth as rational_coth,
)
from ._pole_sum import (
    AnalyticFactor as AnalyticFactor,
    ScalarFactor as ScalarFactor,
    contour as contour,
    contour_integrals as contour_integrals,
    nearest_node as nearest_node,
    thermal_integral as thermal_integral,
)
