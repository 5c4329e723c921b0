"""Drude-Lorentz bath: Ohmic with an exponential memory."""

from typing import ClassVar

from jax.typing import ArrayLike
from jaxtyping import Array, Complex, Float, Inexact

from ...numerics import reciprocal, scaled, to_array, turned, xp
from ...schema import parameter
from ._spectral_density import AbstractSpectralDensity, Memory, PoleExpansion


class Drude(AbstractSpectralDensity):
    """J(omega) = gamma omega / (1 + omega^2/omega_c^2), K(omega) = -i gamma omega / (1 - i omega/omega_c).

    Attributes:
        damping: gamma > 0.
        cutoff: omega_c > 0; the memory time is 1/omega_c.

    Source: theory (1.12).
    """

    kind: ClassVar[str] = "drude"
    on_host: ClassVar[bool] = True
    remembers: ClassVar[bool | None] = True
    proportional_to: ClassVar[tuple[str, str]] = ("damping", "gamma_1")

    damping: Float[Array, ""] = parameter(help="gamma", unit="frequency", positive=True, converter=to_array)
    cutoff: Float[Array, ""] = parameter(
        help="omega_c, the inverse of the memory time", unit="frequency", positive=True, converter=to_array
    )

    def density(self, omega: ArrayLike) -> Inexact[Array, "..."]:
        omega = xp.asarray(omega)
        both = reciprocal((self.cutoff - 1j * omega) * (self.cutoff + 1j * omega))
        return scaled(omega * both, self.damping * self.cutoff**2)

    def response(self, omega: ArrayLike) -> Complex[Array, "..."]:
        return scaled(reciprocal(self.cutoff - 1j * xp.asarray(omega)), self.damping * self.cutoff**2)

    def memory_kernel(self, omega: ArrayLike) -> Complex[Array, "..."]:
        omega = xp.asarray(omega)
        return turned(omega * reciprocal(self.cutoff - 1j * omega), -self.damping * self.cutoff)

    def memory_kernel_slope(self, a: ArrayLike, b: ArrayLike) -> Complex[Array, "..."]:
        a, b = xp.asarray(a), xp.asarray(b)
        both = reciprocal((self.cutoff - 1j * a) * (self.cutoff - 1j * b))
        return turned(both, -self.damping * self.cutoff**2)

    def expansion(self) -> PoleExpansion:
        pole = xp.reshape(-1j * self.cutoff, (1,))
        residue = xp.reshape(1j * self.damping * self.cutoff**2, (1,))
        return PoleExpansion(self.damping * self.cutoff, xp.zeros(()), pole, residue)

    def memory(self) -> Memory:
        # chi_B * q = gamma omega_c^2/(d/dt + omega_c) q, split evenly between input and output.
        gain = xp.reshape(xp.sqrt(self.damping) * self.cutoff, (1,))
        rate, static = xp.reshape(self.cutoff, (1,)), self.damping * self.cutoff
        return Memory(-rate[:, None], gain, gain, xp.ones((1,)), rate, static, xp.zeros(()))
