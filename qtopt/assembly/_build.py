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

if TYPE_CHECKING:
    from ..fronts import FrontProblem


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


def build_problem(config: files.Config, configuration: files.Configuration) -> "FrontProblem":
    """The front that a [pareto] section asks for, of one configuration.

    Raises:
        InputError: the machine does not suit the trade-off, or the solver does not.
    """
    from ..fronts import DRIVE_SETS, TRADEOFFS, FrontProblem, FrontSettings
    from ..solvers import Exact, Weak
    from ._vary import build_variation

    wanted = config.pareto
    machine = build_machine(config.machine).with_configuration(configuration)
    kind = next(kind for kind in TRADEOFFS if set(kind.objectives) == set(wanted.objectives))
    return FrontProblem(
        machine,
        kind.of(machine, wanted.output - 1),
        DRIVE_SETS[wanted.bound](wanted.harmonics, wanted.frequency_range),
        Exact() if config.solver.kind == "exact" else Weak(),
        FrontSettings(wanted.points, wanted.starts, wanted.seed, wanted.chunk),
        build_variation(config, machine),
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
