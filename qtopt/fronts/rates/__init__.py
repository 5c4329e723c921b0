"""What a search and its certificates ask of a candidate: rates, and the quadratic forms that they are."""

from ._chebyshev import hermitian_parts as hermitian_parts, packed_pairs as packed_pairs
from ._forms import (
    AbstractForms as AbstractForms,
    FixedForms as FixedForms,
    FormRates as FormRates,
    TabulatedForms as TabulatedForms,
    forms_at as forms_at,
    machine_forms as machine_forms,
    one_driven_bath as one_driven_bath,
    total_of as total_of,
)
from ._output import Output as Output
from ._rates import AbstractRates as AbstractRates, Rates as Rates
from ._solver_rates import SolverRates as SolverRates
from ._varied_rates import KEPT_FOR_EACH as KEPT_FOR_EACH, VariedRates as VariedRates
