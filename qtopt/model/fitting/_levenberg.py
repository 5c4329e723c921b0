"""Levenberg-Marquardt between bounds, by normal equations: many rows, up to a few hundred numbers (NumPy)."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import scipy

Residuals = Callable[[np.ndarray], np.ndarray]

FIRST, SMALLEST, LARGEST = 1e-2, 1e-10, 1e10
"""Relative damping of the first step, and its range."""


class Minimum(NamedTuple):
    """Where the search ended: the numbers, their residuals, and half the curvature (J^T J) of the squares."""

    at: np.ndarray
    residuals: np.ndarray
    curvature: np.ndarray

    @property
    def squares(self) -> float:
        """Sum of the squared residuals."""
        return float(self.residuals @ self.residuals)


def least_squares(
    residuals: Residuals,
    jacobian: Callable[[np.ndarray], np.ndarray],
    start: np.ndarray,
    bounds: tuple[np.ndarray, np.ndarray],
    largest_step: np.ndarray,
    steps: int,
    gain: float = 1e-5,
) -> Minimum:
    """Minimise the sum of squares from `start`; numbers that meet a bound stay there while they push outward.

    `scipy.optimize.least_squares` factorises the Jacobian with its bounds; normal equations are ten times
    faster for the shapes met here and lose digits only where noise has taken them already.

    Args:
        residuals: (n,) of the (k,) numbers.
        jacobian: (n, k) their derivatives.
        start: (k,) numbers.
        bounds: (k,) lowest and highest.
        largest_step: (k,) what each number may move in one step.
        steps: largest number of steps.
        gain: the search ends where a step reduces the sum by less than this part.
    """
    low, high = bounds
    at = np.clip(start, low, high)
    r, damping = residuals(at), FIRST
    j = jacobian(at)
    curvature, slope = j.T @ j, j.T @ r
    for _ in range(steps):
        held = ((at <= low) & (slope > 0.0)) | ((at >= high) & (slope < 0.0))
        moved, new, damping = _step(residuals, at, r, curvature, slope, ~held, bounds, largest_step, damping)
        if new is None:
            break
        small = r @ r - new @ new <= gain * (r @ r)
        at, r = moved, new
        j = jacobian(at)
        curvature, slope = j.T @ j, j.T @ r
        if small:
            break
    return Minimum(at, r, curvature)


def _step(
    residuals: Residuals,
    at: np.ndarray,
    r: np.ndarray,
    curvature: np.ndarray,
    slope: np.ndarray,
    free: np.ndarray,
    bounds: tuple[np.ndarray, np.ndarray],
    largest_step: np.ndarray,
    damping: float,
) -> tuple[np.ndarray, np.ndarray | None, float]:
    """The first step that helps, more and more damped; None where there is none."""
    index = np.flatnonzero(free)
    block = curvature[np.ix_(index, index)]
    diagonal = np.maximum(np.diag(block), 1e-14 * np.max(np.diag(curvature), initial=1e-300))
    while len(index) and damping < LARGEST:
        try:
            factor = scipy.linalg.cho_factor(block + damping * np.diag(diagonal), check_finite=False)
        except np.linalg.LinAlgError:
            damping *= 10.0
            continue
        step = np.zeros_like(at)
        step[index] = -scipy.linalg.cho_solve(factor, slope[index], check_finite=False)
        step /= max(1.0, float(np.max(np.abs(step) / largest_step)))
        moved = np.clip(at + step, *bounds)
        new = residuals(moved)
        if new @ new < r @ r:
            return moved, new, max(damping / 5.0, SMALLEST)
        damping *= 5.0
    return at, None, damping
