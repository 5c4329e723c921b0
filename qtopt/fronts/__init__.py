"""Pareto fronts: search and certificate."""

from ._desiderata_front import (
    desiderata_front as desiderata_front,
)
from ._dominance import (
    non_dominated as non_dominated,
)
from ._exact_front import (
    exact_front as exact_front,
)
from ._exact_precise_front import (
    check_exact_precise_front as check_exact_precise_front,
    exact_precise_front as exact_precise_front,
)
from ._front import (
    Front as Front,
    FrontPoint as FrontPoint,
    FrontSettings as FrontSettings,
    pareto_front as pareto_front,
)
from ._power import (
    maximise_power as maximise_power,
)
from ._precise_search import (
    PreciseFront as PreciseFront,
    PrecisePoint as PrecisePoint,
)
from ._precision_front import (
    precision_front as precision_front,
)
from ._purpose import (
    PURPOSE_NAMES as PURPOSE_NAMES,
    PURPOSES as PURPOSES,
    Engine as Engine,
    Purpose as Purpose,
    PurposeName as PurposeName,
    Refrigerator as Refrigerator,
    purpose_of as purpose_of,
)
from ._search_space import (
    DriveParameters as DriveParameters,
    SearchSpace as SearchSpace,
)
from ._variation import (
    Variation as Variation,
)
from .certificates import (
    Certificate as Certificate,
    Certifier as Certifier,
    PeakCertificate as PeakCertificate,
    PrecisionCertificate as PrecisionCertificate,
    certifier_of as certifier_of,
    certify as certify,
    certify_peak_precision as certify_peak_precision,
    certify_precision as certify_precision,
)
from .rates import (
    HarmonicForms as HarmonicForms,
    machine_forms as machine_forms,
    precision_model as precision_model,
)
