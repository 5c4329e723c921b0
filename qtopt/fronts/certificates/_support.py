"""What a certificate knows of a set of drives: how much of which harmonics its drives can hold."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar

import numpy as np

from ...errors import InputError
from ..rates import AbstractForms
from ._certificate import AbstractCertifier, EfficiencyScale
from ._mean_square_output import MeanSquareCertifier
from ._peak_output import PeakCertifier

TILTS = np.linspace(-4.0, 4.0, 5)
"""Logarithms of the weight of one oscillator relative to the others that are tried."""
SAMPLES, SWEEPS = 128, 50
"""Samples of a shape, and sweeps towards the largest sum."""
EARLY, KEPT = 8, 4
"""After so many sweeps only so many of the shapes go on."""


class AbstractSupport(ABC):
    """The dual side of a set of drives: largest values of quadratic forms over the set.

    For weights y_l > 0 with ``sum_l y_l mean(g_l^2) <= 1`` in the set, let mu_n be the largest eigenvalue of
    ``diag(y)^-1/2 M_n diag(y)^-1/2``. Then ``sum_n g_n^dagger M_n g_n <= C(mu)`` for any forms M_n.

    Source: theory (9.13), (9.16), (10.1).
    """

    shaped: ClassVar[bool]
    """Whether `largest` knows more than the largest weight."""
    certifier: Callable[[AbstractForms, EfficiencyScale, tuple[float, float]], AbstractCertifier]
    """Of the output at an efficiency, made from (forms, tradeoff, frequency_range)."""

    @abstractmethod
    def weights(self, size: int) -> np.ndarray:
        """Weights y (T, L) to try for L oscillators."""

    @abstractmethod
    def largest(self, mu: np.ndarray) -> np.ndarray:
        """C (R,), the largest ``sum_n mu_n u_n`` for mean squares u_n that the harmonics n = 0..N can have.

        Args:
            mu: (R, N+1); harmonics beyond the last one count like it.
        """


class MeanSquareSupport(AbstractSupport):
    """sum_l mean(g_l^2) <= L/2: one harmonic may hold all of it."""

    shaped, certifier = False, MeanSquareCertifier

    def weights(self, size: int) -> np.ndarray:
        return np.full((1, size), 2.0 / size)

    def largest(self, mu: np.ndarray) -> np.ndarray:
        return np.maximum(mu.max(axis=-1), 0.0)


class PeakSupport(AbstractSupport):
    """|g_l(t)| <= 1: a strong harmonic drags others along, and what they hold adds up to 1 at most."""

    shaped, certifier = True, PeakCertifier

    def weights(self, size: int) -> np.ndarray:
        if size == 1:
            return np.ones((1, 1))
        weights = [np.exp(tilt * (np.arange(size) == l)) for l in range(size - 1) for tilt in TILTS]
        return np.array([y / y.sum() for y in weights])

    def largest(self, mu: np.ndarray) -> np.ndarray:
        """See `AbstractSupport`: by minorisation from many shapes, an argument, not a proof.

        Where the last weight is positive only mean(g^2) <= 1 is used.

        Source: theory (11.7).
        """
        last = SAMPLES // 4
        tail = mu[:, last:].max(axis=1, keepdims=True, initial=-np.inf)
        mu = np.concatenate([mu[:, :last], tail], axis=1) if mu.shape[1] > last else mu
        top = np.maximum(mu.max(axis=-1), 1e-300)[:, None]
        cut = np.clip(-mu[:, -1:], 1e-9 * top, 2.0 * top)[:, :, None]
        convex = np.zeros((len(mu), 1, SAMPLES // 2 + 1))
        convex[:, 0, : mu.shape[1]] = np.maximum(mu, -cut[:, 0]) + cut[:, 0]
        shapes = np.broadcast_to(_shapes(), (len(mu), *_shapes().shape))
        for sweep in range(SWEEPS):
            if sweep == EARLY:
                best = np.argsort(-_sums(shapes, convex, cut), axis=1)[:, :KEPT, None]
                shapes = np.take_along_axis(shapes, best, axis=1)
            shapes = np.clip(np.fft.irfft(np.fft.rfft(shapes) * convex, SAMPLES) / cut, -1.0, 1.0)
        found = np.maximum(_sums(shapes, convex, cut).max(axis=-1), 0.0)
        return np.where(mu[:, -1] > 0.0, np.maximum(mu.max(axis=-1), 0.0), found)


SUPPORTS: dict[str, AbstractSupport] = {"peak": PeakSupport(), "rms": MeanSquareSupport()}


def support_of(certified_as: str) -> AbstractSupport:
    """The support by its name.

    Raises:
        InputError: there is none of this name.
    """
    if certified_as not in SUPPORTS:
        raise InputError(
            f"`certified_as` of a drive set must be one of {', '.join(SUPPORTS)}, but it is "
            f"{certified_as!r}: name one that holds all of its drives."
        )
    return SUPPORTS[certified_as]


def certifier_of(
    forms: AbstractForms, tradeoff: EfficiencyScale, certified_as: str, frequency_range: tuple[float, float]
) -> AbstractCertifier:
    """The bounds on the output at an efficiency of one machine.

    Args:
        forms: of output and entropy production.
        tradeoff: what an efficiency costs.
        certified_as: "peak" or "rms".
        frequency_range: lowest and highest drive frequency.
    """
    return support_of(certified_as).certifier(forms, tradeoff, frequency_range)


def _shapes() -> np.ndarray:
    """Where the sweeps begin: a constant, low harmonics, pairs of them, and noise."""
    angle = 2.0 * np.pi * np.arange(SAMPLES) / SAMPLES
    single = [np.cos(n * angle) for n in range(1, 5)]
    pairs = [np.cos(angle) + np.cos(n * angle + shift) for n in (2, 3) for shift in (0.0, 1.5)]
    noise = np.random.default_rng(0).normal(size=(4, SAMPLES))
    return np.clip([np.ones(SAMPLES), *single, *pairs, *noise], -1.0, 1.0)


def _sums(shapes: np.ndarray, convex: np.ndarray, cut: np.ndarray) -> np.ndarray:
    """``sum_n mu_n u_n`` of shapes (R, K, SAMPLES)."""
    spectrum = 2.0 * np.abs(np.fft.rfft(shapes) / SAMPLES) ** 2
    spectrum[..., 0] /= 2.0
    return np.sum(convex * spectrum, axis=-1) - cut[..., 0] * np.mean(shapes**2, axis=-1)
