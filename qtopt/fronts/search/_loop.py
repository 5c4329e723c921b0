"""The one loop of all searches: rounds of steps and selections that can be interrupted at any moment."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import jax
import numpy as np
from jaxtyping import Array, Float

from ...jobs import Store
from ...numerics import on_device
from ..rates import AbstractRates, Rates
from ._selection import best_and_neighbours, best_of_all
from ._steps import Explore, Newton, Space, Step, Target, chunk_size, improved

AfterRound = Callable[[int, Any, Rates, Target], None]
"""(round from 0, parameters, rates, targets) of all candidates of a finished round, before the selection"""


class Round(NamedTuple):
    """One step for every candidate, and who goes on afterwards.

    Attributes:
        step: `Explore`, `Refine` or `Newton`.
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
        aims: see `Goal`.
    """

    parameters: Any
    aims: Float[Array, " M ..."]


def search(
    rates_of: AbstractRates,
    space: Space,
    goal: Goal,
    parameters: Any,
    rounds: Sequence[Round],
    store: Store,
    progress: Callable[[int, int], None],
    after_round: AfterRound = lambda number, parameters, rates, targets: None,
) -> Any:
    """The best candidate for each target after some rounds.

    Args:
        rates_of: gives the rates of candidates.
        space: what parameters stand for.
        goal: what is aimed at.
        parameters: the first candidates, the same number for each target, target by target.
        rounds: the last of them must end with "best".
        store: where the state is kept after every round, and every chunk of candidates before; a search
            resumed from it ends in the same.
        progress: called as ``progress(rounds done, rounds in all)``.
        after_round: told of every round that ends, before its state is kept: of the last one perhaps twice.
    """
    size = chunk_size(rates_of, parameters)
    state = State(parameters, on_device(goal.aims))
    saved = store.load(state)
    begin, state = (0, state) if saved is None else (saved[0] + 1, State(*saved[1]))
    targets = goal.targets(np.asarray(state.aims))
    for number, rule in list(enumerate(rounds))[begin:]:
        progress(number, len(rounds))
        count, points = state.parameters.frequency_logit.shape[0], jax.tree.leaves(targets)[0].shape[0]
        each = jax.tree.map(lambda leaf, n=count // points: np.repeat(np.asarray(leaf), n, axis=0), targets)
        chunks = store.beside(f"round{number}")
        parameters, rates = improved(rule.step, rates_of, space, each, state.parameters, size, chunks)
        after_round(number, parameters, rates, targets)
        if rule.aim:
            aims = goal.again(rates, np.asarray(state.aims))
            state, targets = state._replace(aims=on_device(aims)), goal.targets(aims)
        state = state._replace(parameters=_chosen(space, parameters, rates, targets, rule.after))
        store.save(number, state)
        chunks.drop_chunks()
    progress(len(rounds), len(rounds))
    return state.parameters


def _chosen(space: Space, parameters: Any, rates: Rates, targets: Target, after: str) -> Any:
    if after == "best":
        return best_of_all(parameters, rates, targets)
    return best_and_neighbours(space, parameters, rates, targets) if after == "neighbours" else parameters


def broad(explorations: int, refinements: int, aim_after: int | None = None) -> tuple[Round, ...]:
    """Rounds of a search from many random starts; `aim_after` so many refinements the targets move.

    The last exploration, or without any the first refinement, chooses among all starts.
    """
    first = [Round(Explore(), "all")] * (explorations - 1) + [Round(Explore(), "neighbours")]
    later = [Round(Newton(), "neighbours", aim=i + 1 == aim_after) for i in range(refinements - 1)]
    return (*first[:explorations], *later, Round(Newton(), "best"))
