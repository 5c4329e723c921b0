"""Tables as people write them: bytes to cells, whatever the encoding, delimiter and sign of the decimals."""

import csv
import math
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...errors import InputError

LARGEST = 200_000_000
"""bytes"""
COMMENT = re.compile(r"\s*(#|%|!|//|\*)")
LABELLED = re.compile(r"([^\s=,;]+)\s*=\s*([^\s,;]+)")
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
WITHOUT_E = re.compile(r"([+-]?\d*\.\d+)([+-]\d{2,3})")
THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?")
WITH_COMMA = re.compile(r"[+-]?\d*,\d+([eEdD][+-]?\d+)?|[+-]?\d+")
MISSING = {
    "",
    "na",
    "n/a",
    "nan",
    "-nan",
    "+nan",
    "none",
    "null",
    "-",
    "--",
    "inf",
    "+inf",
    "-inf",
    "infinity",
}
BRACKETED = re.compile(r"[(\[{].*[)\]}]")
FORM = "rows of numbers, omega and J(omega), in columns separated by commas, semicolons, tabs or blanks"


@dataclass(frozen=True)
class Text:
    """The cells of a table.

    Attributes:
        names: of the columns, empty where none are given.
        units: what stands in brackets below the names, empty where nothing does.
        values: (rows, columns) numbers, NaN where there is none.
        notes: what was guessed.
    """

    names: tuple[str, ...]
    units: tuple[str, ...]
    values: np.ndarray
    notes: tuple[str, ...]


def read_text(path: str | os.PathLike[str], decimal: str | None = None) -> Text:
    """The cells of a file.

    Args:
        path: of the file.
        decimal: "." or ","; None: what the cells look like.

    Raises:
        InputError: it cannot be read, or is no table; the sentence names the line and what to add.
    """
    text, notes = _decoded(path)
    lines = [(i, line.strip()) for i, line in enumerate(text.splitlines(), start=1) if line.strip()]
    rows = [(i, line) for i, line in lines if not COMMENT.match(line)]
    titles = [COMMENT.sub("", line, count=1) for _, line in lines[: _first(lines)] if COMMENT.match(line)]
    if not rows:
        raise InputError(f"the table {path} has no rows; give a text file with {FORM}")
    if sum("=" in line for _, line in rows[:5]) == len(rows[:5]):
        return _labelled(path, rows, notes)
    delimiter, decimal = _format([line for _, line in rows], decimal)
    cells = [(i, _split(line, delimiter)) for i, line in rows]
    start = next((k for k, (_, row) in enumerate(cells) if _is_numeric(row, decimal)), len(cells))
    if start == len(cells):
        raise InputError(
            f"line {cells[-1][0]} of the table {path} must have {FORM}; got {rows[-1][1][:60]!r}"
            + ("" if len(cells) > 1 else ", and there are no rows below")
        )
    header = [row for _, row in cells[:start]]
    if titles and not header:
        header = [_split(titles[-1], delimiter)]
    values = _values(path, cells[start:], dict(rows), decimal)
    values, header = _without_empty_columns(values, header)
    if decimal == ",":
        notes.append("decimal commas")
    return _without_index(Text(*_titles(header, values.shape[1]), values, tuple(notes)))


def _first(lines: list[tuple[int, str]]) -> int:
    """How many comment lines come first."""
    return next((k for k, (_, line) in enumerate(lines) if not COMMENT.match(line)), len(lines))


def _decoded(path: str | os.PathLike[str]) -> tuple[str, list[str]]:
    """The text of a file in the encoding that its first bytes show: UTF-8, UTF-16 or else Latin-1."""
    advice = f"give a text file with {FORM}"
    try:
        about = os.stat(path)
        if not stat.S_ISREG(about.st_mode):
            raise InputError(f"the table {path} must be a file, which it is not; {advice}")
        if about.st_size > LARGEST:
            raise InputError(f"the table {path} has more than {LARGEST // 10**6} MB; thin it out")
        content = Path(path).read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a path with a null byte
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise InputError(f"the table {path} cannot be read: {reason}; {advice}") from None
    try:
        if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
            return content.decode("utf-16"), ["UTF-16"]
        if b"\x00" in content[:200]:
            return content.decode("utf-16-le" if content[1:2] == b"\x00" else "utf-16-be"), ["UTF-16"]
        return content.decode("utf-8-sig"), []
    except UnicodeDecodeError:
        if b"\x00" in content[:1000]:
            raise InputError(f"the table {path} is not text; {advice}") from None
        return content.decode("latin-1"), ["read as Latin-1, as it is not UTF-8"]


