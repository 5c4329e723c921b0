"""Batched gradient search: many starts for every front point in one compiled program."""

from abc import abstractmethod
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float

from ..drives import Drive
from ..exact import Resolution, steady_state
from ..machine import Machine
from ..thermal import coth_poles
from ._forms import Forms
from ._search_space import DriveParameters, SearchSpace

EXPLORE_STEPS, REFINE_STEPS = 100, 40
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


class Model(eqx.Module):
    """Whatever gives the power and the entropy production rate of a drive."""

    @abstractmethod
    def rates(self, drive: Drive) -> tuple[Array, Array]:
        """(P, entropy production rate)."""


class WeakModel(Model):
    """The weak theory, from tabulated quadratic forms."""

    forms: Forms
    harmonics: int = eqx.field(static=True)

    def rates(self, drive: Drive) -> tuple[Array, Array]:
        return self.forms.at(drive.frequency).rates(drive.harmonics(self.harmonics))


class ExactModel(Model):
    """The exact steady state; not a number where there is none, which a line search rejects."""

    machine: Machine
    resolution: Resolution = eqx.field(static=True)

    def rates(self, drive: Drive) -> tuple[Array, Array]:
        state = steady_state(self.machine, drive, self.resolution, coth_poles(1e-12))
        return state.power, state.entropy_production_rate


def rates(model: Model, space: SearchSpace, parameters: DriveParameters) -> tuple[Array, Array]:
    """(extracted power, entropy production rate) of one candidate."""
    power, entropy = model.rates(space.drive(parameters))
    return -power, entropy


def score(power: Array, entropy: Array, target: Targets) -> Array:
    """``-x/x_i + (PENALTY/2) max(0, (s - kappa_i x)/(w_i x_i))^2`` with x extracted power, s entropy rate.

    It decreases in x and increases in s, so its minima are Pareto optimal in (eta, -P) whatever PENALTY is;
    its curved contours reach the concave parts of a front, which weighted sums cannot.
    """
    excess = jnp.maximum(entropy - target.slope * power, 0.0) / (target.width * target.power)
    return -power / target.power + 0.5 * PENALTY * excess**2


Rates = tuple[DriveParameters, Float[Array, " B"], Float[Array, " B"]]


@eqx.filter_jit
def explore(model: Model, space: SearchSpace, targets: Targets, parameters: DriveParameters) -> Rates:
    """EXPLORE_STEPS of Adam with a decaying rate on every candidate of a batch, from rest.

    One compiled program for all chunks: the batch is fixed, no host callback, no LAPACK call.

    Returns:
        The parameters with their extracted powers and entropy production rates.
    """
    adam = optax.adam(optax.exponential_decay(0.1, EXPLORE_STEPS, 0.3))

    def one(start: DriveParameters, target: Targets) -> DriveParameters:
        def step(carry: tuple[DriveParameters, optax.OptState], _: None) -> tuple[Any, None]:
            gradient = jax.grad(lambda p: score(*rates(model, space, p), target))(carry[0])
            updates, state = adam.update(gradient, carry[1])
            return (optax.apply_updates(carry[0], updates), state), None

        (end, _), _ = jax.lax.scan(step, (start, adam.init(start)), length=EXPLORE_STEPS)
        return end

    return _with_rates(model, space, jax.vmap(one)(parameters, targets))


@eqx.filter_jit
def refine(
    model: Model, space: SearchSpace, targets: Targets, parameters: DriveParameters, steps: int = REFINE_STEPS
) -> Rates:
    """`steps` of L-BFGS on every candidate of a batch; otherwise as `explore`.

    The line search only backtracks, at most ten times: under `vmap` every candidate pays for the longest.
    """
    search = optax.scale_by_backtracking_linesearch(
        max_backtracking_steps=10, decrease_factor=0.3, store_grad=True
    )
    lbfgs = optax.lbfgs(memory_size=12, linesearch=search)

    def one(start: DriveParameters, target: Targets) -> DriveParameters:
        def loss(p: DriveParameters) -> Array:
            return score(*rates(model, space, p), target)

        def step(carry: tuple[DriveParameters, optax.OptState], _: None) -> tuple[Any, None]:
            value, gradient = optax.value_and_grad_from_state(loss)(carry[0], state=carry[1])
            updates, state = lbfgs.update(
                gradient, carry[1], carry[0], value=value, grad=gradient, value_fn=loss
            )
            # A search that found no decrease leaves the point where it was and forgets its curvature.
            better = optax.tree.get(state, "value") < value
            moved = optax.apply_updates(carry[0], updates)
            fresh = lbfgs.init(carry[0])
            return jax.tree.map(
                lambda new, old: jnp.where(better, new, old), (moved, state), (carry[0], fresh)
            ), None

        (end, _), _ = jax.lax.scan(step, (start, lbfgs.init(start)), length=steps)
        return end

    return _with_rates(model, space, jax.vmap(one)(parameters, targets))


