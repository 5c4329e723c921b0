# The names of this room, stated once: __init__.py reads them from here, and so do type checkers.

from ._evaluated import evaluated_point as evaluated_point
from ._front import (
    Front as Front,
    FrontPoint as FrontPoint,
    front_text as front_text,
    non_dominated as non_dominated,
)
from ._front_files import (
    BOUNDS as BOUNDS,
    POINTS as POINTS,
    ROUNDS as ROUNDS,
    TABLE as TABLE,
    front_gains as front_gains,
    write_front as write_front,
    write_history as write_history,
)
from ._history import History as History, hypervolume as hypervolume
from ._improve import improved as improved
from ._power import maximise_power as maximise_power
from ._problem import FrontProblem as FrontProblem, FrontSettings as FrontSettings, problem_of as problem_of
from ._remarks import at_ends as at_ends, search_remarks as search_remarks
from ._trace import trace as trace
from ._vary import variation_of as variation_of, with_varied as with_varied
from .certificates import (
    Certificate as Certificate,
    PrecisionCertifier as PrecisionCertifier,
    certifier_of as certifier_of,
)
from .drive_sets import (
    AbstractDriveSet as AbstractDriveSet,
    AbstractDriveSpace as AbstractDriveSpace,
    AbstractProtocols as AbstractProtocols,
    DriveParameters as DriveParameters,
    Peak as Peak,
    Protocols as Protocols,
    Rms as Rms,
    Variation as Variation,
)
from .rates import Output as Output, machine_forms as machine_forms
from .search import Goal as Goal
from .tradeoffs import (
    AbstractEfficiencyTradeoff as AbstractEfficiencyTradeoff,
    AbstractGuide as AbstractGuide,
    AbstractTradeoff as AbstractTradeoff,
    Axis as Axis,
    ConversionEfficiency as ConversionEfficiency,
    CoolingCOP as CoolingCOP,
    Currents as Currents,
    Merits as Merits,
    PowerEfficiency as PowerEfficiency,
    PowerEfficiencyConstancy as PowerEfficiencyConstancy,
    PowerPrecision as PowerPrecision,
    between_temperatures as between_temperatures,
    two_temperatures as two_temperatures,
)
