"""Thermal factors: the rational coth and the frequency integrals closed with it."""

from ._coth import (
    CothPoles as CothPoles,
    beyond_the_poles as beyond_the_poles,
    coth_poles as coth_poles,
    heat_beyond_the_poles as heat_beyond_the_poles,
    matsubara as matsubara,
    rational_coth as rational_coth,
    second_beyond_the_poles as second_beyond_the_poles,
)
from ._pole_sum import (
    AnalyticFactor as AnalyticFactor,
    Contour as Contour,
    ScalarFactor as ScalarFactor,
    at_pairs as at_pairs,
    contour as contour,
    contour_integral as contour_integral,
    nearest_node as nearest_node,
    part_of as part_of,
    thermal_integral as thermal_integral,
    times as times,
    totals as totals,
)
