"""A spectral density given as a table in a file."""

import os
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Complex, Inexact

from ...errors import InputError
from ...registry import register
from ...schema import AbstractType, Scope, Text, parameter, wrong
from ..spectral_densities import AbstractSpectralDensity, Memory, PoleExpansion, Rational
from ._columns import Decimal, TableFormat, read_columns
from ._fit import Below, Beyond, FitSettings, Weights, fit_rows
from ._noise import FLOOR
from ._report import FitReport, deviations
from ._rows import Rows
from ._text import read_text
from ._transform import Quantity

STEP, LARGEST = 2, 100
"""Fits of neighbouring order have so many poles less or more, at most so many."""
_PATH = Text("the path of a file with the columns omega and J(omega)")


@dataclass(frozen=True)
class _File(AbstractType):
    """The path of a table, which is written out in full; in a file it may be relative to that file."""

    def must(self, scope: Scope) -> str:
        return _PATH.what

    def read(self, value: object, path: str, scope: Scope) -> str:
        name = os.path.abspath(os.path.join(scope.folder, _PATH.read(value, path, scope)))
        try:
            read_text(name)
        except InputError as error:
            raise InputError(f"`{path}` must be a table of J(omega): {error}") from None
        return name

    def schema(self) -> dict[str, object]:
        return _PATH.schema()


@dataclass(frozen=True)
class _Columns(AbstractType):
    """Columns by name or by number from 1."""

    def must(self, scope: Scope) -> str:
        return "a list of two or three columns, omega, J and its error, by name or by number from 1"

    def read(self, value: object, path: str, scope: Scope) -> tuple[int | str, ...]:
        items = value if isinstance(value, list) else []
        good = all(isinstance(item, int | str) and not isinstance(item, bool) for item in items)
        if len(items) not in (2, 3) or not good:
            raise wrong(path, self.must(scope), value)
        return tuple(items)

    def schema(self) -> dict[str, Any]:
        item = {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "string"}]}
        return {"type": "array", "items": item, "minItems": 2, "maxItems": 3}


@dataclass(frozen=True)
class _Units(AbstractType):
    """Units of the columns."""

    def must(self, scope: Scope) -> str:
        return 'a list of the units of omega and J, such as ["cm^-1", "cm^-1"]'

    def read(self, value: object, path: str, scope: Scope) -> tuple[str, ...]:
        items = value if isinstance(value, list) else []
        if len(items) not in (2, 3) or not all(isinstance(item, str) for item in items):
            raise wrong(path, self.must(scope), value)
        return tuple(items)

    def schema(self) -> dict[str, Any]:
        return {"type": "array", "items": {"type": "string"}, "minItems": 2, "maxItems": 3}


@dataclass(frozen=True)
class _Range(AbstractType):
    """Two increasing frequencies."""

    def must(self, scope: Scope) -> str:
        return "two increasing frequencies of at least 0"

    def read(self, value: object, path: str, scope: Scope) -> tuple[float, float]:
        items = value if isinstance(value, list) else []
        numbers = [float(x) for x in items if isinstance(x, int | float) and not isinstance(x, bool)]
        if len(items) != 2 or len(numbers) != 2 or not 0.0 <= numbers[0] < numbers[1]:
            raise wrong(path, self.must(scope), value)
        return numbers[0], numbers[1]

    def schema(self) -> dict[str, Any]:
        return {"type": "array", "items": {"type": "number", "minimum": 0}, "minItems": 2, "maxItems": 2}


