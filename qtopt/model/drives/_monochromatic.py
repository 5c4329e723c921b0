"""Cosine drives."""

from typing import ClassVar

from jax.typing import ArrayLike
from jaxtyping import Array, Complex, Float

from ...numerics import put, to_array, xp
from ...schema import parameter
from ._drive import AbstractDrive


class MonochromaticDrive(AbstractDrive):
    """g_l(t) = amplitudes_l cos(Omega t + phases_l).

    Attributes:
        frequency: drive frequency Omega > 0.
        amplitudes: dimensionless amplitude of each coupling, (L,).
        phases: phase of each coupling in radians, (L,); a phase difference breaks time-reversal symmetry.

    Source: theory (1.23).
    """

    kind: ClassVar[str] = "monochromatic"
    on_host: ClassVar[bool] = True

    amplitudes: Float[Array, " L"] = parameter(
        help="dimensionless amplitude of each coupling", converter=to_array
    )
    phases: Float[Array, " L"] = parameter(help="phase of each coupling", unit="rad", converter=to_array)

    @property
    def size(self) -> int:
        return self.amplitudes.shape[-1]

    @property
    def default_harmonics(self) -> int:
        return 1

    @property
    def lowest_harmonic(self) -> int:
        return 1

    def __call__(self, time: ArrayLike) -> Float[Array, "... L"]:
        return self.amplitudes * xp.cos(self.frequency * xp.asarray(time)[..., None] + self.phases)

    def harmonics(self, count: int) -> Complex[Array, "count+1 L"]:
        first = 0.5 * self.amplitudes * xp.exp(-1j * self.phases)
        return put(xp.zeros((count + 1, self.size), dtype=complex), slice(1, 2), first)

    def mean_square(self) -> Float[Array, " L"]:
        return 0.5 * self.amplitudes**2
