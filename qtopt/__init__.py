"""qtopt: optimal periodic drives for quantum thermal machines.

Every public name is loaded on first use, so `import qtopt` costs nothing. Units: hbar = k_B = m = 1.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._build import (
        build_drive as build_drive,
        build_machine as build_machine,
        drive_config as drive_config,
    )
    from ._evaluate import Evaluation as Evaluation, evaluate as evaluate
    from ._runtime import configure as configure
    from .baths import (
        DrivenBath as DrivenBath,
        Drude as Drude,
        FitReport as FitReport,
        Lorentzian as Lorentzian,
        Ohmic as Ohmic,
        Rational as Rational,
        SpectralDensity as SpectralDensity,
        StaticBath as StaticBath,
        fit_spectral_density as fit_spectral_density,
    )
    from .config import load as load
    from .drives import (
        BoundedDrive as BoundedDrive,
        Drive as Drive,
        FourierDrive as FourierDrive,
        MonochromaticDrive as MonochromaticDrive,
        PiecewiseDrive as PiecewiseDrive,
    )
    from .dynamics import (
        GaussianState as GaussianState,
        Trajectory as Trajectory,
        simulate as simulate,
    )
    from .errors import InputError as InputError
    from .exact import PeriodicState as PeriodicState, resolution_for as resolution_for
    from .machine import Machine as Machine, normal_modes as normal_modes
    from .pareto import Front as Front, FrontSettings as FrontSettings, pareto_front as pareto_front
    from .precision import BOUNDS as BOUNDS, uncertainty_product as uncertainty_product
    from .scan import parameter_scan as parameter_scan
    from .thermodynamics import (
        Fluctuations as Fluctuations,
        SteadyState as SteadyState,
        logarithmic_negativity as logarithmic_negativity,
        pearson as pearson,
        performance as performance,
    )
    from .weak import (
        fluctuations as fluctuations,
        kernels as kernels,
        steady_state as steady_state,
        weak_validity as weak_validity,
    )

__version__ = "0.1.0"

_HOMES = {
    "._build": ("build_drive", "build_machine", "drive_config"),
    "._evaluate": ("Evaluation", "evaluate"),
    "._runtime": ("configure",),
    ".baths": (
        "DrivenBath",
        "Drude",
        "FitReport",
        "Lorentzian",
        "Ohmic",
        "Rational",
        "SpectralDensity",
        "StaticBath",
        "fit_spectral_density",
    ),
    ".config": ("load",),
    ".drives": ("BoundedDrive", "Drive", "FourierDrive", "MonochromaticDrive", "PiecewiseDrive"),
    ".dynamics": ("GaussianState", "simulate", "Trajectory"),
    ".errors": ("InputError",),
    ".exact": ("PeriodicState", "resolution_for"),
    ".machine": ("Machine", "normal_modes"),
    ".pareto": ("Front", "FrontSettings", "pareto_front"),
    ".precision": ("BOUNDS", "uncertainty_product"),
    ".scan": ("parameter_scan",),
    ".thermodynamics": ("Fluctuations", "logarithmic_negativity", "pearson", "performance", "SteadyState"),
    ".weak": ("fluctuations", "kernels", "steady_state", "weak_validity"),
}
_ROOM_OF = {name: room for room, names in _HOMES.items() for name in names}
__all__ = sorted(_ROOM_OF)  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    if name not in _ROOM_OF:
        raise AttributeError(f"module 'qtopt' has no attribute {name!r}")
    return getattr(import_module(_ROOM_OF[name], __name__), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
