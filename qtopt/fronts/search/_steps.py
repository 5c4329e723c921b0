"""The two steps of a search: every candidate of a batch improved by gradients, in one compiled program."""

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float

from ...jobs import candidates_at_once, over_devices, over_processes
from ..rates import Model, Rates

EXPLORE_STEPS, REFINE_EVALUATIONS = 100, 160
ARMIJO, SHRINK, GROW, SHORTEST = 1e-4, 0.3, 1.5, 1e-5
"""Of the line search: decrease asked for, factors of the step's length, and where the search gives up."""


class Target(Protocol):
    """What every candidate of a batch aims at: a NamedTuple of (B,) arrays that scores rates."""

    @property
    def score(self) -> Callable[..., Array]:
        """The score of the rates: smaller is better; it falls with the first and rises with the others."""
        ...


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
