"""The steps of a search: every candidate of a batch improved by gradients, in one compiled program."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import jax
import jax.numpy as jnp
import lazy_loader
import numpy as np
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Bool, Float, Int

from ...jobs import Results, Store, candidates_at_once, current, gathered, over_devices
from ...numerics import LimitedMemory, TrustRegion, on_device
from ...programs import kept_program
from ..drive_sets import AbstractDriveSet, AbstractDriveSpace, DriveParameters, Varied
from ..rates import AbstractRates, FormRates, Rates
from ._expansion import expansion, from_parameters, to_parameters

if TYPE_CHECKING:
    import optax
else:
    optax = lazy_loader.load("optax")  # problems are made without it

EXPLORE_STEPS, REFINE_EVALUATIONS, NEWTON_EVALUATIONS = 100, 160, 8
RATES = "rates"
ARMIJO, SHRINK, GROW, SHORTEST = 1e-4, 0.3, 1.5, 1e-5
"""Of the line search: decrease asked for, factors of the step's length, and where the search gives up."""


class Target(Protocol):
    """What every candidate of a batch aims at: a NamedTuple of (B,) arrays that scores rates."""

    @property
    def score(self) -> Callable[..., Array]:
        """The score of the rates: smaller is better; it falls with the first and rises with the others."""
        ...


Space = AbstractDriveSpace | Varied
"""What parameters stand for: drives, or drives with numbers of the machine."""


@dataclass(frozen=True)
class Explore:
    """EXPLORE_STEPS of Adam on every candidate, from rest; the learning rate falls to 0.3 of itself."""

    learning_rate: float = 0.1

    def __call__(
        self, rates_of: AbstractRates, space: Space, targets: Target, parameters: Any
    ) -> tuple[Any, Rates]:
        """The parameters, and the (B,) rates of the drives; on all devices of this process."""
        rate, steps = on_device((np.asarray(self.learning_rate), np.asarray(EXPLORE_STEPS)))
        return explored(rates_of, space, targets, parameters, rate, steps)[:2]


@dataclass(frozen=True)
class Refine:
    """L-BFGS on every candidate: `evaluations` of value and gradient; otherwise as `Explore`.

    Every pass evaluates one point of every candidate, which then either steps or comes nearer: side by
    side, a line search as an inner loop would cost all of them as many evaluations as the slowest needs.
    """

    evaluations: int = REFINE_EVALUATIONS

    def __call__(
        self, rates_of: AbstractRates, space: Space, targets: Target, parameters: Any
    ) -> tuple[Any, Rates]:
        return refined(rates_of, space, targets, parameters, self.evaluations)


@dataclass(frozen=True)
class Newton:
    """Newton's method in a trust region on every candidate: `evaluations` of value, gradient and Hessian.

    Drives near their bound make the score long bent valleys, in which L-BFGS needs a hundred gradients where
    this needs a few Hessians; one of them costs two gradients. Only quadratic forms have them in closed form.

    Source: theory, section 9.11.
    """

    evaluations: int = NEWTON_EVALUATIONS

    def __call__(
        self, rates_of: AbstractRates, space: Space, targets: Target, parameters: Any
    ) -> tuple[Any, Rates]:
        """The parameters, and the (B,) rates of the drives; on all devices of this process.

        Raises:
            TypeError: the rates are no quadratic forms, or numbers of the machine vary.
        """
        if not (isinstance(rates_of, FormRates) and isinstance(space, AbstractDriveSet)):
            raise TypeError(
                "Newton's method needs `FormRates` and an `AbstractDriveSet`, but was given "
                f"{type(rates_of).__name__} and {type(space).__name__}: use `Refine`."
            )
        return settled(rates_of, space, targets, parameters, self.evaluations)


Step = Explore | Refine | Newton


@dataclass(frozen=True)
class Improve:
    """The pure function that a search maps over its candidates.

    Attributes:
        rates_of: gives the rates of candidates.
        space: what parameters stand for.
    """

    rates_of: AbstractRates
    space: Space

    def __call__(self, candidates: tuple[Target, Any], step: Step) -> Results:
        """The leaves of the parameters of B candidates, numbered, and their RATES, (B, F)."""
        targets, parameters = on_device(candidates)
        found, rates = step(self.rates_of, self.space, targets, parameters)
        numbered = {str(i): np.asarray(leaf) for i, leaf in enumerate(jax.tree.leaves(found))}
        return {RATES: np.stack([np.asarray(rate) for rate in rates], axis=1), **numbered}


