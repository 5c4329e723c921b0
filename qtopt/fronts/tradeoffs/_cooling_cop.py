"""Cooling by work: cooling power against the coefficient of performance."""

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike

from ...model import Machine
from ._efficiency import AbstractEfficiencyTradeoff, two_temperatures


@dataclass(frozen=True)
class CoolingCOP(AbstractEfficiencyTradeoff):
    """Refrigerators: X = J_cold against COP = J_cold/P <= T_c/(T_h - T_c).

    With P + J_hot + J_cold = 0 the entropy production rate is ``S = P/T_h - J_cold (1/T_c - 1/T_h)``, so that
    J_cold is a sum of P and S, and kappa = (1/COP - 1/COP_C)/T_h.

    Attributes:
        hot: T_h.
        cold: T_c < T_h.

    Source: theory (?entropy production of refrigerators?).
    """

    hot: float
    cold: float
    kind: ClassVar[str] = "cooling-cop"
    objectives: ClassVar[tuple[str, ...]] = ("cooling", "cop")
    machine_name: ClassVar[str] = "refrigerator"

    @classmethod
    def of(cls, machine: Machine, oscillator: int) -> Self:
        return cls(*two_temperatures(machine, cls.machine_name))

    @property
    def limit(self) -> float:
        """Carnot's coefficient of performance, T_c/(T_h - T_c)."""
        return self.cold / (self.hot - self.cold)

    @property
    def scale(self) -> float:
        """T_h limit."""
        return self.hot * self.limit

    @property
    def gain(self) -> tuple[float, float]:
        """J_cold = T_h limit (P/T_h - S)."""
        return self.limit, -self.hot * self.limit

    def output_rate(self, power: float, heat: ArrayLike, temperatures: ArrayLike) -> float:
        """The heat currents of the baths at T_c."""
        return float(np.sum(np.where(np.asarray(temperatures) == self.cold, np.asarray(heat), 0.0)))
