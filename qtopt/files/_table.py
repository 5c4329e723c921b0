"""A TOML table that knows where it sits in the file, so that every error can name the key.

Paths count from zero, as Python does: `machine.baths[0]` is the first bath of the file.
"""

import difflib
import math
import reprlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from ..errors import InputError

T = TypeVar("T", bound=str)
Vector = tuple[float, ...]
Matrix = tuple[Vector, ...]

_MISSING = object()
_short = reprlib.Repr()
_short.maxstring = _short.maxother = _short.maxlong = 60


def show(value: object) -> str:
    """What was given, as the user would find it in the file, shortened if it is long."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, str):
        return _short.repr(value).replace("'", '"')
    try:
        return _short.repr(value)
    except ValueError:  # Python refuses to write integers of thousands of digits
        return "a number too large to show"


def wrong(path: str, must: str, given: object, advice: str = "") -> InputError:
    """The error for a value that breaks a rule: what must hold, what was given, what to do."""
    return InputError(f"`{path}` must be {must}; got {show(given)}" + (f" ({advice})" if advice else ""))


def listed(names: Sequence[str], last: str = "or") -> str:
    """`"a", "b" or "c"`."""
    quoted = [f'"{name}"' for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} {last} {quoted[-1]}"


def suggestion(given: object, allowed: Sequence[str]) -> str:
    """`did you mean "joint"?`, or nothing where no name is close."""
    close = difflib.get_close_matches(given, allowed, n=1) if isinstance(given, str) else []
    return f'did you mean "{close[0]}"?' if close else ""


def is_number(value: object) -> bool:
    """Whether a value is a finite number; true and false are not numbers."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer beyond the range of a float
        return False


def number(value: object, path: str, *, positive: bool = False) -> float:
    """A finite number, above zero where `positive`."""
    must = "a finite number above 0" if positive else "a finite number"
    if not is_number(value):
        raise wrong(path, must, value)
    result = float(value)  # pyright: ignore[reportArgumentType]
    if positive and result <= 0.0:
        raise wrong(path, must, value)
    return result


def vector(value: object, path: str, length: int | None, what: str, *, positive: bool = False) -> Vector:
    """A list of `length` numbers (any number of them, but at least one, where it is None)."""
    sign = " above 0" if positive else ""
    must = f"a list of numbers{sign}, {what}" if length is None else f"a list of {count(length)}, {what}"
    if not isinstance(value, list):
        raise wrong(path, must, value)
    if not value or (length is not None and len(value) != length):
        raise wrong(path, must, value, count(len(value)) if value else "it is empty")
    return tuple(number(item, f"{path}[{i}]", positive=positive) for i, item in enumerate(value))


def matrix(value: object, path: str, rows: int, what: str) -> Matrix:
    """A list of `rows` lists of numbers, all of the same length, which is at least one."""
    must = f"a list of {rows} list{'s' * (rows != 1)} of numbers, one for each oscillator, {what}"
    if not isinstance(value, list) or not all(isinstance(row, list) for row in value):
        raise wrong(path, must, value)
    if len(value) != rows:
        raise wrong(path, must, value, f"{len(value)} list{'s' * (len(value) != 1)}")
    width = len(value[0])
    return tuple(
        vector(row, f"{path}[{i}]", width if width else None, f"as many as in `{path}[0]`" if i else what)
        for i, row in enumerate(value)
    )


def count(length: int) -> str:
    """`1 number` or `2 numbers`."""
    return f"{length} number{'s' * (length != 1)}"


@dataclass(frozen=True)
class Table:
    """One table of the file and its path, such as `machine.baths[1].spectral_density` (empty: the file)."""

    content: Mapping[str, object]
    path: str
    folder: str = ""
    """directory that file names are relative to; empty: the working directory"""

    def __contains__(self, key: str) -> bool:
        return key in self.content

    def at(self, key: str) -> str:
        """The full path of a key."""
        return f"{self.path}.{key}" if self.path else key

    def only(self, *allowed: str) -> None:
        """Refuse every key but these. Called first: a misspelt key is also a missing one."""
        for key in self.content:
            if key not in allowed:
                hint = suggestion(key, allowed)
                where = f"in `{self.path}`" if self.path else "at the top level"
                shown = self.at(key if key.isprintable() else show(key))
                names = f"allowed {where}: {listed(allowed, 'and')}"
                raise InputError(f"unknown key `{shown}`; {hint}{' ' * bool(hint)}{names}")

    def get(self, key: str, must: str, default: object = _MISSING) -> object:
        """The raw value; the error for a missing key says what it must be."""
        value = self.content.get(key, default)
        if value is _MISSING:
            raise InputError(f"`{self.at(key)}` is missing; it must be {must}")
        return value

    def number(self, key: str, *, positive: bool = False) -> float:
        """A finite number, above zero where `positive`."""
        must = "a finite number above 0" if positive else "a finite number"
        return number(self.get(key, must), self.at(key), positive=positive)

    def whole(self, key: str, least: int, default: int, below: int | None = None) -> int:
        """A whole number of at least `least` and, where given, less than `below`."""
        value = self.get(key, "", default)
        too_large = below is not None and isinstance(value, int) and value >= below
        if isinstance(value, bool) or not isinstance(value, int) or value < least or too_large:
            limit = "" if below is None else f" and below {below}"
            raise wrong(self.at(key), f"a whole number of at least {least}{limit}", value)
        return value

    def text(self, key: str, must: str) -> str:
        """A string that is not blank and fits on one line."""
        value = self.get(key, must)
        if not isinstance(value, str) or not value.strip() or not value.isprintable():
            raise wrong(self.at(key), must, value)
        return value

    def choice(self, key: str, allowed: Sequence[T], default: object = _MISSING) -> T:
        """One of the allowed names."""
        return choice(self.get(key, listed(allowed), default), self.at(key), allowed)

    def vector(self, key: str, length: int | None, what: str, *, positive: bool = False) -> Vector:
        """A list of numbers; `what` says what they are, for the error."""
        must = f"a list of {'numbers' if length is None else count(length)}, {what}"
        return vector(self.get(key, must), self.at(key), length, what, positive=positive)

    def matrix(self, key: str, rows: int, what: str) -> Matrix:
        """One list of numbers for each oscillator."""
        must = f"a list of {rows} list{'s' * (rows != 1)} of numbers, one for each oscillator, {what}"
        return matrix(self.get(key, must), self.at(key), rows, what)

    def table(self, key: str, must: str, default: object = _MISSING) -> "Table":
        """A table inside this one."""
        value = self.get(key, must, default)
        if not isinstance(value, Mapping):
            raise wrong(self.at(key), must, value)
        return Table(value, self.at(key), self.folder)

    def tables(self, key: str, must: str) -> tuple["Table", ...]:
        """A list of at least one table."""
        value = self.get(key, must)
        if not isinstance(value, list) or not value or not all(isinstance(v, Mapping) for v in value):
            raise wrong(self.at(key), must, value)
        return tuple(Table(v, f"{self.at(key)}[{i}]", self.folder) for i, v in enumerate(value))


def choice(value: object, path: str, allowed: Sequence[T]) -> T:
    """One of the allowed names."""
    for name in allowed:
        if value == name:
            return name
    raise wrong(path, listed(allowed), value, suggestion(value, allowed))
