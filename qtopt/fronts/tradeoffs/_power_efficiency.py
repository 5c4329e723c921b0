"""Work from heat: power against efficiency."""

from dataclasses import dataclass
from typing import ClassVar, Self

from numpy.typing import ArrayLike

from ...model import Machine
from ._efficiency import AbstractEfficiencyTradeoff, two_temperatures


@dataclass(frozen=True)
class PowerEfficiency(AbstractEfficiencyTradeoff):
    """Engines: X = -P against eta = -P/J_hot <= 1 - T_c/T_h, with kappa = (eta_C/eta - 1)/T_c.

    Attributes:
        hot: T_h.
        cold: T_c < T_h.

    Source: theory (?entropy production of engines?).
    """

    hot: float
    cold: float
    kind: ClassVar[str] = "power-efficiency"
    objectives: ClassVar[tuple[str, ...]] = ("power", "efficiency")
    machine_name: ClassVar[str] = "engine"

    @classmethod
    def of(cls, machine: Machine, oscillator: int) -> Self:
        return cls(*two_temperatures(machine, cls.machine_name))

    @property
    def limit(self) -> float:
        """Carnot's efficiency, 1 - T_c/T_h."""
        return 1.0 - self.cold / self.hot

    @property
    def scale(self) -> float:
        """T_c."""
        return self.cold

    @property
    def gain(self) -> tuple[float, float]:
        """X = -P."""
        return -1.0, 0.0

    def output_rate(self, power: float, heat: ArrayLike, temperatures: ArrayLike) -> float:
        return -power
