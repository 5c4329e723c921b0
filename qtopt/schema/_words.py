"""The sentences of errors: what must hold, what was given, what to do."""

import datetime
import difflib
import math
import reprlib
from collections.abc import Mapping, Sequence

from ..errors import InputError

LARGEST = 2000
"""bits of an integer whose digits are shown; Python may refuse to write those of longer ones"""


class _Repr(reprlib.Repr):
    """Shortens what is long, integers of any size included."""

    def repr_int(self, x: int, level: int) -> str:
        """Digits, or that there are too many."""
        return "a number too large to show" if x.bit_length() > LARGEST else super().repr_int(x, level)


_short = _Repr()
_short.maxstring = _short.maxother = _short.maxlong = 60


def show(value: object) -> str:
    """What was given, as the user would find it in the file, shortened if it is long."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, datetime.date | datetime.time):
        return f"the date {value.isoformat()}"
    if isinstance(value, str):
        return _short.repr(value).replace("'", '"')
    return _short.repr(value)


def wrong(path: str, must: str, given: object, advice: str = "") -> InputError:
    """The error for a value that breaks a rule: what must hold, what was given, what to do."""
    return InputError(f"`{path}` must be {must}; got {show(given)}" + (f" ({advice})" if advice else ""))


def listed(names: Sequence[str], last: str = "or") -> str:
    """Words as they stand in a sentence: `"a", "b" or "c"`."""
    quoted = [f'"{name}"' for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} {last} {quoted[-1]}"


def suggestion(given: object, allowed: Sequence[str]) -> str:
    """`did you mean "joint"?`, or nothing where no name is close."""
    close = difflib.get_close_matches(given, allowed, n=1) if isinstance(given, str) else []
    return f'did you mean "{close[0]}"?' if close else ""


def count(length: int) -> str:
    """A count with its noun: `1 number` or `2 numbers`."""
    return f"{length} number{'s' * (length != 1)}"


def is_number(value: object) -> bool:
    """Whether a value is a finite number; true and false are not numbers."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer beyond the range of a float
        return False


def is_whole(value: object) -> bool:
    """Whether a value is a whole number; true and false are not numbers."""
    return isinstance(value, int) and not isinstance(value, bool)
