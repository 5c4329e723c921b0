"""Rows of a table of J: sorted, merged, and what is no data left out."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ...errors import InputError

FEWEST = 5
"""rows of different frequencies above 0"""


class Rows(NamedTuple):
    """What is fitted.

    Attributes:
        omega: (N,) frequencies above 0, increasing.
        density: (N,) J; noise may have made it negative.
        errors: (N,) standard deviations of J, or None.
        notes: what was done to the rows.
    """

    omega: np.ndarray
    density: np.ndarray
    errors: np.ndarray | None
    notes: tuple[str, ...]


def cleaned(omega: ArrayLike, density: ArrayLike, errors: ArrayLike | None = None) -> Rows:
    """The rows in increasing order of omega > 0; equal frequencies are merged, rows without numbers dropped.

    Raises:
        InputError: there is no J in the rows: fewer than five frequencies, nothing above 0, more below.
    """
    x, y = np.asarray(omega, dtype=float), np.asarray(density, dtype=float)
    e = None if errors is None else np.asarray(errors, dtype=float)
    if x.ndim != 1 or y.shape != x.shape or (e is not None and e.shape != x.shape):
        shapes = [str(part.shape) for part in (x, y, e) if part is not None]
        raise InputError(
            f"omega, J(omega) and errors of J must be lists of equal length, but their shapes are "
            f"{', '.join(shapes)}: give one value for each frequency."
        )
    whole = np.stack([x, y] if e is None else [x, y, e])
    whole, notes = _with_numbers(whole)
    whole = whole[:, np.argsort(whole[0], kind="stable")]
    if np.any(whole[0] <= 0.0):
        zero, negative = int(np.sum(whole[0] == 0.0)), int(np.sum(whole[0] < 0.0))
        notes += [f"{zero} row{'s' * (zero != 1)} at omega = 0, where J = 0"] * bool(zero)
        notes += [f"{negative} rows with omega < 0 left out, as J is odd"] * bool(negative)
        whole = whole[:, whole[0] > 0.0]
    whole, merged = _merged(whole)
    notes += [f"{merged} rows merged with others of the same omega (mean)"] * bool(merged)
    for what, there in (("J < 0", whole[1] < 0.0), ("J = 0", whole[1] == 0.0)):
        if np.any(there):
            first = whole[0][np.argmax(there)]
            notes.append(
                f"{int(there.sum())} rows with {what} taken as noise, the first at omega = {first:g}"
            )
    _check(whole)
    return Rows(whole[0], whole[1], None if e is None else whole[2], tuple(notes))


def _with_numbers(whole: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """Without rows that are not finite or whose error is not above 0."""
    kept = np.all(np.isfinite(whole), axis=0)
    notes = [f"{int(np.sum(~kept))} rows without finite numbers dropped"] * bool(np.any(~kept))
    whole = whole[:, kept]
    if len(whole) == 3 and np.any(whole[2] <= 0.0):
        known = whole[2] > 0.0
        notes.append(f"{int(np.sum(~known))} rows without an error above 0 dropped")
        whole = whole[:, known]
    return whole, notes


def _merged(whole: np.ndarray) -> tuple[np.ndarray, int]:
    """Equal frequencies as one row: the mean of J, and the error of the mean."""
    x, index, counts = np.unique(whole[0], return_inverse=True, return_counts=True)
    if len(x) == whole.shape[1]:
        return whole, 0
    means = [np.bincount(index, column) / counts for column in whole[1:2]]
    means += [np.sqrt(np.bincount(index, column**2)) / counts for column in whole[2:]]
    return np.stack([x, *means]), whole.shape[1] - len(x)


def _check(whole: np.ndarray) -> None:
    """Refuse what no bath can have."""
    x, y = whole[:2]
    if len(x) < FEWEST:
        raise InputError(
            f"J(omega) must be given at {FEWEST} frequencies above 0 or more, but there are {len(x)}: add "
            "rows."
        )
    if not np.any(y > 0.0) or np.sum(y * np.gradient(x)) <= 0.0:
        i = int(np.argmin(y))
        got = f"negative values outweigh, down to {y[i]:g} at omega = {x[i]:g}"
        raise InputError(
            "J(omega) must be above 0 for omega > 0 but for noise, as baths absorb, but "
            f"{got if np.any(y) else 'it is 0 everywhere'}: check the sign and the columns of the table."
        )
