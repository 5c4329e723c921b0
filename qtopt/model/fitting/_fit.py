"""From a table or a function J(omega) to a rational bath, with a report of how good it is."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import least_squares

from ...errors import InputError
from ..spectral_densities import Rational
from ._aaa import approximations
from ._factors import Factors

FLOOR = 1e-2
"""Errors are relative to J where it exceeds this part of its maximum, and to that part elsewhere."""
MARGIN = 1e3
"""Passivity is checked this far beyond both ends of the window."""
SAMPLES = 1000
"""of a function; of a longer table so many points are fitted, and all are checked"""
REACH, STEPS = 3.0, 120
"""The last fit moves every number by at most exp(3), in so many steps."""
PROMISING = 10.0
"""Approximations with errors up to so many times the tolerance are made passive and polished."""
PATIENCE, GAIN = 6, 0.5
"""The search ends where so many more poles do not reduce the error by this factor: the rest is noise."""


@dataclass(frozen=True)
class FitReport:
    """How well a rational bath describes the given J(omega).

    Attributes:
        error: largest error in the window, relative to J or, where J is smaller, to 1/100 of its maximum:
            what `tolerance` bounds.
        relative_error: largest |fit - J|/J in the window.
        peak_error: largest |fit - J| over the maximum of J.
        poles: poles of the bath response, in the lower half plane.
        passivity: smallest J/omega of the fit, up to 1e3 times below and above the window; never negative.
        beyond: largest J of the fit outside the window over its largest value in the window.
        window: (lowest, highest) omega of the data.

    Source: theory (12.4).
    """

    error: float
    relative_error: float
    peak_error: float
    poles: tuple[complex, ...]
    passivity: float
    beyond: float
    window: tuple[float, float]

    def __str__(self) -> str:
        low, high = self.window
        lines = [
            f"rational bath of {len(self.poles)} poles, fitted for {low:g} <= omega <= {high:g}",
            f"  error (J, at least 1 % of its maximum)  {self.error:.2e}",
            f"  error relative to J                     {self.relative_error:.2e}",
            f"  error relative to the maximum of J      {self.peak_error:.2e}",
            f"  smallest J/omega                        {self.passivity:.2e}",
            f"  largest J outside / inside the window   {self.beyond:.2e}",
            *(f"  pole {pole.real: .6e} {pole.imag:+.6e}i" for pole in self.poles),
        ]
        return "\n".join(lines)


def fit_spectral_density(
    omega: ArrayLike,
    density: ArrayLike | Callable[[np.ndarray], ArrayLike],
    tolerance: float = 1e-6,
    max_poles: int = 24,
) -> tuple[Rational, FitReport]:
    """The rational bath with the fewest poles that describes J(omega) to the tolerance. Runs on the host.

    Weighted AAA on J/omega as a function of omega^2 gives more and more poles and zeros. Zeros that
    would make J negative are moved off the axis, and a nonlinear least-squares fit of the positive form
    ``J = omega |h|^2`` (see `Rational`) polishes the result: it is passive whatever the data. Below the
    window the fit is Ohmic, above it decays.

    Args:
        omega: (N,) frequencies, positive and increasing; or (lowest, highest) where J is a function.
        density: (N,) J >= 0; or a function of an array of frequencies.
        tolerance: bound of `FitReport.error`.
        max_poles: more are not tried.

    Raises:
        InputError: data of a wrong form; the tolerance is not reached.

    Source: theory (12.1) to (12.4); AAA: Nakatsukasa, Sete and Trefethen, SIAM J. Sci. Comput. 40, A1494
    (2018).
    """
    frequencies, values = _checked(omega, density)
    if not tolerance > 0.0 or max_poles < 1:
        raise InputError(
            f"a fit must have a tolerance above 0 and at least one pole, but they are {tolerance} and "
            f"{max_poles}: change them."
        )
    unit, peak = float(np.sqrt(frequencies[0] * frequencies[-1])), float(values.max())
    chosen = np.unique(np.linspace(0, len(values) - 1, SAMPLES).astype(int))
    x, y = frequencies / unit, values / peak
    best, error, tried = _search(x[chosen], y[chosen], tolerance, max_poles)
    if best is None or error > tolerance:
        raise InputError(
            f"the fit of J(omega) must reach the tolerance {tolerance:g}, but up to {tried} poles reach "
            f"{error:.1e}: raise the tolerance (or max_poles), or smooth and refine the data."
        )
    bath = _rational(best, unit, peak)
    return bath, _report(bath, frequencies, values)


def _checked(
    omega: ArrayLike, density: ArrayLike | Callable[[np.ndarray], ArrayLike]
) -> tuple[np.ndarray, np.ndarray]:
    """The data as arrays; a function is sampled evenly in omega and in its logarithm."""
    frequencies = np.asarray(omega, dtype=float)
    if (
        frequencies.ndim != 1
        or not np.all(np.isfinite(frequencies))
        or np.any(np.diff(frequencies, prepend=0.0) <= 0.0)
    ):
        raise InputError(
            "the frequencies of J(omega) must be a list of finite numbers above 0, in increasing order: sort "
            "them and leave out repeated ones and 0."
        )
    if callable(density):
        if len(frequencies) != 2:
            raise InputError(
                "for a function J(omega) the frequencies must be a window (lowest, highest), but "
                f"{len(frequencies)} are given."
            )
        low, high = frequencies
        both = np.concatenate([np.geomspace(low, high, SAMPLES // 2), np.linspace(low, high, SAMPLES // 2)])
        frequencies = np.unique(np.clip(both, low, high))
        density = density(frequencies)
    values = np.asarray(density, dtype=float)
    if values.shape != frequencies.shape or len(values) < 5:
        raise InputError(
            "J(omega) must be given at five frequencies or more, one value for each, but there are "
            f"{len(frequencies)} frequencies and values of shape {values.shape}."
        )
    bad = np.flatnonzero(~(np.isfinite(values) & (values >= 0.0)))
    if len(bad) or not np.any(values):
        i = bad[0] if len(bad) else 0
        raise InputError(
            "J(omega) must be finite, never negative and not 0 everywhere for omega > 0, as baths absorb, "
            f"but it is {values[i]:g} at omega = {frequencies[i]:g}: correct the data."
        )
    return frequencies, values


def _scale(values: np.ndarray) -> np.ndarray:
    """What errors are relative to."""
    return np.maximum(values, FLOOR * values.max())


def _error(fitted: np.ndarray, values: np.ndarray) -> float:
    return float(np.max(np.abs(fitted - values) / _scale(values)))


def _search(
    x: np.ndarray, y: np.ndarray, tolerance: float, max_poles: int
) -> tuple[Factors | None, float, int]:
    """The first passive fit within the tolerance or the best, its error, and how many poles were tried."""
    weight = 1.0 / _scale(y)
    best, error, errors = None, np.inf, []
    for pair in zip(*(approximations(x**2, y / x, x * weight, n) for n in (0, 3)), strict=True):
        for found in pair:
            if found.error > PROMISING * tolerance:
                continue
            start = Factors.of(found.poles, found.zeros, (x[0], x[-1])).scaled_to(x, y, weight)
            for fit in (start, _polished(start, x, y, weight)):
                new = _error(fit.density(x), y)
                if new < error and fit.count <= max_poles and _resolved(fit, x):
                    best, error = fit, new
        errors.append(min(error, *(found.error for found in pair), *errors[-1:]))
        stuck = len(errors) > PATIENCE and errors[-1] > GAIN * errors[-1 - PATIENCE]
        if error <= tolerance or stuck or len(errors) == max_poles:
            break
    return best, error if best is not None else errors[-1], len(errors)


def _polished(start: Factors, x: np.ndarray, y: np.ndarray, weight: np.ndarray) -> Factors:
    """Nonlinear least squares from there, in bounded steps of the logarithms: ``p = p_0 + REACH tanh(v)``."""
    first = start.parameters()

    def at(v: np.ndarray) -> Factors:
        return start.with_parameters(first + REACH * np.tanh(v))

    solution = least_squares(
        lambda v: (at(v).density(x) - y) * weight,
        np.zeros_like(first),
        lambda v: at(v).gradient(x) * weight[:, None] * (REACH / np.cosh(v) ** 2),  # pyright: ignore[reportArgumentType]
        method="lm",  # MINPACK: its small factorisations are faster than those of threaded LAPACK
        ftol=1e-14,
        xtol=1e-14,
        gtol=1e-15,
        max_nfev=STEPS,
    )
    return at(solution.x)


def _resolved(found: Factors, x: np.ndarray) -> bool:
    """Whether no pole in the window is a peak between two points of the data."""
    a, b = found.pole_pairs.T
    inside = (a > x[0]) & (a < x[-1])
    index = np.clip(np.searchsorted(x, a), 1, len(x) - 1)
    return bool(np.all(~inside | (b > 0.25 * (x[index] - x[index - 1]))))


def _rational(found: Factors, unit: float, peak: float) -> Rational:
    """The fit in the units of the data: x = omega/unit, y = J/peak."""
    bath = Rational(found.scale, found.poles, found.pole_pairs, found.zeros, found.zero_pairs).in_units(unit)
    return Rational(bath.scale * (peak / unit**2), bath.decays, bath.pairs, bath.zero_decays, bath.zero_pairs)


def _report(bath: Rational, omega: np.ndarray, values: np.ndarray) -> FitReport:
    low, high = float(omega[0]), float(omega[-1])
    fitted = np.real(np.asarray(bath.density(omega)))
    difference = np.abs(fitted - values)
    grid = np.geomspace(low / MARGIN, high * MARGIN, 10 * SAMPLES)
    wide = np.real(np.asarray(bath.density(grid)))
    outside = (grid < low) | (grid > high)
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = np.where(difference > 0.0, difference / values, 0.0)
    return FitReport(
        error=_error(fitted, values),
        relative_error=float(np.max(relative)),
        peak_error=float(np.max(difference) / np.max(values)),
        poles=tuple(complex(pole) for pole in np.asarray(bath.poles)),
        passivity=float(np.min(wide / grid)),
        beyond=float(np.max(wide[outside]) / np.max(fitted)),
        window=(low, high),
    )
