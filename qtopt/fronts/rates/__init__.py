"""What a search and its certificates ask of a candidate: rates, and the quadratic forms that they are."""

from ._forms import (
    FixedForms as FixedForms,
    Forms as Forms,
    HarmonicForms as HarmonicForms,
    TabulatedForms as TabulatedForms,
    machine_forms as machine_forms,
    packed as packed,
    tabulate as tabulate,
    unpacked as unpacked,
)
from ._output import (
    Bound as Bound,
    EfficiencyLaw as EfficiencyLaw,
    Output as Output,
)
from ._output_forms import (
    largest_eigenvalue as largest_eigenvalue,
    output_and_entropy as output_and_entropy,
)
from ._precision_forms import (
    PrecisionForms as PrecisionForms,
    PrecisionModel as PrecisionModel,
    precision_forms as precision_forms,
    precision_model as precision_model,
)
from ._rates import (
    Model as Model,
    Rates as Rates,
)
from ._solver_rates import (
    SolverRates as SolverRates,
)
from ._varied_rates import (
    HARMONICS as HARMONICS,
    VariedRates as VariedRates,
)
from ._weak_model import (
    WeakModel as WeakModel,
)
