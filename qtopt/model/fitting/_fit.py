"""From a table or a function J(omega) to a rational bath, with a report of how good it is."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple, get_args

import numpy as np
import scipy
from numpy.typing import ArrayLike
from threadpoolctl import threadpool_limits

from ...errors import InputError
from ..spectral_densities import Rational
from ._factors import Factors
from ._grow import Data
from ._noise import FLOOR, FLOORS, level, likely_floor, local_deviations, scale, smoothed
from ._report import FitReport, report
from ._rows import Rows, cleaned
from ._search import Candidate, searched

Weights = Literal["auto", "relative", "absolute"]
Below = Literal["ohmic", "zero"]
Beyond = Literal["cut-off", "zero"]

SAMPLES, LONGEST = 1000, 2500
"""points of a function; rows of a longer table that are fitted (all are compared)"""
CHANGED = 2.5
"""The fit is repeated where its residuals ask for another floor of the errors by this factor."""
NOISY = 1.0
"""Where rows scatter by more tolerances, errors are noise, whose size is judged from the rows."""
OUTSIDE = 10.0
"""Errors outside the range that matters may be so many times as large."""
END_ROWS, NEAR, FAR = 20, 0.7, 0.1
"""Rows of zeros that stand for the end "zero": a twentieth of the others, between these parts of its edge."""


@dataclass(frozen=True)
class FitSettings:
    """How a table is fitted; see `fit_spectral_density`."""

    tolerance: float = 1e-6
    max_poles: int = 100
    poles: int | None = None
    weights: Weights = "auto"
    below: Below = "ohmic"
    beyond: Beyond = "cut-off"
    range: tuple[float, float] | None = None

    def check(self) -> None:
        """Refuse what makes no sense.

        Raises:
            InputError: a tolerance or a number of poles that is not above 0, an unknown word.
        """
        if not self.tolerance > 0.0 or self.max_poles < 1 or (self.poles is not None and self.poles < 1):
            number = self.max_poles if self.poles is None else self.poles
            raise InputError(
                "a fit must have a tolerance above 0 and at least one pole, but they are "
                f"{self.tolerance} and {number}: change them."
            )
        if self.range is not None and not 0.0 <= self.range[0] < self.range[1]:
            raise InputError(
                "the `range` of a fit must be two increasing frequencies of at least 0; got "
                f"{list(self.range)}."
            )
        for name, words in (("weights", Weights), ("below", Below), ("beyond", Beyond)):
            if getattr(self, name) not in get_args(words):
                allowed = " or ".join(repr(word) for word in get_args(words))
                raise InputError(f"`{name}` of a fit must be {allowed}; got {getattr(self, name)!r}.")


def fit_spectral_density(
    omega: ArrayLike,
    density: ArrayLike | Callable[[np.ndarray], ArrayLike],
    tolerance: float = 1e-6,
    max_poles: int = 100,
    *,
    poles: int | None = None,
    errors: ArrayLike | None = None,
    weights: Weights = "auto",
    below: Below = "ohmic",
    beyond: Beyond = "cut-off",
    range: tuple[float, float] | None = None,
) -> tuple[Rational, FitReport]:
    """The rational bath that describes J(omega), passive whatever the data, and how well it does.

    Data without noise: weighted AAA on J/omega as a function of omega^2 gives the fewest poles within the
    tolerance. Data with noise or with many peaks: a sum of positive Drude and resonance terms grows where the
    residuals ask for it, all numbers are refined together by least squares, first of the sum, then of the
    spectral factor ``J = omega |h|^2`` (see `Rational`), which is more general; an information criterion
    chooses the number of poles. The result is the best fit found, whether it reaches the tolerance
    or not: the report says. It is deterministic. Runs on the host.

    Args:
        omega: (N,) frequencies; or (lowest, highest) where J is a function. Rows are sorted, those of equal
            frequency merged, and rows without numbers dropped; the report notes it.
        density: (N,) J, which noise may have made negative here and there; or a function of an array of
            frequencies.
        tolerance: what `FitReport.error` should reach.
        max_poles: more are not tried.
        poles: the number of poles, instead of the best one; fewer where the data ask for none.
        errors: (N,) standard deviations of J, which weigh the rows.
        weights: without `errors`, what the errors of rows are proportional to: "relative" to J (and, where J
            is smaller, to 1 % of its maximum), "absolute": the same for all, "auto": judged from the rows.
        below: "ohmic": J goes on in proportion to omega below the first row; "zero": to 0 at once.
        beyond: "cut-off": J decays as the fit has it; "zero": to 0 at once.
        range: (lowest, highest) omega that matter: elsewhere errors may be ten times as large.

    Raises:
        InputError: there is no J in the data, or a setting has no meaning.

    Source: theory (12.1) to (12.9); AAA: Nakatsukasa, Sete and Trefethen, SIAM J. Sci. Comput. 40, A1494
    (2018).
    """
    settings = FitSettings(tolerance, max_poles, poles, weights, below, beyond, range)
    settings.check()
    if callable(density):
        omega, density = _sampled(omega, density)
    return fit_rows(cleaned(omega, density, errors), settings)


def fit_rows(rows: Rows, settings: FitSettings) -> tuple[Rational, FitReport]:
    """`fit_spectral_density` for rows that are clean."""
    fit = _Fit.of(rows, settings)
    scipy.linalg.lapack  # noqa: B018 loads the BLAS of SciPy, which can be limited only when it is there
    with threadpool_limits(1):  # many small matrices, and the same digits on any number of cores
        found, floor = fit.search()
    bath = _in_units(found.factors, fit.unit, fit.peak)
    s = scale(rows.density, floor) if rows.errors is None else rows.errors
    made = report(
        bath,
        rows.omega,
        rows.density,
        s,
        floor=0.0 if rows.errors is not None else floor,
        tolerance=settings.tolerance,
        ends=(settings.below, settings.beyond),
        used=settings.range,
    )
    rational = Rational(bath.scale, bath.poles, bath.pole_pairs, bath.zeros, bath.zero_pairs)
    return rational, replace(made, notes=rows.notes)


class _Fit(NamedTuple):
    """The rows in units in which all numbers are of order 1."""

    x: np.ndarray
    y: np.ndarray
    errors: np.ndarray | None
    unit: float
    peak: float
    settings: FitSettings

    @classmethod
    def of(cls, rows: Rows, settings: FitSettings) -> "_Fit":
        chosen = np.unique(np.linspace(0, len(rows.omega) - 1, LONGEST).astype(int))
        unit, peak = float(np.sqrt(rows.omega[0] * rows.omega[-1])), float(rows.density.max())
        errors = None if rows.errors is None else rows.errors[chosen] / peak
        return cls(rows.omega[chosen] / unit, rows.density[chosen] / peak, errors, unit, peak, settings)

    def search(self) -> tuple[Candidate, float]:
        """The best fit, and the floor of the errors that it supports."""
        floor, noisy = self._floor()
        found = searched(self._data(smoothed(self.y) if noisy else self.y, floor), self.settings)
        if noisy and self.errors is None and self.settings.weights == "auto":
            fitted = found.factors.density(self.x)
            supported = likely_floor(fitted - self.y, fitted, 1.0)
            if not 1.0 / CHANGED < supported / floor < CHANGED:
                floor = supported
                found = searched(self._data(fitted, floor), self.settings)
        return found, floor

    def _floor(self) -> tuple[float, bool]:
        """Where errors cease to be relative, judged from the rows alone; whether rows scatter."""
        deviations, inner = local_deviations(self.x, self.y), smoothed(self.y)[2:-2]
        noisy = level(deviations, np.maximum(inner, FLOORS[0])) > NOISY * self.settings.tolerance
        if self.settings.weights == "absolute":
            return 1.0, noisy
        if self.settings.weights == "relative" or not noisy:
            return FLOOR, noisy
        return likely_floor(deviations, inner, 1.0), True

    def _allowance(self) -> np.ndarray:
        """(N,) by how much larger the errors of rows outside the range may be."""
        if self.settings.range is None:
            return np.ones_like(self.x)
        low, high = (end / self.unit for end in self.settings.range)
        return np.where((self.x >= low) & (self.x <= high), 1.0, OUTSIDE)

    def _data(self, values: np.ndarray, floor: float) -> Data:
        """The rows with their errors, which are proportional to these values, and rows for the ends."""
        known = self.errors is not None
        error = (self.errors if self.errors is not None else np.maximum(values, floor)) * self._allowance()
        x, y, count = self.x, self.y, max(3, len(self.x) // END_ROWS)
        ends = np.zeros(0)
        if self.settings.below == "zero":
            ends = np.geomspace(FAR * x[0], NEAR * x[0], count)
        if self.settings.beyond == "zero":
            ends = np.r_[ends, np.geomspace(x[-1] / NEAR, x[-1] / FAR, count)]
        order = np.argsort(np.r_[x, ends], kind="stable")
        none, typical = np.zeros_like(ends), np.full_like(ends, np.median(error) if known else FLOOR)
        return Data(
            np.r_[x, ends][order],
            np.r_[y, none][order],
            np.r_[error, typical][order],
            np.r_[np.maximum(y, FLOOR) * self._allowance(), np.full_like(ends, FLOOR)][order],
            known,
            self.settings.tolerance,
        )


def _sampled(window: ArrayLike, density: Callable[[np.ndarray], ArrayLike]) -> tuple[np.ndarray, np.ndarray]:
    """A function at points that are even in omega and in its logarithm."""
    ends = np.asarray(window, dtype=float)
    if ends.shape != (2,) or not 0.0 < ends[0] < ends[1] < np.inf:
        raise InputError(
            "for a function J(omega) the frequencies must be a window (lowest, highest) above 0, but they "
            f"are {ends.tolist()}: give two increasing numbers."
        )
    low, high = ends
    both = np.concatenate([np.geomspace(low, high, SAMPLES // 2), np.linspace(low, high, SAMPLES // 2)])
    x = np.unique(np.clip(both, low, high))
    y = np.asarray(density(x), dtype=float)
    bad = np.flatnonzero(~(np.isfinite(y) & (y >= 0.0))) if y.shape == x.shape else np.zeros(1, dtype=int)
    if len(bad):
        got = (
            f"it is {y[bad[0]]:g} at omega = {x[bad[0]]:g}"
            if y.shape == x.shape
            else f"its shape is {y.shape}"
        )
        raise InputError(
            f"a function J(omega) must be finite and never negative for omega > 0, but {got}: correct it."
        )
    return x, y


def _in_units(found: Factors, unit: float, peak: float) -> Factors:
    """The fit in the units of the data, x = omega/unit and y = J/peak, its roots in increasing order."""
    pairs = [unit * part[np.argsort(part[:, 0])] for part in (found.pole_pairs, found.zero_pairs)]
    excess = found.poles.size + found.pole_pairs.size - found.zeros.size - found.zero_pairs.size
    factor = peak / unit * unit ** (2 * excess)
    return Factors(
        found.scale * factor, unit * np.sort(found.poles), pairs[0], unit * np.sort(found.zeros), pairs[1]
    )
