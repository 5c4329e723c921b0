"""What errors a table of J has, judged from its own rows (NumPy)."""

import numpy as np

FLOOR = 1e-2
"""Errors are relative to J where it exceeds this part of its maximum, and to that part elsewhere."""
FLOORS = np.geomspace(1e-4, 1.0, 41)
FEWEST = 100
"""rows, below which nothing can be said about where errors cease to be relative"""
TYPICAL = 1.4826
"""Standard deviation over the median of |deviations| of a normal distribution."""


def scale(values: np.ndarray, floor: float = FLOOR) -> np.ndarray:
    """What errors are relative to: the values, or where they are smaller this part of their maximum."""
    return np.maximum(values, floor * values.max())


def local_deviations(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """(N-4,) deviations of inner rows from the cubic through their four neighbours, of the size of the noise.

    Of uncorrelated errors; structure that the rows hardly resolve counts as noise.
    """
    others = np.stack([x[:-4], x[1:-3], x[3:-1], x[4:]])
    values, middle = np.stack([y[:-4], y[1:-3], y[3:-1], y[4:]]), x[2:-2]
    weights = np.ones_like(others)
    for i in range(4):
        for j in range(4):
            if i != j:
                weights[i] *= (middle - others[j]) / (others[i] - others[j])
    return (y[2:-2] - np.sum(weights * values, axis=0)) / np.sqrt(1.0 + np.sum(weights**2, axis=0))


def level(deviations: np.ndarray, errors: np.ndarray) -> float:
    """Robust standard deviation in units of `errors`."""
    return float(TYPICAL * np.median(np.abs(deviations) / errors)) if len(deviations) else 0.0


def likely_floor(deviations: np.ndarray, values: np.ndarray, peak: float) -> float:
    """Below which part of the maximum errors are no longer relative: the most likely one.

    For errors ``e s_i(f)``, s = max(J, f max J), of unknown size e and with the distribution of Laplace,
    which tolerates outliers, the likelihood is largest where ``log mean(|d|/s) + mean log s`` is smallest.

    Source: theory (12.8).
    """
    if len(deviations) < FEWEST:
        return FLOOR
    values = np.maximum(values, 0.0)
    costs = []
    for floor in FLOORS:
        s = np.maximum(values, floor * peak)
        costs.append(np.log(max(float(np.mean(np.abs(deviations) / s)), 1e-300)) + np.mean(np.log(s)))
    return float(FLOORS[int(np.argmin(costs))])


def smoothed(y: np.ndarray) -> np.ndarray:
    """Running median of five rows, never negative."""
    padded = np.pad(y, 2, mode="edge")
    return np.maximum(np.median(np.stack([padded[i : i + len(y)] for i in range(5)]), axis=0), 0.0)
