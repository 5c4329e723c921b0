"""Results as people read them: every number with its name, unit and meaning."""

import dataclasses
import html
from typing import Any

import equinox as eqx
import numpy as np
from jax.core import Tracer

from ...schema import number_text

POWER, ENTROPY_RATE, SPREAD, VARIANCE_RATE = (
    "hbar omega_A^2",
    "k_B omega_A",
    "hbar / (m omega_A)",
    "hbar^2 omega_A^3",
)
"""Units of results (hbar = k_B = m = 1, frequencies in units of omega_A)."""
MOST = 12
"""Larger arrays are shown by their shape."""


def result(meaning: str, unit: str = "1", moments: int = 0, **field: Any) -> Any:
    """A field of a result, with what it means in a few words and its unit.

    Args:
        meaning: in words.
        unit: of all of its numbers.
        moments: how many of its last axes are (x_1..x_L, v_1..v_L), positions in (hbar/(m omega_A))^(1/2) and
            velocities in (hbar omega_A/m)^(1/2): 1 for means, 2 for a covariance.
        field: as for `equinox.field`.
    """
    return eqx.field(metadata={"meaning": meaning, "unit": unit, "moments": moments}, **field)


class Readable(eqx.Module):
    """`print` gives a block of names, numbers, units and meanings, `repr` one line, a notebook a table."""

    def __repr__(self) -> str:
        first = ", ".join(f"{name}={text}" for name, text, *_ in self._rows()[:3])
        return f"{type(self).__name__}({first})"

    def __str__(self) -> str:
        rows = self._rows()
        name, text, unit = (max(len(row[column]) for row in rows) for column in range(3))
        lines = [f"  {row[0]:{name}}  {row[1]:{text}}  {row[2]:{unit}}  {row[3]}".rstrip() for row in rows]
        return "\n".join([type(self).__name__, *lines])

    def _repr_html_(self) -> str:
        def line(cells: tuple[str, ...], kind: str) -> str:
            return f"<tr>{''.join(f'<{kind}>{html.escape(cell)}</{kind}>' for cell in cells)}</tr>"

        heads = line(("", "value", "unit", "meaning"), "th")
        rows = "".join(line(row, "td") for row in self._rows())
        return f"<table><caption>{type(self).__name__}</caption>{heads}{rows}</table>"

    def _rows(self) -> list[tuple[str, str, str, str]]:
        found = []
        for field in dataclasses.fields(self):
            unit = field.metadata["unit"]
            text = _text(getattr(self, field.name))
            found.append((field.name, text, "" if unit == "1" else unit, field.metadata["meaning"]))
        return found


def _text(value: Any) -> str:
    """Numbers to six digits; what is long, unknown or not a number yet by its shape."""
    if value is None:
        return "not given"
    if not isinstance(value, Tracer) and np.size(value) > MOST:
        return f"{value.dtype.name}[{','.join(map(str, value.shape))}]"
    return number_text(value)
