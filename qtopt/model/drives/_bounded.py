"""Smooth drives that stay between two bounds at all times by construction."""

from typing import ClassVar

import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Complex, Float

from ...errors import InputError
from ...numerics import to_array, to_complex, xp
from ...schema import Table, parameter, wrong
from ._drive import AbstractDrive
from ._fourier import FourierDrive

SAMPLES_PER_HARMONIC = 4


def _to_bound(value: ArrayLike | None) -> Array | None:
    return None if value is None else to_array(value)


def harmonics_of_samples(samples: Float[Array, "M L"], count: int) -> Complex[Array, "count+1 L"]:
    """``g_n = sum_j g_j exp(2 pi i n j/M)/M``, n = 0..count, of M = 4 q equal steps of one period.

    Even and odd n, cosines and sines are one sum each over a quarter of the period, with the four quarters
    added or subtracted before: a quarter of the products. It stays a product of matrices, fast for batches
    of drives and of their derivatives.
    """
    points, half, quarter = len(samples), len(samples) // 2, len(samples) // 4
    phase = 2.0 * np.pi * np.arange(points) / points
    step = np.arange(quarter + 1)
    weight = np.where(step % quarter == 0, 0.5, 1.0) / points  # the ends of a quarter are their own images
    rows, folded = [], []
    for odd in (0, 1):
        order = np.outer(np.arange(odd, count + 1 + odd, 2)[: count // 2 + 1], step) % points
        both = samples[:half] - samples[half:] if odd else samples[:half] + samples[half:]
        first = -both[:1] if odd else both[:1]
        image = xp.concatenate([first, both[quarter:][::-1]])
        sums = both[: quarter + 1] + image, both[: quarter + 1] - image
        rows += [weight * np.cos(phase[order]), weight * np.sin(phase[order])]
        folded += sums[::-1] if odd else sums
    even_cosine, even_sine, odd_cosine, odd_sine = np.stack(rows) @ xp.stack(folded)

    def merged(even: Float[Array, "K L"], odd: Float[Array, "K L"]) -> Float[Array, "count+1 L"]:
        return xp.stack([even, odd], axis=1).reshape(-1, samples.shape[1])[: count + 1]

    return to_complex(merged(even_cosine, odd_cosine), merged(even_sine, odd_sine))


class BoundedDrive(AbstractDrive):
    """g_l(t) = tanh u_l(t), with u_l a Fourier series of N searched harmonics; or between bounds of its own.

    |g_l(t)| < 1, or low < g_l(t) < high where they are given, holds at *all* times whatever the parameters;
    u with a large amplitude approaches bang-bang switching. tanh creates harmonics beyond the N searched
    ones. They are not dropped: a solver keeps ``4 max(N, 16)`` harmonics by default, computed by a discrete
    Fourier transform on four samples per kept harmonic. The coefficients fall as exp(-pi n / 2 s) with s the
    steepest slope |du/d(Omega t)|, and what lies beyond is reported with every result as
    `truncation_error`.

    Attributes:
        frequency: drive frequency Omega > 0.
        mean: mean of each u_l, (L,).
        cosine: cosine amplitudes of each u_l, (L, N).
        sine: sine amplitudes of each u_l, (L, N).
        low, high: the bounds of every g_l, both or none; None means -1 and 1. A valve is 0 and 1.

    Source: theory (1.24), (1.25), (13.11).
    """

    kind: ClassVar[str] = "bounded"
    on_host: ClassVar[bool] = True

    mean: Float[Array, " L"] = parameter(help="mean of u_l", converter=to_array)
    cosine: Float[Array, "L N"] = parameter(help="coefficients of cos(n Omega t) of u_l", converter=to_array)
    sine: Float[Array, "L N"] = parameter(help="coefficients of sin(n Omega t) of u_l", converter=to_array)

    low: Float[Array, ""] | None = parameter(
        help="lower bound", default=None, converter=_to_bound, kw_only=True
    )
    high: Float[Array, ""] | None = parameter(
        help="upper bound", default=None, converter=_to_bound, kw_only=True
    )

    def __check_init__(self) -> None:
        if (self.low is None) != (self.high is None):
            raise InputError("a bounded drive must have both bounds, low and high, or none; one is missing.")

    def _between(self, series: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
        """The shape from u."""
        if self.low is None or self.high is None:
            return xp.tanh(series)
        return (self.low + self.high) / 2.0 + (self.high - self.low) / 2.0 * xp.tanh(series)

    def check_table(self, table: Table) -> None:
        """Raise `InputError` where a file gives bounds in the wrong order."""
        if self.low is not None and self.high is not None and not self.low < self.high:
            raise wrong(table.at("high"), f"above `{table.at('low')}`, {float(self.low):g}", float(self.high))

    @property
    def size(self) -> int:
        return self.mean.shape[-1]

    @property
    def default_harmonics(self) -> int:
        return 4 * max(self.cosine.shape[-1], 16)

    def __call__(self, time: ArrayLike) -> Float[Array, "... L"]:
        return self._between(FourierDrive(self.frequency, self.mean, self.cosine, self.sine)(time))

    def samples(self, count: int) -> Float[Array, "count L"]:
        """g_l at `count` equal steps of one period, independent of the frequency."""
        order = np.outer(np.arange(count), np.arange(1, self.cosine.shape[-1] + 1)) % count
        phase = 2.0 * np.pi * order / count
        basis = np.concatenate([np.cos(phase), np.sin(phase)], axis=1)
        return self._between(self.mean + basis @ xp.concatenate([self.cosine, self.sine], axis=1).T)

    def harmonics(self, count: int) -> Complex[Array, "count+1 L"]:
        return harmonics_of_samples(self.samples(SAMPLES_PER_HARMONIC * count), count)

    def mean_square(self) -> Float[Array, " L"]:
        return xp.mean(self.samples(SAMPLES_PER_HARMONIC * self.default_harmonics) ** 2, axis=0)
