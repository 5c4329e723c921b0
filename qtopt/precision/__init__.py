"""Precision of currents: uncertainty products and the bounds they may violate."""

from ._bounds import (
    BOUNDS as BOUNDS,
    CLASSICAL as CLASSICAL,
    CONSTANCY as CONSTANCY,
    EXCHANGE as EXCHANGE,
    PERIODIC as PERIODIC,
    Bound as Bound,
    Kind as Kind,
    periodic_product as periodic_product,
)
from ._current import Current as Current, uncertainty_product as uncertainty_product
from ._currents import Currents as Currents, currents as currents, with_slope as with_slope
from ._verdicts import Verdict as Verdict, verdicts as verdicts
