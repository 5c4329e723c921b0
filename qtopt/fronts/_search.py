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

from ..jobs import candidates_at_once, over_devices, over_processes
from ..model import AbstractDrive, Machine
from ..numerics import to_array
from ..solvers.exact import Resolution, steady_state
from ..thermal import coth_poles
from .rates import Forms, Model, Rates

EXPLORE_STEPS, REFINE_EVALUATIONS = 100, 160
ARMIJO, SHRINK, GROW, SHORTEST = 1e-4, 0.3, 1.5, 1e-5
"""Of the line search: decrease asked for, factors of the step's length, and where the search gives up."""
PENALTY = 40.0
"""Stiffness of the efficiency constraint in the score; any positive value gives Pareto-optimal points."""


class Target(Protocol):
    """What every candidate of a batch aims at: a NamedTuple of (B,) arrays that scores rates."""

    @property
    def score(self) -> Callable[..., Array]:
        """Of the rates; smaller is better. Decreases in the first and increases in the others."""
        ...


class Targets(NamedTuple):
    """Most output at an efficiency of at least a target; scores (output, entropy rate).

    Attributes:
        slope: (B,) kappa of the target efficiency, see `Purpose`.
        output: (B,) output that sets the scale (the certified bound).
        width: (B,) tolerated excess of the slope, about the distance between neighbouring targets.
    """

    slope: Float[Array, " B"]
    output: Float[Array, " B"]
    width: Float[Array, " B"]

    def score(self, output: Array, entropy: Array) -> Array:
        """``-x/x_i + (PENALTY/2) max(0, (s - kappa_i x)/(w_i x_i))^2``, x output, s entropy rate.

        It decreases in x and increases in s, so its minima are Pareto optimal in (eta, x) whatever PENALTY
        is; its curved contours reach the concave parts of a front, which weighted sums cannot.
        """
        excess = jnp.maximum(entropy - self.slope * output, 0.0) / (self.width * self.output)
        return -output / self.output + 0.5 * PENALTY * excess**2


class PurposeModel(Model):
    """Output and entropy production rate.

    Attributes:
        gain: (a, b) of the output aP + bS (`Purpose.gain`), an array so that purposes share programs.
    """

    gain: Float[Array, "2"] = eqx.field(converter=to_array, default=(-1.0, 0.0), kw_only=True)

    @abstractmethod
    def currents(self, drive: Any) -> tuple[Array, Array]:
        """(power, entropy production rate)."""

    def rates(self, drive: Any) -> Rates:
        power, entropy = self.currents(drive)
        return self.gain[0] * power + self.gain[1] * entropy, entropy


class WeakModel(PurposeModel):
    """The weak theory, from tabulated quadratic forms."""

    forms: Forms
    harmonics: int = eqx.field(static=True)

    def currents(self, drive: AbstractDrive) -> tuple[Array, Array]:
        return self.forms.at(drive.frequency).rates(drive.harmonics(self.harmonics))


class ExactModel(PurposeModel):
    """The exact steady state; not a number where there is none, which a line search rejects."""

    machine: Machine
    resolution: Resolution = eqx.field(static=True)
    at_once: int | None = eqx.field(static=True, default=1, kw_only=True)

    def currents(self, drive: AbstractDrive) -> tuple[Array, Array]:
        state = steady_state(self.machine, drive, self.resolution, coth_poles(1e-12))
        return state.power, state.entropy_production_rate


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


def explore(
    model: Model, space: Space[P], targets: Target, parameters: P, rate: float | Array = 0.1
) -> tuple[P, Rates]:
    """EXPLORE_STEPS of Adam on every candidate of a batch, from rest; its `rate` falls to 0.3 of itself.

    One compiled program for all chunks: the batch is fixed, no host callback, no LAPACK call. On the host:
    the candidates are shared among the processes, and in each among its devices.

    Returns:
        The parameters, and the (B,) rates of the drives.
    """
    return _shared(lambda part: explored(model, space, part[0], part[1], rate), targets, parameters)


def refine(
    model: Model, space: Space[P], targets: Target, parameters: P, evaluations: int = REFINE_EVALUATIONS
) -> tuple[P, Rates]:
    """L-BFGS on every candidate of a batch: `evaluations` of value and gradient; otherwise as `explore`.

    Every pass evaluates one point of every candidate, which then either steps or comes nearer: side by
    side, a line search as an inner loop would cost all of them as many evaluations as the slowest needs.
    """
    return _shared(lambda part: refined(model, space, part[0], part[1], evaluations), targets, parameters)


def _shared(improve: Callable[[Any], tuple[P, Rates]], targets: Target, parameters: P) -> tuple[P, Rates]:
    return jax.tree.map(jnp.asarray, over_processes(improve, (targets, parameters)))


@eqx.filter_jit
def explored(
    model: Model, space: Space[P], targets: Target, parameters: P, rate: float | Array
) -> tuple[P, Rates]:
    """`explore` in one process."""
    adam = optax.adam(optax.exponential_decay(rate, EXPLORE_STEPS, 0.3))

    def improve(model: Model, start: Any, target: Target) -> Any:
        def step(carry: tuple[Any, optax.OptState], _: None) -> tuple[Any, None]:
            gradient = jax.grad(lambda p: target.score(*model.rates(space.drive(p))))(carry[0])
            updates, state = adam.update(gradient, carry[1])
            return (optax.apply_updates(carry[0], updates), state), None

        (end, _), _ = jax.lax.scan(step, (start, adam.init(start)), length=EXPLORE_STEPS)
        return end

    return _with_rates(model, improve, space, parameters, targets)


