"""The one loop of all searches: rounds of steps and selections that can be interrupted at any moment."""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ...jobs import Store
from ..rates import AbstractRates, Rates
from ._selection import best_and_neighbours, best_of_all
from ._steps import Space, Target, explore, refine

Step = Callable[..., tuple[Any, Rates]]
"""(rates_of, space, targets, parameters) -> parameters, rates: `explore` or `refine`."""
AfterRound = Callable[[int, Any, Rates, Target], None]
"""(round from 0, parameters, rates, targets) of all candidates of a finished round, before the selection"""


class Round(NamedTuple):
    """One step for every candidate, and who goes on afterwards.

    Attributes:
        step: `explore`, `refine`, or one of them with other settings.
        after: "all" candidates go on, those of "neighbours" (see `best_and_neighbours`), or the "best" of all
            candidates for each target.
        aim: whether the targets move before that selection, see `Goal.again`.
    """

    step: Step
    after: Literal["all", "neighbours", "best"]
    aim: bool = False


@dataclass(frozen=True)
class Goal:
    """What a search aims at.

    Attributes:
        aims: what is asked of each of M points, (M, ...).
        targets: a function of the aims that returns what scores a batch against them.
        again: new aims from the rates of a batch and the aims until now; by default they stay.
    """

    aims: np.ndarray
    targets: Callable[[np.ndarray], Target]
    again: Callable[[tuple[np.ndarray, ...], np.ndarray], np.ndarray] = lambda rates, aims: aims


class State(NamedTuple):
    """All that changes during a search.

    Attributes:
        parameters: of the candidates.
        rates: of those candidates that this round has improved already, (F, B); else not a number.
        aims: see `Goal`.
    """

    parameters: Any
    rates: Float[Array, "F B"]
    aims: Float[Array, " M ..."]


def search(
    rates_of: AbstractRates,
    space: Space,
    goal: Goal,
    parameters: Any,
    rounds: Sequence[Round],
    store: Store,
    progress: Callable[[int, int], None],
    batch: int | None = None,
    after_round: AfterRound = lambda number, parameters, rates, targets: None,
) -> Any:
    """The best candidate for each target after some rounds.

    Args:
        rates_of: gives the rates of candidates.
        space: what parameters stand for.
        goal: what is aimed at.
        parameters: the first candidates, the same number for each target, target by target.
        rounds: the last of them must end with "best".
        store: where the state is kept after every chunk of work; a search resumed from it ends in the same.
        progress: called as ``progress(chunks done, chunks in all)``.
        batch: candidates in one chunk; by default all. Smaller ones need rounds that all end with "best".
        after_round: told of every round that ends, before its state is kept: of the last one perhaps twice.
    """
    count = parameters.frequency_logit.shape[0]
    batch = count if batch is None else min(batch, count)
    parts = -(-count // batch)
    state = State(parameters, jnp.zeros((0, 0)), jnp.asarray(goal.aims))
    saved = store.load(state)
    begin, state = (0, state) if saved is None else (saved[0] + 1, State(*saved[1]))
    targets = goal.targets(np.asarray(state.aims))
    for chunk, (rule, part) in enumerate(itertools.product(rounds, range(parts))):
        if chunk < begin:
            continue
        progress(chunk, len(rounds) * parts)
        state = _improved(rates_of, space, targets, state, rule.step, part, batch if parts > 1 else None)
        if part == parts - 1:
            rates = tuple(np.asarray(state.rates))
            after_round(chunk // parts, state.parameters, rates, targets)
            if rule.aim:
                aims = goal.again(rates, np.asarray(state.aims))
                state, targets = state._replace(aims=jnp.asarray(aims)), goal.targets(aims)
            state = state._replace(parameters=_chosen(space, state.parameters, rates, targets, rule.after))
        store.save(chunk, state)
    progress(len(rounds) * parts, len(rounds) * parts)
    return state.parameters


def _improved(
    rates_of: AbstractRates,
    space: Space,
    targets: Target,
    state: State,
    step: Step,
    part: int,
    batch: int | None,
) -> State:
    """The state with one batch of its candidates improved."""
    count = state.parameters.frequency_logit.shape[0]
    points = jax.tree.leaves(targets)[0].shape[0]
    each = jax.tree.map(lambda leaf: jnp.repeat(leaf, count // points, axis=0), targets)
    if batch is None:
        parameters, rates = step(rates_of, space, each, state.parameters)
        return state._replace(parameters=parameters, rates=jnp.stack(rates))
    chosen = np.minimum(np.arange(batch) + part * batch, count - 1)
    moved, rates = step(rates_of, space, *jax.tree.map(lambda leaf: leaf[chosen], (each, state.parameters)))
    every = state.rates if part else jnp.full((len(rates), count), jnp.nan)
    parameters = jax.tree.map(lambda leaf, new: leaf.at[chosen].set(new), state.parameters, moved)
    return state._replace(parameters=parameters, rates=every.at[:, chosen].set(jnp.stack(rates)))


def _chosen(space: Space, parameters: Any, rates: Rates, targets: Target, after: str) -> Any:
    if after == "best":
        return best_of_all(parameters, rates, targets)
    return best_and_neighbours(space, parameters, rates, targets) if after == "neighbours" else parameters


def broad(explorations: int, refinements: int, aim_after: int | None = None) -> tuple[Round, ...]:
    """Rounds of a search from many random starts; `aim_after` so many refinements the targets move."""
    first = [Round(explore, "all")] * (explorations - 1) + [Round(explore, "neighbours")]
    later = [Round(refine, "neighbours", aim=i + 1 == aim_after) for i in range(refinements - 1)]
    return (*first, *later, Round(refine, "best"))
