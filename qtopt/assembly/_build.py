"""From configuration files to machines and drives, and back."""

from typing import TYPE_CHECKING

import numpy as np

from .. import files
from ..errors import InputError
from ..model import (
    AbstractDrive,
    AbstractSpectralDensity,
    Bath,
    BoundedDrive,
    Drude,
    FourierDrive,
    GaussianState,
    Lorentzian,
    Machine,
    MonochromaticDrive,
    Ohmic,
    PiecewiseDrive,
    fit_spectral_density,
)
from ..solvers import AbstractSolver, Exact, Weak

if TYPE_CHECKING:
    from ..fronts import FrontSettings


def build_machine(config: files.MachineConfig) -> Machine:
    """The machine that a [machine] section describes."""
    baths = tuple(_bath(bath, config.oscillators) for bath in config.baths)
    return Machine(list(config.frequencies), baths, config.configuration)


def _bath(bath: files.BathConfig, oscillators: int) -> Bath:
    try:
        density = _spectral_density(bath.spectral_density)
    except InputError as error:
        raise InputError(f"the spectral density of bath {bath.name!r}: {error}") from None
    if bath.driven:
        return Bath(bath.name, bath.temperature, density, "driven")
    return Bath(bath.name, bath.temperature, density, list(bath.couplings(oscillators)))


def build_settings(config: files.ParetoConfig) -> "FrontSettings":
    """What a [pareto] section asks to search."""
    from ..fronts import FrontSettings

    return FrontSettings(
        points=config.points,
        harmonics=config.harmonics,
        bound=config.bound,
        frequency=config.frequency_range,
        starts=config.starts,
        seed=config.seed,
        chunk=config.chunk,
        purpose="refrigerator" if "cooling" in config.objectives else "engine",
    )


def _spectral_density(density: files.SpectralDensityConfig) -> AbstractSpectralDensity:
    match density:
        case files.OhmicConfig(damping=damping):
            return Ohmic(damping)
        case files.DrudeConfig(damping=damping, cutoff=cutoff):
            return Drude(damping, cutoff)
        case files.LorentzianConfig(strength=strength, peak=peak, width=width):
            return Lorentzian(strength, peak, width)
        case files.TableConfig(file=file, tolerance=tolerance):
            return fit_spectral_density(*files.read_columns(file), tolerance)[0]


def build_drive(drive: files.DriveConfig) -> AbstractDrive:
    """The drive that a [drive] section describes."""
    match drive:
        case files.MonochromaticConfig(frequency=frequency, amplitudes=amplitudes, phases=phases):
            return MonochromaticDrive(frequency, list(amplitudes), list(phases))
        case files.FourierConfig(frequency=frequency, mean=mean, cosine=cosine, sine=sine):
            return FourierDrive(frequency, list(mean), [list(r) for r in cosine], [list(r) for r in sine])
        case files.PiecewiseConfig(frequency=frequency, values=values):
            return PiecewiseDrive(frequency, [list(row) for row in values])
        case files.BoundedConfig(frequency=frequency, mean=mean, cosine=cosine, sine=sine):
            return BoundedDrive(frequency, list(mean), [list(r) for r in cosine], [list(r) for r in sine])


def build_solver(config: files.SolverConfig) -> AbstractSolver:
    """The solver that a [solver] section names."""
    return {Weak.kind: Weak, Exact.kind: Exact}[config.kind]()


def build_initial(config: files.InitialConfig, machine: Machine) -> GaussianState:
    """The state of the oscillators that a [simulation] section describes."""
    match config:
        case files.VacuumConfig():
            return GaussianState.vacuum(machine)
        case files.ThermalConfig(temperature=temperature):
            return GaussianState.thermal(machine, temperature)
        case files.SqueezedConfig(squeezing=squeezing, angle=angle):
            return GaussianState.squeezed(machine, squeezing, angle)


def drive_config(drive: AbstractDrive) -> files.DriveConfig:
    """The [drive] section of a searched drive, digit for digit.

    Raises:
        InputError: a kind of drive that fronts do not produce.
    """
    if not isinstance(drive, FourierDrive | BoundedDrive):
        raise InputError(f"only Fourier and bounded drives are written, but this is {type(drive).__name__}.")
    kind = files.FourierConfig if isinstance(drive, FourierDrive) else files.BoundedConfig
    mean, cosine, sine = (np.asarray(part).tolist() for part in (drive.mean, drive.cosine, drive.sine))
    rows = [tuple(tuple(row) for row in part) for part in (cosine, sine)]
    return kind(float(drive.frequency), tuple(mean), rows[0], rows[1])
