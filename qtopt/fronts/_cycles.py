"""Fronts of protocols: searched by the rates of the solver itself, from cycles and from random shapes."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..errors import InputError
from ..jobs import Results, Store, gathered
from ..programs import kept_program
from ._evaluated import evaluated
from ._front import Front, Watch, best_of, remark_on
from ._history import Recorder
from ._problem import FrontProblem
from .drive_sets import AbstractDriveSpace, AbstractProtocols
from .rates import AbstractRates, SolverRates
from .search import Refine, Round, drives_of, ranking, search

Progress = Callable[[int, int, str], None]
SIFTED, CHUNK = 4, 16
"""Random starts that are looked at for each one that is searched from, and how many at once."""
COARSEST = 0.1
"""Truncation error, relative to the largest current, above which a protocol does not count as resolved. It is
an estimate from above: 0.09 where currents were wrong by 4e-4."""
STEP = Refine(evaluations=32)
ROUNDS = (
    *(Round(STEP, "neighbours", aim=True),) * 6,
    Round(STEP, "best"),
    *(Round(STEP, "best"),) * 2,
)
"""The candidates of every target, then its best four, then its best one."""


def searched_protocols(
    problem: FrontProblem, protocols: AbstractProtocols, store: Store, progress: Progress, watch: Watch | None
) -> Front:
    """The front of a problem over protocols; see `trace`.

    Raises:
        InputError: the solver resolves none of the random drives to begin with.
    """
    tradeoff, settings, machine = problem.tradeoff, problem.settings, problem.machine
    total = 3 + len(ROUNDS)
    progress(0, total, "looking at random starts")
    solver = problem.solver.for_search().settled(machine, protocols.example)
    rates_of = SolverRates(
        machine,
        solver,
        tradeoff.output(machine.size),
        tradeoff.needs_noise,
        coarsest=COARSEST,
        at_once=settings.chunk or 1,
    )
    count = settings.points * settings.starts
    starts = protocols.starts(settings.seed, machine, SIFTED * count)
    rates = _rates(rates_of, protocols, starts, store)
    if not np.isfinite(rates[0]).any():
        raise InputError(
            f"the solver must resolve one of {SIFTED * count} random drives to begin with, but it resolves "
            "none: give it more points of time (solver.points), or narrow the ranges of `pareto.drives`."
        )
    goal = tradeoff.goal_of(rates, settings.points)
    chosen = _sifted(ranking(rates, goal.targets(goal.aims)), settings.starts)
    starts = jax.tree.map(lambda leaf: leaf[chosen], starts)

    def front(parameters: Any) -> Front:
        points = best_of(tradeoff, evaluated(problem, problem.solver, drives_of(protocols, parameters)))
        remark, history = remark_on(tradeoff, points), recorder.history(tradeoff)
        return Front(tradeoff, points, None, remark, history=history, problem=problem)

    recorder = Recorder(
        "protocols",
        rates_of,
        protocols,
        store,
        lambda best: None if watch is None else watch(replace(front(best), problem=None)),
    )
    best = search(
        rates_of, protocols, goal, starts, ROUNDS, store,
        lambda done, _: progress(1 + done, total, "searching"), recorder,
    )  # fmt: skip
    progress(total - 1, total, "evaluating")
    found = front(best)
    progress(total, total, "done")
    return found


@dataclass(frozen=True)
class _Rates:
    """The rates of candidates, (B, F)."""

    rates_of: AbstractRates
    space: AbstractDriveSpace

    def __call__(self, parameters: Any, _: None) -> Results:
        return {"rates": np.asarray(_rates_each(self.rates_of, self.space, parameters))}


@kept_program
def _rates_each(rates_of: AbstractRates, space: AbstractDriveSpace, parameters: Any) -> Any:
    return jax.lax.map(lambda one: jnp.stack(rates_of.rates(space.drive(one))), parameters)


def _rates(rates_of: AbstractRates, space: AbstractDriveSpace, parameters: Any, store: Store) -> Any:
    """The rates of all candidates, (B,) each, shared out."""
    found = gathered(_Rates(rates_of, space), parameters, CHUNK, "start", store=store.beside("starts"))
    return tuple(found["rates"].T)


def _sifted(order: np.ndarray, each: int) -> np.ndarray:
    """Different candidates for M targets, `each` of them, target by target: in turns, the best left."""
    taken, chosen = np.zeros(order.shape[1], dtype=bool), np.zeros((len(order), each), dtype=int)
    for turn in range(each):
        for target, ranked in enumerate(order):
            chosen[target, turn] = ranked[np.argmin(taken[ranked])]
            taken[chosen[target, turn]] = True
    return chosen.ravel()
