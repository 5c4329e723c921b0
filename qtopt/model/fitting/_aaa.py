"""Weighted AAA: rational approximation of real data by its poles and zeros (NumPy)."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import scipy


class Approximation(NamedTuple):
    """Poles and zeros, and the largest weighted error at the data."""

    poles: np.ndarray
    zeros: np.ndarray
    error: float


def approximations(
    s: np.ndarray, values: np.ndarray, weights: np.ndarray, reweightings: int
) -> Iterator[Approximation]:
    """Rational functions with at most 1, 2, ... poles and as many zeros, small ``weights |r(s) - values|``.

    Greedy barycentric interpolation as in `scipy.interpolate.AAA`, for which data and errors have no weights;
    the linearised error of each step can be divided by the denominator and minimised again.

    Args:
        s: (N,) distinct real points.
        values: (N,) real data.
        weights: (N,) positive.
        reweightings: how often each step is minimised again.

    Source: Nakatsukasa, Sete and Trefethen, SIAM J. Sci. Comput. 40, A1494 (2018); reweighting as in
    Nakatsukasa and Trefethen, SIAM J. Sci. Comput. 42, A3157 (2020).
    """
    fitted, support = np.full_like(values, np.average(values, weights=weights)), []
    while 2 * len(support) < len(s):
        error = weights * np.abs(fitted - values)
        error[support] = -1.0
        support.append(int(np.argmax(error)))
        rest = np.delete(np.arange(len(s)), support)
        cauchy = 1.0 / (s[rest, None] - s[support])
        loewner = (values[rest, None] - values[support]) * cauchy
        row, coefficients = weights[rest], np.ones(1)
        for _ in range(1 + reweightings):
            coefficients = np.linalg.svd(loewner * row[:, None], full_matrices=False)[2][-1]
            row = weights[rest] / np.maximum(np.abs(cauchy @ coefficients), 1e-300)
        fitted = values.copy()
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):  # a pole may fall on a row
            fitted[rest] = (cauchy @ (coefficients * values[support])) / (cauchy @ coefficients)
        fitted[np.isnan(fitted)] = np.inf
        if len(support) > 1:
            yield Approximation(
                _roots(s[support], coefficients),
                _roots(s[support], coefficients * values[support]),
                float(np.max(weights * np.abs(fitted - values))),
            )


def _roots(support: np.ndarray, coefficients: np.ndarray) -> np.ndarray:
    """Finite zeros of ``sum_j c_j/(s - s_j)``: eigenvalues of a bordered diagonal pencil."""
    bordered = np.diag(np.r_[0.0, support])
    bordered[0, 1:], bordered[1:, 0] = coefficients, 1.0
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        roots = scipy.linalg.eigvals(bordered, np.diag(np.r_[0.0, np.ones(len(support))]))
    return roots[np.isfinite(roots)]
