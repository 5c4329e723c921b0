"""Derivatives by finite differences with step control."""

from collections.abc import Callable

import numpy as np

SHRINK = 1.6


def ridders(
    function: Callable[[float], np.ndarray], step: float, levels: int = 9
) -> tuple[np.ndarray, np.ndarray]:
    """d function/dh at h = 0 and an error estimate, componentwise.

    Central differences at steps step/SHRINK^k, extrapolated by Neville's table (Ridders 1982); for each
    component the entry with the smallest difference to its neighbours is taken.
    """
    first = (function(step) - function(-step)) / (2.0 * step)
    best, error = first, np.full(np.shape(first), np.inf)
    above = [first]
    for _ in range(1, levels):
        step /= SHRINK
        row = [(function(step) - function(-step)) / (2.0 * step)]
        for order, old in enumerate(above, start=1):
            factor = SHRINK ** (2 * order)
            row.append((factor * row[-1] - old) / (factor - 1.0))
            change = np.maximum(np.abs(row[-1] - row[-2]), np.abs(row[-1] - old))
            better = change < error
            best, error = np.where(better, row[-1], best), np.where(better, change, error)
        above = row
    return best, error