def _with_rates(model: Model, space: SearchSpace, parameters: DriveParameters) -> Rates:
    power, entropy = jax.vmap(lambda p: rates(model, space, p))(parameters)
    return parameters, power, entropy


def best_and_neighbours(
    space: SearchSpace, parameters: DriveParameters, power: Array, entropy: Array, targets: Targets
) -> DriveParameters:
    """Four candidates for each target, target-major: its best, a variation, the best of either neighbour.

    "Best" is over the whole batch, whichever target a candidate was working for. Passing the neighbours'
    best on, even when it does not fit yet, lets a good family of drives travel along the front. The
    variation is the best one folded (`folded`), or else the next best at another frequency. Runs on the host.
    """
    order = ranking(power, entropy, targets)
    position = np.asarray(parameters.position)
    best = order[:, 0]
    elsewhere = np.abs(position[order] - position[best][:, None]) > 0.3
    second = order[np.arange(len(order)), np.argmax(elsewhere, axis=1)]
    left, right = np.concatenate([best[:1], best[:-1]]), np.concatenate([best[1:], best[-1:]])
    chosen = np.stack([best, second, left, right], axis=1).ravel()
    batch = jax.tree.map(lambda leaf: np.array(leaf[chosen]), parameters)
    for i, candidate in enumerate(best):
        variation = folded(space, jax.tree.map(lambda leaf, c=candidate: np.asarray(leaf[c]), parameters))
        if variation is not None:
            for leaf, value in zip(batch, variation, strict=True):
                leaf[4 * i + 1] = value
    return jax.tree.map(jnp.asarray, batch)


def folded(space: SearchSpace, parameters: DriveParameters) -> DriveParameters | None:
    """The same drive at k times the frequency, k its strongest harmonic; None if that leaves the range.

    A shape g(k theta) uses N/k of its N searched harmonics; at k Omega it has all of them to improve with.
    """
    drive = space.drive(jax.tree.map(jnp.asarray, parameters))
    shape = [np.asarray(drive.mean), np.asarray(drive.cosine), np.asarray(drive.sine)]
    strength = np.sum(shape[1] ** 2 + shape[2] ** 2, axis=0)
    k = int(np.argmax(strength)) + 1
    frequency = k * float(space.drive_frequency(jnp.asarray(parameters.position)))
    if k == 1 or frequency > space.frequency[1]:
        return None
    cosine, sine = np.zeros_like(shape[1]), np.zeros_like(shape[2])
    kept = len(strength) // k
    cosine[:, :kept], sine[:, :kept] = shape[1][:, k - 1 :: k], shape[2][:, k - 1 :: k]
    return space.parameters(shape[0], cosine, sine, frequency)


def best_of_all(
    parameters: DriveParameters, power: Array, entropy: Array, targets: Targets
) -> DriveParameters:
    """The best candidate for each target."""
    chosen = ranking(power, entropy, targets)[:, 0]
    return jax.tree.map(lambda leaf: leaf[chosen], parameters)


def ranking(power: Array, entropy: Array, targets: Targets) -> np.ndarray:
    """(M, B) candidates by rising score for each target; diverged ones last."""
    columns = Targets(*(leaf[:, None] for leaf in targets))
    value = np.asarray(score(power[None, :], entropy[None, :], columns))
    return np.argsort(np.where(np.isfinite(value), value, np.inf), axis=1, kind="stable")
