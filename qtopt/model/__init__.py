"""The machine as data: oscillators, baths, drives, and what follows from them alone."""

from ._actuators import (
    Actuator as Actuator,
    Actuators as Actuators,
    Course as Course,
    Moving as Moving,
    actuators as actuators,
    couplings_in_time as couplings_in_time,
    course as course,
    local_shares as local_shares,
    moving as moving,
    shape_names as shape_names,
)
from ._bath import Bath as Bath, has_friction as has_friction, is_mixed as is_mixed
from ._correlations import logarithmic_negativity as logarithmic_negativity, pearson as pearson
from ._gaussian_state import GaussianState as GaussianState
from ._groups import blocks as blocks, over_groups as over_groups
from ._initial_states import (
    AbstractInitialState as AbstractInitialState,
    SqueezedState as SqueezedState,
    ThermalState as ThermalState,
    VacuumState as VacuumState,
)
from ._machine import Configuration as Configuration, Machine as Machine
from ._normal_modes import (
    NormalMode as NormalMode,
    longest_lived as longest_lived,
    normal_modes as normal_modes,
    normal_modes_of as normal_modes_of,
)
from ._state_space import (
    Copy as Copy,
    StateSpace as StateSpace,
    System as System,
    balanced_state_space as balanced_state_space,
    copies_of as copies_of,
    damped_axes as damped_axes,
    damped_system as damped_system,
    rotated as rotated,
    state_space as state_space,
    still_copies as still_copies,
    system as system,
)
from ._susceptibility import (
    at_points as at_points,
    damping_matrix as damping_matrix,
    from_entries as from_entries,
    imaginary_entries as imaginary_entries,
    susceptibility as susceptibility,
    susceptibility_entries as susceptibility_entries,
    to_entries as to_entries,
)
from ._undamped import (
    UndampedMode as UndampedMode,
    may_be_undamped as may_be_undamped,
    undamped_modes as undamped_modes,
)
from .drives import (
    BATHS as BATHS,
    FORCES as FORCES,
    FREQUENCIES as FREQUENCIES,
    PAIRS as PAIRS,
    SPRINGS as SPRINGS,
    TARGET as TARGET,
    AbstractDrive as AbstractDrive,
    BoundedDrive as BoundedDrive,
    FourierDrive as FourierDrive,
    FourierSeries as FourierSeries,
    MonochromaticDrive as MonochromaticDrive,
    Pairs as Pairs,
    PiecewiseDrive as PiecewiseDrive,
    Protocol as Protocol,
)
from .fitting import (
    FitReport as FitReport,
    Reduction as Reduction,
    Tabulated as Tabulated,
    fit_spectral_density as fit_spectral_density,
    reduced as reduced,
    reduced_machine as reduced_machine,
)
from .spectral_densities import (
    AbstractSpectralDensity as AbstractSpectralDensity,
    Drude as Drude,
    Lorentzian as Lorentzian,
    Memory as Memory,
    Ohmic as Ohmic,
    PoleExpansion as PoleExpansion,
    Rational as Rational,
    check_spectral_density as check_spectral_density,
)
