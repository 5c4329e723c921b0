"""Smooth drives that stay between two bounds at all times by construction."""

from functools import lru_cache
from typing import ClassVar

import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Complex, Float
from numpy.typing import NDArray

from ...errors import InputError
from ...numerics import to_array, to_complex, xp
from ...schema import Table, parameter, wrong
from ._drive import AbstractDrive
from ._fourier import FourierDrive

SAMPLES_PER_HARMONIC = 4


def _to_bound(value: ArrayLike | None) -> Array | None:
    return None if value is None else to_array(value)


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

    def _between(self, level: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
        """The shape from tanh u."""
        if self.low is None or self.high is None:
            return level
        return (self.low + self.high) / 2.0 + (self.high - self.low) / 2.0 * level

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
        series = FourierDrive(self.frequency, self.mean, self.cosine, self.sine)(time)
        return self._between(xp.tanh(series))

    def _series(self, count: int) -> Float[Array, "count L"]:
        """u_l at `count` equal steps of one period."""
        cosine, sine = _waves(self.cosine.shape[-1], count)
        basis = np.concatenate([cosine[1:], sine[1:]]).T
        return self.mean + basis @ xp.concatenate([self.cosine, self.sine], axis=1).T

    def samples(self, count: int) -> Float[Array, "count L"]:
        """g_l at `count` equal steps of one period, independent of the frequency."""
        return self._between(xp.tanh(self._series(count)))

    def bent_samples(self, count: int) -> tuple[Float[Array, "points L"], ...]:
        """u_l, g_l, dg_l/du_l and d^2g_l/du_l^2 at the points of time that give `count` harmonics."""
        series = self._series(SAMPLES_PER_HARMONIC * count)
        level = xp.tanh(series)
        unit = 1.0 if self.low is None or self.high is None else (self.high - self.low) / 2.0
        slope = unit * (1.0 - level**2)
        return series, self._between(level), slope, -2.0 * level * slope

    def harmonics(self, count: int) -> Complex[Array, "count+1 L"]:
        points = SAMPLES_PER_HARMONIC * count
        both = np.concatenate(_waves(count, points)) / points @ self.samples(points)
        return to_complex(both[: count + 1], both[count + 1 :])

    def mean_square(self) -> Float[Array, " L"]:
        return xp.mean(self.samples(SAMPLES_PER_HARMONIC * self.default_harmonics) ** 2, axis=0)


@lru_cache
def _waves(highest: int, points: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """cos and sin of n = 0 .. highest periods on so many points, (highest + 1, points)."""
    phase = 2.0 * np.pi * (np.outer(np.arange(highest + 1), np.arange(points)) % points) / points
    return np.cos(phase), np.sin(phase)
