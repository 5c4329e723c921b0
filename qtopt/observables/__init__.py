"""What physicists read off a steady state: operating mode, efficiencies, precision and its bounds."""

from ._audit import (
    STATUS as STATUS,
    AbstractCheck as AbstractCheck,
    Audit as Audit,
    Case as Case,
    Finding as Finding,
    Searched as Searched,
    Severity as Severity,
    audited as audited,
    case_of as case_of,
)
from ._current import (
    Current as Current,
    CurrentKind as CurrentKind,
    periodic_product as periodic_product,
    uncertainty_product as uncertainty_product,
)
from ._errors import (
    CURRENTS as CURRENTS,
    OTHER_UNIT as OTHER_UNIT,
    breaks_second_law as breaks_second_law,
    errors_of as errors_of,
    finite as finite,
    without_width as without_width,
)
from ._evaluate import evaluate as evaluate, evaluate_each as evaluate_each
from ._evaluation import Evaluation as Evaluation
from ._fit_error import FitError as FitError, changes_between as changes_between, fit_errors as fit_errors
from ._operating_mode import MODES as MODES, Performance as Performance, performance as performance
from ._quantities import quantities as quantities, register_quantity as register_quantity
from ._quantity import (
    BATH as BATH,
    OSCILLATOR as OSCILLATOR,
    OTHER as OTHER,
    OTHER_SHAPE as OTHER_SHAPE,
    SHAPE as SHAPE,
    Line as Line,
    Quantity as Quantity,
    Trust as Trust,
)
from ._solved import (
    Observation as Observation,
    Solved as Solved,
    averages as averages,
    known as known,
    no_fluctuations as no_fluctuations,
)
from ._uncertainty_bounds import (
    CLASSICAL_LIMIT as CLASSICAL_LIMIT,
    AbstractUncertaintyBound as AbstractUncertaintyBound,
    ClassicalBound as ClassicalBound,
    ConstancyBound as ConstancyBound,
    ExchangeBound as ExchangeBound,
    PeriodicBound as PeriodicBound,
    exchange_function as exchange_function,
    uncertainty_bounds as uncertainty_bounds,
)
