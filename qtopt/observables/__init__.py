"""What physicists read off a steady state: operating mode, efficiencies, precision and its bounds."""

from ._current import (
    Current as Current,
    uncertainty_product as uncertainty_product,
)
from ._currents import (
    Currents as Currents,
    currents as currents,
    with_slope as with_slope,
)
from ._evaluate import (
    Evaluation as Evaluation,
    evaluate as evaluate,
)
from ._operating_mode import (
    MODES as MODES,
    Performance as Performance,
    Performances as Performances,
    performance as performance,
    performances as performances,
)
from ._uncertainty_bounds import (
    BOUNDS as BOUNDS,
    CLASSICAL as CLASSICAL,
    CONSTANCY as CONSTANCY,
    EXCHANGE as EXCHANGE,
    PERIODIC as PERIODIC,
    Bound as Bound,
    Kind as Kind,
    periodic_product as periodic_product,
)
from ._verdicts import (
    Verdict as Verdict,
    verdicts as verdicts,
)
