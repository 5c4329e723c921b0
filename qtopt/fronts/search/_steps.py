"""The two steps of a search: every candidate of a batch improved by gradients, in one compiled program."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import equinox as eqx
import jax
import jax.numpy as jnp
import lazy_loader
from jaxtyping import Array, Float

from ...jobs import candidates_at_once, over_devices, over_processes
from ..drive_sets import AbstractDriveSet, Varied
from ..rates import AbstractRates, Rates

if TYPE_CHECKING:
    import optax
else:
    optax = lazy_loader.load("optax")  # problems are made without it

EXPLORE_STEPS, REFINE_EVALUATIONS = 100, 160
ARMIJO, SHRINK, GROW, SHORTEST = 1e-4, 0.3, 1.5, 1e-5
"""Of the line search: decrease asked for, factors of the step's length, and where the search gives up."""


class Target(Protocol):
    """What every candidate of a batch aims at: a NamedTuple of (B,) arrays that scores rates."""

    @property
    def score(self) -> Callable[..., Array]:
        """The score of the rates: smaller is better; it falls with the first and rises with the others."""
        ...


Space = AbstractDriveSet | Varied
"""What parameters stand for: drives, or drives with numbers of the machine."""


def explore(
    rates_of: AbstractRates,
    space: Space,
    targets: Target,
    parameters: Any,
    learning_rate: float | Array = 0.1,
) -> tuple[Any, Rates]:
    """EXPLORE_STEPS of Adam on every candidate of a batch, from rest; the learning rate falls to 0.3 of it.

    One compiled program for all chunks: the batch is fixed, no host callback, no LAPACK call. On the host:
    the candidates are shared among the processes, and in each among its devices.

    Returns:
        The parameters, and the (B,) rates of the drives.
    """
    return _shared(
        lambda part: explored(rates_of, space, part[0], part[1], learning_rate), targets, parameters
    )


def refine(
    rates_of: AbstractRates,
    space: Space,
    targets: Target,
    parameters: Any,
    evaluations: int = REFINE_EVALUATIONS,
) -> tuple[Any, Rates]:
    """L-BFGS on every candidate of a batch: `evaluations` of value and gradient; otherwise as `explore`.

    Every pass evaluates one point of every candidate, which then either steps or comes nearer: side by
    side, a line search as an inner loop would cost all of them as many evaluations as the slowest needs.
    """
    return _shared(lambda part: refined(rates_of, space, part[0], part[1], evaluations), targets, parameters)


def _shared(
    improve: Callable[[Any], tuple[Any, Rates]], targets: Target, parameters: Any
) -> tuple[Any, Rates]:
    return jax.tree.map(jnp.asarray, over_processes(improve, (targets, parameters)))


@eqx.filter_jit
def explored(
    rates_of: AbstractRates, space: Space, targets: Target, parameters: Any, learning_rate: float | Array
) -> tuple[Any, Rates]:
    """`explore` in one process."""
    adam = optax.adam(optax.exponential_decay(learning_rate, EXPLORE_STEPS, 0.3))

    def improve(rates_of: AbstractRates, start: Any, target: Target) -> Any:
        def step(carry: tuple[Any, "optax.OptState"], _: None) -> tuple[Any, None]:
            gradient = jax.grad(lambda p: target.score(*rates_of.rates(space.drive(p))))(carry[0])
            updates, state = adam.update(gradient, carry[1])
            return (optax.apply_updates(carry[0], updates), state), None

        (end, _), _ = jax.lax.scan(step, (start, adam.init(start)), length=EXPLORE_STEPS)
        return end

    return _with_rates(rates_of, improve, space, parameters, targets)


@eqx.filter_jit
def refined(
    rates_of: AbstractRates, space: Space, targets: Target, parameters: Any, evaluations: int
) -> tuple[Any, Rates]:
    """`refine` in one process."""
    lbfgs = optax.scale_by_lbfgs(memory_size=12)

    def improve(rates_of: AbstractRates, start: Any, target: Target) -> Any:
        value_and_gradient = jax.value_and_grad(lambda p: target.score(*rates_of.rates(space.drive(p))))

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

    return _with_rates(rates_of, improve, space, parameters, targets)


class _Descent(NamedTuple):
    """One candidate on its way: where it is, and the step that it tries next."""

    point: Any
    value: Float[Array, ""]
    gradient: Any
    memory: "optax.OptState"
    direction: Any
    length: Float[Array, ""]


def _with_rates(
    rates_of: AbstractRates, improve: Callable[..., Any], space: Space, parameters: Any, targets: Target
) -> tuple[Any, Rates]:
    """Every candidate improved, with its rates then; the candidates are shared among the devices."""

    def one(rates_of: AbstractRates, start: Any, target: Target) -> Any:
        end = improve(rates_of, start, target)
        return end, rates_of.rates(space.drive(end))

    def batch(rates_of: AbstractRates, candidates: tuple[Any, Target]) -> Any:
        def each(candidate: Any) -> Any:
            return one(rates_of, *candidate)

        return _side_by_side(rates_of, each, candidates)

    return over_devices(batch, rates_of, (parameters, targets))


def _side_by_side(rates_of: AbstractRates, each: Callable[[Any], Any], candidates: Any) -> Any:
    at_once = candidates_at_once() if rates_of.at_once is None else rates_of.at_once
    if at_once == 1:
        return jax.lax.map(each, candidates)
    return jax.lax.map(each, candidates, batch_size=at_once)


@eqx.filter_jit
def gradient_norms(
    rates_of: AbstractRates, space: Space, targets: Target, parameters: Any
) -> Float[Array, " B"]:
    """|d score/d parameters| of every candidate of a batch: 0 where the search has come to its end."""

    def each(candidate: tuple[Any, Target]) -> Array:
        start, target = candidate
        return optax.tree.norm(jax.grad(lambda p: target.score(*rates_of.rates(space.drive(p))))(start))

    return _side_by_side(rates_of, each, (parameters, targets))


@eqx.filter_jit
def drives_of(space: Space, parameters: Any) -> Any:
    """What all candidates of a batch stand for."""
    return jax.vmap(space.drive)(parameters)
