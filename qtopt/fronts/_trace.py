"""The one driver of all fronts: certify the range, search, evaluate by the solver, certify the points."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from ..jobs import Store
from ..model import AbstractDrive, Machine
from ..solvers import AbstractSolver, AbstractSteadyState, Weak
from ..solvers.weak import weak_validity
from ._front import Front, FrontPoint, best_of
from ._problem import FrontProblem
from .drive_sets import DriveParameters, Variation, Varied
from .rates import KEPT_FOR_EACH, AbstractRates, FormRates, SolverRates, VariedRates, machine_forms
from .search import Goal, Round, broad, drives_of, explore, refine, search
from .tradeoffs import AbstractGuide, AbstractTradeoff, Currents

Progress = Callable[[int, int, str], None]
EVALUATIONS, BATCH = 16, 6
"""Of a solver's search: evaluations in a round, and candidates between two savings of the state."""


def trace(
    problem: FrontProblem,
    store: Store | None = None,
    progress: Progress = lambda done, total, what: None,
) -> Front:
    """Trace the front of a problem.

    Quadratic forms of the weak theory say what can be reached at all and which harmonics are good. Every aim
    has many starts, half of them at such a harmonic; all of them advance in one compiled program (Adam, then
    L-BFGS on exact gradients), and between rounds each aim keeps its best two and takes in the best of either
    neighbour. Where a mean-square bound makes the certificate the front itself, nothing is searched. Numbers
    of the machine that vary are then searched together with the drives found. Reported numbers come from the
    solver, bounds from the certificate of each point's own machine; their maxima over frequencies are a fine
    search, not a proof.

    A solver without quadratic forms begins with the drives of the weak front and improves them by its own
    gradients. That is a local search without certificate: other families of drives than the weak ones may be
    better where the two theories differ much.

    Args:
        problem: machine, trade-off, drives and solver.
        store: where the state of the search is kept; a search resumed from it ends in the same front.
        progress: called on the host as ``progress(done, total, message)``.

    Raises:
        InputError: the machine is outside what the forms can do (one driven bath, static baths at one
            temperature).

    Source: theory (9.1), (9.14); the search is described in theory, section 9.
    """
    store = Store(None) if store is None else store
    begun = _weak_front(problem, store, progress)
    if problem.solver.quadratic or not begun.points:
        return begun
    return improved(problem, begun, store.beside(problem.solver.kind), progress)


def _weak_front(problem: FrontProblem, store: Store, progress: Progress) -> Front:
    tradeoff, drives, settings = problem.tradeoff, problem.drives, problem.settings
    rounds = broad(*tradeoff.effort)
    total = 4 + len(rounds) + (0 if problem.variation is None else len(NARROW))
    progress(0, total, "tabulating kernels")
    model = _forms(problem, problem.machine)
    progress(1, total, "certifying")
    guide = tradeoff.guide(model, drives)
    goal = guide.goal(settings.points)
    if goal is None:
        progress(total, total, f"no {tradeoff.machine_name} within the bound")
        return Front(tradeoff, remark=f"no {tradeoff.machine_name} within the bound")
    numbers = np.zeros((len(goal.aims), 0))
    found = guide.drives(settings.points)
    if found is None:
        starts = _starts(problem, guide, goal)

        def report(done: int) -> None:
            progress(2 + done, total, "searching")

        best = search(model, drives, goal, starts, rounds, store, lambda done, _: report(done))
        found = drives_of(drives, best)
        if problem.variation is not None:
            found, numbers = _varied(
                problem, problem.variation, goal, best, store, lambda done, _: report(len(rounds) + done)
            )
    progress(total - 2, total, "evaluating")
    solver = problem.solver if problem.solver.quadratic else Weak()
    points = best_of(tradeoff, _evaluated(problem, solver, found, np.asarray(numbers)))
    progress(total - 1, total, "certifying")
    points, certificate = _certified(problem, guide, points)
    progress(total, total, "done")
    names = () if problem.variation is None else problem.variation.names
    return Front(tradeoff, points, certificate, _remark(tradeoff, points), names)


def _remark(tradeoff: AbstractTradeoff, points: Sequence[FrontPoint]) -> str:
    return "" if points else f"no {tradeoff.machine_name} found"


def _forms(problem: FrontProblem, machine: Machine) -> FormRates:
    """The rates of the weak theory from tabulated forms."""
    drives, tradeoff = problem.drives, problem.tradeoff
    kept, output = drives.kept_harmonics, tradeoff.output(machine.size)
    forms = machine_forms(machine, output, drives.frequency_range, kept, tradeoff.needs_noise)
    return FormRates(forms, at_once=problem.settings.chunk)


def _starts(problem: FrontProblem, guide: AbstractGuide, goal: Goal) -> DriveParameters:
    """Starts for every aim, aim by aim."""
    each = (np.repeat(part, problem.settings.starts, axis=0) for part in guide.resonances(goal.aims))
    return problem.drives.starts(problem.settings.seed, *(jnp.asarray(part) for part in each))


def _varied(
    problem: FrontProblem,
    variation: Variation,
    goal: Goal,
    parameters: DriveParameters,
    store: Store,
    progress: Callable[[int, int], None],
) -> tuple[AbstractDrive, Any]:
    """The best drive and numbers of the machine for every aim, from a drive for each."""
    space = Varied(problem.drives, variation.ranges)
    kept = min(problem.drives.kept_harmonics, KEPT_FOR_EACH * problem.drives.harmonics)
    model = VariedRates(variation.build, problem.tradeoff.output(problem.machine.size), kept)
    starts = space.starts(variation, parameters, problem.settings.seed)
    return drives_of(space, search(model, space, goal, starts, NARROW, store.beside("varied"), progress))


