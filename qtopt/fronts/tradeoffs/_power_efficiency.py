"""Work from heat: power against efficiency."""

from dataclasses import dataclass
from typing import ClassVar, Self

from ...model import Machine
from ..rates import Output
from ._efficiency import AbstractEfficiencyTradeoff, between_temperatures, two_temperatures
from ._tradeoff import Axis, Currents


@dataclass(frozen=True)
class PowerEfficiency(AbstractEfficiencyTradeoff):
    """Engines trade X = -P for eta = -P/J_hot <= 1 - T_c/T_h, with kappa = (eta_C/eta - 1)/T_c.

    Attributes:
        hot: T_h.
        cold: T_c < T_h.

    Source: theory (2.8), (9.4).
    """

    hot: float
    cold: float
    kind: ClassVar[str] = "power-efficiency"
    objectives: ClassVar[tuple[str, ...]] = ("power", "efficiency")
    machine_name: ClassVar[str] = "engine"
    axes: ClassVar[tuple[Axis, Axis]] = (
        Axis("efficiency", r"efficiency $\eta$", r"$\eta$"),
        Axis("output", "extracted power", "$-P$", is_power=True),
    )
    ends: ClassVar[tuple[str, str]] = ("maximum power", "maximum efficiency")
    relative: ClassVar[str] = r"$\eta/\eta_\mathrm{C}$"

    @classmethod
    def of(cls, machine: Machine, oscillator: int = 0) -> Self:
        return cls(*two_temperatures(machine, cls.machine_name))

    @property
    def limit(self) -> float:
        """The largest efficiency is Carnot's, 1 - T_c/T_h."""
        return 1.0 - self.cold / self.hot

    @property
    def scale(self) -> float:
        """The cold temperature T_c."""
        return self.cold

    def output(self, size: int) -> Output:
        """The output is X = -P, the extracted power."""
        return Output.extracted(size)

    def gained(self, currents: Currents) -> tuple[float, float] | None:
        efficiency = between_temperatures(currents, self.machine_name)
        return None if efficiency is None else (efficiency, -float(currents.local_powers.sum()))
