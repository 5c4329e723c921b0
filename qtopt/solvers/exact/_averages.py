"""Averages over a period: work, heat and covariance of the periodic state under a smooth drive."""

from typing import NamedTuple

from jaxtyping import Array, Float

from ...model import Actuators, Course, Moving, System
from ...numerics import added, put, rfft, xp
from ...thermal import CothPoles
from ._doubling import Calculus
from ._periodic import Moments, periodic_moments
from ._work import Change, Works, works


class Averages(NamedTuple):
    """What the results are made of; l oscillators, B noises, C baths, K points of time.

    There are as many noises as baths; where forces act, the mean motion is counted as one more, the last.

    Attributes:
        work: for each actuator (B, shapes), power of every shape due to the noise of bath b.
        absorbed: (C, B) heat that bath c absorbs because of the noise of bath b, ``-avg <F_c dq_c/dt>``.
        covariance: (2l, 2l, K) of (y_1..y_l, v_1..v_l), coordinates of the system, at the points of time.
        spread: (l, l) its average for positions over the period.
        mean: (2l, K) <z> at the points of time.
        monodromy: (n, n) propagator of one period.
        truncation: size of the power's highest Fourier components that the points resolve.
    """

    work: Works
    absorbed: Float[Array, "C B"]
    covariance: Float[Array, "2l 2l K"]
    spread: Float[Array, "l l"]
    mean: Float[Array, "2l K"]
    monodromy: Float[Array, "n n"]
    truncation: Float[Array, ""]


def smooth_averages(
    frequencies: Float[Array, " l"],
    acting: Actuators,
    at: Course,
    machine: Moving,
    equations: System,
    calculus: Calculus,
    poles: CothPoles,
) -> Averages:
    """The averages for coefficients that are trigonometric polynomials: means over the points of time.

    Source: theory (2.1), (5.10), (13.4), (13.6).
    """
    temperatures = xp.stack([copy.bath.temperature for copy in machine.copies])
    moments = periodic_moments(equations, temperatures, calculus, poles, force_push(equations, machine.force))
    size = len(frequencies)
    covariance = xp.sum(moments.covariance, axis=0)[: 2 * size, : 2 * size]
    moments = _with_mean(moments, machine.force is not None)
    overlap = _overlap(equations, moments)
    in_time = works(
        acting, frequencies, equations, Change.smooth(at), moments.covariance, overlap, moments.mean
    )
    total = sum((xp.sum(part, axis=(0, 1)) for part in in_time), xp.zeros(calculus.grid.points))
    spectrum = xp.abs(rfft(total)) / calculus.grid.points
    return Averages(
        tuple(xp.mean(part, axis=-1) for part in in_time),
        _absorbed(equations, moments),
        covariance,
        xp.mean(covariance[:size, :size], axis=-1),
        moments.mean[: 2 * size],
        moments.monodromy,
        xp.max(spectrum[-max(1, len(spectrum) // 6) :]),
    )


def force_push(equations: System, force: Float[Array, "l K"] | None) -> Float[Array, "n K"] | None:
    """dz/dt of the forces, in the coordinates of the equations."""
    if force is None:
        return None
    size, (total, _, points) = len(force), equations.dynamics.shape
    return put(xp.zeros((total, points)), slice(size, 2 * size), equations.velocities @ force)


def _with_mean(moments: Moments, shaken: bool) -> Moments:
    """The moments with the products of the mean as one more noise, where there is a mean."""
    if not shaken:
        return moments
    product = moments.mean[:, None] * moments.mean
    correlation = moments.noise_correlation
    return moments._replace(
        covariance=xp.concatenate([moments.covariance, product[None]]),
        noise_correlation=xp.concatenate([correlation, xp.zeros_like(correlation[:1])]),
    )


def _overlap(equations: System, moments: Moments) -> Float[Array, "C B l K"]:
    """<x_l F_c> due to each noise, in time."""
    size, found = len(equations.positions), []
    for c in range(len(equations.force)):
        overlap = xp.einsum("bljk,jk->blk", moments.covariance[:, :size], equations.force[c])
        overlap = added(overlap, c, equations.direct[c] * moments.noise_correlation[c, :size])
        found.append(xp.einsum("lm,blk->bmk", equations.positions, overlap))
    return xp.stack(found)


def _absorbed(equations: System, moments: Moments) -> Float[Array, "C B"]:
    """The heat ``-avg <F_c dq_c/dt>`` that bath c absorbs because of each noise, (C, B)."""
    work = xp.einsum("cik,bijk,cjk->cbk", equations.force, moments.covariance, equations.velocity)
    return -xp.mean(work, axis=-1)
