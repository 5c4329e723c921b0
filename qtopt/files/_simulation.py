"""The section [simulation]."""

from dataclasses import dataclass

from ..model import AbstractInitialState, VacuumState
from ..schema import parameter


@dataclass(frozen=True)
class SimulationSection:
    """What `qtopt simulate` follows in time."""

    periods: int = parameter(help="how many periods of the drive", default=20)
    points_per_period: int = parameter(help="stored times in each period", default=64)
    initial: AbstractInitialState = parameter(
        help="the state of the oscillators when the couplings are switched on",
        must="a table with the kind of the initial state",
        default_factory=VacuumState,
    )
