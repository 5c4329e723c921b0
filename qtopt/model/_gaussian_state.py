"""Gaussian states of the oscillators."""

from collections.abc import Sequence

import equinox as eqx
import numpy as np
from jax.core import Tracer
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from ..errors import InputError
from ..numerics import put, to_array, xp
from ._machine import Machine

ROUND_OFF = 1e-9


class GaussianState(eqx.Module):
    """A Gaussian state of L oscillators by its first two moments (hbar = m = 1, v = dx/dt = p).

    Attributes:
        mean: the means <z> of z = (x_1..x_L, v_1..v_L), (2L,).
        covariance: symmetrised, <{z_i - <z_i>, z_j - <z_j>}>/2, (2L, 2L).

    Raises:
        InputError: shapes that do not match; a covariance that is not symmetric or violates the uncertainty
            relation ``covariance + (i/2) [[0, 1], [-1, 0]] >= 0``.

    Source: theory (6.5) to (6.8).
    """

    mean: Float[Array, " 2L"] = eqx.field(converter=to_array)
    covariance: Float[Array, "2L 2L"] = eqx.field(converter=to_array)

    def __check_init__(self) -> None:
        if isinstance(self.mean, Tracer) or isinstance(self.covariance, Tracer):
            return
        mean, covariance = np.asarray(self.mean), np.asarray(self.covariance)
        count = mean.size
        if mean.shape != (count,) or count % 2 or covariance.shape != (count, count):
            raise InputError(
                "a Gaussian state must have a mean of 2L numbers and a covariance of 2L x 2L, but their "
                f"shapes are {mean.shape} and {covariance.shape}."
            )
        scale = np.abs(covariance).max(initial=1.0)
        if not (np.isfinite(mean).all() and np.isfinite(covariance).all()):
            raise InputError("the moments of a Gaussian state must be finite numbers, but some are not.")
        if np.abs(covariance - covariance.T).max(initial=0.0) > ROUND_OFF * scale:
            raise InputError("the covariance of a Gaussian state must be symmetric, but it is not.")
        one = xp.eye(count // 2)
        commutator = np.kron(np.array([[0.0, 1.0], [-1.0, 0.0]]), one)
        lowest = np.linalg.eigvalsh(covariance + 0.5j * commutator).min(initial=0.0)
        if lowest < -ROUND_OFF * scale:
            raise InputError(
                "the covariance of a Gaussian state must obey the uncertainty relation, covariance + i/2 "
                f"[[0, 1], [-1, 0]] >= 0, but its lowest eigenvalue is {lowest:.3g}: raise the variances."
            )

    @property
    def size(self) -> int:
        """Number of oscillators L."""
        return self.mean.shape[-1] // 2

    @staticmethod
    def vacuum(machine: Machine) -> "GaussianState":
        """Ground state of the uncoupled oscillators, <x_l^2> = 1/2 omega_l, <v_l^2> = omega_l/2."""
        return _from_normal(machine, 0.5 * xp.eye(2 * machine.size))

    @staticmethod
    def thermal(machine: Machine, temperatures: ArrayLike | Sequence[float]) -> "GaussianState":
        """Uncoupled oscillators in equilibrium, omega_l^2 <x_l^2> = <v_l^2> = (omega_l/2) coth(omega_l/2T_l).

        Args:
            machine: gives the frequencies.
            temperatures: one for all oscillators, or (L,); 0 is the vacuum.

        Raises:
            InputError: a negative temperature.
        """
        values = np.broadcast_to(np.asarray(temperatures, dtype=float), (machine.size,))
        if not np.all(values >= 0.0):
            raise InputError(f"temperatures must not be negative, but they are {values.tolist()}.")
        ratio = np.asarray(machine.frequencies) / (2.0 * np.where(values > 0.0, values, 1.0))
        variance = np.where(values > 0.0, 0.5 / np.tanh(ratio), 0.5)
        return _from_normal(machine, xp.diag(xp.concatenate([variance, variance])))

    @staticmethod
    def squeezed(machine: Machine, squeezing: ArrayLike, angle: ArrayLike = 0.0) -> "GaussianState":
        """Squeezed vacua: variance exp(-2r)/2 along X cos(angle/2) + Y sin(angle/2), exp(2r)/2 across it.

        X = sqrt(omega_l) x_l and Y = v_l/sqrt(omega_l) are the normal coordinates.

        Args:
            machine: gives the frequencies.
            squeezing: r, one for all oscillators or (L,).
            angle: in radians, likewise.
        """
        r = xp.broadcast_to(xp.asarray(squeezing, dtype=float), (machine.size,))
        turn = xp.broadcast_to(xp.asarray(angle, dtype=float), (machine.size,))
        broad, tilt = 0.5 * xp.cosh(2.0 * r), 0.5 * xp.sinh(2.0 * r)
        xx, yy = broad - tilt * xp.cos(turn), broad + tilt * xp.cos(turn)
        xy = xp.diag(-tilt * xp.sin(turn))
        return _from_normal(machine, xp.block([[xp.diag(xx), xy], [xy, xp.diag(yy)]]))

    @staticmethod
    def two_mode_squeezed(
        machine: Machine, squeezing: ArrayLike, pair: tuple[int, int] = (0, 1)
    ) -> "GaussianState":
        """Entangled vacuum of two oscillators: X_a - X_b and Y_a + Y_b have the variance exp(-2r), not 1.

        Args:
            machine: gives the frequencies.
            squeezing: r; the populations of both are sinh^2 r.
            pair: the two oscillators, counted from 0; the others are in their ground states.

        Raises:
            InputError: two oscillators that the machine does not have.
        """
        a, b = pair
        size = machine.size
        if a == b or not (0 <= a < size and 0 <= b < size):
            raise InputError(
                f"two-mode squeezing needs two different oscillators out of 0..{size - 1}, but the pair is "
                f"{pair}."
            )
        both = put(xp.zeros(size), np.array([a, b]), 1.0)
        swap = put(put(xp.zeros((size, size)), (a, b), 1.0), (b, a), 1.0)
        own = xp.eye(size) + xp.diag(both) * (xp.cosh(2.0 * xp.asarray(squeezing)) - 1.0)
        cross = swap * xp.sinh(2.0 * xp.asarray(squeezing))
        none = xp.zeros((size, size))
        return _from_normal(machine, 0.5 * xp.block([[own + cross, none], [none, own - cross]]))

    def displaced(
        self, positions: ArrayLike | Sequence[float] = 0.0, velocities: ArrayLike | Sequence[float] = 0.0
    ) -> "GaussianState":
        """The same state moved by (positions, velocities), each one number or (L,)."""
        parts = [xp.broadcast_to(xp.asarray(part), (self.size,)) for part in (positions, velocities)]
        return GaussianState(self.mean + xp.concatenate(parts), self.covariance)


def _from_normal(machine: Machine, covariance: Float[Array, "2L 2L"]) -> GaussianState:
    """The state with this covariance of (X, Y) = (sqrt(omega) x, v/sqrt(omega)), 1/2 for the vacuum."""
    root = xp.sqrt(machine.frequencies)
    scale = xp.concatenate([1.0 / root, root])
    return GaussianState(xp.zeros(2 * machine.size), covariance * scale[:, None] * scale)