def _adam(rate: float) -> Callable[..., Any]:
    def step(model: AbstractRates, space: Any, targets: Any, parameters: Any) -> Any:
        return explore(model, space, targets, parameters, jnp.asarray(rate))

    return step


def _few(model: AbstractRates, space: Any, targets: Any, parameters: Any) -> Any:
    return refine(model, space, targets, parameters, EVALUATIONS)


NARROW = (*(Round(_adam(rate), "neighbours") for rate in (0.1, 0.1, 0.03, 0.01)), Round(_adam(0.003), "best"))
"""Where numbers vary, Adam with ever smaller steps: one program; L-BFGS would compile three times as long."""
IMPROVING = (Round(_few, "best", aim=True), *(Round(_few, "best"),) * 3)
"""Of a solver's own search, from drives that are nearly good."""


def improved(
    problem: FrontProblem,
    begun: Front,
    store: Store | None = None,
    progress: Progress = lambda done, total, what: None,
) -> Front:
    """The front of a problem in the theory of its solver, from the drives of another front; see `trace`."""
    store = Store(None) if store is None else store
    tradeoff, drives, machine = problem.tradeoff, problem.drives, problem.machine
    found = [point.drive for point in begun.points]
    slowest = eqx.tree_at(lambda drive: drive.frequency, found[0], jnp.asarray(drives.frequency_range[0]))
    solver = problem.solver.for_search().settled(machine, slowest)
    model = SolverRates(machine, solver, tradeoff.output(machine.size), tradeoff.needs_noise)
    reached = _evaluated(problem, problem.solver, found)
    goal = tradeoff.goal_from([p.merits for p in begun.points], [p.merits for p in reached])
    words = f"improving by {problem.solver.kind} gradients"
    starts = drives.parameters_of(found)
    best = search(
        model, drives, goal, starts, IMPROVING, store, lambda done, total: progress(done, total, words), BATCH
    )
    points = best_of(tradeoff, _evaluated(problem, problem.solver, drives_of(drives, best)))
    return Front(tradeoff, points, None, _remark(tradeoff, points), begun_from=begun)


def _certified(
    problem: FrontProblem, guide: AbstractGuide, points: tuple[FrontPoint, ...]
) -> tuple[tuple[FrontPoint, ...], Any]:
    """The points with their bounds, and the certificate of the machine; None where its numbers vary."""
    if not points:
        return points, None
    if problem.variation is None:
        bounds, certificate = guide.certified([point.merits for point in points])
    else:
        guides = (problem.tradeoff.guide(_forms(problem, p.machine), problem.drives) for p in points)
        bounds = [own.certified([p.merits])[0][0] for own, p in zip(guides, points, strict=True)]
        certificate = None
    gaps = (problem.tradeoff.gap(p.merits, b) for p, b in zip(points, bounds, strict=True))
    done = zip(points, bounds, gaps, strict=True)
    return tuple(replace(p, bound=float(b), gap=float(gap)) for p, b, gap in done), certificate


def _evaluated(
    problem: FrontProblem,
    solver: AbstractSolver,
    drives: AbstractDrive | Sequence[AbstractDrive],
    numbers: np.ndarray | None = None,
) -> list[FrontPoint]:
    """Candidates by the solver itself; those that do not serve the trade-off are left out."""
    if not isinstance(drives, Sequence):
        count = np.shape(drives.frequency)[0]
        drives = [jax.tree.map(lambda leaf, i=i: np.asarray(leaf)[i], drives) for i in range(count)]
    points = []
    for i, drive in enumerate(drives):
        machine, own = problem.machine, ()
        if numbers is not None and problem.variation is not None:
            machine, own = problem.variation.build(jnp.asarray(numbers[i])), tuple(numbers[i].tolist())
        point = evaluated_point(machine, drive, problem.tradeoff, solver)
        if point is not None:
            points.append(replace(point, numbers=own))
    return points


def evaluated_point(
    machine: Machine, drive: AbstractDrive, tradeoff: AbstractTradeoff, solver: AbstractSolver
) -> FrontPoint | None:
    """One machine under one drive, without certificate; None where it does not serve the trade-off."""
    found = _solve(solver.settled(machine, drive), machine, drive, tradeoff.needs_noise)
    state, noise = jax.tree.map(np.asarray, found)
    weights = np.asarray(tradeoff.output(machine.size).weights)
    variance = np.nan if noise is None else float(weights @ noise @ weights)
    entropy = float(state.entropy_production_rate)
    currents = Currents(
        np.array(machine.temperatures), state.local_powers, state.heat_currents, entropy, variance
    )
    merits = tradeoff.merits(currents)
    if merits is None:
        return None
    return FrontPoint(
        machine=machine,
        drive=drive,
        merits=merits,
        power=float(state.power),
        entropy_production_rate=entropy,
        truncation_error=float(state.truncation_error),
        weak_validity=weak_validity(machine, drive),
    )


@eqx.filter_jit
def _solve(
    solver: AbstractSolver, machine: Machine, drive: AbstractDrive, needs_noise: bool
) -> tuple[AbstractSteadyState, Any]:
    """The steady state, and the covariance of the local powers or None."""
    noise = solver.fluctuations(machine, drive).local_power_covariance if needs_noise else None
    return solver.steady_state(machine, drive), noise
