"""Units of columns, by pint: frequencies, energies, wave numbers and times alike (hbar = k_B = 1)."""

from functools import cache
from typing import Any

import numpy as np

from ...errors import InputError

CYCLES = ("hertz", "cycle", "turn", "revolution", "count")
"""Units in which a frequency counts cycles: an angular frequency is 2 pi times as large."""


def factors(units: tuple[str, ...], reference: str | None, columns: int, is_time: bool) -> np.ndarray:
    """What the numbers of each column are multiplied by, to be in units of the reference frequency.

    Args:
        units: of the columns; where the last is missing, the error of J has the unit of J.
        reference: the quantity that is 1 in the machine; by default the unit of the frequencies.
        columns: their number.
        is_time: whether the first column is a time.
    """
    if len(units) < 2:
        raise InputError(
            f'`units` must give the units of {columns} columns, such as ["cm^-1", "cm^-1"]; '
            f"got {list(units)}."
        )
    units = (*units, *[units[1]] * (columns - len(units)))[:columns]
    if is_time and reference is None:
        raise InputError(
            'a table of a correlation function with `units` needs a `reference`, such as "200 cm^-1".'
        )
    one, _ = _energy(units[0] if reference is None else reference)
    found = []
    for i, unit in enumerate(units):
        if is_time and i == 0:
            found.append(_seconds(unit) * one / _registry().Quantity(1, "hbar").to("J s").magnitude)
            continue
        size, power = _energy(unit)
        found.append((size / one) ** power if power else size)
    return np.asarray(found)


@cache
def _registry() -> Any:
    import pint

    return pint.UnitRegistry()


def _quantity(text: str) -> Any:
    import pint

    try:
        found = _registry().Quantity(text)
    except (pint.PintError, ValueError, TypeError, AttributeError, SyntaxError, KeyError, AssertionError):
        raise InputError(
            f'a unit must be one that pint knows, such as "cm^-1" or "THz"; got {text!r}.'
        ) from None
    return found if hasattr(found, "dimensionality") else _registry().Quantity(found)


def _seconds(text: str) -> float:
    found = _quantity(text)
    if not found.check("[time]"):
        raise InputError(
            f'the times of a correlation function must have a unit of time, such as "fs"; got {text!r}.'
        )
    return float(found.to("s").magnitude)


def _energy(text: str) -> tuple[float, int]:
    """The energy in joule, and to which power it enters; 0 for a number without unit."""
    found, constant = _quantity(text), _registry()
    if found.dimensionless:
        return float(found.to("").magnitude), 0
    for power in (1, 2):
        root = found if power == 1 else found**0.5
        if root.check("[energy]"):
            return float(root.to("J").magnitude), power
        if root.check("1/[time]"):
            cycles = any(word in str(root.units) for word in CYCLES)
            quantum = constant.Quantity(1, "planck_constant" if cycles else "hbar")
            magnitude = root.to("1/s").magnitude if not cycles else root.to("hertz").magnitude
            return float(quantum.to("J s").magnitude * magnitude), power
        if root.check("1/[length]"):
            return float(
                (root * constant.Quantity(1, "planck_constant * speed_of_light")).to("J").magnitude
            ), power
        if root.check("[temperature]"):
            return float((root * constant.Quantity(1, "boltzmann_constant")).to("J").magnitude), power
    raise InputError(
        f"a unit of omega or J must be one of frequency, energy, wave number or temperature; got {text!r}."
    )
