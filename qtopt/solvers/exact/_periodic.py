"""Closing the period: from the propagators of short intervals to the periodic moments."""

from typing import NamedTuple

from jaxtyping import Array, Float

from ...model import System
from ...numerics import xp
from ...thermal import CothPoles, matsubara
from ._doubling import Calculus, Ladder, decaying_sources, diffusion, propagators
from ._recurrences import monodromy, periodic_covariances, periodic_vectors


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
    states = _noise_states(system, temperatures, calculus, poles, ladder)
    driven = xp.einsum("bnmk,b,m->bnk", states, 2.0 * temperatures, poles.weight[1:])
    correlation = temperatures[:, None, None] * system.noise + driven
    outer = xp.einsum("bik,bjk->bijk", system.noise, correlation)
    step = diffusion(system.dynamics, outer + xp.swapaxes(outer, 1, 2), ladder, calculus)
    covariance = periodic_covariances(ladder.full, step)
    mean = xp.zeros_like(system.noise[0])
    if push is not None:
        mean = decaying_states(system.dynamics, push[None], xp.zeros((1, 1)), calculus, ladder)[0, :, 0]
    return Moments(states, correlation, covariance, mean, monodromy(ladder.full))


def _noise_states(
    system: System, temperatures: Float[Array, " B"], calculus: Calculus, poles: CothPoles, ladder: Ladder
) -> Float[Array, "B n M K"]:
    """v_j of the noises of all baths in the periodic state, for every pole of the coth but the first."""
    sources = system.noise_slope - xp.sum(system.dynamics * system.noise[:, None], axis=2)
    rates = matsubara(temperatures[:, None], poles)[:, 1:]
    return decaying_states(system.dynamics, sources, rates, calculus, ladder)


def decaying_states(
    dynamics: Float[Array, "n n K"],
    sources: Float[Array, "Z n K"],
    rates: Float[Array, "Z M"],
    calculus: Calculus,
    ladder: Ladder,
) -> Float[Array, "Z n M K"]:
    """Periodic solutions of ``dv_j/dt = (A - mu_j) v_j + c(t)`` for Z sources and M rates mu_j of each."""
    parts = decaying_sources(dynamics, sources, rates, ladder, calculus)
    decays = rates.reshape(-1) * calculus.period / calculus.grid.points
    states = periodic_vectors(ladder.full, parts.reshape(len(parts), -1, parts.shape[-1]), decays)
    return xp.swapaxes(states.reshape(parts.shape), 0, 1)
