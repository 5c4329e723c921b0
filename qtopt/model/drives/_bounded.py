"""Smooth drives that obey |g_l(t)| <= 1 at all times by construction."""

from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Complex, Float

from ...numerics import to_array
from ...schema import parameter
from ._drive import AbstractDrive
from ._fourier import FourierDrive

SAMPLES_PER_HARMONIC = 4


class BoundedDrive(AbstractDrive):
    """g_l(t) = tanh u_l(t), with u_l a Fourier series of N searched harmonics.

    |g_l(t)| < 1 holds at *all* times whatever the parameters; u with a large amplitude approaches
    bang-bang switching. tanh creates harmonics beyond the N searched ones. They are not dropped: a solver
    keeps ``4 max(N, 16)`` harmonics by default, computed by a discrete Fourier transform on four samples
    per kept harmonic. The coefficients fall as exp(-pi n / 2 s) with s the steepest slope |du/d(Omega t)|,
    and what lies beyond is reported with every result as `truncation_error`.

    Attributes:
        frequency: drive frequency Omega > 0.
        mean: mean of each u_l, (L,).
        cosine: cosine amplitudes of each u_l, (L, N).
        sine: sine amplitudes of each u_l, (L, N).

    Source: theory (1.24), (1.25).
    """

    kind: ClassVar[str] = "bounded"

    mean: Float[Array, " L"] = parameter(help="mean of u_l", converter=to_array)
    cosine: Float[Array, "L N"] = parameter(help="coefficients of cos(n Omega t) of u_l", converter=to_array)
    sine: Float[Array, "L N"] = parameter(help="coefficients of sin(n Omega t) of u_l", converter=to_array)

    @property
    def size(self) -> int:
        return self.mean.shape[-1]

    @property
    def default_harmonics(self) -> int:
        return 4 * max(self.cosine.shape[-1], 16)

    def __call__(self, time: ArrayLike) -> Float[Array, "... L"]:
        return jnp.tanh(FourierDrive(self.frequency, self.mean, self.cosine, self.sine)(time))

    def samples(self, count: int) -> Float[Array, "count L"]:
        """g_l at `count` equal steps of one period, independent of the frequency."""
        order = np.outer(np.arange(count), np.arange(1, self.cosine.shape[-1] + 1)) % count
        phase = 2.0 * np.pi * order / count
        series = self.mean + np.cos(phase) @ self.cosine.T + np.sin(phase) @ self.sine.T
        return jnp.tanh(series)

    def harmonics(self, count: int) -> Complex[Array, "count+1 L"]:
        points = SAMPLES_PER_HARMONIC * count
        phase = 2.0 * np.pi * (np.outer(np.arange(count + 1), np.arange(points)) % points) / points
        samples = self.samples(points)
        return jax.lax.complex(np.cos(phase) @ samples, np.sin(phase) @ samples) / points

    def mean_square(self) -> Float[Array, " L"]:
        return jnp.mean(self.samples(SAMPLES_PER_HARMONIC * self.default_harmonics) ** 2, axis=0)
