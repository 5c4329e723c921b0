"""qtopt: optimal periodic drives for quantum thermal machines.

Every public name is loaded on first use, so `import qtopt` costs nothing. Units: hbar = k_B = m = 1.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .assembly import (
        build_drive as build_drive,
        build_machine as build_machine,
        drive_config as drive_config,
    )
    from .errors import InputError as InputError
    from .files import load as load
    from .fronts import Front as Front, FrontSettings as FrontSettings, pareto_front as pareto_front
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
        Rational as Rational,
        fit_spectral_density as fit_spectral_density,
        logarithmic_negativity as logarithmic_negativity,
        normal_modes as normal_modes,
        pearson as pearson,
    )
    from .observables import (
        BOUNDS as BOUNDS,
        Evaluation as Evaluation,
        evaluate as evaluate,
        performance as performance,
        uncertainty_product as uncertainty_product,
    )
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
    from .solvers.time_domain import Trajectory as Trajectory, simulate as simulate
    from .solvers.weak import (
        kernels as kernels,
        weak_validity as weak_validity,
    )

__version__ = "0.1.0"

_HOMES = {
    ".assembly": ("build_drive", "build_machine", "drive_config"),
    ".files": ("load",),
    ".observables": ("Evaluation", "evaluate", "BOUNDS", "uncertainty_product", "performance"),
    ".runtime": ("configure",),
    ".model": (
        "Drude",
        "FitReport",
        "Lorentzian",
        "Ohmic",
        "Rational",
        "AbstractSpectralDensity",
        "Bath",
        "fit_spectral_density",
        "BoundedDrive",
        "AbstractDrive",
        "FourierDrive",
        "MonochromaticDrive",
        "PiecewiseDrive",
        "GaussianState",
        "Machine",
        "normal_modes",
        "logarithmic_negativity",
        "pearson",
    ),
    ".solvers.time_domain": ("simulate", "Trajectory"),
    ".errors": ("InputError",),
    ".fronts": ("Front", "FrontSettings", "pareto_front"),
    ".scan": ("parameter_scan",),
    ".solvers": (
        "AbstractSolver",
        "AbstractSteadyState",
        "Exact",
        "ExactSteadyState",
        "Fluctuations",
        "Weak",
        "WeakSteadyState",
        "fluctuations",
        "steady_state",
    ),
    ".solvers.weak": ("kernels", "weak_validity"),
}
_ROOM_OF = {name: room for room, names in _HOMES.items() for name in names}
__all__ = sorted(_ROOM_OF)  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    if name not in _ROOM_OF:
        raise AttributeError(f"module 'qtopt' has no attribute {name!r}")
    return getattr(import_module(_ROOM_OF[name], __name__), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
