"""Sums of positive terms, Drude and damped resonance: passive whatever the numbers (NumPy)."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy

DRUDE, RESONANCE = 1, 2
"""Numbers of poles, which tell the two kinds apart."""


@dataclass(frozen=True)
class Terms:
    """``J(x) = sum_d a 2 x k/(x^2 + k^2) + sum_r g^2 x (a w + b x^2/w)/((w^2 - x^2)^2 + g^2 x^2)``.

    Every term is the J of a passive bath as a, b >= 0, and so is the sum; a and b are heights, reached at k
    or w. A resonance with b = 0 is the Lorentzian bath; b alone starts as x^3. Its width may exceed its
    frequency, so that nothing special happens at critical damping.

    Attributes:
        drude: (D, 2) heights a and logarithms of the rates k.
        resonances: (R, 4) heights a, heights b, logarithms of the frequencies w and of the widths g.

    Source: theory (12.5).
    """

    drude: np.ndarray
    resonances: np.ndarray

    @classmethod
    def none(cls) -> "Terms":
        """The empty sum."""
        return cls(np.zeros((0, 2)), np.zeros((0, 4)))

    @property
    def poles(self) -> int:
        """Number of poles of the bath response."""
        return DRUDE * len(self.drude) + RESONANCE * len(self.resonances)

    @property
    def count(self) -> int:
        """Number of fitted numbers; a height of zero is none."""
        return 2 * len(self.drude) + 2 * len(self.resonances) + int(np.sum(self.resonances[:, :2] > 0.0))

    def numbers(self) -> np.ndarray:
        """All numbers in a row."""
        return np.concatenate([self.drude.ravel(), self.resonances.ravel()])

    def with_numbers(self, numbers: np.ndarray) -> "Terms":
        """Terms of the same kinds with other numbers."""
        first = self.drude.size
        return Terms(numbers[:first].reshape(-1, 2), numbers[first:].reshape(-1, 4))

    def joined(self, other: "Terms") -> "Terms":
        """The sum of both."""
        return Terms(
            np.concatenate([self.drude, other.drude]), np.concatenate([self.resonances, other.resonances])
        )

    def only(self, index: int, height: float) -> "Terms":
        """One term alone, higher by this factor; the Drude terms are counted first."""
        first = len(self.drude)
        if index < first:
            return Terms(self.drude[[index]] * [height, 1.0], self.resonances[:0])
        return Terms(self.drude[:0], self.resonances[[index - first]] * [height, height, 1.0, 1.0])

    def without(self, index: int) -> "Terms":
        """The sum without one term; the Drude terms are counted first."""
        first = len(self.drude)
        if index < first:
            return Terms(np.delete(self.drude, index, axis=0), self.resonances)
        return Terms(self.drude, np.delete(self.resonances, index - first, axis=0))

    def blocks(self) -> list[slice]:
        """Where the numbers of each term are."""
        first, size = self.drude.size, self.drude.size + self.resonances.size
        return [
            *(slice(i, i + 2) for i in range(0, first, 2)),
            *(slice(i, i + 4) for i in range(first, size, 4)),
        ]

    def density(self, x: np.ndarray) -> np.ndarray:
        """(N,) J(x)."""
        return self.with_gradient(x)[0]

    def with_gradient(self, x: np.ndarray) -> tuple[np.ndarray, Callable[[], np.ndarray]]:
        """(N,) J(x), and a function that gives its derivative by all numbers, (N, numbers)."""
        (a, b), (w, g), k = (
            self.resonances[:, :2].T[:, :, None],
            _widths(self.resonances),
            np.exp(self.drude[:, 1:]),
        )
        square, inverse = x**2 + k**2, inverse_denominators(x, self.resonances)
        shapes = (2.0 * k) * x / square
        below, above = resonance_weights(self.resonances) @ inverse
        density = self.drude[:, 0] @ shapes + x * (below + x**2 * above)

        def gradient() -> np.ndarray:
            found, first = np.empty((self.drude.size + self.resonances.size, len(x))), self.drude.size
            found[:first:2] = shapes
            found[1:first:2] = self.drude[:, :1] * shapes * ((x - k) * (x + k) / square)
            by_a, by_b, by_w, by_g = (found[first + i :: 4] for i in range(4))
            np.multiply(inverse, (g**2 * w) * x, out=by_a)
            np.multiply(by_a, (x / w) ** 2, out=by_b)
            below, above = a * by_a, b * by_b
            whole = below + above
            np.multiply(2.0 * whole, 1.0 - (g * x) ** 2 * inverse, out=by_g)
            np.subtract(below - above, (4.0 * w**2) * ((w - x) * (w + x)) * inverse * whole, out=by_w)
            return found.T

        return density, gradient

    def roots(self) -> tuple[np.ndarray, np.ndarray]:
        """Poles and zeros of J/x as a function of s = x^2: eigenvalues, and those of a bordered pencil."""
        dynamics, source, output = _state_space(self)
        size = len(source)
        bordered = np.zeros((size + 1, size + 1))
        bordered[:size, :size], bordered[:size, size], bordered[size, :size] = dynamics, source, output
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            zeros = np.asarray(scipy.linalg.eigvals(bordered, np.diag(np.r_[np.ones(size), 0.0])))
        return np.asarray(scipy.linalg.eigvals(dynamics)), zeros[np.isfinite(zeros)]


def inverse_denominators(x: np.ndarray, resonances: np.ndarray) -> np.ndarray:
    """(R, N) 1/((w^2 - x^2)^2 + g^2 x^2)."""
    w, g = _widths(resonances)
    found = (w - x) * (w + x)
    found *= found
    found += (g * x) ** 2
    return np.reciprocal(found, out=found)


def resonance_weights(resonances: np.ndarray) -> np.ndarray:
    """(2, R) of x and of x^3 over these denominators in J(x)."""
    (w, g), (a, b) = _widths(resonances), resonances[:, :2].T
    return np.stack([a * g[:, 0] ** 2 * w[:, 0], b * g[:, 0] ** 2 / w[:, 0]])


def _widths(resonances: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(R, 1) frequencies and widths."""
    return np.exp(resonances[:, 2:3]), np.exp(resonances[:, 3:])


def _state_space(terms: Terms) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A, b, c of ``J(x)/x = c (s - A)^-1 b`` with s = x^2."""
    blocks, source, output = [], [], []
    for a, k in zip(terms.drude[:, 0], np.exp(terms.drude[:, 1]), strict=True):
        blocks.append([[-(k**2)]])
        source, output = [*source, 1.0], [*output, 2.0 * a * k]
    for a, b, log_w, log_g in terms.resonances:
        w, g = np.exp(log_w), np.exp(log_g)
        blocks.append([[0.0, w**2], [-(w**2), 2.0 * w**2 - g**2]])
        source, output = [*source, 0.0, 1.0], [*output, a * g**2 / w, b * g**2 / w]
    return np.asarray(scipy.linalg.block_diag(*blocks)), np.asarray(source), np.asarray(output)
