"""The machine: its oscillators and the baths that they couple to (units: hbar = k_B = m = 1)."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

from ..errors import InputError
from ._table import Table, Vector, count, listed, show, suggestion, vector, wrong
from ._tabulated import read_columns

Configuration = Literal["joint", "independent"]
CONFIGURATIONS: tuple[Configuration, ...] = get_args(Configuration)


@dataclass(frozen=True)
class OhmicConfig:
    """J(omega) = gamma omega."""

    kind: ClassVar[str] = "ohmic"
    damping: float
    """gamma, a frequency"""


@dataclass(frozen=True)
class DrudeConfig:
    """J(omega) = gamma omega / (1 + omega^2 / omega_c^2)."""

    kind: ClassVar[str] = "drude"
    damping: float
    """gamma, a frequency"""
    cutoff: float
    """omega_c, a frequency"""


@dataclass(frozen=True)
class LorentzianConfig:
    """J(omega) = d gamma omega / ((omega^2 - omega_1^2)^2 + gamma^2 omega^2)."""

    kind: ClassVar[str] = "lorentzian"
    strength: float
    """d, a frequency to the fourth power"""
    peak: float
    """omega_1, a frequency"""
    width: float
    """gamma, a frequency"""


@dataclass(frozen=True)
class TableConfig:
    """J(omega) from a CSV file, as a sum of poles fitted to it."""

    kind: ClassVar[str] = "table"
    file: str
    """path of the file, absolute; in a configuration file it may be relative to the file's directory"""
    tolerance: float = 1e-4
    """largest error of the fit, see `qtopt.FitReport.error`"""


SpectralDensityConfig = OhmicConfig | DrudeConfig | LorentzianConfig | TableConfig
Coupling = Literal["driven", "static"] | Vector


@dataclass(frozen=True)
class BathConfig:
    """A bosonic bath and how the oscillators couple to it."""

    name: str
    temperature: float
    spectral_density: SpectralDensityConfig
    coupling: Coupling
    """"driven": follows the drive; "static": one for every oscillator; or one number for each oscillator"""

    @property
    def driven(self) -> bool:
        """Whether the coupling follows the drive."""
        return self.coupling == "driven"

    def couplings(self, oscillators: int) -> Vector:
        """The static coupling g_l of every oscillator."""
        if isinstance(self.coupling, tuple):
            return self.coupling
        if self.driven:
            raise InputError(f'the bath "{self.name}" is driven: its couplings follow the drive')
        return (1.0,) * oscillators


@dataclass(frozen=True)
class MachineConfig:
    """L oscillators and their baths."""

    frequencies: Vector
    """omega_l"""
    configuration: Configuration
    """"joint": shared baths; "independent": every oscillator has its own copies of all baths"""
    baths: tuple[BathConfig, ...]

    @property
    def oscillators(self) -> int:
        """L, the number of oscillators."""
        return len(self.frequencies)

    @property
    def driven_baths(self) -> tuple[BathConfig, ...]:
        """The baths whose coupling follows the drive."""
        return tuple(bath for bath in self.baths if bath.driven)

    @property
    def static_baths(self) -> tuple[BathConfig, ...]:
        """The baths whose coupling is constant."""
        return tuple(bath for bath in self.baths if not bath.driven)


def _ohmic(table: Table) -> OhmicConfig:
    table.only("kind", "damping")
    return OhmicConfig(damping=table.number("damping", positive=True))


def _drude(table: Table) -> DrudeConfig:
    table.only("kind", "damping", "cutoff")
    return DrudeConfig(
        damping=table.number("damping", positive=True), cutoff=table.number("cutoff", positive=True)
    )


def _lorentzian(table: Table) -> LorentzianConfig:
    table.only("kind", "strength", "peak", "width")
    return LorentzianConfig(
        strength=table.number("strength", positive=True),
        peak=table.number("peak", positive=True),
        width=table.number("width", positive=True),
    )


def _table(table: Table) -> TableConfig:
    table.only("kind", "file", "tolerance")
    name = table.text("file", "the path of a CSV file with the columns omega and J(omega)")
    path = os.path.abspath(os.path.join(table.folder, name))
    try:
        read_columns(path)
    except InputError as error:
        raise InputError(f"`{table.at('file')}` must be a table of J(omega): {error}") from None
    if "tolerance" not in table:
        return TableConfig(path)
    return TableConfig(path, table.number("tolerance", positive=True))


_SPECTRAL_DENSITIES: Mapping[str, Callable[[Table], SpectralDensityConfig]] = {
    OhmicConfig.kind: _ohmic,
    DrudeConfig.kind: _drude,
    LorentzianConfig.kind: _lorentzian,
    TableConfig.kind: _table,
}


def read_machine(table: Table) -> MachineConfig:
    """The [machine] section."""
    table.only("frequencies", "configuration", "baths")
    frequencies = table.vector("frequencies", None, "one for each oscillator", positive=True)
    configuration = table.choice("configuration", CONFIGURATIONS)
    tables = table.tables("baths", "a list of tables, one [[machine.baths]] for each bath")
    baths = tuple(_read_bath(bath, len(frequencies)) for bath in tables)
    _check_baths(table, baths)
    return MachineConfig(frequencies=frequencies, configuration=configuration, baths=baths)


def _read_bath(table: Table, oscillators: int) -> BathConfig:
    table.only("name", "temperature", "spectral_density", "coupling")
    name = table.text("name", "a name, one line of text that is not blank")
    temperature = table.number("temperature", positive=True)
    kinds = tuple(_SPECTRAL_DENSITIES)
    density = table.table("spectral_density", f"a table with the kind {listed(kinds)}")
    kind = density.choice("kind", kinds)
    return BathConfig(
        name=name,
        temperature=temperature,
        spectral_density=_SPECTRAL_DENSITIES[kind](density),
        coupling=_read_coupling(table, oscillators),
    )


def _read_coupling(table: Table, oscillators: int) -> Coupling:
    path = table.at("coupling")
    must = f'"driven", "static" or a list of {count(oscillators)}'
    value = table.get("coupling", must)
    if value == "driven":
        return "driven"
    if value == "static":
        return "static"
    if not isinstance(value, list):
        raise wrong(path, must, value, suggestion(value, ("driven", "static")))
    couplings = vector(value, path, oscillators, "one for each oscillator")
    if not any(couplings):
        raise wrong(path, "different from 0 for at least one oscillator", value, "leave the bath out instead")
    return couplings


def _check_baths(table: Table, baths: tuple[BathConfig, ...]) -> None:
    path = table.at("baths")
    first: dict[str, int] = {}
    for i, bath in enumerate(baths):
        if bath.name in first:
            must = f"different from `{path}[{first[bath.name]}].name`"
            raise InputError(f"`{path}[{i}].name` must be {must}; got {show(bath.name)} for both")
        first[bath.name] = i
    driven = sum(bath.driven for bath in baths)
    if driven == 0:
        raise InputError(
            f"`{path}` must have a driven bath; got none "
            '(set coupling = "driven" for the bath that follows [drive])'
        )
