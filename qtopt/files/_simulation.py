"""What `qtopt simulate` follows in time."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from ._table import Table


@dataclass(frozen=True)
class VacuumConfig:
    """Every oscillator in its ground state."""

    kind: ClassVar[str] = "vacuum"


@dataclass(frozen=True)
class ThermalConfig:
    """Every oscillator in equilibrium by itself."""

    kind: ClassVar[str] = "thermal"
    temperature: float


@dataclass(frozen=True)
class SqueezedConfig:
    """Every oscillator in a squeezed vacuum: variances exp(-2r)/2 and exp(2r)/2."""

    kind: ClassVar[str] = "squeezed"
    squeezing: float
    """r"""
    angle: float = 0.0
    """in radians; 0 squeezes the positions, pi the velocities"""


InitialConfig = VacuumConfig | ThermalConfig | SqueezedConfig


@dataclass(frozen=True)
class SimulationConfig:
    """What `qtopt simulate` follows in time."""

    periods: int = 20
    """of the drive"""
    points_per_period: int = 64
    initial: InitialConfig = field(default_factory=VacuumConfig)
    """the state of the oscillators when the couplings are switched on"""


def _vacuum(table: Table) -> VacuumConfig:
    table.only("kind")
    return VacuumConfig()


def _thermal(table: Table) -> ThermalConfig:
    table.only("kind", "temperature")
    return ThermalConfig(temperature=table.number("temperature", positive=True))


def _squeezed(table: Table) -> SqueezedConfig:
    table.only("kind", "squeezing", "angle")
    angle = table.number("angle") if "angle" in table else SqueezedConfig.angle
    return SqueezedConfig(squeezing=table.number("squeezing"), angle=angle)


_READERS: Mapping[str, Callable[[Table], InitialConfig]] = {
    VacuumConfig.kind: _vacuum,
    ThermalConfig.kind: _thermal,
    SqueezedConfig.kind: _squeezed,
}
INITIAL_STATES = tuple(_READERS)
"""the kinds of initial states"""


def read_simulation(table: Table) -> SimulationConfig:
    """The [simulation] section."""
    default = SimulationConfig()
    table.only("periods", "points_per_period", "initial")
    initial = table.table(
        "initial", "a table with the kind of the initial state", {"kind": VacuumConfig.kind}
    )
    return SimulationConfig(
        periods=table.whole("periods", 1, default.periods),
        points_per_period=table.whole("points_per_period", 1, default.points_per_period),
        initial=_READERS[initial.choice("kind", INITIAL_STATES)](initial),
    )
