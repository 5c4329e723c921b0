"""States in which a simulation may begin, as configuration files name them."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from ..registry import register
from ..schema import parameter
from ._gaussian_state import GaussianState
from ._machine import Machine


class AbstractInitialState(ABC):
    """A state of the oscillators when the couplings are switched on; a new one is one final subclass."""

    family: ClassVar[str] = "initial state"

    @abstractmethod
    def state(self, machine: Machine) -> GaussianState:
        """The state of the oscillators of a machine."""


@register
@dataclass(frozen=True)
class VacuumState(AbstractInitialState):
    """Every oscillator in its ground state."""

    kind: ClassVar[str] = "vacuum"

    def state(self, machine: Machine) -> GaussianState:
        return GaussianState.vacuum(machine)


@register
@dataclass(frozen=True)
class ThermalState(AbstractInitialState):
    """Every oscillator in equilibrium by itself."""

    kind: ClassVar[str] = "thermal"

    temperature: float = parameter(help="T", unit="temperature", positive=True)

    def state(self, machine: Machine) -> GaussianState:
        return GaussianState.thermal(machine, self.temperature)


@register
@dataclass(frozen=True)
class SqueezedState(AbstractInitialState):
    """Every oscillator in a squeezed vacuum: variances exp(-2r)/2 and exp(2r)/2."""

    kind: ClassVar[str] = "squeezed"

    squeezing: float = parameter(help="r")
    angle: float = parameter(help="0 squeezes the positions, pi the velocities", unit="rad", default=0.0)

    def state(self, machine: Machine) -> GaussianState:
        return GaussianState.squeezed(machine, self.squeezing, self.angle)
