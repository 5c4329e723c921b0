"""Passive fits of data with errors: terms are added where data ask for them, refined together, and removed.

Greedy as the conditional gradient method for sums of atoms with a local descent after each step: Boyd,
Schiebinger and Recht, SIAM J. Optim. 27, 616 (2017).
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ._levenberg import Minimum, least_squares, weighted
from ._pool import Pool
from ._terms import Terms

NARROWEST, WIDEST = 0.5, 30.0
"""Widths lie between so many distances of neighbouring rows and so many times the highest frequency."""
BEYOND = 3.0
"""Resonances lie at most so far outside the data (as a factor)."""
STEPS, LAST_STEPS = 12, 60
"""Steps of the common refinement after each addition, and of the last one."""
PATIENCE = 3
"""The search ends after so many rounds without a better criterion."""
SPARE = 4
"""A sum of a given number of poles is one of at least so many more, reduced."""
FEW, MANY = 100, 400
"""Rows up to which the information criterion is Akaike's, and from which on it is Bayes'."""
OVERLAP = 0.5
"""Terms that are added together are less alike than this (cosine)."""
POSITIONS, EVEN, WIDTHS, RATES = 12, 8, 8, 24
"""Terms to choose from: peaks of the residuals at each smoothing, even frequencies, widths, Drude rates."""
BROAD = 0.2
"""Broader resonances (relative to the frequency) may also start as x^3."""


@dataclass(frozen=True)
class Data:
    """Rows to fit.

    Attributes:
        x, y: (N,) frequencies and densities, of order 1.
        error: (N,) what errors are relative to; the error of J itself if `known`.
        scale: (N,) what the tolerance is relative to.
        known: whether the errors are standard deviations of J rather than proportional to them.
        tolerance: the fit is as good as asked for if no deviation exceeds this.
    """

    x: np.ndarray
    y: np.ndarray
    error: np.ndarray
    scale: np.ndarray
    known: bool
    tolerance: float

    def largest(self, density: np.ndarray) -> float:
        """What the tolerance bounds, of a fit with this (N,) density."""
        return float(np.max(np.abs(density - self.y) / self.scale))

    def criterion(self, squares: float, count: int) -> float:
        """The information criterion of a fit with this sum of squares and count of numbers: theory (12.7).

        Errors of unknown size count by the logarithm of their square. Akaike's for few rows, which would
        rather follow some noise than miss a peak, Bayes' for many.
        """
        rows = len(self.x)
        if self.known:
            return max(squares, float(rows)) + count * np.log(rows)
        if count >= rows - 1:
            return np.inf
        floor = rows * (0.1 * self.tolerance) ** 2
        bayes = np.interp(np.log(rows), np.log((FEW, MANY)), (0.0, 1.0))
        penalty = count * (2.0 + bayes * (np.log(rows) - 2.0)) * rows / (rows - count - 1)
        return rows * np.log(max(squares, floor, 1e-300) / rows) + penalty


class Found(NamedTuple):
    """A sum of terms, its fit, and the criterion."""

    terms: Terms
    fit: Minimum
    criterion: float


def grown(data: Data, limit: int, patience: float = PATIENCE) -> list[Found]:
    """Sums of terms with more and more poles, at most `limit`, while the criterion says that they help."""
    found = _refined(data, Terms.none(), 0)
    history, best, waited = [], np.inf, 0
    while found.terms.poles < limit and waited <= patience:
        more = _additions(data, found, limit)
        if more is None:
            break
        found = _pruned(data, _refined(data, found.terms.joined(more), STEPS), limit)
        history.append(found)
        waited = 0 if found.criterion < best else waited + 1
        best = min(best, found.criterion)
        if data.largest(data.y + found.fit.residuals * data.error) <= data.tolerance:
            break
    return history


def with_poles(data: Data, poles: int) -> Found:
    """A sum with so many poles: more than that, less the least important ones.

    Fewer where the data ask for none.
    """
    found = grown(data, poles + max(SPARE, poles // 2), np.inf)[-1]
    while found.terms.poles > poles:
        found = _refined(data, found.terms.without(int(np.argmin(_losses(found)))), STEPS)
    more = _additions(data, found, poles)
    if more is not None:
        found = _refined(data, found.terms.joined(more), STEPS)
    return _refined(data, found.terms, LAST_STEPS)


def reduced(data: Data, best: Found) -> Found:
    """Refined to the end, without the terms that the criterion does not miss."""
    best = _refined(data, best.terms, LAST_STEPS)
    while len(best.terms.blocks()) > 1:
        losses = _losses(best)
        for index in np.argsort(losses)[:2]:
            trial = _refined(data, best.terms.without(int(index)), STEPS)
            if trial.criterion <= best.criterion:
                break
        else:
            break
        best = trial
    return _refined(data, best.terms, LAST_STEPS)


def _losses(found: Found) -> np.ndarray:
    """What the sum of squares gains when a term is removed and the others follow, to second order."""
    curvature = found.fit.curvature
    ridge = 1e-10 * np.diag(curvature) + 1e-300
    covariance = np.linalg.inv(curvature + np.diag(ridge))
    numbers, losses = found.terms.numbers(), []
    for block in found.terms.blocks():
        heights = slice(block.start, block.start + (1 if block.stop - block.start == 2 else 2))
        a = numbers[heights]
        losses.append(float(a @ np.linalg.lstsq(covariance[heights, heights], a, rcond=1e-12)[0]))
    return np.asarray(losses)


def _pruned(data: Data, found: Found, limit: int) -> Found:
    """Without terms of no height, and not above the limit of poles."""
    terms = found.terms
    heights = np.r_[terms.drude[:, 0], np.sum(terms.resonances[:, :2], axis=1)]
    empty = np.flatnonzero(heights <= 1e-12 * np.max(heights, initial=0.0))
    for index in empty[::-1]:
        terms = terms.without(int(index))
    if len(empty):
        found = _refined(data, terms, 3)
    while found.terms.poles > limit:
        found = _refined(data, found.terms.without(int(np.argmin(_losses(found)))), 3)
    return found


def _refined(data: Data, terms: Terms, steps: int) -> Found:
    """All numbers together, by least squares."""
    numbers = terms.numbers()
    heights = np.zeros(len(numbers), dtype=bool)
    for block in terms.blocks():
        heights[block.start : block.start + (1 if block.stop - block.start == 2 else 2)] = True

    fit = least_squares(
        weighted(lambda p: terms.with_numbers(p).with_gradient(data.x), data.y, 1.0 / data.error),
        numbers,
        _bounds(data, terms, heights),
        np.where(heights, np.inf, 0.7),
        steps,
    )
    found = _resolved(data, terms.with_numbers(fit.at))
    return Found(found, fit, data.criterion(fit.squares, found.count))


def _bounds(data: Data, terms: Terms, heights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Heights at least 0; frequencies near the data; widths that the rows resolve."""
    low = np.where(heights, 0.0, np.log(data.x[0] / BEYOND))
    high = np.where(heights, np.inf, np.log(data.x[-1] * WIDEST))
    if len(terms.resonances):
        start = terms.drude.size
        at = np.exp(terms.resonances[:, 2])
        low[start + 3 :: 4] = np.log(NARROWEST * spacing(data.x, at))
        high[start + 2 :: 4] = np.log(data.x[-1] * BEYOND)
    return low, high


