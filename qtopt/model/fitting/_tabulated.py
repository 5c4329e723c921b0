"""A spectral density given as a table in a file."""

import os
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

from jax.typing import ArrayLike
from jaxtyping import Array, Complex, Inexact

from ...errors import InputError
from ...registry import register
from ...schema import AbstractType, Scope, Text, parameter
from ..spectral_densities import AbstractSpectralDensity, Memory, PoleExpansion, Rational
from ._columns import read_columns
from ._fit import fit_spectral_density

_PATH = Text("the path of a CSV file with the columns omega and J(omega)")


@dataclass(frozen=True)
class _File(AbstractType):
    """The path of a table, which is written out in full; in a file it may be relative to that file."""

    def must(self, scope: Scope) -> str:
        return _PATH.what

    def read(self, value: object, path: str, scope: Scope) -> str:
        name = os.path.abspath(os.path.join(scope.folder, _PATH.read(value, path, scope)))
        try:
            read_columns(name)
        except InputError as error:
            raise InputError(f"`{path}` must be a table of J(omega): {error}") from None
        return name

    def schema(self) -> dict[str, object]:
        return _PATH.schema()


@register
class Tabulated(AbstractSpectralDensity):
    """J(omega) of a table, as the rational bath with the fewest poles that is fitted to it.

    Attributes:
        file: path of a CSV file with the columns omega and J(omega).
        tolerance: largest error of the fit, see `FitReport.error`.
        fitted: the rational bath.

    Raises:
        InputError: a file that cannot be read or has another form; the tolerance is not reached.
    """

    kind: ClassVar[str] = "table"

    fitted: Rational
    file: str = parameter(
        help="path of a CSV file with the columns omega and J(omega)", type=_File(), static=True
    )
    tolerance: float = parameter(
        help="largest error of the fit, relative to J", positive=True, default=1e-4, static=True
    )

    def __init__(self, file: str | os.PathLike[str], tolerance: float = 1e-4) -> None:
        self.file, self.tolerance = os.path.abspath(file), tolerance
        self.fitted = _fitted(read_columns(file), tolerance)

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
        return repr(read_columns(self.file))


@lru_cache(maxsize=16)
def _fitted(columns: tuple[tuple[float, ...], tuple[float, ...]], tolerance: float) -> Rational:
    return fit_spectral_density(*columns, tolerance)[0]
