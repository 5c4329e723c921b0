"""Many terms to choose from, by how much each would help (NumPy)."""

from typing import NamedTuple

import numpy as np

from ._terms import Terms, inverse_denominators, resonance_weights


class Pool(NamedTuple):
    """Terms and what is needed of their shapes, each divided by the errors of the rows.

    A resonance is ``x (p + q x^2)/N(x)``, so that all sums over rows are products of 1/N with a few vectors.

    Attributes:
        terms: the terms.
        x: (N,) frequencies.
        error: (N,) errors.
        drude: (D, N) shapes of the Drude terms, divided by the errors.
        inverse: (R, N) 1/N of the resonances.
        weights: (2, R) p and q.
    """

    terms: Terms
    x: np.ndarray
    error: np.ndarray
    drude: np.ndarray
    inverse: np.ndarray
    weights: np.ndarray

    @classmethod
    def of(cls, terms: Terms, x: np.ndarray, error: np.ndarray) -> "Pool":
        """The terms at these frequencies."""
        k = np.exp(terms.drude[:, 1:])
        drude = (2.0 * terms.drude[:, :1] * k) * (x / error) / (x**2 + k**2)
        weights = resonance_weights(terms.resonances)
        return cls(terms, x, error, drude, inverse_denominators(x, terms.resonances), weights)

    def products(self, vector: np.ndarray) -> np.ndarray:
        """(terms,) sums over rows of the shapes times a vector."""
        first = self.x / self.error * vector
        both = self.inverse @ np.stack([first, self.x**2 * first], 1)
        return np.r_[self.drude @ vector, np.sum(self.weights.T * both, axis=1)]

    def norms(self) -> np.ndarray:
        """(terms,) norms of the shapes."""
        first, s = (self.x / self.error) ** 2, self.x**2
        sums = self.inverse**2 @ np.stack([first, s * first, s**2 * first], 1)
        p, q = self.weights
        squares = p**2 * sums[:, 0] + 2.0 * p * q * sums[:, 1] + q**2 * sums[:, 2]
        return np.sqrt(np.r_[np.einsum("ij,ij->i", self.drude, self.drude), squares])

    def numbers(self) -> np.ndarray:
        """(terms,) how many numbers each term has."""
        return np.r_[np.full(len(self.terms.drude), 2.0), np.full(len(self.terms.resonances), 3.0)]
