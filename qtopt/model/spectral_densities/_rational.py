"""Rational bath: any spectral density that a finite number of poles describes."""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Complex, Float, Inexact

from ...errors import InputError
from ...numerics import put, stop_gradient, to_array, xp
from ...schema import parameter
from ._spectral_density import AbstractSpectralDensity, Memory, PoleExpansion


def _to_pairs(value: ArrayLike | Sequence[Any]) -> Array:
    """Pairs as an array, like `to_array`; an empty list means that there is no pair."""
    return to_array(value) if np.ndim(value) == 2 or not isinstance(value, list | tuple) else xp.zeros((0, 2))


class Rational(AbstractSpectralDensity):
    """J(omega) = omega |h(omega)|^2 with h = sqrt(scale) prod_z [-i(omega - z)] / prod_p [-i(omega - p)].

    Poles p and zeros z lie in the lower half plane, on the imaginary axis or as mirrored pairs, so that
    J > 0 for omega > 0 and every memory is real by construction; h is the minimum-phase factor of J/omega.
    More poles than zeros: J decays at least as 1/omega. `fit_spectral_density` makes one of a table.

    Attributes:
        scale: factor of J > 0, in units of frequency^(1 + 2 (poles - zeros)).
        decays: (R,) rates kappa > 0 of the poles -i kappa.
        pairs: (C, 2) frequencies a > 0 and rates b > 0 of the poles +-a - i b.
        zero_decays: (Q,) rates >= 0 of the zeros on the imaginary axis.
        zero_pairs: (Z, 2) frequencies and rates >= 0 of the mirrored zeros.

    All poles must differ.

    Raises:
        InputError: not fewer zeros than poles.

    Source: theory (1.14) to (1.16); spectral factorisation as in Kailath, Sayed and Hassibi,
    Linear Estimation (2000), chapter 6.
    """

    kind: ClassVar[str] = "rational"
    on_host: ClassVar[bool] = True
    remembers: ClassVar[bool | None] = True

    scale: Float[Array, ""] = parameter(
        help="factor of J, in units that depend on the numbers of poles and zeros",
        positive=True,
        converter=to_array,
    )
    decays: Float[Array, " R"] = parameter(
        help="kappa, rates of the poles on the imaginary axis",
        unit="frequency",
        positive=True,
        empty=True,
        converter=to_array,
    )
    pairs: Float[Array, "C 2"] = parameter(
        help="frequencies and rates of the mirrored poles",
        unit="frequency",
        positive=True,
        empty=True,
        converter=_to_pairs,
    )
    zero_decays: Float[Array, " Q"] = parameter(
        help="rates of the zeros on the imaginary axis",
        unit="frequency",
        least=0.0,
        empty=True,
        default=(),
        converter=to_array,
    )
    zero_pairs: Float[Array, "Z 2"] = parameter(
        help="frequencies and rates of the mirrored zeros",
        unit="frequency",
        least=0.0,
        empty=True,
        default=(),
        converter=_to_pairs,
    )

    def __check_init__(self) -> None:
        if self._excess < 1:
            raise InputError(
                "a rational spectral density must have more poles than zeros, so that it decays, but it has "
                f"{-self._excess} more zeros than poles: remove zeros or add poles."
            )

    @property
    def _excess(self) -> int:
        """Poles less zeros of h."""
        poles = self.decays.shape[-1] + 2 * self.pairs.shape[-2]
        return poles - self.zero_decays.shape[-1] - 2 * self.zero_pairs.shape[-2]

    @property
    def poles(self) -> Complex[Array, " P"]:
        """(P,) poles of chi_B: R imaginary ones, C to the right, C mirrored to the left."""
        return _roots(self.decays, self.pairs)

    @property
    def zeros(self) -> Complex[Array, " N"]:
        """(N,) zeros of h, in the same order."""
        return _roots(self.zero_decays, self.zero_pairs)

    def _filter(self, omega: Array) -> Complex[Array, "..."]:
        """h/sqrt(scale); its complex conjugate on the real axis is its value at -omega."""
        return _ratio(-1j * (omega[..., None] - self.zeros), -1j * (omega[..., None] - self.poles))

    def _strengths(self) -> tuple[Complex[Array, " P"], Complex[Array, " P"]]:
        """Residues of chi_B and of h in the Laplace variable -i omega."""
        poles, identity = self.poles, xp.eye(self.poles.shape[0], dtype=bool)
        others = xp.where(identity, 1.0, -1j * (poles[:, None] - poles))
        noise = xp.sqrt(self.scale) * _ratio(-1j * (poles[:, None] - self.zeros), others)
        return 2j * poles * noise * xp.sqrt(self.scale) * self._filter(-poles), noise

    def density(self, omega: ArrayLike) -> Inexact[Array, "..."]:
        omega = xp.asarray(omega)
        return self.scale * omega * (self._filter(omega) * self._filter(-omega))

    def response(self, omega: ArrayLike) -> Complex[Array, "..."]:
        _, _, poles, residues = self.expansion()
        return xp.sum(residues / (xp.asarray(omega)[..., None] - poles), axis=-1)

    def memory_kernel(self, omega: ArrayLike) -> Complex[Array, "..."]:
        omega = xp.asarray(omega)
        _, _, poles, residues = self.expansion()
        return -omega * xp.sum(residues / (poles * (omega[..., None] - poles)), axis=-1)

    def memory_kernel_slope(self, a: ArrayLike, b: ArrayLike) -> Complex[Array, "..."]:
        a, b = xp.asarray(a)[..., None], xp.asarray(b)[..., None]
        _, _, poles, residues = self.expansion()
        return xp.sum(residues / ((a - poles) * (b - poles)), axis=-1)

    def in_units(self, unit: float) -> "Rational":
        return Rational(
            self.scale * unit ** (1 + 2 * self._excess),
            self.decays * unit,
            self.pairs * unit,
            self.zero_decays * unit,
            self.zero_pairs * unit,
        )

    def expansion(self) -> PoleExpansion:
        strengths, _ = self._strengths()
        static = xp.sum(-1j * strengths / self.poles).real
        return PoleExpansion(static, xp.zeros(()), self.poles, 1j * strengths)

    def memory(self) -> Memory:
        # A real pole is one variable, dr/dt = -kappa r + ..., a pair is a damped rotation of two, seen in its
        # first. The gain of each is split evenly between input and output; nothing depends on that split.
        frequency, rate = self.pairs[:, 0], self.pairs[:, 1]
        real, count = self.decays.shape[0], self.pairs.shape[0]
        first, second = real + np.arange(count), real + count + np.arange(count)
        dynamics = -xp.diag(xp.concatenate([self.decays, rate, rate]))
        dynamics = put(put(dynamics, (first, second), -frequency), (second, first), frequency)
        strengths, noise = self._strengths()
        gain = stop_gradient(xp.sqrt(xp.abs(strengths[: real + count])))
        gain = xp.where(gain > 0.0, gain, 1.0)
        static = xp.sum(-1j * strengths / self.poles).real
        output = xp.concatenate([gain, xp.zeros(count)])
        # h as the response of the outlet, residue by residue.
        outlet = 0.5 * gain / (xp.sqrt(self.scale) * self._filter(-self.poles[: real + count]))
        return Memory(
            dynamics,
            _quadratures(strengths, real, count, gain),
            output,
            _quadratures(noise, real, count, gain),
            xp.concatenate([outlet[:real].real, outlet[real:].real, outlet[real:].imag]),
            static,
            xp.zeros(()),
        )


def _roots(decays: Float[Array, " R"], pairs: Float[Array, "C 2"]) -> Complex[Array, " P"]:
    """-i kappa, a - i b and -a - i b."""
    shift = 1j * pairs[:, 1]
    return xp.concatenate([-1j * decays, pairs[:, 0] - shift, -pairs[:, 0] - shift])


def _ratio(above: Complex[Array, "... N"], below: Complex[Array, "... P"]) -> Complex[Array, "..."]:
    """prod(above)/prod(below), N <= P, factor by factor: no intermediate overflow."""
    paired = above.shape[-1]
    return xp.prod(above / below[..., :paired], axis=-1) / xp.prod(below[..., paired:], axis=-1)


def _quadratures(
    residues: Complex[Array, " P"], real: int, count: int, gain: Float[Array, " G"]
) -> Float[Array, " P"]:
    """Real input of poles and pairs with these residues (Laplace variable), for outputs `gain`."""
    alone, pair = residues[:real].real / gain[:real], 2.0 * residues[real : real + count] / gain[real:]
    return xp.concatenate([alone, pair.real, -pair.imag])
