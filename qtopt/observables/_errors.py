"""What round-off leaves unknown of each number, measured; and machines whose numbers are not known at all."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..model import AbstractDrive, Machine
from ..schema import listed, number, symbol, values_of
from ..solvers import from_natural, power_of
from ._quantity import Quantity

OTHER_UNIT = 1.37
"""Unit of frequency in which a machine is solved again."""
SAFETY = 4.0
"""Two results of one machine differ by a sample of the error, not by its bound."""
CURRENTS = ("power", "local_powers", "heat_currents", "entropy_production_rate")
NOISE = ("local_power_covariance", "heat_current_fluctuations")
TRUNCATED = ("power", "local_powers", "heat_currents")
ROUND_OFF = "_round_off"
"""what is appended to the name of a number whose error is without that of the drive's discretisation"""
NEGATIVE = 1e-6
"""of the largest exchange of entropy: what the second law may be broken by before a state is unresolved"""


def errors_of(
    first: dict[str, Any], again: dict[str, Any], powers: dict[str, int]
) -> dict[str, NDArray[np.float64]]:
    """Error estimates NAME_error of the numbers that both have: from what a second solution says of them.

    Rates scale with the unit of frequency and round-off does not, so that the difference of two solutions,
    one in another unit, is a sample of the error. Currents can also be off by what the drive's
    discretisation leaves out, `truncation_error`, and what is wrong in every unit, `systematic_error`; the
    variance rates by as much as the slowest relaxation, `relaxation_error`.

    Args:
        first: numbers of machines (...), by name.
        again: those of the same machines in `OTHER_UNIT`.
        powers: by name, of the frequency in the unit of a number.
    """
    found = {}
    for name in (*CURRENTS, *NOISE):
        if name not in first or name not in again:
            continue
        value = np.asarray(first[name])
        with np.errstate(all="ignore"):
            other = np.asarray(again[name]) / OTHER_UNIT ** powers[name]
            error = SAFETY * (np.abs(other - value) + np.finfo(float).eps * np.abs(value))
            if name in NOISE and "relaxation_error" in first:
                error = error + _beside(first["relaxation_error"], error) * np.abs(value)
            found[f"{name}{ROUND_OFF}"] = error
            if name in TRUNCATED:
                lost = np.abs(np.asarray(first["truncation_error"])) + first.get("systematic_error", 0.0)
                error = error + _beside(lost, error)
        if name in NOISE:  # a variance rate is not negative: what round-off makes so is not known at all
            own = np.eye(value.shape[-1], dtype=bool) if name == NOISE[0] else True
            error = np.where(own & (value < 0.0), np.maximum(error, np.abs(value)), error)
        found[f"{name}_error"] = error
    return found


def _beside(each: Any, numbers: NDArray[np.float64]) -> NDArray[np.float64]:
    """One number for each machine (...), beside numbers (..., more)."""
    each = np.asarray(each)
    return each.reshape(each.shape + (1,) * (numbers.ndim - each.ndim))


def finite(
    numbers: dict[str, Any], quantities: Iterable[Quantity], exponent: Any
) -> dict[str, NDArray[np.bool_]]:
    """By name, whether what was solved is finite in the units of the user, for machines (...).

    Args:
        numbers: of machines (...) in natural units.
        quantities: that show some of them; those that may be undefined are left out.
        exponent: of the natural unit, see `exponent_of`.
    """
    found = {}
    for item in quantities:
        if item.of is None and item.name in numbers and item.name in MUST_BE_FINITE:
            values = np.asarray(from_natural(numbers[item.name], exponent, item.unit))
            found[item.name] = np.isfinite(values).all(axis=tuple(range(np.ndim(exponent), values.ndim)))
    return found


MUST_BE_FINITE = (*CURRENTS, *NOISE, "covariance", "truncation_error", "local_power_slopes")


def breaks_second_law(temperatures: Any, numbers: dict[str, Any]) -> NDArray[np.bool_]:
    """Whether entropy is consumed by more than round-off could pretend, for machines (...): then it is wrong.

    Args:
        temperatures: (..., B).
        numbers: entropy production rate and heat currents of machines (...).
    """
    with np.errstate(all="ignore"):
        scale = np.abs(np.asarray(numbers["heat_currents"]) / np.asarray(temperatures)).max(axis=-1)
        return np.asarray(numbers["entropy_production_rate"]) < -NEGATIVE * scale


def without_width(numbers: dict[str, Any]) -> NDArray[np.bool_]:
    """Whether an oscillation of the static machine has no linewidth in float64, for machines (...).

    Only where the weak theory needs one, and no rate is so fast that its round-off hides the width.

    Args:
        numbers: with the validity of the weak theory and the eigenvalues (..., n) of the static dynamics.
    """
    values: Any = np.asarray(numbers["eigenvalues"])
    turning = np.abs(values.imag)
    still = -values.real <= 4.0 * np.finfo(float).eps * turning
    slow = np.abs(values.real).max(axis=-1) <= turning.max(axis=-1)
    endless = ~np.isfinite(np.asarray(numbers.get("weak_validity", 0.0)))
    return endless & slow & np.any((turning > 0.0) & still, axis=-1)


def not_finite(names: list[str], machine: Machine, drive: AbstractDrive) -> InputError:
    """The sentence for numbers that float64 cannot hold: which, and the input farthest from the rest."""
    unit = float(np.max(np.asarray(machine.frequencies)))
    farthest = (0.0, "", 1.0)
    for section, value in (("machine", machine), ("drive", drive)):
        for _, place in values_of(value):
            size = 0.0 if place is None else abs(number(value, place))
            if place is None or size == 0.0:
                continue
            power = power_of(symbol(place.unit))
            distance = abs(np.log10(size) / max(power, 1) - np.log10(unit) * (power > 0))
            farthest = max(farthest, (float(distance), f"{section}.{place.key}", number(value, place)))
    distance, key, value = farthest
    return InputError(
        f"{listed(names, 'and')} of this machine must be finite in float64, but {key} = {value:.3g} is "
        f"{distance:.0f} orders of magnitude away from the oscillator frequencies: bring it closer."
    )
