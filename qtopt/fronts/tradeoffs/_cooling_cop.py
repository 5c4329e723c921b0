"""Cooling by work: cooling power against the coefficient of performance."""

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from ...model import Machine
from ...numerics import on_device
from ..rates import Output
from ._efficiency import AbstractEfficiencyTradeoff, between_temperatures, two_temperatures
from ._tradeoff import Axis, Currents


@dataclass(frozen=True)
class CoolingCOP(AbstractEfficiencyTradeoff):
    """Refrigerators trade X = J_cold for COP = J_cold/P <= T_c/(T_h - T_c).

    With P + J_hot + J_cold = 0 the entropy production rate is ``S = P/T_h - J_cold (1/T_c - 1/T_h)``, so that
    J_cold is a sum of P and S, and kappa = (1/COP - 1/COP_C)/T_h.

    Attributes:
        hot: T_h.
        cold: T_c < T_h.

    Source: theory (2.9), (9.5).
    """

    hot: float
    cold: float
    kind: ClassVar[str] = "cooling-cop"
    objectives: ClassVar[tuple[str, ...]] = ("cooling", "cop")
    machine_name: ClassVar[str] = "refrigerator"
    axes: ClassVar[tuple[Axis, Axis]] = (
        Axis("efficiency", "coefficient of performance", "COP"),
        Axis("output", "cooling power", r"$J_\mathrm{c}$", is_power=True),
    )
    ends: ClassVar[tuple[str, str]] = ("maximum cooling", "maximum efficiency")
    relative: ClassVar[str] = r"COP/COP$_\mathrm{C}$"

    @classmethod
    def of(cls, machine: Machine, oscillator: int = 0) -> Self:
        return cls(*two_temperatures(machine, cls.machine_name))

    @property
    def limit(self) -> float:
        """The largest coefficient of performance is Carnot's, T_c/(T_h - T_c)."""
        return self.cold / (self.hot - self.cold)

    @property
    def scale(self) -> float:
        """The hot temperature times the limit, T_h T_c/(T_h - T_c)."""
        return self.hot * self.limit

    def output(self, size: int) -> Output:
        """The output is J_cold = T_h limit (P/T_h - S)."""
        return Output(*on_device((np.full(size, self.limit), np.asarray(-self.scale))))

    def gained(self, currents: Currents) -> tuple[float, float] | None:
        """The output is the heat from all baths at T_c."""
        efficiency = between_temperatures(currents, self.machine_name)
        cold = currents.heat_currents[currents.temperatures == self.cold]
        return None if efficiency is None else (efficiency, float(np.sum(cold)))
