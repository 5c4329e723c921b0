"""The positive form of a fit: J = scale x prod of quadratic factors, on real frequencies (NumPy)."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

NEAREST, FARTHEST = 1e-6, 1e3
"""Zeros and poles lie between these times the ends of the window; farther ones are left out."""
FAR = 3.0
"""Added poles are so many times farther than the window or each other."""


@dataclass(frozen=True)
class Factors:
    """Factors of ``J(x) = scale x prod_z q_z(x^2) / prod_p q_p(x^2)``; q(s) = s + kappa^2, for a pair a, b:

        q(s) = s^2 - 2 s (a^2 - b^2) + (a^2 + b^2)^2 = |x - a + ib|^2 |x + a + ib|^2,

    positive for every real x. Fields as in `Rational`; the parameters of a fit are their logarithms.

    Source: theory (12.3).
    """

    scale: float
    poles: np.ndarray
    pole_pairs: np.ndarray
    zeros: np.ndarray
    zero_pairs: np.ndarray

    @classmethod
    def of(cls, poles: np.ndarray, zeros: np.ndarray, window: tuple[float, float]) -> "Factors":
        """Factors with these poles and zeros in s = x^2, made positive if they are not; the scale is 1.

        A pole on the positive axis is left out with the zero next to it: noise makes such pairs. Of the zeros
        there, two in the window become a pair that keeps a distance from the axis; others are mirrored to
        s < 0. Poles far above the window are added until there is one more than zeros.
        """
        low, high = window
        poles, zeros = (roots[np.abs(roots) < (FARTHEST * high) ** 2] for roots in (poles, zeros))
        for spurious in poles[_real(poles) & (np.real(poles) >= 0.0)]:
            zeros = np.delete(zeros, np.argmin(np.abs(zeros - spurious))) if len(zeros) else zeros
        negative, pairs = (
            np.real(poles)[_real(poles) & (np.real(poles) < 0.0)],
            poles[~_real(poles) & (np.imag(poles) > 0.0)],
        )
        lone, zero_pairs = (
            np.sort(np.real(zeros)[_real(zeros)]),
            zeros[~_real(zeros) & (np.imag(zeros) > 0.0)],
        )
        far = max(0, 1 + len(lone) + 2 * len(zero_pairs) - len(negative) - 2 * len(pairs))
        negative = np.r_[negative, -((high * FAR ** np.arange(1, far + 1)) ** 2)]
        crossing = (lone > low**2) & (lone < high**2)
        paired = lone[crossing][: np.sum(crossing) // 2 * 2]
        lone = np.r_[lone[~crossing], lone[crossing][len(paired) :]]
        middle, half = (paired[1::2] + paired[::2]) / 2.0, (paired[1::2] - paired[::2]) / 2.0
        return cls(
            1.0,
            np.sqrt(-negative),
            _halves(pairs),
            np.maximum(np.sqrt(np.abs(lone)), NEAREST * low),
            _halves(np.r_[zero_pairs, middle + 1j * half]),
        )

    @property
    def count(self) -> int:
        """Number of poles."""
        return self.poles.size + self.pole_pairs.size

    @property
    def size(self) -> int:
        """Number of parameters."""
        return 1 + self.count + self.zeros.size + self.zero_pairs.size

    def roots(self) -> np.ndarray:
        """(count,) poles of the bath response, in the lower half plane."""
        a, b = self.pole_pairs.T
        return np.concatenate([-1j * self.poles, a - 1j * b, -a - 1j * b])

    def response_at_zero(self) -> float:
        """chi_B(0) = -sum_p r_p/p with the residues ``r_p = 2i p h(-p) Res_p h``, theory (1.16)."""
        poles, (a, b) = self.roots(), self.zero_pairs.T
        zeros = np.concatenate([-1j * self.zeros, a - 1j * b, -a - 1j * b])
        others = np.where(np.eye(len(poles), dtype=bool), 1.0, -1j * (poles[:, None] - poles))

        def product(at: np.ndarray, below: np.ndarray) -> np.ndarray:
            above = -1j * (at[:, None] - zeros)
            count = len(zeros)
            return np.prod(above / below[:, :count], axis=1) / np.prod(below[:, count:], axis=1)

        residues = product(poles, others) * product(-poles, -1j * (-poles[:, None] - poles))
        return float(np.sum(2.0 * self.scale * residues).real)

    def parameters(self) -> np.ndarray:
        """The logarithms of all numbers, which a fit varies."""
        parts = ([self.scale], self.poles, self.pole_pairs.ravel(), self.zeros, self.zero_pairs.ravel())
        return np.log(np.maximum(np.concatenate(parts), np.finfo(float).tiny))

    def with_parameters(self, parameters: np.ndarray) -> "Factors":
        """Factors of the same kinds and numbers with other parameters."""
        values, first = np.exp(parameters), 1
        parts = []
        for size in (self.poles.size, self.pole_pairs.size, self.zeros.size, self.zero_pairs.size):
            parts.append(values[first : first + size])
            first += size
        poles, pole_pairs, zeros, zero_pairs = parts
        return Factors(float(values[0]), poles, pole_pairs.reshape(-1, 2), zeros, zero_pairs.reshape(-1, 2))

    def scaled_to(self, x: np.ndarray, y: np.ndarray, weight: np.ndarray) -> "Factors":
        """The same factors with the scale that fits y best."""
        shape, target = self.density(x) * weight, y * weight
        return replace(self, scale=self.scale * float(shape @ target / (shape @ shape)))

    def density(self, x: np.ndarray) -> np.ndarray:
        """(N,) J(x) at real x."""
        return self.with_gradient(x)[0]

    def gradient(self, x: np.ndarray) -> np.ndarray:
        """(N, parameters) derivative of the density by the parameters."""
        return self.with_gradient(x)[1]()

    def with_gradient(self, x: np.ndarray) -> tuple[np.ndarray, Callable[[], np.ndarray]]:
        """(N,) J(x), and a function that gives its derivative by the parameters, (N, parameters)."""
        kinds = ((1.0, self.zeros, self.zero_pairs), (-1.0, self.poles, self.pole_pairs))
        logarithm, distances = np.full_like(x, np.log(self.scale)), []
        for sign, rates, pairs in kinds:
            lone, (right, left) = x**2 + rates[:, None] ** 2, _distances(x, pairs)
            logarithm += sign * (np.sum(np.log(lone), axis=0) + np.sum(np.log(right * left), axis=0))
            distances.append((lone, right, left))
        density = x * np.exp(logarithm)

        def gradient() -> np.ndarray:
            found, first = np.ones((self.size, len(x))), 1
            for (sign, rates, pairs), (lone, right, left) in zip(kinds[::-1], distances[::-1], strict=True):
                (a, b), start, last = pairs.T[:, :, None], first + rates.size, first + rates.size + pairs.size
                np.divide(sign * 2.0 * rates[:, None] ** 2, lone, out=found[first:start])
                right, left = 1.0 / right, 1.0 / left
                np.multiply(sign * 2.0 * a, (a - x) * right + (a + x) * left, out=found[start:last:2])
                np.multiply(sign * 2.0 * b**2, right + left, out=found[start + 1 : last : 2])
                first = last
            found *= density
            return found.T

        return density, gradient


def _real(roots: np.ndarray) -> np.ndarray:
    return np.abs(np.imag(roots)) <= 1e-10 * np.abs(roots)


def _distances(x: np.ndarray, pairs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(C, N) |x - a + ib|^2 and |x + a + ib|^2."""
    a, b = pairs.T[:, :, None]
    return (x - a) ** 2 + b**2, (x + a) ** 2 + b**2


def _halves(squares: np.ndarray) -> np.ndarray:
    """(C, 2) a and b of the roots +-a - i b whose squares are these or their conjugates."""
    roots = np.sqrt(squares.astype(complex))
    return np.stack([np.abs(np.real(roots)), np.abs(np.imag(roots))], axis=1)