@eqx.filter_jit
def refined(
    model: Model, space: Space[P], targets: Target, parameters: P, evaluations: int
) -> tuple[P, Rates]:
    """`refine` in one process."""
    lbfgs = optax.scale_by_lbfgs(memory_size=12)

    def improve(model: Model, start: Any, target: Target) -> Any:
        value_and_gradient = jax.value_and_grad(lambda p: target.score(*model.rates(space.drive(p))))

        def towards(point: Any, value: Array, gradient: Any, memory: Any, length: Array) -> _Descent:
            downhill, memory = lbfgs.update(gradient, memory, point)
            return _Descent(point, value, gradient, memory, optax.tree.scale(-1.0, downhill), length)

        def one(state: _Descent, _: None) -> tuple[_Descent, None]:
            trial = optax.tree.add_scale(state.point, state.length, state.direction)
            value, gradient = value_and_gradient(trial)
            slope = optax.tree.vdot(state.gradient, state.direction)
            better = value <= state.value + ARMIJO * state.length * slope
            step = towards(trial, value, gradient, state.memory, jnp.minimum(GROW * state.length, 1.0))
            nearer = state._replace(length=SHRINK * state.length)
            # Where even a tiny step is no better, the curvature is wrong: forget it.
            fresh = towards(state.point, state.value, state.gradient, lbfgs.init(state.point), jnp.ones(()))
            short = state.length < SHORTEST
            return jax.tree.map(
                lambda new, old, again: jnp.where(better, new, jnp.where(short, again, old)),
                step, nearer, fresh,
            ), None  # fmt: skip

        begin = towards(start, *value_and_gradient(start), lbfgs.init(start), jnp.ones(()))
        return jax.lax.scan(one, begin, length=evaluations)[0].point

    return _with_rates(model, improve, space, parameters, targets)


class _Descent(NamedTuple):
    """One candidate on its way: where it is, and the step that it tries next."""

    point: Any
    value: Float[Array, ""]
    gradient: Any
    memory: optax.OptState
    direction: Any
    length: Float[Array, ""]


def _with_rates(
    model: Model, improve: Callable[..., Any], space: Space[P], parameters: P, targets: Target
) -> tuple[P, Rates]:
    """Every candidate improved, with its rates then; the candidates are shared among the devices."""

    def one(model: Model, start: Any, target: Target) -> Any:
        end = improve(model, start, target)
        return end, model.rates(space.drive(end))

    def batch(model: Model, candidates: tuple[P, Target]) -> Any:
        def each(candidate: Any) -> Any:
            return one(model, *candidate)

        at_once = candidates_at_once() if model.at_once is None else model.at_once
        if at_once == 1:
            return jax.lax.map(each, candidates)
        return jax.lax.map(each, candidates, batch_size=at_once)

    return over_devices(batch, model, (parameters, targets))


@eqx.filter_jit
def drives_of(space: Space[P], parameters: P) -> Any:
    """What all candidates of a batch stand for."""
    return jax.vmap(space.drive)(parameters)


def best_and_neighbours(space: Space[P], parameters: P, rates: Rates, targets: Target) -> P:
    """Four candidates for each target, target-major: its best, a variation, the best of either neighbour.

    "Best" is over the whole batch, whichever target a candidate was working for. Passing the neighbours'
    best on, even when it does not fit yet, lets a good family of drives travel along the front. The
    variation is the best one folded (`Space.folded`), or else the next best at another frequency. Runs on the
    host.
    """
    order = ranking(rates, targets)
    parameters = jax.tree.map(np.asarray, parameters)
    position = parameters.position
    best = order[:, 0]
    elsewhere = np.abs(position[order] - position[best][:, None]) > 0.3
    second = order[np.arange(len(order)), np.argmax(elsewhere, axis=1)]
    left, right = np.concatenate([best[:1], best[:-1]]), np.concatenate([best[1:], best[-1:]])
    chosen = np.stack([best, second, left, right], axis=1).ravel()
    batch = jax.tree.map(lambda leaf: leaf[chosen], parameters)
    for i, candidate in enumerate(best):
        variation = space.folded(jax.tree.map(lambda leaf, c=candidate: leaf[c], parameters))
        if variation is not None:
            for leaf, value in zip(jax.tree.leaves(batch), jax.tree.leaves(variation), strict=True):
                leaf[4 * i + 1] = value
    return jax.tree.map(jnp.asarray, batch)


def best_of_all(parameters: P, rates: Rates, targets: Target) -> P:
    """The best candidate for each target."""
    chosen = ranking(rates, targets)[:, 0]
    return jax.tree.map(lambda leaf: jnp.asarray(np.asarray(leaf)[chosen]), parameters)


def ranking(rates: Rates, targets: Target) -> np.ndarray:
    """(M, B) candidates by rising score for each target; diverged ones last."""
    value = np.asarray(_scores(rates, targets))
    return np.argsort(np.where(np.isfinite(value), value, np.inf), axis=1, kind="stable")


@eqx.filter_jit
def _scores(rates: Rates, targets: Target) -> Float[Array, "M B"]:
    columns: Target = jax.tree.map(lambda leaf: leaf[:, None], targets)
    return columns.score(*(rate[None, :] for rate in rates))
