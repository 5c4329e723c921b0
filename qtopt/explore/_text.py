"""What the page says in words: symbols without mathematical notation, units, lines of files that repeat."""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..observables import quantities

GREEK = {
    "eta": "η", "Omega": "Ω", "omega": "ω", "gamma": "γ", "kappa": "κ", "hbar": "ħ", "ell": "ℓ", "pi": "π",
    "sigma": "σ", "Delta": "Δ", "times": "×", "leq": "≤", "geq": "≥", "langle": "⟨", "rangle": "⟩",
}  # fmt: skip
SUPERSCRIPTS = {"2": "²", "3": "³", "4": "⁴"}
OUTPUTS = ("output", "output_power", "certified_output")


def spoken(label: str) -> str:
    """A label in matplotlib's mathematical notation as plain text."""

    def plain(match: re.Match[str]) -> str:
        text = re.sub(r"\\mathrm\{([^}]*)\}", r"\1", match[1])
        text = re.sub(r"\\dot\s*([A-Za-z])", "\\1\u0307", text)
        text = re.sub(r"\\([A-Za-z]+)", lambda word: GREEK.get(word[1], word[1]), text)
        text = re.sub(r"\^\{?(\w)\}?", lambda power: SUPERSCRIPTS.get(power[1], "^" + power[1]), text)
        return re.sub(r"_\{?(\w+)\}?", r"_\1", text).replace("\\", "")

    return " ".join(re.sub(r"\$([^$]*)\$", plain, label).split())


def units_of(column: str) -> str:
    """The unit of a column of a front, of which one registered quantity has the name; "" without one."""
    if column == "frequency":
        return "ω"
    if column in OUTPUTS:
        return unit_text("hbar omega_A^2")
    found = {item.name: item.unit for item in quantities()}.get(column, "1")
    return unit_text(found)


def unit_text(unit: str) -> str:
    """A unit of netCDF attributes as it is printed; "" for pure numbers."""
    for word, sign in {"hbar": "ħ", "omega_A": "ω", "^2": "²", "^3": "³"}.items():
        unit = unit.replace(word, sign)
    return "" if unit == "1" else unit


class Lines:
    """Texts that share most of their lines: each becomes the numbers of its lines in one list."""

    def __init__(self) -> None:
        self.all: list[str] = []
        self._places: dict[str, int] = {}

    def add(self, text: str) -> list[int]:
        """The numbers of the lines of a text."""
        for line in text.split("\n"):
            if line not in self._places:
                self._places[line] = len(self.all)
                self.all.append(line)
        return [self._places[line] for line in text.split("\n")]


def rounded(values: NDArray[np.float64] | Sequence[float], digits: int = 5) -> list[float | None]:
    """Values of a curve for drawing; what is not a number becomes None."""
    return [
        float(f"{value:.{digits}g}") if np.isfinite(value) else None for value in np.asarray(values).tolist()
    ]


def plain(value: float) -> float | None:
    """A number for JSON, exact; None where it is not finite."""
    return float(value) if np.isfinite(value) else None
