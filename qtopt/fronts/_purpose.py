"""What a machine between two temperatures is for: what a front maximises, and what it costs."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import InputError
from ..model import Machine

PurposeName = Literal["engine", "refrigerator"]
PURPOSE_NAMES: tuple[PurposeName, ...] = get_args(PurposeName)


@dataclass(frozen=True)
class Purpose(ABC):
    """Something gained from two baths at the price of entropy.

    Output X (what is gained per time) and entropy production rate S fix the efficiency: S = kappa X with a
    `slope` kappa that falls to 0 at the `limit` of the second law. So the front of output and efficiency is
    that of X and S, which both are quadratic forms of the drive in the weak theory.

    Attributes:
        hot: T_h.
        cold: T_c < T_h.
    """

    hot: float
    cold: float
    name: ClassVar[PurposeName]

    @property
    @abstractmethod
    def limit(self) -> float:
        """Largest efficiency that the second law allows."""

    @property
    @abstractmethod
    def gain(self) -> tuple[float, float]:
        """(a, b) of the output ``X = a P + b S``, P the power and S the entropy production rate."""

    @property
    @abstractmethod
    def scale(self) -> float:
        """c of the slope ``kappa = (limit/efficiency - 1)/c``."""

    @abstractmethod
    def output(self, power: float, heat: ArrayLike, temperatures: ArrayLike) -> float:
        """X from the power P and the heat currents (B,) of baths at the given temperatures (B,)."""

    def slope(self, efficiency: ArrayLike) -> NDArray[np.float64]:
        """kappa = S/X at these efficiencies."""
        return (self.limit / np.asarray(efficiency, dtype=float) - 1.0) / self.scale

    def efficiency(self, slope: ArrayLike) -> NDArray[np.float64]:
        """Inverse of `slope`."""
        return self.limit / (1.0 + self.scale * np.asarray(slope, dtype=float))


class Engine(Purpose):
    """Work from heat: X = -P, efficiency eta = -P/J_hot <= 1 - T_c/T_h, kappa = (eta_C/eta - 1)/T_c.

    Source: physics notes, section 2.
    """

    name: ClassVar[PurposeName] = "engine"

    @property
    def limit(self) -> float:
        """1 - T_c/T_h."""
        return 1.0 - self.cold / self.hot

    @property
    def gain(self) -> tuple[float, float]:
        """X = -P."""
        return -1.0, 0.0

    @property
    def scale(self) -> float:
        """T_c."""
        return self.cold

    def output(self, power: float, heat: ArrayLike, temperatures: ArrayLike) -> float:
        """-P."""
        return -power


class Refrigerator(Purpose):
    """Heat drawn from the cold bath by work: X = J_cold, COP = J_cold/P <= T_c/(T_h - T_c).

    With P + J_hot + J_cold = 0 the entropy production rate is ``S = P/T_h - J_cold (1/T_c - 1/T_h)``, so that
    J_cold is a sum of P and S, and kappa = (1/COP - 1/COP_C)/T_h.

    Source: physics notes, section 2.
    """

    name: ClassVar[PurposeName] = "refrigerator"

    @property
    def limit(self) -> float:
        """T_c/(T_h - T_c)."""
        return self.cold / (self.hot - self.cold)

    @property
    def gain(self) -> tuple[float, float]:
        """J_cold = T_h limit (P/T_h - S)."""
        return self.limit, -self.hot * self.limit

    @property
    def scale(self) -> float:
        """T_h limit."""
        return self.hot * self.limit

    def output(self, power: float, heat: ArrayLike, temperatures: ArrayLike) -> float:
        """Heat currents of the baths at T_c."""
        return float(np.sum(np.where(np.asarray(temperatures) == self.cold, np.asarray(heat), 0.0)))


PURPOSES: dict[PurposeName, type[Purpose]] = {"engine": Engine, "refrigerator": Refrigerator}


def purpose_of(machine: Machine, name: PurposeName = "engine") -> Purpose:
    """The purpose with the two temperatures of a machine.

    Raises:
        InputError: the machine has not exactly one driven bath, or not exactly two temperatures.
    """
    if len(machine.driven_baths) != 1:
        raise InputError(
            "a weak-coupling front needs exactly one driven bath, but the machine has "
            f"{len(machine.driven_baths)}: make the others static."
        )
    values = sorted({float(bath.temperature) for bath in machine.baths})
    if len(values) != 2:
        raise InputError(
            f"a front of {name}s needs baths at exactly two temperatures, but they are at "
            f"{values}: change machine.baths[].temperature."
        )
    return PURPOSES[name](hot=values[1], cold=values[0])