def _resolved(data: Data, terms: Terms) -> Terms:
    """Widths that the rows resolve where the resonances have moved to."""
    if not len(terms.resonances):
        return terms
    resonances = terms.resonances.copy()
    least = np.log(NARROWEST * spacing(data.x, np.exp(resonances[:, 2])))
    resonances[:, 3] = np.maximum(resonances[:, 3], least)
    return Terms(terms.drude, resonances)


def spacing(x: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Distance of the neighbouring rows at these frequencies."""
    index = np.clip(np.searchsorted(x, at), 1, len(x) - 1)
    return x[index] - x[index - 1]


def _additions(data: Data, found: Found, limit: int) -> Terms | None:
    """New terms where the residuals ask for them, a third as many as there are; None where nothing helps."""
    rest = -found.fit.residuals
    pool = Pool.of(_candidates(data, rest), data.x, data.error)
    norms = pool.norms()
    gains = np.maximum(pool.products(rest) / norms, 0.0) ** 2
    scores = gains / pool.numbers()
    added, room = Terms.none(), limit - found.terms.poles
    wanted = max(1, len(found.terms.blocks()) // 3)
    while wanted > 0:
        index = int(np.argmax(scores))
        if scores[index] <= 0.0 or gains[index] <= 1e-12 * (rest @ rest):
            break
        chosen = pool.terms.only(index, np.sqrt(gains[index]) / norms[index])
        shape = pool.terms.only(index, 1.0).density(data.x) / data.error
        alike = pool.products(shape) > OVERLAP * norms * norms[index]
        scores[alike if chosen.poles <= room else index] = 0.0
        if chosen.poles <= room:
            added, room, wanted = added.joined(chosen), room - chosen.poles, wanted - 1
    return added if added.poles else None


def _candidates(data: Data, rest: np.ndarray) -> Terms:
    """Terms of height 1 to choose from: resonances where residuals peak, smoothed over 1, 4, 16, ... rows."""
    x, places, scale = data.x, [], 1
    while scale <= max(1, len(x) // 8):
        smooth = np.convolve(rest, np.full(scale, 1.0 / scale), mode="same")
        beside = np.r_[-np.inf, smooth, -np.inf]
        peaks = np.flatnonzero((smooth >= beside[2:]) & (smooth > beside[:-2]) & (smooth > 0.0))
        places.append(peaks[np.argsort(-smooth[peaks], kind="stable")][:POSITIONS])
        scale *= 4
    at = np.unique(np.r_[x[np.unique(np.concatenate(places))], np.geomspace(x[0], x[-1], EVEN)])
    widths = np.geomspace(2.0 * NARROWEST * spacing(x, at), 2.0 * at, WIDTHS)
    log_at, log_widths = np.broadcast_to(np.log(at), widths.shape).ravel(), np.log(widths).ravel()
    one, none = np.ones_like(log_at), np.zeros_like(log_at)
    broad = log_widths - log_at > np.log(BROAD)
    below, above = (
        np.stack([one, none, log_at, log_widths], 1),
        np.stack([none, one, log_at, log_widths], 1)[broad],
    )
    rates = np.log(np.geomspace(x[0] / BEYOND, x[-1] * WIDEST, RATES))
    return Terms(np.stack([np.ones(RATES), rates], 1), np.concatenate([below, above]))