def _format(lines: list[str], decimal: str | None) -> tuple[str | None, str]:
    """Delimiter (None: blanks) and decimal sign, judged from the first hundred lines that have digits."""
    rows = [line for line in lines if re.search(r"\d", line)][:100] or lines[:1]
    for sign in (";", "\t"):
        if sum(sign in line for line in rows) * 2 > len(rows):
            cells = [cell for line in rows for cell in _split(line, sign)]
            commas = any("," in cell and WITH_COMMA.fullmatch(cell) for cell in cells)
            points = any("." in cell and re.fullmatch(NUMBER, cell) for cell in cells)
            return sign, decimal or ("," if commas and not points else ".")
    if decimal == ",":
        return None, ","
    if sum("," in line for line in rows) * 2 > len(rows):
        parts = [cell for line in rows if "," in line for cell in line.split()]
        if decimal is None and len(parts) > len(rows) and all(WITH_COMMA.fullmatch(cell) for cell in parts):
            return None, ","
        return ",", decimal or "."
    return None, decimal or "."


def _split(line: str, delimiter: str | None) -> list[str]:
    if delimiter is None:
        return line.replace('"', " ").split()
    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter, skipinitialspace=True))]
    except (csv.Error, StopIteration):
        return [cell.strip().strip('"') for cell in line.split(delimiter)]


def _number(cell: str, decimal: str) -> float | None:
    """The number in a cell, NaN where it is missing, None where it is a word."""
    cell = cell.strip().replace("\u2212", "-")
    if cell.lower() in MISSING:
        return math.nan
    if decimal == ",":
        cell = cell.replace(".", "").replace(",", ".") if "," in cell else cell
    elif THOUSANDS.fullmatch(cell):
        cell = cell.replace(",", "")
    cell = re.sub(r"[dDqQ](?=[+-]?\d)", "e", cell)
    split = WITHOUT_E.fullmatch(cell)
    cell = f"{split[1]}e{split[2]}" if split else cell
    return float(cell) if NUMBER.fullmatch(cell) else None


def _is_numeric(row: list[str], decimal: str) -> bool:
    """Whether a line is data: only numbers or missing ones, and at least one number."""
    found = [_number(cell, decimal) for cell in row]
    return None not in found and any(value is not None and not math.isnan(value) for value in found)


def _values(
    path: str | os.PathLike[str], cells: list[tuple[int, list[str]]], lines: dict[int, str], decimal: str
) -> np.ndarray:
    """The numbers of all rows, which must have equally many cells."""
    width, found = len(cells[0][1]), []
    for i, row in cells:
        numbers = [_number(cell, decimal) for cell in row]
        if None in numbers or len(numbers) != width:
            raise InputError(
                f"line {i} of the table {path} must have {width} number{'s' * (width != 1)} like the first "
                f"row; got {lines[i][:60]!r}: correct it, or put # before what is no row"
            )
        found.append(numbers)
    return np.asarray(found, dtype=float)


def _labelled(path: str | os.PathLike[str], rows: list[tuple[int, str]], notes: list[str]) -> Text:
    """Rows of the form ``name= number name= number``."""
    names, found = None, []
    for i, line in rows:
        pairs = LABELLED.findall(line)
        numbers = [_number(value, ".") for _, value in pairs]
        here = tuple(name for name, _ in pairs)
        names = names or here
        if None in numbers or here != names:
            raise InputError(
                f"line {i} of the table {path} must have the labels of the first row and a number after "
                f"each; got {line[:60]!r}: correct it"
            )
        found.append(numbers)
    return Text(names or (), (), np.asarray(found, dtype=float), tuple(notes))


def _without_empty_columns(values: np.ndarray, header: list[list[str]]) -> tuple[np.ndarray, list[list[str]]]:
    """Without columns at the end in which nothing stands: rows that end with a delimiter."""
    width = values.shape[1]
    while width > 1 and np.all(np.isnan(values[:, width - 1])):
        if any("".join(row[width - 1 :]) for row in header):
            break
        width -= 1
    return values[:, :width], [row[:width] for row in header]


def _titles(header: list[list[str]], width: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names and units of the columns from the lines above them that have as many cells."""
    fitting = [row for row in header if len(row) == width and any(row)]
    units = [row for row in fitting if all(BRACKETED.fullmatch(cell) for cell in row)]
    names = [row for row in fitting if row not in units]
    return tuple(names[-1] if names else ()), tuple(cell[1:-1] for cell in (units[-1] if units else ()))


def _without_index(text: Text) -> Text:
    """Without the first column where it only counts the rows and has no name, as pandas writes it."""
    count = len(text.values)
    counts = text.values.shape[1] > 2 and np.array_equal(text.values[:, 0], np.arange(count))
    if counts and text.names and not text.names[0]:
        return Text(
            text.names[1:], text.units[1:], text.values[:, 1:], (*text.notes, "index column left out")
        )
    return text