def improved(
    step: Step,
    rates_of: AbstractRates,
    space: Space,
    targets: Target,
    parameters: Any,
    size: int | None = None,
    store: Store | None = None,
) -> tuple[Any, Any]:
    """One step of every candidate, by the engine: chunks of one compiled program, no LAPACK call.

    Args:
        size: candidates in a chunk; None: see `chunk_size`.
        store: what is finished of this step is there, and is kept there.

    Returns:
        The parameters, and the (B,) rates of the drives.
    """
    size = chunk_size(rates_of, parameters) if size is None else size
    found = gathered(Improve(rates_of, space), (targets, parameters), size, "candidate", step, store)
    rates = tuple(found.pop(RATES).T)
    leaves = on_device([found[str(i)] for i in range(len(found))])
    return jax.tree.unflatten(jax.tree.structure(parameters), leaves), rates


def chunk_size(rates_of: AbstractRates, parameters: Any) -> int:
    """How many candidates a chunk has.

    On CPUs it does not depend on how many there are to compute it, so that whoever does finds the same.
    """
    engine, count = current(), parameters.frequency_logit.shape[0]
    each = candidates_at_once() if rates_of.at_once is None else rates_of.at_once
    if engine.platform != "cpu":
        each = min(each, -(-count // (engine.workers * engine.devices)))
    return min(each, count) * engine.devices


@kept_program
def explored(
    rates_of: AbstractRates,
    space: Space,
    targets: Target,
    parameters: Any,
    learning_rate: Float[Array, ""],
    steps: Int[Array, ""],
) -> tuple[Any, Rates, Float[Array, " B"]]:
    """What `Explore` does in so many steps, and |d score/d parameters| at their end.

    The last pass evaluates rates and gradients without a step, so that they are compiled once.
    """
    adam = optax.adam(optax.exponential_decay(learning_rate, EXPLORE_STEPS, 0.3))

    def improve(rates_of: AbstractRates, start: Any, target: Target) -> tuple[Any, Rates, Array]:
        def objective(point: Any) -> tuple[Float[Array, ""], Rates]:
            rates = rates_of.rates(space.drive(point))
            return target.score(*rates), rates

        def one(number: Array, carry: tuple[Any, ...]) -> tuple[Any, ...]:
            (_, rates), gradient = jax.value_and_grad(objective, has_aux=True)(carry[0])
            updates, state = adam.update(gradient, carry[1])
            moved = optax.apply_updates(carry[0], updates), state
            kept = jax.tree.map(lambda old, new: jnp.where(number == steps, old, new), carry[:2], moved)
            return *kept, rates, optax.tree.norm(gradient)

        rates = jax.tree.map(lambda rate: jnp.zeros(rate.shape), jax.eval_shape(objective, start)[1])
        begin = start, adam.init(start), rates, jnp.zeros(())
        end, _, rates, norm = jax.lax.fori_loop(0, steps + 1, one, begin)
        return end, rates, norm

    return _shared(rates_of, improve, parameters, targets)


@kept_program
def refined(
    rates_of: AbstractRates, space: Space, targets: Target, parameters: Any, evaluations: int
) -> tuple[Any, Rates]:
    """What `Refine` does."""

    def improve(rates_of: AbstractRates, start: Any, target: Target) -> tuple[Any, Rates]:
        begin, unflat = ravel_pytree(start)

        def objective(point: Float[Array, " n"]) -> tuple[Float[Array, ""], Rates]:
            rates = rates_of.rates(space.drive(unflat(point)))
            return target.score(*rates), rates

        value_and_gradient = jax.value_and_grad(objective, has_aux=True)

        def one(state: _Descent, first: Bool[Array, ""]) -> tuple[_Descent, None]:
            direction = -state.memory.newton(state.gradient)
            trial = state.point + state.length * direction
            (value, rates), gradient = value_and_gradient(trial)
            slope = jnp.sum(state.gradient * direction)
            better = first | (value <= state.value + ARMIJO * state.length * slope)
            # Where even a tiny step is no better, the curvature is wrong: forget it.
            short = ~better & (state.length < SHORTEST)
            memory = state.memory.after(trial - state.point, gradient - state.gradient, better)
            longer = jnp.minimum(GROW * state.length, 1.0)
            return _Descent(
                jnp.where(better, trial, state.point),
                jnp.where(better, value, state.value),
                jnp.where(better, gradient, state.gradient),
                jax.tree.map(lambda new, old: jnp.where(better, new, old), rates, state.rates),
                memory.forgotten(short),
                jnp.where(better, longer, jnp.where(short, 1.0, SHRINK * state.length)),
            ), None

        # The start is the first trial, without a gradient to follow: what gives rates and gradients is
        # compiled once.
        none, unknown = jnp.zeros(()), jax.eval_shape(objective, begin)[1]
        rates = jax.tree.map(lambda rate: jnp.zeros(rate.shape), unknown)
        memory = LimitedMemory.empty(begin.shape[0])
        start = _Descent(begin, none, jnp.zeros_like(begin), rates, memory, jnp.ones(()))
        end, _ = jax.lax.scan(one, start, jnp.arange(evaluations + 1) == 0)
        return unflat(end.point), end.rates

    return _shared(rates_of, improve, parameters, targets)


class _Descent(NamedTuple):
    """One candidate on its way: where it is, and the length of the step that it tries next."""

    point: Float[Array, " n"]
    value: Float[Array, ""]
    gradient: Float[Array, " n"]
    rates: Rates
    memory: LimitedMemory
    length: Float[Array, ""]


@kept_program
def settled(
    rates_of: FormRates, space: AbstractDriveSet, targets: Target, parameters: Any, evaluations: int
) -> tuple[Any, Rates]:
    """What `Newton` does."""

    def improve(rates_of: FormRates, start: DriveParameters, target: Target) -> tuple[Any, Rates]:
        def one(state: TrustRegion, _: None) -> tuple[TrustRegion, None]:
            return state.after(*expansion(rates_of.forms, space, target, state.trial)), None

        begin = TrustRegion.at(from_parameters(start))
        end = to_parameters(space, jax.lax.scan(one, begin, length=evaluations)[0].point)
        return end, rates_of.rates(space.drive(end))

    return _shared(rates_of, improve, parameters, targets)


def _shared(rates_of: AbstractRates, improve: Callable[..., Any], parameters: Any, targets: Target) -> Any:
    """Every candidate improved, with its rates then; the candidates are shared among the devices."""

    def batch(rates_of: AbstractRates, candidates: tuple[Any, Target]) -> Any:
        def each(candidate: Any) -> Any:
            return improve(rates_of, *candidate)

        return _side_by_side(rates_of, each, candidates)

    return over_devices(batch, rates_of, (parameters, targets))


def _side_by_side(rates_of: AbstractRates, each: Callable[[Any], Any], candidates: Any) -> Any:
    at_once = candidates_at_once() if rates_of.at_once is None else rates_of.at_once
    if at_once == 1:
        return jax.lax.map(each, candidates)
    return jax.lax.map(each, candidates, batch_size=at_once)


@dataclass(frozen=True)
class _Norms:
    """See `gradient_norms`."""

    rates_of: AbstractRates
    space: Space

    def __call__(self, candidates: tuple[Target, Any], _: None) -> Results:
        targets, parameters = on_device(candidates)
        if isinstance(self.space, Varied):  # whose search compiles its large gradients for `Explore` anyway
            still = on_device((np.asarray(0.0), np.asarray(0)))
            found = explored(self.rates_of, self.space, targets, parameters, *still)[2]
        else:
            found = _norms(self.rates_of, self.space, targets, parameters)
        return {"norm": np.asarray(found)}


def gradient_norms(rates_of: AbstractRates, space: Space, targets: Target, parameters: Any) -> np.ndarray:
    """|d score/d parameters| of every candidate, (B,), shared out: 0 where the search has come to its end."""
    size = chunk_size(rates_of, parameters)
    return gathered(_Norms(rates_of, space), (targets, parameters), size, "candidate")["norm"]


@kept_program
def _norms(rates_of: AbstractRates, space: Space, targets: Target, parameters: Any) -> Float[Array, " B"]:
    def each(candidate: tuple[Any, Target]) -> Array:
        start, target = candidate
        return optax.tree.norm(jax.grad(lambda p: target.score(*rates_of.rates(space.drive(p))))(start))

    return _side_by_side(rates_of, each, (parameters, targets))


@kept_program
def drives_of(space: Space, parameters: Any) -> Any:
    """What all candidates of a batch stand for."""
    return jax.vmap(space.drive)(parameters)
