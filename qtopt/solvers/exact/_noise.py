"""Densities at noise frequencies of oscillators that share their baths."""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpy.typing import NDArray

from ...model import Bath


class Densities(NamedTuple):
    """What `NoiseSpectra` are for one group of l oscillators.

    Attributes:
        power: (B, K).
        work: for each actuator (B, shapes, K).
        heat_currents: (B, B, K).
        covariance: (B, l, l, K).
    """

    power: Float[Array, "B K"]
    work: tuple[Array, ...]
    heat_currents: Float[Array, "B B K"]
    covariance: Float[Array, "B l l K"]


def noise(bath: Bath, omega: Float[Array, " K"]) -> Float[Array, " K"]:
    """S(w) = J(w) coth(w/2T).

    Source: theory (1.9).
    """
    return bath.spectral_density.density(omega).real / jnp.tanh(omega / (2.0 * bath.temperature))


def exchanged(
    omega: Float[Array, " K"],
    absorbed: Float[Array, "s B K"],
    raised: Float[Array, "s B K"],
    own: NDArray[np.float64],
) -> tuple[Float[Array, "s K"], Float[Array, "s B K"]]:
    """Power and heat currents of s noises, from the quanta that the baths take.

    Args:
        omega: noise frequencies w.
        absorbed: ``sum_n J_b(w_n) |q_{b,n}|^2``; of the bath that makes the noise it does not count.
        raised: ``sum_n n Omega J_b(w_n) |q_{b,n}|^2``.
        own: (s, B) 1 for the bath that makes the noise, else 0: it gives w times what the others absorb.

    Source: theory (5.21).
    """
    others = (1.0 - own)[:, :, None] * absorbed
    given = own[:, :, None] * jnp.sum(others, axis=1)[:, None]
    return jnp.sum(raised, axis=1), omega * (given - others) - raised


def overlap(a: Array, b: Array) -> Array:
    """Re(a conj(b))."""
    return a.real * b.real + a.imag * b.imag
