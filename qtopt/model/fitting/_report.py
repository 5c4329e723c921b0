"""How good a fit is."""

from dataclasses import dataclass

import numpy as np

from ...errors import InputError
from ..spectral_densities import Rational
from ._factors import Factors
from ._noise import scale
from ._rows import Rows

MARGIN, POINTS = 1e3, 10000
"""Passivity is checked this far beyond both ends of the window, at so many points."""


@dataclass(frozen=True)
class FitReport:
    """How well a rational bath describes the given J(omega).

    Attributes:
        error: largest error in the window (or in the range that matters), relative to J or, where J is
            smaller, to 1/100 of its maximum: what `tolerance` asks for.
        tolerance: what was asked for.
        relative_error: largest |fit - J|/J in the window, over rows where J > 0.
        peak_error: largest |fit - J| over the maximum of J.
        rms_error: root mean square of (fit - J)/s; s is the given error of each row or, without, what errors
            are found to be proportional to: J or, where J is smaller, `floor` times its maximum.
        floor: see `rms_error`; 0 where the errors of the rows are given.
        noise: the scatter of the rows about the fit in units of s, what a normal distribution of the same
            number of rows and fitted numbers would need: with given errors 1 when they are right.
        poles: poles of the bath response, in the lower half plane.
        passivity: smallest J/omega of the fit, up to 1e3 times below and above the window; never negative.
        beyond: largest J of the fit outside the window over its largest value in the window.
        window: (lowest, highest) omega of the data.
        rows: how many rows were compared.
        reorganisation: (1/pi) times the integral of J/omega over the window, of the data and of the fit by
            the trapezoidal rule on the rows, and of the whole fit, 0 < omega < infinity.
        ends: what the fit was asked to do below and beyond the window.
        notes: what was done to the data: rows dropped, merged or taken as noise, windows of transforms.

    Source: theory (12.4), (12.9).
    """

    error: float
    tolerance: float
    relative_error: float
    peak_error: float
    rms_error: float
    floor: float
    noise: float
    poles: tuple[complex, ...]
    passivity: float
    beyond: float
    window: tuple[float, float]
    rows: int
    reorganisation: tuple[float, float, float]
    ends: tuple[str, str]
    notes: tuple[str, ...] = ()

    @property
    def reached(self) -> bool:
        """Whether the error is within the tolerance."""
        return self.error <= self.tolerance

    @property
    def quality(self) -> str:
        """One line: poles, error, and whether it is what was asked for."""
        asked = "as asked" if self.reached else f"{self.tolerance:.1e} were asked for"
        return (
            f"{len(self.poles)} poles, largest error {self.error:.1e} ({asked}), "
            f"rms {self.rms_error:.1e} of {self._unit}"
        )

    @property
    def _unit(self) -> str:
        if self.floor == 0.0:
            return "the given errors"
        return f"J (at least {100 * self.floor:.2g} % of its maximum)"

    def __str__(self) -> str:
        low, high = self.window
        data, fit, whole = self.reorganisation
        change = f"{100 * (fit / data - 1):+.2g} %" if data else "data 0"
        reached = f"{'within' if self.reached else 'not within'} {self.tolerance:.1e}"
        lines = [
            f"rational bath of {len(self.poles)} poles, fitted for {low:g} <= omega <= {high:g}",
            f"  rows                                    {self.rows}",
            f"  error (J, at least 1 % of its maximum)  {self.error:.2e}   {reached}",
            f"  error relative to J                     {self.relative_error:.2e}",
            f"  error relative to the maximum of J      {self.peak_error:.2e}",
            f"  rms error in units of s                 {self.rms_error:.2e}   s: {self._unit}",
            f"  noise of the rows in units of s         {self.noise:.2e}",
            f"  int J/(pi omega): data, fit, whole fit  {data:.5g}, {fit:.5g} ({change}), {whole:.5g}",
            f"  below, beyond the window                {self.ends[0]}, {self.ends[1]}",
            f"  smallest J/omega                        {self.passivity:.2e}",
            f"  largest J outside / inside the window   {self.beyond:.2e}",
            *(f"  note: {note}" for note in self.notes),
            *(f"  pole {pole.real: .6e} {pole.imag:+.6e}i" for pole in self.poles),
        ]
        return "\n".join(lines)


def deviations(rows: Rows, bath: Rational, floor: float) -> np.ndarray:
    """(N,) (fit - J)/s of all rows, s as in `FitReport`."""
    errors = rows.errors if rows.errors is not None else scale(rows.density, floor)
    return (np.real(np.asarray(bath.density(rows.omega))) - rows.density) / errors


def report(
    bath: Factors,
    omega: np.ndarray,
    values: np.ndarray,
    errors: np.ndarray,
    *,
    floor: float,
    tolerance: float,
    ends: tuple[str, str],
    used: tuple[float, float] | None,
) -> FitReport:
    """The report of a fit of so many numbers to these rows, with (N,) `errors` s as in `FitReport`."""
    low, high = float(omega[0]), float(omega[-1])
    fitted = bath.density(omega)
    difference = np.abs(fitted - values)
    grid = np.geomspace(low / MARGIN, high * MARGIN, POINTS)
    wide = bath.density(grid)
    outside, positive = (grid < low) | (grid > high), values > 0.0
    matters = np.ones(len(omega), dtype=bool)
    if used is not None:
        matters = (omega >= used[0]) & (omega <= used[1])
        if not np.any(matters):
            raise InputError(
                f"the `range` of a fit must hold rows of the table, from {low:g} to {high:g}; got "
                f"{list(used)}."
            )
    squares = float(np.sum((difference / errors) ** 2))
    whole = bath.response_at_zero() / 2.0
    return FitReport(
        error=float(np.max((difference / scale(values))[matters])),
        tolerance=tolerance,
        relative_error=float(np.max(difference[positive] / values[positive])),
        peak_error=float(np.max(difference) / np.max(values)),
        rms_error=float(np.sqrt(squares / len(omega))),
        floor=floor,
        noise=float(np.sqrt(squares / max(1, len(omega) - bath.parameters().size))),
        poles=tuple(complex(pole) for pole in bath.roots()),
        passivity=float(np.min(wide / grid)),
        beyond=float(np.max(wide[outside]) / np.max(fitted)),
        window=(low, high),
        rows=len(omega),
        reorganisation=(_moment(omega, values), _moment(omega, fitted), whole),
        ends=ends,
    )


def _moment(omega: np.ndarray, values: np.ndarray) -> float:
    return float(np.trapezoid(values / omega, omega) / np.pi)
