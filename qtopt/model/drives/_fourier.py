"""Truncated Fourier series."""

from typing import ClassVar

import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Complex, Float

from ...numerics import to_array, xp
from ...schema import parameter
from ._drive import AbstractDrive


class FourierDrive(AbstractDrive):
    """g_l(t) = mean_l + sum_n [cosine_ln cos(n Omega t) + sine_ln sin(n Omega t)], n = 1..N.

    Attributes:
        frequency: drive frequency Omega > 0.
        mean: mean of each coupling, (L,), dimensionless like all amplitudes.
        cosine: cosine amplitudes, (L, N).
        sine: sine amplitudes, (L, N).

    Source: theory (1.23).
    """

    kind: ClassVar[str] = "fourier"
    on_host: ClassVar[bool] = True

    mean: Float[Array, " L"] = parameter(help="mean", converter=to_array)
    cosine: Float[Array, "L N"] = parameter(help="coefficients of cos(n Omega t)", converter=to_array)
    sine: Float[Array, "L N"] = parameter(help="coefficients of sin(n Omega t)", converter=to_array)

    @property
    def size(self) -> int:
        return self.mean.shape[-1]

    @property
    def default_harmonics(self) -> int:
        return self.cosine.shape[-1]

    def __call__(self, time: ArrayLike) -> Float[Array, "... L"]:
        phase = self.frequency * xp.asarray(time)[..., None] * np.arange(1, self.cosine.shape[-1] + 1)
        return self.mean + xp.cos(phase) @ self.cosine.T + xp.sin(phase) @ self.sine.T

    def harmonics(self, count: int) -> Complex[Array, "count+1 L"]:
        present = min(count, self.cosine.shape[-1])
        series = 0.5 * (self.cosine + 1j * self.sine).T[:present]
        missing = xp.zeros((count - present, self.size), dtype=complex)
        return xp.concatenate([self.mean[None, :].astype(complex), series, missing])

    def mean_square(self) -> Float[Array, " L"]:
        return self.mean**2 + 0.5 * xp.sum(self.cosine**2 + self.sine**2, axis=-1)
