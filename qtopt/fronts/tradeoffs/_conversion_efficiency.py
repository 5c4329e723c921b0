"""Work into work at one temperature: extracted power against conversion efficiency."""

from dataclasses import dataclass
from typing import ClassVar, Self

from ...errors import InputError
from ...model import Machine
from ..rates import Output
from ._efficiency import AbstractEfficiencyTradeoff
from ._power_precision import one_oscillator
from ._tradeoff import Axis, Currents


@dataclass(frozen=True)
class ConversionEfficiency(AbstractEfficiencyTradeoff):
    """Isothermal work converters trade X = -P_o of one oscillator for the efficiency eta = X/(X + P).

    What the other oscillators supply is P - P_o = X + P, with P the power of all of them. At one temperature
    S = P/T, so that S = kappa X with kappa = (1/eta - 1)/T.

    At high frequencies work circulates between correlated oscillators without bound and nearly without loss.
    Fronts and certificates are therefore about drives whose harmonics end where the searched ones do.

    Attributes:
        temperature: T of all baths.
        oscillator: o, from 0.

    Source: theory (2.10), (9.6), (9.22).
    """

    temperature: float
    oscillator: int
    kind: ClassVar[str] = "conversion-efficiency"
    objectives: ClassVar[tuple[str, ...]] = ("power", "conversion")
    machine_name: ClassVar[str] = "work converter"
    axes: ClassVar[tuple[Axis, Axis]] = (
        Axis("efficiency", r"conversion efficiency $\eta$", r"$\eta$"),
        Axis("output", "extracted power", "$-P_o$", is_power=True),
    )
    ends: ClassVar[tuple[str, str]] = ("maximum power", "maximum efficiency")

    @classmethod
    def of(cls, machine: Machine, oscillator: int = 0) -> Self:
        one_oscillator(machine, oscillator)
        temperatures = sorted({float(bath.temperature) for bath in machine.baths})
        if len(temperatures) != 1:
            raise InputError(
                f"a front of work converters needs all baths at one temperature, but they are at "
                f"{temperatures}: change machine.baths[].temperature."
            )
        return cls(temperatures[0], oscillator)

    @property
    def limit(self) -> float:
        """The largest efficiency is 1: no more work is extracted than supplied."""
        return 1.0

    @property
    def scale(self) -> float:
        """The temperature T of all baths."""
        return self.temperature

    def output(self, size: int) -> Output:
        """The output is X = -P_o, what is extracted through oscillator o."""
        return Output.extracted(size, self.oscillator)

    def gained(self, currents: Currents) -> tuple[float, float] | None:
        extracted = -float(currents.local_powers[self.oscillator])
        supplied = extracted + float(currents.local_powers.sum())
        return (extracted / supplied, extracted) if 0.0 < extracted < supplied else None
