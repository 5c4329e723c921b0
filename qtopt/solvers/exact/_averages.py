"""Averages over a period: work, heat and covariance of the periodic state under a smooth drive."""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from ...model import Copy, System
from ...thermal import CothPoles
from ._doubling import Calculus
from ._periodic import Moments, periodic_moments


class Averages(NamedTuple):
    """What the results are made of; l oscillators, B noises, C = B baths, K points of time.

    Attributes:
        work: (C, B, l) power of driving coupling l of bath c due to the noise of bath b.
        absorbed: (C, B) heat that bath c absorbs because of the noise of bath b, ``-avg <F_c dq_c/dt>``.
        covariance: (2l, 2l, K) of (y_1..y_l, v_1..v_l), coordinates of the system, at the points of time.
        mean: (l, l) average of <y y^T> over the period.
        monodromy: (n, n) propagator of one period.
        truncation: size of the power's highest Fourier components that the points resolve.
    """

    work: Float[Array, "C B l"]
    absorbed: Float[Array, "C B"]
    covariance: Float[Array, "2l 2l K"]
    mean: Float[Array, "l l"]
    monodromy: Float[Array, "n n"]
    truncation: Float[Array, ""]


def smooth_averages(
    copies: tuple[Copy, ...],
    equations: System,
    temperatures: Float[Array, " B"],
    calculus: Calculus,
    poles: CothPoles,
) -> Averages:
    """The averages for coefficients that are trigonometric polynomials: means over the points of time.

    Source: theory (2.1), (5.10).
    """
    moments = periodic_moments(equations, temperatures, calculus, poles)
    size = copies[0].coupling.shape[0]
    work, truncation = _work(copies, equations, moments, calculus)
    covariance = jnp.sum(moments.covariance, axis=0)[: 2 * size, : 2 * size]
    return Averages(
        work,
        _absorbed(equations, moments),
        covariance,
        jnp.mean(covariance[:size, :size], axis=-1),
        moments.monodromy,
        truncation,
    )


def _work(
    copies: tuple[Copy, ...], equations: System, moments: Moments, calculus: Calculus
) -> tuple[Float[Array, "C B l"], Float[Array, ""]]:
    """``P_l = -sum_c avg[dg_l/dt <x_l F_c>]``, each term apart; truncation estimate."""
    size = copies[0].coupling.shape[0]
    work = []
    for c, copy in enumerate(copies):
        overlap = jnp.einsum("bljk,jk->blk", moments.covariance[:, :size], equations.force[c])
        overlap = overlap.at[c].add(equations.direct[c] * moments.noise_correlation[c, :size])
        work.append(-copy.slope * jnp.einsum("lm,blk->bmk", equations.positions, overlap))
    in_time = jnp.stack(work)
    spectrum = jnp.abs(jnp.fft.rfft(jnp.sum(in_time, axis=(0, 1, 2)))) / calculus.grid.points
    return jnp.mean(in_time, axis=-1), jnp.max(spectrum[-max(1, len(spectrum) // 6) :])


def _absorbed(equations: System, moments: Moments) -> Float[Array, "C B"]:
    """The heat ``-avg <F_c dq_c/dt>`` that bath c absorbs because of the noise of each bath, (C, B)."""
    work = jnp.einsum("cik,bijk,cjk->cbk", equations.force, moments.covariance, equations.velocity)
    return -jnp.mean(work, axis=-1)
