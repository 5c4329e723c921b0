"""Closing the period: from the propagators of short intervals to the periodic moments."""

from typing import NamedTuple

import jax
from jaxtyping import Array, Float

from ...model import System
from ...numerics import at_once, loop, on_host, scanned, solve, xp
from ...thermal import CothPoles, matsubara
from ._doubling import Calculus, Ladder, congruence, decaying_sources, diffusion, propagators

STEIN_DOUBLINGS = 48


class Moments(NamedTuple):
    """Second moments in the periodic state at the K points of the grid, split by the noise that causes them.

    Attributes:
        noise_states: (B, n, M, K) v_j of every bath and pole of the coth but the first.
        noise_correlation: (B, n, K) <z eta_b>.
        covariance: (B, n, n, K) part of <z z^T> due to the noise of bath b.
        mean: (n, K) <z>.
        monodromy: (n, n) propagator of one period.
    """

    noise_states: Float[Array, "B n M K"]
    noise_correlation: Float[Array, "B n K"]
    covariance: Float[Array, "B n n K"]
    mean: Float[Array, "n K"]
    monodromy: Float[Array, "n n"]


def periodic_moments(
    system: System,
    temperatures: Float[Array, " B"],
    calculus: Calculus,
    poles: CothPoles,
    push: Float[Array, "n K"] | None = None,
) -> Moments:
    """Periodic solution of the moment equations for v_j and S, each closed by one linear solve.

    Args:
        system: the equations.
        temperatures: of the baths.
        calculus: on the points of time.
        poles: the rational coth.
        push: dz/dt by forces; without any the mean is 0.

    Source: theory (5.3) to (5.7), (13.6).
    """
    ladder = propagators(system.dynamics, calculus)
    states = xp.stack(
        [
            _noise_states(system, b, temperatures[b], calculus, poles, ladder)
            for b in range(system.noise.shape[0])
        ]
    )
    driven = xp.einsum("bnmk,b,m->bnk", states, 2.0 * temperatures, poles.weight[1:])
    correlation = temperatures[:, None, None] * system.noise + driven
    outer = xp.einsum("bik,bjk->bijk", system.noise, correlation)
    step = diffusion(system.dynamics, outer + xp.swapaxes(outer, 1, 2), ladder, calculus)
    covariance = closed_covariance(ladder, step)
    monodromy = xp.eye(system.dynamics.shape[0]) + ladder.prefix[:, :, -1]
    mean = xp.zeros_like(system.noise[0])
    if push is not None:
        mean = decaying_states(system.dynamics, push, xp.zeros(1), calculus, ladder)[:, 0]
    return Moments(states, correlation, covariance, mean, monodromy)


def _noise_states(
    system: System, b: int, temperature: Array, calculus: Calculus, poles: CothPoles, ladder: Ladder
) -> Float[Array, "n M K"]:
    """v_j of the noise of bath b in the periodic state, for every pole of the coth but the first."""
    noise = system.noise[b]
    source = system.noise_slope[b] - xp.sum(system.dynamics * noise[None], axis=1)
    return decaying_states(system.dynamics, source, matsubara(temperature, poles)[1:], calculus, ladder)


def decaying_states(
    dynamics: Float[Array, "n n K"],
    source: Float[Array, "n K"],
    rates: Float[Array, " M"],
    calculus: Calculus,
    ladder: Ladder,
) -> Float[Array, "n M K"]:
    """Periodic solutions of ``dv_j/dt = (A - mu_j) v_j + c(t)`` for M rates mu_j."""
    parts = decaying_sources(dynamics, source, rates, ladder, calculus)
    decay = xp.exp(-rates * calculus.period / calculus.grid.points)

    def follow(before: Array, inputs: tuple[Array, Array]) -> tuple[Array, Array]:
        change, part = inputs
        after = (before + change @ before) * decay + part
        return after, after

    inputs = (xp.moveaxis(ladder.full, -1, 0), xp.moveaxis(parts, -1, 0))
    last, driven = scanned(follow, xp.zeros(parts.shape[:2]), inputs)
    prefix = ladder.prefix
    start = closed_states(prefix[:, :, -1], last, rates * calculus.period)
    left = xp.exp(-rates[:, None] * calculus.grid.phases * calculus.period)
    decayed = start[:, :, None] * left
    returning = decayed + xp.einsum("ijk,jmk->imk", prefix, decayed)
    return xp.moveaxis(driven, 0, -1) + returning


def closed_states(
    change: Float[Array, "n n"], last: Float[Array, "n M"], decays: Float[Array, " M"]
) -> Float[Array, "n M"]:
    """Periodic v with ``v = exp(-decay) (1 + D) v + last`` over a period, for every decay: theory (5.6)."""
    identity = xp.eye(change.shape[0])
    operators = identity - xp.exp(-decays)[:, None, None] * (identity + change)
    return solve(operators, last.T[:, :, None])[:, :, 0].T


def closed_covariance(ladder: Ladder, sources: Float[Array, "S n n K"]) -> Float[Array, "S n n K"]:
    """S with ``S_k = Phi_k S_{k-1} Phi_k^T + Q_k``, periodic."""

    def follow(before: Array, inputs: tuple[Array, Array]) -> tuple[Array, Array]:
        change, source = inputs
        after = congruence(change[..., None], before[..., None])[..., 0] + source
        return after, after

    inputs = (xp.moveaxis(ladder.full, -1, 0), xp.moveaxis(sources, -1, 0))
    last, driven = scanned(follow, xp.zeros(sources.shape[:-1]), inputs)
    prefix = ladder.prefix
    start = at_once(lambda q: stein(prefix[:, :, -1], q), last, on_host(prefix))
    return xp.moveaxis(driven, 0, -1) + congruence(prefix, start[..., None])


def stein(change: Float[Array, "n n"], source: Float[Array, "n n"]) -> Float[Array, "n n"]:
    """X = (1 + D) X (1 + D)^T + Q by doubling (Smith's method); differentiated implicitly.

    Converges for spectral radii up to 1 - 1e-12 of 1 + D; above 1 the result is not finite.
    """

    def operator(x: Array) -> Array:
        half = change @ x
        return -(half + x @ change.T + half @ change.T)

    def doubling(by: Array, q: Array) -> Array:
        def step(_: int, carry: tuple[Array, Array]) -> tuple[Array, Array]:
            x, d = carry
            half = d @ x
            return x + x + half + x @ d.T + half @ d.T, d + d + d @ d

        return loop(STEIN_DOUBLINGS, step, (q, by))[0]

    if on_host(change, source):
        return doubling(change, source)
    return jax.lax.custom_linear_solve(
        operator,
        source,
        solve=lambda _, q: doubling(change, q),
        transpose_solve=lambda _, q: doubling(change.T, q),
    )
