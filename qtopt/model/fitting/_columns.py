"""Spectral densities given as a table: a CSV file with the columns omega and J(omega)."""

import math
import os
from pathlib import Path

from ...errors import InputError

Vector = tuple[float, ...]

FORM = (
    "two numbers a line, omega and J(omega), separated by commas or blanks, after at most one line of names"
)


def read_columns(path: str | os.PathLike[str]) -> tuple[Vector, Vector]:
    """The columns omega and J(omega) of a file; empty lines and lines that begin with # do not count.

    Raises:
        InputError: a file that cannot be read or has another form; it names the file and the line.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, ValueError) as error:  # ValueError: not UTF-8, or a path with a null byte
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise InputError(f"the table {path} cannot be read: {reason}; give a text file with {FORM}") from None
    rows: list[Vector] = []
    named = False
    for i, line in enumerate(lines, start=1):
        cells = line.replace(",", " ").replace(";", " ").split()
        if not cells or cells[0].startswith("#"):
            continue
        numbers = _numbers(cells)
        if numbers is not None and len(numbers) == 2:
            rows.append(numbers)
        elif rows or named or numbers is not None:
            raise InputError(f"line {i} of the table {path} must have {FORM}; got {line.strip()[:60]!r}")
        else:
            named = True
    return tuple(row[0] for row in rows), tuple(row[1] for row in rows)


def _numbers(cells: list[str]) -> Vector | None:
    """The finite numbers in these cells, or None where one is none."""
    try:
        numbers = tuple(float(cell) for cell in cells)
    except ValueError:
        return None
    return numbers if all(map(math.isfinite, numbers)) else None
