"""The one driver of all fronts: certify the range, search, evaluate by the solver, certify the points."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

import numpy as np

from ..jobs import Results, Store, candidates_at_once, gathered
from ..model import AbstractDrive, Machine
from ..numerics import on_device
from ..solvers import Weak
from ._cycles import searched_protocols
from ._evaluated import evaluated, machine_of
from ._front import Front, FrontPoint, Watch, best_of, remark_on
from ._history import History, Recorder
from ._improve import Progress, improved
from ._problem import FrontProblem
from .drive_sets import AbstractProtocols, DriveParameters, Variation, Varied
from .rates import KEPT_FOR_EACH, AbstractRates, FormRates, VariedRates, machine_forms
from .search import Explore, Goal, Round, broad, drives_of, search
from .tradeoffs import AbstractGuide, AbstractTradeoff


def trace(
    problem: FrontProblem,
    store: Store | None = None,
    progress: Progress = lambda done, total, what: None,
    watch: Watch | None = None,
) -> Front:
    """Trace the front of a problem.

    Quadratic forms of the weak theory say what can be reached at all and which harmonics are good. Every aim
    has many starts, half of them at such a harmonic; all of them advance in one compiled program (Newton's
    method with exact Hessians, for some trade-offs after Adam), and between rounds each aim keeps its best
    two and takes in the best of either neighbour. Where a mean-square bound makes the certificate the front
    itself, nothing is searched. Numbers
    of the machine that vary are then searched together with the drives found. Reported numbers come from the
    solver, bounds from the certificate of each point's own machine; their maxima over frequencies are a fine
    search, not a proof.

    A solver without quadratic forms begins with the drives of the weak front and improves them by its own
    gradients. That is a local search without certificate: other families of drives than the weak ones may be
    better where the two theories differ much.

    Protocols have no quadratic forms at all. Their search begins with the best of many random shapes and of
    cycles whose valves open one after the other, uses the rates of the solver throughout and aims at the
    largest output, whatever its efficiency, at a little more than the largest efficiency that it knows, and
    between. There is no certificate.

    Args:
        problem: machine, trade-off, drives and solver.
        store: where the state of the search is kept; a search resumed from it ends in the same front.
        progress: called on the host as ``progress(done, total, message)``.
        watch: called on the host with what has been found, not yet certified, after every round.

    Raises:
        InputError: the machine is outside what the forms can do (one driven bath, static baths at one
            temperature); the store holds another search.

    Source: theory (9.1), (9.14); the search is described in theory, section 9.
    """
    store = Store(None) if store is None else store
    store.check()
    if isinstance(problem.drive_set, AbstractProtocols):
        return searched_protocols(problem, problem.drive_set, store, progress, watch)
    begun = replace(_weak_front(problem, store, progress, watch), problem=problem)
    if problem.solver.quadratic or not begun.points:
        return begun
    front = improved(problem, begun, store.beside(problem.solver.kind), progress, watch)
    return replace(front, problem=problem)


def _weak_front(problem: FrontProblem, store: Store, progress: Progress, watch: Watch | None) -> Front:
    """The front by quadratic forms; its points by the solver, or by `Weak()` where that has no such forms."""
    tradeoff, drive_set, settings = problem.tradeoff, problem.couplings, problem.settings
    rounds = broad(*tradeoff.effort)
    total = 4 + len(rounds) + (0 if problem.variation is None else len(NARROW))
    progress(0, total, "tabulating kernels")
    rates_of = _forms(problem, problem.machine)
    progress(1, total, "certifying")
    guide = tradeoff.guide(rates_of, drive_set)
    goal = guide.goal(settings.points)
    if goal is None:
        progress(total, total, f"no {tradeoff.machine_name} within the bound")
        return Front(tradeoff, remark=f"no {tradeoff.machine_name} within the bound")
    found, recorders = guide.drives(settings.points), []
    if found is None:
        starts = _starts(problem, guide, goal)

        def report(done: int) -> None:
            progress(2 + done, total, "searching")

        def record(stage: str, space: Any, rates_of: AbstractRates, store: Store) -> Recorder:
            def show(best: Any) -> None:
                if watch is not None:
                    history = _histories(tradeoff, recorders)
                    watch(replace(_found(problem, drives_of(space, best)), history=history))

            recorders.append(Recorder(stage, rates_of, space, store, show))
            return recorders[-1]

        after = record("drives", drive_set, rates_of, store)
        best = search(
            rates_of, drive_set, goal, starts, rounds, store, lambda done, _: report(done), after_round=after
        )
        found = drives_of(drive_set, best)
        if problem.variation is not None:
            found = _varied(
                problem, problem.variation, goal, best, store,
                lambda done, _: report(len(rounds) + done), record,
            )  # fmt: skip
    progress(total - 2, total, "evaluating")
    front = _found(problem, found)
    progress(total - 1, total, "certifying")
    points, certificate = _certified(problem, guide, front.points)
    front = replace(front, points=points, certificate=certificate)
    progress(total, total, "done")
    return replace(front, history=_histories(tradeoff, recorders, front.curve))


def _histories(tradeoff: AbstractTradeoff, recorders: list[Recorder], curve: Any = None) -> History | None:
    """The rounds of all stages."""
    parts = [recorder.history(tradeoff, curve) for recorder in recorders]
    return reduce(History.then, parts) if parts else None


def _found(problem: FrontProblem, found: Any) -> Front:
    """The front, not yet certified, of a batch of drives or of (drives, numbers of the machine)."""
    solver = problem.solver if problem.solver.quadratic else Weak()
    drives, numbers = found if isinstance(found, tuple) else (found, None)
    if numbers is None and problem.variation is not None:  # not searched yet
        numbers = np.tile(problem.variation.start, (len(drives.frequency), 1))
    points = best_of(
        problem.tradeoff, evaluated(problem, solver, drives, None if numbers is None else np.asarray(numbers))
    )
    names = () if problem.variation is None else problem.variation.names
    return Front(problem.tradeoff, points, None, remark_on(problem.tradeoff, points), names)


def _forms(problem: FrontProblem, machine: Machine) -> FormRates:
    """The rates of the weak theory from tabulated forms."""
    drive_set, tradeoff = problem.couplings, problem.tradeoff
    kept, output = drive_set.kept_harmonics, tradeoff.output(machine.size)
    forms = machine_forms(machine, output, drive_set.frequency_range, kept, tradeoff.needs_noise)
    return FormRates(forms, at_once=problem.settings.chunk or candidates_at_once(problem.candidate_bytes))


def _starts(problem: FrontProblem, guide: AbstractGuide, goal: Goal) -> DriveParameters:
    """Starts for every aim, aim by aim."""
    each = (np.repeat(part, problem.settings.starts, axis=0) for part in guide.resonances(goal.aims))
    return problem.couplings.starts(problem.settings.seed, *on_device(tuple(each)))


def _varied(
    problem: FrontProblem,
    variation: Variation,
    goal: Goal,
    parameters: DriveParameters,
    store: Store,
    progress: Callable[[int, int], None],
    record: Callable[..., Recorder],
) -> tuple[AbstractDrive, Any]:
    """The best drive and numbers of the machine for every aim, from a drive for each."""
    space = Varied(problem.couplings, variation.ranges)
    kept = min(problem.couplings.kept_harmonics, KEPT_FOR_EACH * problem.couplings.harmonics)
    rates_of = VariedRates(variation.build, problem.tradeoff.output(problem.machine.size), kept)
    starts = space.starts(variation, parameters, problem.settings.seed)
    store = store.beside("varied")
    after = record("varied", space, rates_of, store)
    return drives_of(space, search(rates_of, space, goal, starts, NARROW, store, progress, after_round=after))


NARROW = (
    *(Round(Explore(rate), "neighbours") for rate in (0.1, 0.1, 0.03, 0.01)),
    Round(Explore(0.003), "best"),
)
"""Where numbers vary, Adam with ever smaller steps: one program; L-BFGS would compile three times as long."""


@dataclass(frozen=True)
class _OwnBound:
    """The bounds of machines with numbers (n, V) at their merits, by name (n,); one after the other."""

    problem: FrontProblem

    def __call__(self, points: tuple[np.ndarray, dict[str, np.ndarray]], _: None) -> Results:
        problem, bounds = self.problem, []
        for i, numbers in enumerate(points[0]):
            rates_of = _forms(problem, machine_of(problem, numbers))
            guide = problem.tradeoff.guide(rates_of, problem.couplings)
            bounds.append(guide.certified([{name: float(x[i]) for name, x in points[1].items()}])[0][0])
        return {"bound": np.array(bounds)}


def _certified(
    problem: FrontProblem, guide: AbstractGuide, points: tuple[FrontPoint, ...]
) -> tuple[tuple[FrontPoint, ...], Any]:
    """The points with their bounds, and the certificate of the machine; None where its numbers vary."""
    if not points:
        return points, None
    merits = [point.merits for point in points]
    if problem.variation is None:
        bounds, certificate = guide.certified(merits)
    else:
        columns = {name: np.array([m[name] for m in merits]) for name in merits[0]}
        items = np.array([point.numbers for point in points]), columns
        bounds, certificate = gathered(_OwnBound(problem), items, 1, "bound", padded=False)["bound"], None
    gaps = (problem.tradeoff.gap(p.merits, b) for p, b in zip(points, bounds, strict=True))
    done = zip(points, bounds, gaps, strict=True)
    return tuple(replace(p, bound=float(b), gap=float(gap)) for p, b, gap in done), certificate
