"""The search for the best passive fit: interpolation for clean data, growing sums for the rest (NumPy)."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import scipy

from ._aaa import approximations
from ._factors import Factors
from ._grow import Data, Found, grown, reduced, spacing, with_poles
from ._levenberg import least_squares, weighted
from ._noise import level, local_deviations

if TYPE_CHECKING:
    from ._fit import FitSettings

REACH, STEPS = 3.0, 120
"""The last fit of clean data moves every number by at most exp(3), in so many steps."""
PROMISING = 10.0
"""Approximations with errors up to so many times the tolerance are made passive and polished."""
PATIENCE, GAIN = 6, 0.5
"""Interpolation is stuck where so many more poles do not reduce the error by this factor."""
NOISY = 1e-3
"""Of rows that scatter more the rest is noise; of others all peaks must be found before the error falls."""
SMOOTH, SHORT = 12, 500
"""Of noisy rows, approximations of up to so many poles and rows are worth a try."""
REWEIGHTED = 24
"""Up to so many poles the linearised error is also reweighted."""
POLISH_STEPS, TRIAL_STEPS = 80, 20
RESOLVED = 0.25
"""Poles keep so many distances of neighbouring rows from the axis: no peak between two points."""
DOUBLET = 1.05
"""Poles and zeros are added as pairs whose rates differ by this factor."""


class Candidate(NamedTuple):
    """A passive fit, its weighted sum of squares, what the tolerance bounds, and the criterion."""

    factors: Factors
    squares: float
    error: float
    criterion: float

    @classmethod
    def of(cls, factors: Factors, data: Data) -> "Candidate":
        density = factors.density(data.x)
        rest = (density - data.y) / data.error
        squares = float(rest @ rest)
        criterion = data.criterion(squares, factors.size)
        return cls(factors, squares, data.largest(density), criterion)


def searched(data: Data, settings: "FitSettings") -> Candidate:
    """The fewest poles within the tolerance, or else the best criterion; or the best of `settings.poles`."""
    limit = settings.max_poles if settings.poles is None else settings.poles
    found: list[Candidate] = []
    for candidate in _interpolating(data, limit):
        if settings.poles is None and candidate.error <= data.tolerance:
            return candidate
        found.append(candidate)
    found += _growing(data, limit, settings.poles is not None)
    if settings.poles is not None:
        most = max(candidate.factors.count for candidate in found)
        return min((c for c in found if c.factors.count == most), key=lambda c: c.squares)
    good = [candidate for candidate in found if candidate.error <= data.tolerance]
    if good:
        return min(good, key=lambda c: (c.factors.count, c.squares))
    best = min(found, key=lambda c: c.criterion)
    return min((best, Candidate.of(_polished(best.factors, data), data)), key=lambda c: c.squares)


# Interpolation ----------------------------------------------------------------------------------------------


def _interpolating(data: Data, limit: int) -> Iterator[Candidate]:
    """Passive fits from AAA, of more and more poles, as long as it improves."""
    x, y = data.x, data.y
    ends = (x[0], x[-1])
    weight = 1.0 / data.scale
    noise = level(local_deviations(x, y), data.scale[2:-2])
    few, stuck = len(x) <= SHORT, False
    errors: list[float] = []
    best = np.inf
    once, again = (approximations(x**2, y / x, x * weight, n) for n in (0, 3))
    for first in once:
        every = [first, *([next(again)] if len(errors) < REWEIGHTED else [])]
        for found in every:
            close = found.error <= PROMISING * data.tolerance
            worth = few and len(errors) < SMOOTH if noise > NOISY else found.error <= 0.7 * best
            if not (close or (worth and not stuck)):
                continue
            best = min(best, found.error)
            start = Factors.of(found.poles, found.zeros, ends).scaled_to(x, y, 1.0 / data.error)
            for fit in _refined(start, data, close, stuck):
                if fit.count <= limit and _is_resolved(fit, x):
                    yield Candidate.of(fit, data)
        errors.append(min(*(found.error for found in every), *errors[-1:], np.inf))
        stuck = stuck or (len(errors) > PATIENCE and errors[-1] > GAIN * errors[-1 - PATIENCE])
        if len(errors) >= limit or (stuck and noise > NOISY):
            break


def _refined(start: Factors, data: Data, close: bool, stuck: bool) -> Iterator[Factors]:
    """An approximation as it is, if it is close, and refined, unless the search was stuck before."""
    if close:
        yield start
    if not stuck:
        yield _exact(start, data) if close else _polished(start, data, TRIAL_STEPS)


def _exact(start: Factors, data: Data) -> Factors:
    """Nonlinear least squares to the last digit, in bounded steps of the logarithms ``REACH tanh(v)``."""
    first, weight = start.parameters(), 1.0 / data.error
    if len(data.x) < len(first):
        return start

    def at(v: np.ndarray) -> Factors:
        return start.with_parameters(first + REACH * np.tanh(v))

    solution = scipy.optimize.least_squares(
        lambda v: (at(v).density(data.x) - data.y) * weight,
        np.zeros_like(first),
        lambda v: at(v).gradient(data.x) * weight[:, None] * (REACH * (1.0 - np.tanh(v) ** 2)),  # pyright: ignore[reportArgumentType]
        method="lm",  # MINPACK: its small factorisations are faster than those of threaded LAPACK
        ftol=1e-14,
        xtol=1e-14,
        gtol=1e-15,
        max_nfev=STEPS,
    )
    return at(solution.x)


def _is_resolved(found: Factors, x: np.ndarray) -> bool:
    """Whether no pole in the window is a peak between two points of the data."""
    a, b = found.pole_pairs.T
    inside = (a > x[0]) & (a < x[-1])
    return bool(np.all(~inside | (b > RESOLVED * (1.0 - 1e-6) * spacing(x, a))))


# Growth -----------------------------------------------------------------------------------------------------


def _growing(data: Data, limit: int, exactly: bool) -> list[Candidate]:
    """Fits from sums of positive terms, refined as spectral factors."""
    if exactly:
        return [_more_poles(data, _factors(data, with_poles(data, limit)), limit, True)]
    history = grown(data, limit)
    chosen = reduced(data, min(history, key=lambda found: found.criterion))
    best = _more_poles(data, _factors(data, chosen), limit, False)
    return [best, *(_fewer_poles(data, history) if best.error <= data.tolerance else [])]


def _fewer_poles(data: Data, history: list[Found]) -> list[Candidate]:
    """By bisection, fits within the tolerance from earlier sums."""
    found, low, high = [], 0, len(history)
    while low < high:
        middle = (low + high) // 2
        trial = _factors(data, history[middle])
        if trial.error <= data.tolerance:
            found.append(trial)
            high = middle
        else:
            low = middle + 1
    return found


def _factors(data: Data, found: Found) -> Candidate:
    """The sum as product of factors, refined."""
    poles, zeros = found.terms.roots()
    start = Factors.of(poles, zeros, (data.x[0], data.x[-1])).scaled_to(data.x, data.y, 1.0 / data.error)
    return min((Candidate.of(f, data) for f in (start, _polished(start, data))), key=lambda c: c.squares)


def _polished(start: Factors, data: Data, steps: int = POLISH_STEPS) -> Factors:
    """Least squares of all logarithms, with poles that the rows resolve."""
    first = start.parameters()
    low, high = first - 20.0, first + 20.0
    place = 1 + start.poles.size
    a, b = start.pole_pairs.T
    least = np.log(RESOLVED * spacing(data.x, a))
    low[place + 1 : place + 2 * len(a) : 2] = np.where(
        (a > data.x[0]) & (a < data.x[-1]), least, np.log(b) - 20.0
    )
    fit = least_squares(
        weighted(lambda p: start.with_parameters(p).with_gradient(data.x), data.y, 1.0 / data.error),
        first,
        (np.minimum(low, high), high),
        np.full_like(first, 0.5),
        steps,
    )
    return start.with_parameters(fit.at)


def _more_poles(data: Data, best: Candidate, limit: int, exactly: bool) -> Candidate:
    """The fit with pairs of poles and zeros added where it is worst, while the criterion falls."""
    while best.factors.count + 2 <= limit and best.error > data.tolerance:
        trials = [
            Candidate.of(_polished(start, data, TRIAL_STEPS), data) for start in _doublets(data, best.factors)
        ]
        new = min(trials, key=lambda c: c.squares)
        if not exactly and new.criterion >= best.criterion:
            break
        best = new
    return Candidate.of(_polished(best.factors, data), data)


def _doublets(data: Data, factors: Factors) -> Iterator[Factors]:
    """The same fit with a pole and a zero that all but cancel, at the largest residuals of several widths."""
    rest = (data.y - factors.density(data.x)) / data.error
    for rows in (1, 5, 25):
        if rows > len(rest) // 3:
            break
        smooth = np.convolve(rest, np.ones(rows) / np.sqrt(rows), mode="same")
        i = int(np.argmax(np.abs(smooth)))
        width = rows * spacing(data.x, data.x[[i]])[0]
        pole = [data.x[i], width]
        zero = [data.x[i], width * (DOUBLET if smooth[i] > 0.0 else 1.0 / DOUBLET)]
        yield Factors(
            factors.scale,
            factors.poles,
            np.concatenate([factors.pole_pairs, [pole]]),
            factors.zeros,
            np.concatenate([factors.zero_pairs, [zero]]),
        )
