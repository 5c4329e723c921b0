"""Lorentzian peak: a structured bath with one resonance."""

from typing import ClassVar

from jax.typing import ArrayLike
from jaxtyping import Array, Complex, Float, Inexact

from ...numerics import reciprocal, scaled, to_array, to_complex, turned, xp
from ...schema import parameter
from ._spectral_density import AbstractSpectralDensity, Memory, PoleExpansion

# Poles at +-W - i gamma/2 with W^2 = omega_1^2 - gamma^2/4 merge at critical damping, where their residues
# diverge and cancel. Within this relative distance of it W^2 is moved by twice the distance: J changes by
# less than 1e-9 relative and the cancellation costs at most five digits.
CRITICAL_DISTANCE = 1e-10


class Lorentzian(AbstractSpectralDensity):
    """J(omega) = d gamma omega / ((omega_1^2 - omega^2)^2 + gamma^2 omega^2).

    chi_B(omega) = d / (omega_1^2 - omega^2 - i gamma omega), K = chi_B(0) - chi_B(omega).

    Attributes:
        strength: d > 0 (units of frequency^4 with m = 1).
        peak: omega_1 > 0.
        width: gamma > 0.

    Source: theory (1.13).
    """

    kind: ClassVar[str] = "lorentzian"
    on_host: ClassVar[bool] = True
    remembers: ClassVar[bool | None] = True
    proportional_to: ClassVar[tuple[str, str]] = ("strength", "d")
    finite_force_variance: ClassVar[bool] = True

    strength: Float[Array, ""] = parameter(help="d", unit="frequency^4", positive=True, converter=to_array)
    peak: Float[Array, ""] = parameter(help="omega_1", unit="frequency", positive=True, converter=to_array)
    width: Float[Array, ""] = parameter(help="gamma", unit="frequency", positive=True, converter=to_array)

    def _denominator(self, omega: ArrayLike) -> Complex[Array, "..."]:
        omega = xp.asarray(omega)
        return (self.peak - omega) * (self.peak + omega) - turned(omega.astype(complex), self.width)

    def density(self, omega: ArrayLike) -> Inexact[Array, "..."]:
        omega = xp.asarray(omega)
        both = reciprocal(self._denominator(omega) * self._denominator(-omega))
        return scaled(omega * both, self.strength * self.width)

    def response(self, omega: ArrayLike) -> Complex[Array, "..."]:
        return scaled(reciprocal(self._denominator(omega)), self.strength)

    def memory_kernel(self, omega: ArrayLike) -> Complex[Array, "..."]:
        omega = xp.asarray(omega)
        ratio = omega * (omega + 1j * self.width) * reciprocal(self._denominator(omega))
        return scaled(ratio, -self.strength / self.peak**2)

    def memory_kernel_slope(self, a: ArrayLike, b: ArrayLike) -> Complex[Array, "..."]:
        a, b = xp.asarray(a), xp.asarray(b)
        ratio = (a + b + 1j * self.width) * reciprocal(self._denominator(a) * self._denominator(b))
        return scaled(ratio, -self.strength)

    def expansion(self) -> PoleExpansion:
        square = (self.peak - self.width / 2.0) * (self.peak + self.width / 2.0)
        margin = CRITICAL_DISTANCE * self.peak**2
        square = xp.where(xp.abs(square) < margin, square + 2.0 * margin, square)
        size = xp.sqrt(xp.abs(square))
        root = to_complex(xp.where(square > 0.0, size, 0.0), xp.where(square > 0.0, 0.0, size))
        poles = xp.stack([root, -root]) - 0.5j * self.width
        residues = xp.stack([-1.0 / root, 1.0 / root]) * self.strength / 2.0
        return PoleExpansion(self.strength / self.peak**2, xp.zeros(()), poles, residues)

    def memory(self) -> Memory:
        # d^2 r/dt^2 + gamma dr/dt + omega_1^2 r = sqrt(d) q + sqrt(gamma) eta, chi_B * q = sqrt(d) r
        zero, one, gain = xp.zeros(()), xp.ones(()), xp.sqrt(self.strength)
        dynamics = xp.stack([xp.stack([zero, one]), xp.stack([-(self.peak**2), -self.width])])
        friction = xp.stack([zero, xp.sqrt(self.width)])
        return Memory(
            dynamics,
            xp.stack([zero, gain]),
            xp.stack([gain, zero]),
            friction,
            friction,
            self.strength / self.peak**2,
            zero,
        )
