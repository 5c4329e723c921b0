"""Fronts of solvers without quadratic forms: the drives of another front, improved by gradients."""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from ..jobs import Store
from ._evaluated import evaluated
from ._front import Front, Watch, best_of, remark_on
from ._history import History, Recorder
from ._problem import FrontProblem
from .rates import SolverRates
from .search import Refine, Round, drives_of, search

Progress = Callable[[int, int, str], None]
FEW = Refine(evaluations=16)
IMPROVING = (Round(FEW, "best", aim=True), *(Round(FEW, "best"),) * 3)
"""From drives that are nearly good."""


def improved(
    problem: FrontProblem,
    begun: Front,
    store: Store | None = None,
    progress: Progress = lambda done, total, what: None,
    watch: Watch | None = None,
) -> Front:
    """The front of a problem in the theory of its solver, from the drives of another front; see `trace`."""
    store = Store(None) if store is None else store
    tradeoff, drive_set, machine = problem.tradeoff, problem.couplings, problem.machine
    found = [point.drive for point in begun.points]
    drives = jax.tree.map(lambda *leaves: np.stack(leaves), *found)
    # Settled at the lowest Omega, whose long period needs most doublings.
    slowest = found[0].with_frequency(drive_set.frequency_range[0])
    solver = problem.solver.for_search().settled(machine, slowest)
    rates_of = SolverRates(machine, solver, tradeoff.output(machine.size), tradeoff.needs_noise)
    reached = evaluated(problem, problem.solver, drives)
    goal = tradeoff.goal_from([p.merits for p in begun.points], [p.merits for p in reached])
    words = f"improving by {problem.solver.kind} gradients"
    starts = drive_set.parameters_of(found)

    def front(parameters: Any) -> Front:
        points = best_of(tradeoff, evaluated(problem, problem.solver, drives_of(drive_set, parameters)))
        history = (begun.history or History()).then(recorder.history(tradeoff))
        return Front(tradeoff, points, None, remark_on(tradeoff, points), begun_from=begun, history=history)

    def show(parameters: Any) -> None:
        if watch is not None:
            watch(front(parameters))

    recorder = Recorder(problem.solver.kind, rates_of, drive_set, store, show)
    best = search(
        rates_of,
        drive_set,
        goal,
        starts,
        IMPROVING,
        store,
        lambda done, total: progress(done, total, words),
        recorder,
    )
    return front(best)
