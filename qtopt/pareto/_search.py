"""Batched gradient search: many starts for every front point in one compiled program."""

from abc import abstractmethod
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol, TypeVar

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

EXPLORE_STEPS, REFINE_STEPS = 100, 40
PENALTY = 40.0
"""Stiffness of the efficiency constraint in the score; any positive value gives Pareto-optimal points."""


Rates = tuple[Array, ...]
"""What a model says of a drive: extracted power first, then what it costs."""


class Target(Protocol):
    """What every candidate of a batch aims at: a NamedTuple of (B,) arrays that scores rates."""

    @property
    def score(self) -> Callable[..., Array]:
        """Of the rates; smaller is better. Decreases in the first and increases in the others."""
        ...


class Targets(NamedTuple):
    """Most power at an efficiency of at least a target; scores (extracted power, entropy rate).

    Attributes:
        slope: (B,) kappa = (eta_C/eta - 1)/T_c of the target efficiency.
        power: (B,) extracted power that sets the scale (the certified bound).
        width: (B,) tolerated excess of the slope, about the distance between neighbouring targets.
    """

    slope: Float[Array, " B"]
    power: Float[Array, " B"]
    width: Float[Array, " B"]

    def score(self, power: Array, entropy: Array) -> Array:
        """``-x/x_i + (PENALTY/2) max(0, (s - kappa_i x)/(w_i x_i))^2``, x extracted power, s entropy rate.

        It decreases in x and increases in s, so its minima are Pareto optimal in (eta, -P) whatever PENALTY
        is; its curved contours reach the concave parts of a front, which weighted sums cannot.
        """
        excess = jnp.maximum(entropy - self.slope * power, 0.0) / (self.width * self.power)
        return -power / self.power + 0.5 * PENALTY * excess**2


class Model(eqx.Module):
    """Whatever gives the rates of a drive that targets score."""

    @abstractmethod
    def rates(self, drive: Any) -> Rates:
        """(extracted power -P, entropy production rate), or others for other targets."""


class WeakModel(Model):
    """The weak theory, from tabulated quadratic forms."""

    forms: Forms
    harmonics: int = eqx.field(static=True)

    def rates(self, drive: Drive) -> Rates:
        power, entropy = self.forms.at(drive.frequency).rates(drive.harmonics(self.harmonics))
        return -power, entropy


class ExactModel(Model):
    """The exact steady state; not a number where there is none, which a line search rejects."""

    machine: Machine
    resolution: Resolution = eqx.field(static=True)

    def rates(self, drive: Drive) -> Rates:
        state = steady_state(self.machine, drive, self.resolution, coth_poles(1e-12))
        return -state.power, state.entropy_production_rate


class Parameters(Protocol):
    """A pytree of unconstrained parameters; batches carry leading axes."""

    @property
    def position(self) -> Array:
        """Logit of the drive frequency within its range."""
        ...


P = TypeVar("P", bound=Parameters)


class Space(Protocol[P]):
    """What parameters stand for."""

    def drive(self, parameters: P) -> Any:
        """What the model takes the rates of: a drive, or a drive and numbers of the machine."""
        ...

    def folded(self, parameters: P) -> P | None:
        """The same at a multiple of the frequency, where it has more harmonics to improve with, or None."""
        ...


@eqx.filter_jit
def explore(model: Model, space: Space[P], targets: Target, parameters: P) -> tuple[P, Rates]:
    """EXPLORE_STEPS of Adam with a decaying rate on every candidate of a batch, from rest.

    One compiled program for all chunks: the batch is fixed, no host callback, no LAPACK call.

    Returns:
        The parameters, and the (B,) rates of the drives.
    """
    adam = optax.adam(optax.exponential_decay(0.1, EXPLORE_STEPS, 0.3))

    def one(start: Any, target: Target) -> Any:
        def step(carry: tuple[Any, optax.OptState], _: None) -> tuple[Any, None]:
            gradient = jax.grad(lambda p: target.score(*model.rates(space.drive(p))))(carry[0])
            updates, state = adam.update(gradient, carry[1])
            return (optax.apply_updates(carry[0], updates), state), None

        (end, _), _ = jax.lax.scan(step, (start, adam.init(start)), length=EXPLORE_STEPS)
        return end

    return _with_rates(model, space, jax.vmap(one)(parameters, targets))


@eqx.filter_jit
def refine(
    model: Model, space: Space[P], targets: Target, parameters: P, steps: int = REFINE_STEPS
) -> tuple[P, Rates]:
    """`steps` of L-BFGS on every candidate of a batch; otherwise as `explore`.

    The line search only backtracks, at most ten times: under `vmap` every candidate pays for the longest.
    """
    search = optax.scale_by_backtracking_linesearch(
        max_backtracking_steps=10, decrease_factor=0.3, store_grad=True
    )
    lbfgs = optax.lbfgs(memory_size=12, linesearch=search)

    def one(start: Any, target: Target) -> Any:
        def loss(p: Any) -> Array:
            return target.score(*model.rates(space.drive(p)))

        def step(carry: tuple[Any, optax.OptState], _: None) -> tuple[Any, None]:
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


def _with_rates(model: Model, space: Space[P], parameters: P) -> tuple[P, Rates]:
    return parameters, jax.vmap(lambda p: model.rates(space.drive(p)))(parameters)


def best_and_neighbours(space: Space[P], parameters: P, rates: Rates, targets: Target) -> P:
    """Four candidates for each target, target-major: its best, a variation, the best of either neighbour.

    "Best" is over the whole batch, whichever target a candidate was working for. Passing the neighbours'
    best on, even when it does not fit yet, lets a good family of drives travel along the front. The
    variation is the best one folded (`Space.folded`), or else the next best at another frequency. Runs on the
    host.
    """
    order = ranking(rates, targets)
    position = np.asarray(parameters.position)
    best = order[:, 0]
    elsewhere = np.abs(position[order] - position[best][:, None]) > 0.3
    second = order[np.arange(len(order)), np.argmax(elsewhere, axis=1)]
    left, right = np.concatenate([best[:1], best[:-1]]), np.concatenate([best[1:], best[-1:]])
    chosen = np.stack([best, second, left, right], axis=1).ravel()
    batch = jax.tree.map(lambda leaf: np.array(leaf[chosen]), parameters)
    for i, candidate in enumerate(best):
        variation = space.folded(jax.tree.map(lambda leaf, c=candidate: np.asarray(leaf[c]), parameters))
        if variation is not None:
            for leaf, value in zip(jax.tree.leaves(batch), jax.tree.leaves(variation), strict=True):
                leaf[4 * i + 1] = value
    return jax.tree.map(jnp.asarray, batch)


def best_of_all(parameters: P, rates: Rates, targets: Target) -> P:
    """The best candidate for each target."""
    chosen = ranking(rates, targets)[:, 0]
    return jax.tree.map(lambda leaf: leaf[chosen], parameters)


def ranking(rates: Rates, targets: Target) -> np.ndarray:
    """(M, B) candidates by rising score for each target; diverged ones last."""
    columns: Target = jax.tree.map(lambda leaf: leaf[:, None], targets)
    value = np.asarray(columns.score(*(rate[None, :] for rate in rates)))
    return np.argsort(np.where(np.isfinite(value), value, np.inf), axis=1, kind="stable")
