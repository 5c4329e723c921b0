"""Batched gradient search: many starts for every front point in one compiled program."""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float

from ._forms import Forms
from ._search_space import DriveParameters, SearchSpace

PENALTY = 40.0
"""Stiffness of the efficiency constraint in the score; any positive value gives Pareto-optimal points."""


class Targets(NamedTuple):
    """What every candidate of a batch aims at: most power at an efficiency of at least a target.

    Attributes:
        slope: (B,) kappa = (eta_C/eta - 1)/T_c of the target efficiency.
        power: (B,) extracted power that sets the scale (the certified bound).
        width: (B,) tolerated excess of the slope, about the distance between neighbouring targets.
    """

    slope: Float[Array, " B"]
    power: Float[Array, " B"]
    width: Float[Array, " B"]


class Candidates(NamedTuple):
    """A batch of drives under optimisation: parameters and the state of Adam."""

    parameters: DriveParameters
    moments: optax.OptState


def rates(forms: Forms, space: SearchSpace, parameters: DriveParameters) -> tuple[Array, Array]:
    """(extracted power, entropy production rate) of one candidate."""
    drive = space.drive(parameters)
    table = forms.at(drive.frequency)
    power, entropy = table.rates(drive.harmonics(space.kept_harmonics))
    return -power, entropy


def score(power: Array, entropy: Array, target: Targets) -> Array:
    """``-x/x_i + (PENALTY/2) max(0, (s - kappa_i x)/(w_i x_i))^2`` with x extracted power, s entropy rate.

    It decreases in x and increases in s, so its minima are Pareto optimal in (eta, -P) whatever PENALTY is;
    its curved contours reach the concave parts of a front, which weighted sums cannot.
    """
    excess = jnp.maximum(entropy - target.slope * power, 0.0) / (target.width * target.power)
    return -power / target.power + 0.5 * PENALTY * excess**2


@eqx.filter_jit
def start(parameters: DriveParameters) -> Candidates:
    """Candidates with fresh optimiser state."""
    return Candidates(parameters, jax.vmap(optimizer().init)(parameters))


def optimizer() -> optax.GradientTransformation:
    """Adam without its learning rate, which the schedule of the search supplies."""
    return optax.scale_by_adam(b1=0.9, b2=0.99)


@eqx.filter_jit
def advance(
    forms: Forms,
    space: SearchSpace,
    targets: Targets,
    candidates: Candidates,
    rates_of_learning: Float[Array, " K"],
) -> tuple[Candidates, Float[Array, " B"], Float[Array, " B"]]:
    """K steps of Adam on every candidate; returns them with their extracted powers and entropy rates.

    One compiled program for all chunks: B and K are fixed, no host callback, no LAPACK call.
    """
    adam = optimizer()

    def loss(parameters: DriveParameters, target: Targets) -> Array:
        return score(*rates(forms, space, parameters), target)

    def step(carry: Candidates, rate: Array) -> tuple[Candidates, None]:
        gradient = jax.vmap(jax.grad(loss))(carry.parameters, targets)
        updates, moments = jax.vmap(adam.update)(gradient, carry.moments)
        moved = jax.tree.map(lambda p, u: p - rate * u, carry.parameters, updates)
        return Candidates(moved, moments), None

    candidates, _ = jax.lax.scan(step, candidates, rates_of_learning)
    power, entropy = jax.vmap(lambda p: rates(forms, space, p))(candidates.parameters)
    return candidates, power, entropy


def select(
    candidates: Candidates, power: np.ndarray, entropy: np.ndarray, targets: Targets, keep: int
) -> Candidates:
    """The `keep` best candidates for each target, whichever target they were working for, target-major.

    Laggards thus restart from their neighbours. Runs on the host; candidates that diverged are never kept.
    """
    broadcast = Targets(*(leaf[:, None] for leaf in targets))
    value = np.asarray(score(jnp.asarray(power)[None, :], jnp.asarray(entropy)[None, :], broadcast))
    value = np.where(np.isfinite(value), value, np.inf)
    chosen = np.argsort(value, axis=1, kind="stable")[:, :keep].ravel()
    return jax.tree.map(lambda leaf: leaf[chosen], candidates)
