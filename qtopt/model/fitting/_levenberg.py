"""Levenberg-Marquardt between bounds, by normal equations: many rows, up to a few hundred numbers (NumPy)."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import scipy

Model = Callable[[np.ndarray], tuple[np.ndarray, Callable[[], np.ndarray]]]
"""From (k,) numbers to their (n,) residuals, and to a function that gives the (n, k) derivatives."""

FIRST, SMALLEST, LARGEST = 1e-2, 1e-10, 1e10
"""Relative damping of the first step, and its range."""


class Minimum(NamedTuple):
    """Where the search ended: the numbers, their residuals, and half the curvature (J^T J) of the squares.

    The curvature is that of the point before where the last step was a small one.
    """

    at: np.ndarray
    residuals: np.ndarray
    curvature: np.ndarray

    @property
    def squares(self) -> float:
        """Sum of the squared residuals."""
        return float(self.residuals @ self.residuals)


def weighted(model: Model, values: np.ndarray, weight: np.ndarray) -> Model:
    """The residuals ``weight (f - values)`` of what a model gives."""

    def residuals(numbers: np.ndarray) -> tuple[np.ndarray, Callable[[], np.ndarray]]:
        found, gradient = model(numbers)
        return (found - values) * weight, lambda: gradient() * weight[:, None]

    return residuals


def least_squares(
    model: Model,
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
        model: residuals and their derivatives.
        start: (k,) numbers.
        bounds: (k,) lowest and highest.
        largest_step: (k,) what each number may move in one step.
        steps: largest number of steps.
        gain: the search ends where a step reduces the sum by less than this part.
    """
    low, high = bounds
    at = np.clip(start, low, high)
    (r, jacobian), damping = model(at), FIRST
    j = jacobian()
    curvature, slope = j.T @ j, j.T @ r
    for _ in range(steps):
        held = ((at <= low) & (slope > 0.0)) | ((at >= high) & (slope < 0.0))
        found = _step(model, at, r, curvature, slope, ~held, bounds, largest_step, damping)
        if found is None:
            break
        before = r @ r
        at, r, jacobian, damping = found
        small = before - r @ r <= gain * before
        if small:
            break
        j = jacobian()
        curvature, slope = j.T @ j, j.T @ r
    return Minimum(at, r, curvature)


def _step(
    model: Model,
    at: np.ndarray,
    r: np.ndarray,
    curvature: np.ndarray,
    slope: np.ndarray,
    free: np.ndarray,
    bounds: tuple[np.ndarray, np.ndarray],
    largest_step: np.ndarray,
    damping: float,
) -> tuple[np.ndarray, np.ndarray, Callable[[], np.ndarray], float] | None:
    """The first step that helps, more and more damped; None where there is none."""
    index = np.flatnonzero(free)
    block = curvature[np.ix_(index, index)]
    diagonal = np.maximum(np.diag(block), 1e-14 * np.max(np.diag(curvature), initial=1e-300))
    while len(index) and damping < LARGEST:
        damped = block.copy()
        np.einsum("ii->i", damped)[:] += damping * diagonal
        _, solution, failed = scipy.linalg.lapack.dposv(damped, slope[index])  # no checks: half of the time
        if failed:
            damping *= 10.0
            continue
        step = np.zeros_like(at)
        step[index] = -solution
        step /= max(1.0, float(np.max(np.abs(step) / largest_step)))
        moved = np.clip(at + step, *bounds)
        new, jacobian = model(moved)
        if new @ new < r @ r:
            return moved, new, jacobian, max(damping / 5.0, SMALLEST)
        damping *= 5.0
    return None