@register
class Tabulated(AbstractSpectralDensity):
    """J(omega) of a table, as the rational bath that is fitted to it: the best passive one, see `report`.

    Attributes:
        file: path of a text file with the columns omega and J(omega), and the error of J if there is a third.
        tolerance, poles, max_poles, weights, below, beyond, range: see `fit_spectral_density`.
        columns, decimal, units, reference, quantity, reference_temperature: see `TableFormat`, where the last
            is called temperature.
        fitted: the rational bath.
        report: how good it is.

    Raises:
        InputError: a file that cannot be read, or in which there is no J.
    """

    kind: ClassVar[str] = "table"

    fitted: Rational
    file: str = parameter(
        help="path of a file with the columns omega and J(omega)", type=_File(), static=True
    )
    tolerance: float = parameter(
        help="largest error of the fit that is asked for, relative to J",
        positive=True,
        default=1e-4,
        static=True,
    )
    poles: int | None = parameter(help="number of poles, instead of the best one", default=None, static=True)
    max_poles: int = parameter(help="more poles are not tried", default=100, static=True)
    weights: Weights = parameter(
        help="what the errors of rows are proportional to, without a third column: J, 1, or judged from them",
        default="auto",
        static=True,
    )
    below: Below = parameter(help="how J goes on below the first row", default="ohmic", static=True)
    beyond: Beyond = parameter(help="how J goes on beyond the last row", default="cut-off", static=True)
    range: tuple[float, float] | None = parameter(
        help="lowest and highest frequency that matter: elsewhere errors may be ten times as large",
        type=_Range(),
        default=None,
        static=True,
    )
    columns: tuple[int | str, ...] | None = parameter(
        help="omega, J and its error, by name or by number from 1", type=_Columns(), default=None, static=True
    )
    decimal: Decimal | None = parameter(
        help="the sign before decimals, where it cannot be guessed", default=None, static=True
    )
    units: tuple[str, ...] | None = parameter(
        help='units of the columns, such as ["cm^-1", "cm^-1"]', type=_Units(), default=None, static=True
    )
    reference: str | None = parameter(
        help='the frequency 1 of the machine, such as "200 cm^-1", where units are given',
        default=None,
        static=True,
    )
    quantity: Quantity = parameter(
        help="what the second column is; the first is a time for a correlation function",
        default="density",
        static=True,
    )
    reference_temperature: float | None = parameter(
        help="T at which a spectrum or correlation function was taken",
        positive=True,
        default=None,
        static=True,
    )

    def __init__(
        self,
        file: str | os.PathLike[str],
        tolerance: float = 1e-4,
        poles: int | None = None,
        max_poles: int = 100,
        weights: Weights = "auto",
        below: Below = "ohmic",
        beyond: Beyond = "cut-off",
        range: tuple[float, float] | None = None,
        columns: tuple[int | str, ...] | None = None,
        decimal: Decimal | None = None,
        units: tuple[str, ...] | None = None,
        reference: str | None = None,
        quantity: Quantity = "density",
        reference_temperature: float | None = None,
    ) -> None:
        self.file, self.tolerance = os.path.abspath(file), tolerance
        self.poles, self.max_poles, self.weights = poles, max_poles, weights
        self.below, self.beyond = below, beyond
        self.range = None if range is None else (float(range[0]), float(range[1]))
        self.columns = None if columns is None else tuple(columns)
        self.decimal, self.units = decimal, None if units is None else tuple(units)
        self.reference, self.quantity = reference, quantity
        self.reference_temperature = reference_temperature
        self.fitted = _fitted(_Key(self.rows()), self.settings())[0]

    def settings(self) -> FitSettings:
        """How the table is fitted."""
        return FitSettings(
            self.tolerance,
            self.max_poles,
            self.poles,
            self.weights,
            self.below,
            self.beyond,
            self.range,
        )

    def rows(self) -> Rows:
        """The rows of the file as they are fitted."""
        form = TableFormat(
            self.columns or (),
            self.decimal,
            self.units or (),
            self.reference,
            self.quantity,
            self.reference_temperature,
        )
        return read_columns(self.file, form)

    @property
    def report(self) -> FitReport:
        """How good the fit is."""
        return _fitted(_Key(self.rows()), self.settings())[1]

    def remarks(self) -> tuple[str, ...]:
        report = self.report
        return () if report.reached else (f"the table {self.file} is described by {report.quality}",)

    def neighbours(self) -> tuple[Rational, ...]:
        """Fits of the same rows with fewer poles, and with more."""
        count = len(self.fitted.poles)
        orders = sorted({max(1, count - STEP), min(count + STEP, LARGEST)} - {count})
        settings = (replace(self.settings(), poles=order) for order in orders)
        return tuple(_fitted(_Key(self.rows()), own)[0] for own in settings)

    def error_between(self, low: float, high: float) -> float:
        """Root mean square of (fit - J) over the rows of these frequencies, relative as in (12.4)."""
        rows = self.rows()
        inside = (rows.omega >= low) & (rows.omega <= high)
        errors = deviations(rows._replace(errors=None), self.fitted, FLOOR)[inside]
        return float(np.sqrt(np.mean(errors**2))) if len(errors) else 0.0

    def density(self, omega: ArrayLike) -> Inexact[Array, "..."]:
        return self.fitted.density(omega)

    def response(self, omega: ArrayLike) -> Complex[Array, "..."]:
        return self.fitted.response(omega)

    def memory_kernel(self, omega: ArrayLike) -> Complex[Array, "..."]:
        return self.fitted.memory_kernel(omega)

    def memory_kernel_slope(self, a: ArrayLike, b: ArrayLike) -> Complex[Array, "..."]:
        return self.fitted.memory_kernel_slope(a, b)

    def in_units(self, unit: float) -> Rational:
        return self.fitted.in_units(unit)

    def expansion(self) -> PoleExpansion:
        return self.fitted.expansion()

    def memory(self) -> Memory:
        return self.fitted.memory()

    def source(self) -> str:
        return _Key(self.rows()).text


class _Key:
    """Rows that can be looked up."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        parts = [None if part is None else part.tolist() for part in rows[:3]]
        self.text = repr(parts)

    def __hash__(self) -> int:
        return hash(self.text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and self.text == other.text


@lru_cache(maxsize=16)
def _fitted(key: _Key, settings: FitSettings) -> tuple[Rational, FitReport]:
    return fit_rows(key.rows, settings)
