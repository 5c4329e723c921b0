"""Configuration files and tables."""

from ._drives import (
    BoundedConfig as BoundedConfig,
    DriveConfig as DriveConfig,
    FourierConfig as FourierConfig,
    MonochromaticConfig as MonochromaticConfig,
    PiecewiseConfig as PiecewiseConfig,
)
from ._fingerprint import (
    fingerprint as fingerprint,
)
from ._keys import (
    Path as Path,
    find_number as find_number,
    key_of as key_of,
    named_key as named_key,
    number_at as number_at,
    number_keys as number_keys,
    with_number as with_number,
)
from ._machine import (
    BathConfig as BathConfig,
    Configuration as Configuration,
    Coupling as Coupling,
    DrudeConfig as DrudeConfig,
    LorentzianConfig as LorentzianConfig,
    MachineConfig as MachineConfig,
    OhmicConfig as OhmicConfig,
    SpectralDensityConfig as SpectralDensityConfig,
    TableConfig as TableConfig,
)
from ._model import (
    Config as Config,
    require_drive as require_drive,
    require_scan as require_scan,
    with_solver as with_solver,
)
from ._pareto import (
    Bound as Bound,
    ParetoConfig as ParetoConfig,
    VaryConfig as VaryConfig,
)
from ._scan import (
    AxisConfig as AxisConfig,
    ListAxisConfig as ListAxisConfig,
    RangeAxisConfig as RangeAxisConfig,
    Scale as Scale,
    ScanConfig as ScanConfig,
)
from ._simulation import (
    InitialConfig as InitialConfig,
    SimulationConfig as SimulationConfig,
    SqueezedConfig as SqueezedConfig,
    ThermalConfig as ThermalConfig,
    VacuumConfig as VacuumConfig,
)
from ._solver import (
    SOLVERS as SOLVERS,
    SolverConfig as SolverConfig,
    SolverKind as SolverKind,
)
from ._tabulated import (
    read_columns as read_columns,
)
from ._toml import (
    dumps as dumps,
    load as load,
    loads as loads,
    save as save,
)
