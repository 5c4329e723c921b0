"""Objects as people read them: every number with its name and unit."""

import html
from typing import Any

import jax
import numpy as np
from jax.core import Tracer

from ..errors import InputError
from ._fields import Field, fields_of

MOST = 8
"""so many numbers of a list are shown"""


class Shown:
    """`print` gives a block of names, numbers and units, `repr` one line, a notebook a table.

    Only what `parameter` declares is shown; a class that declares nothing prints as equinox does.
    """

    # equinox makes every bound method a pytree, which takes longer than what many methods do
    __getattribute__ = object.__getattribute__

    def __check_init__(self) -> None:
        """Numbers are in their declared ranges, wherever there are numbers and no placeholders."""
        for field in fields_of(type(self)):
            value = getattr(self, field.name, None)
            if field.numeric and isinstance(value, np.ndarray | np.generic | jax.Array):
                _check_range(self, field, value)

    def __repr__(self) -> str:
        if not _declares(type(self)):
            return super().__repr__()
        parts = (f"{name}={text}" for name, text in _short(self))
        return f"{type(self).__name__}({', '.join(parts)})"

    def __str__(self) -> str:
        if not _declares(type(self)):
            return repr(self)
        rows = [(name, f"{value}  {unit}".rstrip(), about) for name, value, unit, about in _rows(self)]
        widths = [max((len(row[i]) for row in rows), default=0) for i in (0, 1)]
        lines = [
            f"  {name:{widths[0]}}  {value:{widths[1]}}  {about}".rstrip() for name, value, about in rows
        ]
        return "\n".join([_title(self), *lines])

    def _repr_html_(self) -> str:
        rows = "".join(
            "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in _rows(self)
        )
        heads = "".join(f"<th>{head}</th>" for head in ("", "value", "unit", "meaning"))
        title = html.escape(_title(self))
        return f"<table><caption>{title}</caption><tr>{heads}</tr>{rows}</table>"


def _declares(cls: type) -> bool:
    """Whether a class has fields to show beside words that have defaults."""
    return any(field.default is None or not field.static for field in fields_of(cls))


def _check_range(owner: Any, field: Field, value: Any) -> None:
    """Raise `InputError` for numbers that a configuration file could not hold either."""
    if isinstance(value, Tracer) or value.dtype.kind not in "fiu":
        return
    numbers, about = np.asarray(value), field.about
    allowed = np.isfinite(numbers)
    if about.positive:
        allowed &= numbers > 0.0
    elif about.least is not None:
        allowed &= numbers >= about.least
    if not allowed.all():
        limit = "" if about.least is None else f" of at least {about.least:g}"
        must = "a finite number above 0" if about.positive else f"a finite number{limit}"
        given = float(numbers[~allowed].flat[0]) if numbers.ndim else float(numbers)
        name = f"{type(owner).__name__}.{field.name}"
        raise InputError(f"{name} must be {must}, but it is {given:g}.")


def _title(value: Any) -> str:
    about = (type(value).__doc__ or "").strip().splitlines()[0].rstrip(".")
    name = " ".join(filter(None, (type(value).__name__, getattr(value, "name", None))))
    return f"{name}: {about}" if about else name


def _rows(value: Any, prefix: str = "") -> list[tuple[str, str, str, str]]:
    """Name, value, unit and meaning of everything in an object and in the objects inside it."""
    found = []
    for field in fields_of(type(value)):
        part, name, about = getattr(value, field.name), f"{prefix}{field.key}", field.about
        if _untold(field, part):
            continue
        if isinstance(part, tuple) and part and isinstance(part[0], Shown):
            for item in part:
                found += _rows(item, f"{prefix}{getattr(item, 'name', field.key)}.")
        elif isinstance(part, Shown):
            found.append((name, getattr(part, "kind", type(part).__name__), "", about.help))
            found += _rows(part, f"{name}.")
        elif part is None and field.default is None:
            found.append((name, str(field.type.plain(None)), "", about.help))
        elif field.key != "name" and part is not None:
            found.append((name, number_text(part), "" if about.unit == "1" else about.unit, about.help))
    return found


def _untold(field: Field, part: Any) -> bool:
    """Whether a word is one that files leave out."""
    return field.static and field.default is not None and field.type.plain(part) is None


def _short(value: Any) -> list[tuple[str, str]]:
    found = []
    for field in fields_of(type(value)):
        part = getattr(value, field.name)
        if part is None or _untold(field, part):
            continue
        text = repr(part) if isinstance(part, str | tuple | Shown) else number_text(part)
        found.append((field.name, text))
    return found


def number_text(value: Any) -> str:
    """A number or an array to six digits, long ones shortened; a placeholder of a trace by its shape."""
    if isinstance(value, str | bool | int):
        return str(value)
    if isinstance(value, Tracer) or (not hasattr(value, "__array__") and not isinstance(value, float)):
        return str(getattr(value, "aval", value))
    return _listed(np.asarray(value))


def _listed(values: np.ndarray) -> str:
    if values.ndim == 0:
        return f"{values.item():.6g}"
    shown = [_listed(item) for item in values[:MOST]]
    more = f", ... ({len(values)})" if len(values) > MOST else ""
    return f"[{', '.join(shown)}{more}]"
