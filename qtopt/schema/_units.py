"""Laboratory units: what the numbers of a file mean in the SI, read and converted by pint."""

from dataclasses import dataclass
from functools import cache
from math import isfinite, pi
from typing import Any

from ..errors import InputError
from ._words import show

EXAMPLES = {
    "frequency": (1, "2*pi*5 GHz"),
    "frequency^2": (2, "(2*pi*5 GHz)**2"),
    "frequency^4": (4, "(2*pi*5 GHz)**4"),
    "temperature": (1, "50 mK"),
    "mass": (0, "40 u"),
}
"""the power of a frequency that a number of this dimension is, and how one may be given"""
DIMENSIONS = tuple(name for name, (power, _) in EXAMPLES.items() if power)
"""of numbers that a file may give with a unit"""
SI = ("W", "J", "J**2/s", "W/K", "K", "1/s", "s", "m**2", "1/s**2", "1/s**4", "kg")
"""in which results are given"""


@dataclass(frozen=True)
class UnitSystem:
    """hbar = k_B = m = 1 with a unit of frequency and, for positions, a mass.

    Attributes:
        frequency: omega_A, the angular frequency that is 1, in 1/s.
        mass: of the oscillators in kg, or None.

    Source: theory (1.26).
    """

    frequency: float
    mass: float | None = None

    def number(self, text: str, unit: str, path: str) -> float:
        """What a quantity such as "50 mK" is in these units; `unit` is its dimension, one of `DIMENSIONS`.

        Raises:
            InputError: no quantity, or one of another dimension.
        """
        return in_si(text, unit, path) / self.frequency ** EXAMPLES[unit][0]

    def factor(self, unit: str) -> tuple[float, str] | None:
        """The number of SI units that a unit of results is, and their symbol; None where it has none.

        Args:
            unit: as quantities give it, such as "hbar omega_A^2".
        """
        if unit in ("", "1"):
            return None
        if self.mass is None and "m " in unit:
            return None
        pint = _registry()
        own = {"omega_A": self.frequency * pint.Unit("1/s"), "m": (self.mass or 1.0) * pint.Unit("kg")}
        try:
            value = pint.parse_expression(unit, **own)
            found = next((value.to(target) for target in SI if value.is_compatible_with(target)), None)
        except _refused():  # of a quantity that a user registered
            return None
        return None if found is None else (float(found.magnitude), f"{found.units:~C}".replace("**", "^"))


def in_si(text: object, dimension: str, path: str) -> float:
    """A quantity in SI units: energies and temperatures stand for frequencies, and frequencies for both.

    Frequencies are angular: 5 GHz on a spectrum analyser are "2*pi*5 GHz". A wave number is 2 pi c/lambda.

    Raises:
        InputError: it is none, is not finite, or has another dimension.
    """
    power, example = EXAMPLES[dimension]
    must = f'`{path}` must be a {dimension} such as "{example}"; got {show(text)}'
    pint = _registry()
    try:
        value = pint.parse_expression(str(text))
        value = value if hasattr(value, "units") else pint.Quantity(value)
        found = _to_si(value, power) if power else float(value.to("kg").magnitude)
    except _refused() as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{must}{f' ({reason})' if reason else ''}") from None
    if not isfinite(found):
        raise InputError(f"{must} (that is not finite)")
    return found


def _to_si(value: Any, power: int) -> float:
    """A power of a frequency in 1/s; E means E/hbar, a temperature k_B T/hbar, a wave number 2 pi c k."""
    pint = _registry()
    hbar = pint.Quantity(1.0, "hbar")
    meant = {
        "J": hbar,
        "K": hbar / pint.Quantity(1.0, "boltzmann_constant"),
        "1/m": 1.0 / (2.0 * pi * pint.Quantity(1.0, "speed_of_light")),
    }
    for unit, divisor in meant.items():
        if value.is_compatible_with(pint.Unit(unit) ** power):
            value = value / divisor**power
    return float(value.to(pint.Unit("1/s") ** power).magnitude)


@cache
def _registry() -> Any:
    """pint is imported when a file has units: it takes a while."""
    import pint

    return pint.UnitRegistry()


@cache
def _refused() -> tuple[type[Exception], ...]:
    """What pint raises for texts that are no quantities, its own and those of Python's parser."""
    import tokenize

    import pint

    python = (ArithmeticError, AssertionError, AttributeError, SyntaxError, TypeError, ValueError)
    return (pint.PintError, tokenize.TokenError, *python)
