"""The section [units]: what the numbers of a file mean in the laboratory."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from ..model import couplings_in_time
from ..schema import Table, UnitSystem, in_si, parameter, wrong

QUANTITY = 'a quantity such as "2*pi*1 GHz"'


if TYPE_CHECKING:
    from ._config import Config


@dataclass(frozen=True)
class UnitsSection:
    """What the numbers of the file mean in the laboratory; others may then be given with units, too."""

    frequency: str = parameter(
        help="omega_A, the angular frequency that is 1: a frequency, an energy, a temperature, a wave number",
        must=QUANTITY,
    )
    mass: str | None = parameter(
        help="of the oscillators, for positions", must='a mass such as "40 u"', default=None
    )

    @cached_property
    def system(self) -> UnitSystem:
        """The units, read by pint."""
        mass = None if self.mass is None else in_si(self.mass, "mass", "units.mass")
        return UnitSystem(in_si(self.frequency, "frequency", "units.frequency"), mass)

    def check_table(self, table: Table) -> None:
        """Raise `InputError` unless both are quantities above 0."""
        if not self.system.frequency > 0.0:
            raise wrong(table.at("frequency"), "above 0", self.frequency)
        if self.system.mass is not None and not self.system.mass > 0.0:
            raise wrong(table.at("mass"), "above 0", self.mass)


def laboratory_lines(config: "Config") -> list[tuple[str, str]]:
    """Frequencies in Hz, temperatures in K and couplings as rates: name and number of each, for readers.

    The rate at which a bath damps the energy of an oscillator is g^2 J(omega)/omega at its frequency, with
    the mean square of a driven coupling. Empty where the file has no section [units].

    Source: theory (1.26).
    """
    if config.units is None:
        return []
    from scipy.constants import hbar, k

    system = config.units.system
    kelvin = hbar / k * system.frequency
    frequencies = np.asarray(config.machine.frequencies)
    lines = [(f"frequency of oscillator {l + 1}", _hertz(w, system)) for l, w in enumerate(frequencies)]
    squares = np.ones((len(config.machine.baths), config.machine.size))
    if config.drive is not None:
        squares = np.mean(np.asarray(couplings_in_time(config.machine, config.drive)) ** 2, axis=-1)
        lines.append(("drive frequency", _hertz(config.drive.frequency, system)))
    for b, bath in enumerate(config.machine.baths):
        lines.append((f"temperature of {bath.name}", f"{float(bath.temperature) * kelvin:.6g} K"))
        rates = np.real(bath.spectral_density.density(frequencies)) / frequencies * system.frequency
        rates = rates * squares[b]
        lines += [
            (f"{bath.name} damps oscillator {l + 1}", f"{rate:.6g} 1/s") for l, rate in enumerate(rates)
        ]
    return lines


def _hertz(angular: Any, system: UnitSystem) -> str:
    return f"{float(angular) * system.frequency / (2.0 * np.pi):.6g} Hz"
