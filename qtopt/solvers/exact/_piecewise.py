"""Averages over a period of a drive that is constant between jumps, without discretisation in time.

Within a step A and b are constant, and after a jump <z eta> slips on all thermal time scales: the v_j of
`_periodic` are their stationary values v*_j of the step and what is left of the past, ``d_j = v_j - v*_j``.
An interval maps its start to its end by theory (5.12), and a quadratic form is integrated over it by theory
(5.14). Doubling the interval gives all of that: any ratio of rates costs its logarithm, and nothing is
inverted but mu_j - A, which is regular because no step amplifies by itself.

At a jump the driver does the work ``-(g_after - g_before)_l <x_l F>`` with the force in the middle of the
straight line between both couplings: the limit of steep smooth drives whose couplings change together.

Source: theory (2.13), (5.12) to (5.15).
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Array, Float

from ...model import Actuators, Course, Moving, System
from ...numerics import put, scanned, solve, xp
from ...thermal import CothPoles, matsubara
from ._averages import Averages
from ._doubling import ORDER, congruence, exponential_moments, product
from ._recurrences import monodromy, periodic_covariances, periodic_vectors
from ._time_grid import StepGrid
from ._work import Change, works


class Noise(NamedTuple):
    """The noises of B baths in S steps, by M decaying parts.

    Attributes:
        rates: (B, M) mu_j.
        strengths: (B, M) s_j.
        stationary: (B, n, M, S) v*_j.
        source: (B, n, n, S) ``b N*^T + N* b^T``.
    """

    rates: Float[Array, "B M"]
    strengths: Float[Array, "B M"]
    stationary: Float[Array, "B n M S"]
    source: Float[Array, "B n n S"]


class Maps(NamedTuple):
    """What an interval does in each of the S steps; symbols as in theory (5.12) to (5.15).

    Attributes:
        change: Phi - 1.
        diffusion: Q.
        stored: Y.
        kicks: k_j.
        forms: G of F quadratic forms.
        slips: m_j of each.
    """

    change: Float[Array, "n n S"]
    diffusion: Float[Array, "B n n S"]
    stored: Float[Array, "B n n S"]
    kicks: Float[Array, "B n M S"]
    forms: Float[Array, "F n n S"]
    slips: Float[Array, "F B n M S"]


def piecewise_averages(
    frequencies: Float[Array, " l"],
    acting: Actuators,
    at: Course,
    machine: Moving,
    equations: System,
    period: Float[Array, ""],
    grid: StepGrid,
    poles: CothPoles,
) -> Averages:
    """The averages for coefficients that are constant in each step; the last axis of `equations` is S."""
    size, baths = len(frequencies), len(machine.copies)
    temperatures = xp.stack([copy.bath.temperature for copy in machine.copies])
    noise = _noise(equations, temperatures, poles)
    forms = _forms(equations, size)
    maps = _maps(equations, noise, forms, period, grid)

    def every(values: Array) -> Array:
        return xp.repeat(values, grid.parts, axis=-1)

    change = every(maps.change)
    past = _past(change, every(noise.stationary), noise.rates, period)
    kicked = xp.einsum("bimk,bjmk->bijk", every(maps.kicks), past)
    kicked = kicked + xp.einsum("bilk,jlk->bijk", kicked, change)
    sources = every(maps.diffusion) + kicked + xp.swapaxes(kicked, 1, 2)
    covariance = periodic_covariances(change, sources)
    starts = xp.roll(covariance, 1, axis=-1)
    integrals = xp.einsum("fijk,bijk->fb", every(maps.forms), starts)
    integrals = integrals + grid.parts * xp.einsum("fijs,bijs->fb", forms, maps.stored)
    integrals = integrals + 2.0 * xp.einsum("fbimk,bimk->fb", every(maps.slips), past)
    averages = integrals / period
    jumps, at_jumps = Change.jumps(at), covariance[..., grid.parts - 1 :: grid.parts]
    overlap = _overlap_at_jumps(equations, at_jumps)
    rest = xp.zeros((equations.dynamics.shape[0], grid.points))
    done = works(acting, frequencies, equations, jumps, at_jumps, overlap, rest)
    work = tuple(xp.sum(part, axis=-1) / period for part in done)
    coupling = _coupling_work(machine, overlap) / period
    upper = put(xp.zeros((size, size)), np.triu_indices(size), xp.sum(averages[baths:], axis=1))
    return Averages(
        work,
        coupling - averages[:baths],
        xp.sum(covariance, axis=0)[: 2 * size, : 2 * size],
        upper + xp.triu(upper, 1).T,
        rest[: 2 * size],
        monodromy(change),
        xp.zeros(()),
    )


def _noise(equations: System, temperatures: Float[Array, " B"], poles: CothPoles) -> Noise:
    """Stationary correlations of every step."""
    rates = matsubara(temperatures[:, None], poles)[:, 1:]
    strengths = 2.0 * temperatures[:, None] * poles.weight[1:]
    identity = xp.eye(equations.dynamics.shape[0])
    dynamics, noise = xp.moveaxis(equations.dynamics, -1, 0), xp.moveaxis(equations.noise, -1, 1)
    count, steps, size = noise.shape
    shape = (count, steps, rates.shape[1], size)
    shifted = rates[:, None, :, None, None] * identity - dynamics[:, None]
    kicks = -xp.einsum("sij,bsj->bsi", dynamics, noise)[:, :, None, :, None]
    kicks = xp.broadcast_to(kicks, (*shape, 1)).reshape(-1, size, 1)
    values = solve(shifted.reshape(-1, size, size), kicks)[:, :, 0].reshape(shape)
    values = xp.transpose(values, (0, 3, 2, 1))
    correlation = temperatures[:, None, None] * equations.noise
    correlation = correlation + xp.einsum("bm,bims->bis", strengths, values)
    outer = xp.einsum("bis,bjs->bijs", equations.noise, correlation)
    return Noise(rates, strengths, values, outer + xp.swapaxes(outer, 1, 2))


def _forms(equations: System, size: int) -> Float[Array, "F n n S"]:
    """Quadratic forms W: F_c dq_c/dt of every bath between jumps, then y_l y_m for l <= m."""
    power = xp.einsum("cik,cjk->cijk", equations.force, equations.velocity)
    first, second = np.triu_indices(size)
    one = xp.eye(equations.dynamics.shape[0])
    pairs = xp.einsum("fi,fj->fij", one[first], one[second])[..., None]
    pairs = xp.broadcast_to(pairs, (*pairs.shape[:-1], power.shape[-1]))
    both = xp.concatenate([power, pairs])
    return (both + xp.swapaxes(both, 1, 2)) / 2.0


def _maps(
    equations: System, noise: Noise, forms: Float[Array, "F n n S"], period: Array, grid: StepGrid
) -> Maps:
    """The maps of the intervals of the grid, from the shortest interval by doubling."""
    shortest = period * grid.shortest

    def double(maps: Maps, h: Array) -> tuple[Maps, None]:
        change, diffusion, stored, kicks, gathered, slips = maps
        back = xp.swapaxes(change, 0, 1)
        decay = xp.exp(-noise.rates * h)[:, None, :, None]
        later = product(gathered[:, None], kicks[None]) + decay * slips
        return Maps(
            change + change + product(change, change),
            diffusion + congruence(change, diffusion),
            stored + h * diffusion + congruence(change, stored),
            kicks + product(change, kicks) + decay * kicks,
            gathered + congruence(back, gathered),
            slips + later + product(back, later),
        ), None

    maps, _ = scanned(
        double, _shortest(equations, noise, forms, shortest), shortest * 2.0 ** np.arange(grid.levels)
    )
    return maps


def _shortest(equations: System, noise: Noise, forms: Float[Array, "F n n S"], h: Float[Array, ""]) -> Maps:
    """The first interval by Taylor expansion in A h; decays exp(-mu_j s), of any rate, are kept exactly.

    ``k_j = Phi c_j``, ``c_j = s_j int_0^h exp(-mu_j s) exp(-A s) b ds``, and ``m_j = G c_j - s_j int_0^h
    exp(-mu_j s) f(s) ds`` with ``f = G(s) exp(-A s) b``, ``df/ds = A^T f + W exp(-A s) b``.
    """
    dynamics, back = equations.dynamics, xp.swapaxes(equations.dynamics, 0, 1)
    change = _exponential_series(dynamics, h)
    diffusion, stored = _integrals(dynamics, noise.source, h)
    gathered, _ = _integrals(back, forms, h)
    moments = exponential_moments(noise.rates * h, ORDER)
    vector, inner = equations.noise[:, :, None], xp.zeros((len(forms), *equations.noise.shape))[..., None, :]
    past, slips = xp.zeros(()), xp.zeros(())
    for order in range(ORDER + 1):
        weight = (h ** (order + 1) * noise.strengths * moments[order])[:, None, :, None]
        past, slips = past + vector * weight, slips - inner * weight
        inner = product(back, inner) + product(forms[:, None], vector[None])
        vector = -product(dynamics, vector)
    slips = slips + product(gathered[:, None], past[None])
    return Maps(change, diffusion, stored, past + product(change, past), gathered, slips)


def _exponential_series(dynamics: Float[Array, "n n S"], h: Float[Array, ""]) -> Float[Array, "n n S"]:
    """exp(A h) - 1."""
    term = xp.broadcast_to(xp.eye(dynamics.shape[0])[:, :, None], dynamics.shape)
    change = xp.zeros_like(dynamics)
    for order in range(1, ORDER + 1):
        term = product(dynamics, term) * h / order
        change = change + term
    return change


def _integrals(
    dynamics: Float[Array, "n n S"], source: Float[Array, "C n n S"], h: Float[Array, ""]
) -> tuple[Float[Array, "C n n S"], Float[Array, "C n n S"]]:
    """``X(h) = int_0^h exp(A s) R exp(A s)^T ds`` and ``int_0^h X(s) ds``."""
    term, once, twice = source * h, xp.zeros_like(source), xp.zeros_like(source)
    for order in range(ORDER + 1):
        once, twice = once + term, twice + term * h / (order + 2)
        half = product(dynamics, term)
        term = (half + xp.swapaxes(half, -3, -2)) * h / (order + 2)
    return once, twice


def _past(
    change: Float[Array, "n n K"],
    stationary: Float[Array, "B n M K"],
    rates: Float[Array, "B M"],
    period: Float[Array, ""],
) -> Float[Array, "B n M K"]:
    """``d_j = v_j - v*_j`` at the start of every interval, in the periodic state.

    At its end the past has decayed, and at a jump what v*_j loses is added.
    """
    lost = xp.moveaxis(stationary - xp.roll(stationary, -1, axis=-1), 0, 1)
    decays = rates.reshape(-1) * period / change.shape[-1]
    ends = periodic_vectors(change, lost.reshape(len(lost), -1, lost.shape[-1]), decays)
    return xp.roll(xp.moveaxis(ends.reshape(lost.shape), 0, 1), 1, axis=-1)


def _overlap_at_jumps(equations: System, covariance: Float[Array, "B n n S"]) -> Float[Array, "C B l S"]:
    """<x_l F_c> at every jump, S after every step, with the mean of the forces before and after."""
    size = len(equations.positions)
    force = (equations.force + xp.roll(equations.force, -1, axis=-1)) / 2.0
    return xp.einsum("lm,bljs,cjs->cbms", equations.positions, covariance[:, :size], force)


def _coupling_work(machine: Moving, overlap: Float[Array, "C B l S"]) -> Float[Array, "C B"]:
    """What the jumps of each bath's couplings cost, which goes to the bath."""
    coupling = xp.stack([copy.coupling for copy in machine.copies])
    return -xp.einsum("cms,cbms->cb", xp.roll(coupling, -1, axis=-1) - coupling, overlap)
