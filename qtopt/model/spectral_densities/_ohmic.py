"""Ohmic bath: memoryless friction."""

from typing import Any, ClassVar

from jax.typing import ArrayLike
from jaxtyping import Array, Complex, Float, Inexact

from ...numerics import to_array, turned, xp
from ...schema import parameter
from ._spectral_density import AbstractSpectralDensity, Memory, PoleExpansion


class Ohmic(AbstractSpectralDensity):
    """J(omega) = gamma omega, K(omega) = -i gamma omega (strictly Ohmic, no cut-off).

    Attributes:
        damping: gamma > 0, in units of the reference frequency.

    The momentum variance diverges; only positions, powers and heat currents are meaningful.
    Source: theory (1.11).
    """

    kind: ClassVar[str] = "ohmic"
    on_host: ClassVar[bool] = True
    remembers: ClassVar[bool | None] = False
    proportional_to: ClassVar[tuple[str, str]] = ("damping", "gamma_1")

    damping: Float[Array, ""] = parameter(help="gamma", unit="frequency", positive=True, converter=to_array)

    def density(self, omega: ArrayLike) -> Inexact[Array, "..."]:
        return self.damping * xp.asarray(omega)

    def response(self, omega: ArrayLike) -> Complex[Array, "..."]:
        return xp.zeros_like(omega, dtype=complex)

    def memory_kernel(self, omega: ArrayLike) -> Complex[Array, "..."]:
        return turned(xp.asarray(omega, dtype=complex), -self.damping)

    def memory_kernel_slope(self, a: ArrayLike, b: ArrayLike) -> Complex[Array, "..."]:
        return -1j * self.damping * xp.ones_like(xp.asarray(a) + xp.asarray(b), dtype=complex)

    def expansion(self) -> PoleExpansion:
        none: Any = xp.zeros((0,), dtype=complex)
        return PoleExpansion(xp.zeros(()), self.damping, none, none)

    def memory(self) -> Memory:
        none: Any = xp.zeros((0,))
        return Memory(xp.zeros((0, 0)), none, none, none, none, xp.zeros(()), self.damping)
