"""Columns of a table: which is which, and in which units."""

import os
import re
from dataclasses import dataclass
from typing import Literal, get_args

from ...errors import InputError
from ._rows import Rows, cleaned
from ._text import Text, read_text
from ._transform import CORRELATIONS, QUANTITIES, Quantity, as_density
from ._units import factors

Decimal = Literal[".", ","]
ERROR_NAME = re.compile(r"(?i:err|std|sigma|uncert|delta|±|σ|Δ)|^s\.?[de]\.?$|^d ?[A-Z]")
"""of a third column that holds the errors of the second"""


@dataclass(frozen=True)
class TableFormat:
    """How a file is read; what is None is judged from the file.

    Attributes:
        columns: two or three columns by name or by number from 1: omega (or the time), J (or what `quantity`
            says), and the standard deviation of J.
        decimal: "." or ",".
        units: of the same columns, as pint reads them, such as "cm^-1", "meV", "THz" or "fs".
        reference: what the frequency 1 of the machine is, such as "200 cm^-1"; by default one unit of the
            frequencies of the table.
        quantity: what the second column is: "density", J(omega); "spectrum", S(omega) = J coth(omega/2T), or
            "correlation", C(t) = int d omega/(2 pi) S cos(omega t), the symmetrised correlation function of
            the force; with "classical" before them S = 2 T J/omega, as molecular dynamics gives it.
        temperature: T of a spectrum or correlation function, in the units of the machine.
    """

    columns: tuple[int | str, ...] = ()
    decimal: Decimal | None = None
    units: tuple[str, ...] = ()
    reference: str | None = None
    quantity: Quantity = "density"
    temperature: float | None = None

    def check(self) -> None:
        """Refuse what makes no sense.

        Raises:
            InputError: it names the key.
        """
        if len(self.columns) not in (0, 2, 3):
            raise InputError(
                "`columns` of a table must name two or three columns, omega, J and its error; "
                f"got {list(self.columns)}."
            )
        if self.decimal not in (None, *get_args(Decimal)):
            raise InputError(f'`decimal` of a table must be "." or ","; got {self.decimal!r}.')
        if self.quantity not in QUANTITIES:
            allowed = ", ".join(map(repr, QUANTITIES))
            raise InputError(f"`quantity` of a table must be one of {allowed}; got {self.quantity!r}.")
        if self.quantity != "density" and not (self.temperature or 0.0) > 0.0:
            raise InputError(
                f"a table of a {self.quantity} must have a `reference_temperature` above 0, from which J "
                "follows; add it."
            )


def read_columns(path: str | os.PathLike[str], form: TableFormat | None = None) -> Rows:
    """The rows of a table of J(omega), clean and in the units of the machine.

    Raises:
        InputError: a file that cannot be read, or from which it is not clear what is what; the sentence names
            the line or the key that would make it clear.
    """
    form = form or TableFormat()
    form.check()
    text = read_text(path, form.decimal)
    chosen = _chosen(path, text, form)
    values = text.values[:, chosen]
    notes, is_time = list(text.notes), form.quantity in CORRELATIONS
    if form.units or form.reference:
        try:
            scale = factors(form.units, form.reference, len(chosen), is_time)
        except InputError as error:
            raise InputError(f"the table {path} cannot be used: {error}") from None
        values = values * scale
        notes.append(f"columns multiplied by {', '.join(f'{s:.6g}' for s in scale)} (units)")
    elif text.units:
        notes.append(f"the header names the units {', '.join(text.units)}; numbers are used as they stand")
    columns = [values[:, k] for k in range(values.shape[1])]
    try:
        columns, made = as_density(columns, form.quantity, form.temperature)
        rows = cleaned(*columns)
    except InputError as error:
        raise InputError(f"the table {path} cannot be used: {error}") from None
    return rows._replace(notes=(*notes, *made, *rows.notes))


def _chosen(path: str | os.PathLike[str], text: Text, form: TableFormat) -> list[int]:
    """The indices of the columns."""
    width = text.values.shape[1]
    there = ", ".join(map(repr, text.names)) if text.names else f"1 to {width}"
    if form.columns:
        return [_index(path, column, text, there) for column in form.columns]
    if width == 2 or (width == 3 and (not text.names or ERROR_NAME.search(text.names[2]))):
        return list(range(width))
    advice = "add columns = [omega, J] or [omega, J, error], by number from 1 or by name"
    if width == 1:
        raise InputError(
            f"the table {path} must have two columns, omega and J, but it has one: check the delimiter"
        )
    raise InputError(
        f"the table {path} has the columns {there}, and it is not clear which are meant: {advice}"
    )


def _index(path: str | os.PathLike[str], column: int | str, text: Text, there: str) -> int:
    if isinstance(column, int) and not isinstance(column, bool):
        if 1 <= column <= text.values.shape[1]:
            return column - 1
    elif text.names.count(column) == 1:
        return text.names.index(column)
    raise InputError(
        f"the table {path} has no column {column!r}; it has the columns {there}: change `columns`"
    )
