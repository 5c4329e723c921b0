"""Which points of a set are Pareto optimal."""

import numpy as np


def non_dominated(values: np.ndarray) -> np.ndarray:
    """Indices of the rows of `values` (points, objectives; larger is better) that no other row dominates.

    Of equal rows the first is kept.
    """
    no_worse = np.all(values[:, None, :] >= values[None, :, :], axis=2)
    better = np.any(values[:, None, :] > values[None, :, :], axis=2)
    earlier_twin = np.tril(np.ones((len(values),) * 2, dtype=bool), -1).T & ~better & ~better.T & no_worse
    dominated = np.any(no_worse & (better | earlier_twin), axis=0)
    return np.flatnonzero(~dominated)
