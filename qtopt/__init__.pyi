# The public names, stated once: __init__.py reads them from here, and so do type checkers.

from .checks import audit as audit
from .citing import citation as citation
from .cli import progress as progress
from .errors import InputError as InputError
from .files import (
    Config as Config,
    load as load,
    save as save,
)
from .fronts import (
    ConversionEfficiency as ConversionEfficiency,
    CoolingCOP as CoolingCOP,
    Front as Front,
    FrontProblem as FrontProblem,
    FrontSettings as FrontSettings,
    Peak as Peak,
    PowerEfficiency as PowerEfficiency,
    PowerEfficiencyConstancy as PowerEfficiencyConstancy,
    PowerPrecision as PowerPrecision,
    Rms as Rms,
    trace as trace,
)
from .model import (
    AbstractDrive as AbstractDrive,
    AbstractSpectralDensity as AbstractSpectralDensity,
    Bath as Bath,
    BoundedDrive as BoundedDrive,
    Drude as Drude,
    FitReport as FitReport,
    FourierDrive as FourierDrive,
    GaussianState as GaussianState,
    Lorentzian as Lorentzian,
    Machine as Machine,
    MonochromaticDrive as MonochromaticDrive,
    Ohmic as Ohmic,
    PiecewiseDrive as PiecewiseDrive,
    Protocol as Protocol,
    Rational as Rational,
    Tabulated as Tabulated,
    check_spectral_density as check_spectral_density,
    fit_spectral_density as fit_spectral_density,
    logarithmic_negativity as logarithmic_negativity,
    normal_modes as normal_modes,
    pearson as pearson,
)
from .observables import (
    Evaluation as Evaluation,
    evaluate as evaluate,
    performance as performance,
    uncertainty_product as uncertainty_product,
)
from .registry import register as register
from .runtime import configure as configure
from .scan import parameter_scan as parameter_scan
from .solvers import (
    AbstractSolver as AbstractSolver,
    AbstractSteadyState as AbstractSteadyState,
    Exact as Exact,
    ExactSteadyState as ExactSteadyState,
    Fluctuations as Fluctuations,
    Weak as Weak,
    WeakSteadyState as WeakSteadyState,
    fluctuations as fluctuations,
    steady_state as steady_state,
)
from .solvers.time_domain import (
    Trajectory as Trajectory,
    simulate as simulate,
)
from .solvers.weak import (
    kernels as kernels,
    weak_validity as weak_validity,
)

__version__: str
__all__: list[str]
