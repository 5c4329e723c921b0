"""Trade-offs of an output and its efficiency, which output and entropy production rate fix."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Self

import jax.numpy as jnp
import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...errors import InputError
from ...model import Machine
from ._output import Output


@dataclass(frozen=True)
class AbstractEfficiencyTradeoff(ABC):
    """Something gained from the baths at the price of entropy: output against efficiency.

    Output X (what is gained per time) and entropy production rate S fix the efficiency: S = kappa X with a
    `slope` kappa that falls to 0 at the `limit` of the second law. So the front of output and efficiency is
    that of X and S, which both are quadratic forms of the drive in the weak theory.
    """

    family: ClassVar[str] = "tradeoff"
    kind: ClassVar[str]
    objectives: ClassVar[tuple[str, ...]]
    machine_name: ClassVar[str]
    """What a machine with a positive output is called, as in `Performance.mode`."""

    @classmethod
    @abstractmethod
    def of(cls, machine: Machine, oscillator: int) -> Self:
        """The trade-off with the numbers of one machine.

        Args:
            machine: the machine.
            oscillator: the output, from 0, of trade-offs that are about the work of one oscillator.

        Raises:
            InputError: the machine does not suit the trade-off.
        """

    @property
    @abstractmethod
    def limit(self) -> float:
        """Largest efficiency that the second law allows."""

    @property
    @abstractmethod
    def scale(self) -> float:
        """c of the slope ``kappa = (limit/efficiency - 1)/c``, a temperature."""

    @property
    @abstractmethod
    def gain(self) -> tuple[float, float]:
        """(a, b) of the output ``X = a P + b S``, P the power and S the entropy production rate."""

    @abstractmethod
    def output_rate(self, power: float, heat: ArrayLike, temperatures: ArrayLike) -> float:
        """X from the power P and the heat currents (B,) of baths at the given temperatures (B,)."""

    def output(self, size: int) -> Output:
        """X as a combination of currents, for L = `size` oscillators."""
        of_power, of_entropy = self.gain
        return Output(jnp.full(size, of_power), jnp.asarray(of_entropy))

    def slope(self, efficiency: ArrayLike) -> NDArray[np.float64]:
        """kappa = S/X at these efficiencies."""
        return (self.limit / np.asarray(efficiency, dtype=float) - 1.0) / self.scale

    def efficiency(self, slope: ArrayLike) -> NDArray[np.float64]:
        """The inverse of `slope`."""
        return self.limit / (1.0 + self.scale * np.asarray(slope, dtype=float))


def two_temperatures(machine: Machine, name: str) -> tuple[float, float]:
    """(hot, cold) of a machine whose baths are at exactly two temperatures; `name` of it for the errors.

    Raises:
        InputError: more or fewer than one driven bath or two temperatures.
    """
    one_driven_bath(machine)
    values = sorted({float(bath.temperature) for bath in machine.baths})
    if len(values) != 2:
        raise InputError(
            f"a front of {name}s needs baths at exactly two temperatures, but they are at "
            f"{values}: change machine.baths[].temperature."
        )
    return values[1], values[0]


def one_driven_bath(machine: Machine) -> None:
    """Raise InputError unless exactly one bath is driven."""
    if len(machine.driven_baths) != 1:
        raise InputError(
            "a weak-coupling front needs exactly one driven bath, but the machine has "
            f"{len(machine.driven_baths)}: make the others static."
        )
