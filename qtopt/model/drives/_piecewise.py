"""Piecewise-constant drives."""

from typing import ClassVar

import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Complex, Float

from ...numerics import to_array, xp
from ...schema import parameter
from ._drive import AbstractDrive


class PiecewiseDrive(AbstractDrive):
    """g_l(t) = values_ls on the s-th of S equal steps of one period, s = floor(S Omega t / 2 pi) mod S.

    The Fourier coefficients are those of the discontinuous function itself (no FFT aliasing),
    ``g_n = sum_s values_s [exp(i n theta_{s+1}) - exp(i n theta_s)]/(2 pi i n)``, theta_s = 2 pi s/S; they
    fall as 1/n, so a solver keeps 256 of them by default and reports what the rest can change.

    Attributes:
        frequency: drive frequency Omega > 0.
        values: dimensionless coupling of every oscillator in every step, (L, S).

    Source: theory (1.23).
    """

    kind: ClassVar[str] = "piecewise"
    on_host: ClassVar[bool] = True

    values: Float[Array, "L S"] = parameter(help="couplings during the steps", converter=to_array)

    @property
    def size(self) -> int:
        return self.values.shape[0]

    @property
    def default_harmonics(self) -> int:
        return 256

    @property
    def steps(self) -> int:
        return self.values.shape[1]

    def __call__(self, time: ArrayLike) -> Float[Array, "... L"]:
        steps = self.values.shape[1]
        position = xp.floor(xp.asarray(time) * self.frequency / (2.0 * np.pi) * steps).astype(int)
        return self.values.T[position % steps]

    def harmonics(self, count: int) -> Complex[Array, "count+1 L"]:
        steps = self.values.shape[1]
        n = np.arange(1, count + 1)[:, None]
        # exp(i n theta) by an exact integer phase, so that high harmonics keep full precision.
        edges = np.exp(2j * np.pi * ((n * np.arange(steps + 1)) % steps) / steps)
        weights = (edges[:, 1:] - edges[:, :-1]) / (2j * np.pi * n)
        mean = xp.mean(self.values, axis=1)[None, :].astype(complex)
        return xp.concatenate([mean, weights @ self.values.T])

    def mean_square(self) -> Float[Array, " L"]:
        return xp.mean(self.values**2, axis=1)
