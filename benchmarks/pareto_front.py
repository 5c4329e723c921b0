"""A 30-point power-efficiency front: qtopt against SciPy on panels, and against NSGA-II on qtopt's own rates.

    python -m benchmarks.pareto_front [--quick]

The example engine with a free frequency and drives of 1, 5 and 10 harmonics with |g_l(t)| <= 1 ("peak"), or
with sum_l mean(g_l^2) <= 1 ("rms"), for which the certificate is the exact front. Everybody is judged by
hypervolume, the area below the points found, in units of that of 30 points on the certified front, evenly
spaced in efficiency. The goal is GOAL of the certified area, or of what qtopt ends with where the harmonics
do not suffice for that. More than 30 points count for the opponents. Times are warm. With "rms" qtopt
searches nothing: its time is that of the whole call, from the machine to 30 evaluated and certified points.

SciPy: L-BFGS-B with the same targets, gradients by forward differences, or the expert's way
(`scipy_front`). NSGA-II: pymoo, population 100, rates from the same compiled tables as qtopt's search,
started at random or from the certificate's patterns as qtopt's search is; five seeds at 5 harmonics, else
one. These starts are qtopt's own result: their time includes tabulating kernels and certifying. With "rms"
they are the front itself but for their noise. Opponents stop at the goal or after PATIENCE times the time
in which qtopt reached it, LEAST seconds at least. At the end, the cost of one value and gradient at the
same numbers of harmonics.

Not run: reinforcement learning, which needs no model of the machine, finds fronts of other oscillator
machines one weighted sum of power and efficiency after the other (P. A. Erdman and F. Noé, PNAS Nexus 2,
pgad248 (2023); with fluctuations: P. A. Erdman et al., Phys. Rev. Research 5, L022017 (2023)).
"""

import itertools
import time
from collections.abc import Callable
from typing import Any

import qtopt
from qtopt.runtime import cores

qtopt.configure(cores())

import equinox as eqx
import jax
import jax.numpy as jnp
import moocore  # pyright: ignore[reportMissingImports]
import numpy as np
from pymoo.algorithms.moo.nsga2 import NSGA2  # pyright: ignore[reportMissingImports]
from pymoo.core.evaluator import Evaluator  # pyright: ignore[reportMissingImports]
from pymoo.core.population import Population  # pyright: ignore[reportMissingImports]
from pymoo.core.problem import Problem  # pyright: ignore[reportMissingImports]

from benchmarks._measure import median_seconds, print_table, run
from benchmarks.opponents import scipy_front
from benchmarks.weak_evaluation import OPPONENT, machine
from qtopt.fronts import (
    AbstractDriveSet,
    Certificate,
    DriveParameters,
    Front,
    FrontProblem,
    FrontSettings,
    Peak,
    PowerEfficiency,
    certifier_of,
    machine_forms,
    trace,
)
from qtopt.fronts.rates import FormRates
from qtopt.fronts.search import Refine, improved
from qtopt.fronts.tradeoffs import EfficiencyTarget
from qtopt.jobs import Store
from qtopt.registry import class_of

FREQUENCY = (0.05, 1.0)
POINTS = 30
CALLS = 5
"""warm calls, of which the median counts, of what takes less than a second"""
POPULATION = 100
GOAL = 0.99
PATIENCE = 21.0
LEAST = 20.0
OTHER_SEEDS = 2.0
"""patience with all seeds of NSGA-II but the first: they are judged at equal time"""
BOX = 4.0
"""limit of the genetic search for every parameter"""
ENGINE = PowerEfficiency.of(machine())


def drives_of(bound: str, harmonics: int) -> AbstractDriveSet:
    return class_of("drive set", bound)(harmonics, FREQUENCY)


class Judge:
    """Hypervolume relative to that of points on the exact front."""

    def __init__(self, bound: str) -> None:
        forms = machine_forms(machine(), ENGINE.output(2), FREQUENCY, drives_of(bound, 1).kept_harmonics)
        certifier = certifier_of(forms, ENGINE, bound, FREQUENCY)
        span = certifier.efficiency_range(tight=True)
        assert span is not None
        self.bound = bound
        self.efficiency = np.linspace(*span, POINTS + 1)[:-1]
        self.exact: Certificate = certifier.at(self.efficiency)
        self.scale = self.exact.bound.max()
        self.whole = 1.0
        self.whole = self.volume(np.stack([self.exact.target, self.exact.bound], axis=1))

    def volume(self, points: np.ndarray) -> float:
        """Of (efficiency, extracted power)."""
        engines = points[(points[:, 1] > 0.0) & np.isfinite(points).all(axis=1)] / [1.0, self.scale]
        return 0.0 if len(engines) == 0 else moocore.hypervolume(-engines, ref=[0.0, 0.0]) / self.whole

    def of_rates(self, rates: np.ndarray) -> float:
        """Of (extracted power, entropy production rate)."""
        power, entropy = np.asarray(rates).T
        with np.errstate(divide="ignore", invalid="ignore"):
            efficiency = ENGINE.efficiency(entropy / power)
        return self.volume(np.stack([efficiency, power], axis=1))


class Recorder(Store):
    """Keeps what the search has after every chunk, and when."""

    def __init__(self) -> None:
        super().__init__(None)
        self.begin, self.seen = time.perf_counter(), []

    def save(self, step: int, state: Any) -> None:
        self.seen.append((time.perf_counter() - self.begin, jax.tree.map(np.asarray, state[0])))


def own(judge: Judge, harmonics: int) -> dict[str, Any]:
    """The whole front: once with compilation, then warm, CALLS times if it is not searched.

    The time to the goal is that of a chunk of the search. Fronts with the bound "rms" are constructed, not
    searched: there it is the time of the whole call, with tabulating, certifying and evaluating the points.
    """

    def once() -> tuple[float, Recorder, Front]:
        recorder = Recorder()
        drives, settings = drives_of(judge.bound, harmonics), FrontSettings(POINTS)
        front = trace(FrontProblem(machine(), ENGINE, drives, settings=settings), recorder)
        return time.perf_counter() - recorder.begin, recorder, front

    first, *runs = [once() for _ in range(2 if judge.bound == "peak" else 1 + CALLS)]
    seconds = float(np.median([run[0] for run in runs]))
    _, recorder, front = runs[-1]
    _, rates = _rates(judge.bound, harmonics)
    curve = [(when, judge.of_rates(np.asarray(rates(parameters)))) for when, parameters in recorder.seen]
    if not curve:
        curve = [(seconds, judge.volume(np.array([[p.efficiency, p.output] for p in front.points])))]
    goal = goal_of(curve[-1][1])
    return {
        "by": "qtopt",
        "bound": judge.bound,
        "harmonics": harmonics,
        "parameters": 4 * harmonics + 3,
        "seconds_to_goal": next((when for when, volume in curve if volume >= goal), None),
        "hypervolume": curve[-1][1],
        "seconds": seconds,
        "seconds_with_compilation": first[0],
        "curve": curve,
    }


def _rates(bound: str, harmonics: int) -> tuple[AbstractDriveSet, Callable[[DriveParameters], jax.Array]]:
    """(B, 2) extracted power and entropy rate of drives, from the tables that qtopt's search uses."""
    space = drives_of(bound, harmonics)
    model = FormRates(machine_forms(machine(), ENGINE.output(2), FREQUENCY, space.kept_harmonics))
    batch = eqx.filter_jit(lambda m, p: jnp.stack(jax.vmap(lambda one: m.rates(space.drive(one)))(p), axis=1))
    return space, lambda parameters: batch(model, parameters)


def scipy(judge: Judge, harmonics: int, sharp: bool, goal: float, patience: float) -> dict[str, Any]:
    problem = scipy_front.Problem(OPPONENT, FREQUENCY, harmonics, judge.bound, sharp)
    slopes = ENGINE.kappa(judge.efficiency)
    width = np.full(POINTS, np.abs(np.diff(slopes)).mean())
    targets = scipy_front.Targets(slopes, judge.exact.bound, width)
    begin, volume, spent = time.perf_counter(), 0.0, 0.0
    for found in scipy_front.trace(problem, targets, seed=0):
        spent = time.perf_counter() - begin
        volume = judge.of_rates(np.array(found))
        if volume >= goal or spent > patience:
            break
    return {
        "by": "SciPy L-BFGS-B, " + ("expert's differences" if sharp else "forward differences"),
        "bound": judge.bound,
        "harmonics": harmonics,
        "parameters": 4 * harmonics + 1,
        "seconds_to_goal": spent if volume >= goal else None,
        "hypervolume": volume,
        "seconds": spent,
    }


def genetic(
    judge: Judge, harmonics: int, warm: bool, seeds: int, goal: float, patience: float, equal_time: float
) -> dict[str, Any]:
    """NSGA-II, seed after seed; the time of bookkeeping (hypervolumes) does not count."""
    space, rates = _rates(judge.bound, harmonics)
    template, head_start = _certified_starts(judge.bound, space)
    head_start = head_start if warm else 0.0
    flat = np.concatenate([np.reshape(leaf, (len(leaf), -1)) for leaf in template], axis=1)
    sizes = [int(np.prod(leaf.shape[1:])) for leaf in template]

    def evaluate(rows: np.ndarray) -> np.ndarray:
        parts = np.split(rows, np.cumsum(sizes)[:-1], axis=1)
        leaves = [
            jnp.asarray(p.reshape(len(rows), *leaf.shape[1:]))
            for p, leaf in zip(parts, template, strict=True)
        ]
        return np.asarray(rates(DriveParameters(*leaves)))

    evaluate(flat[:POPULATION])
    runs = [
        _one_genetic(
            judge, evaluate, flat if warm else flat.shape[1], seed, goal, limit, equal_time, head_start
        )
        for seed, limit in enumerate([patience, *[max(OTHER_SEEDS * equal_time, LEAST / 10)] * (seeds - 1)])
    ]
    reached = [run["seconds_to_goal"] for run in runs]
    return {
        "by": "pymoo NSGA-II, " + ("started as qtopt" if warm else "random start"),
        "bound": judge.bound,
        "harmonics": harmonics,
        "parameters": 4 * harmonics + 3,
        "seconds_to_goal": float(np.median(reached)) if all(reached) else reached[0],
        "hypervolume": runs[0]["hypervolume"],
        "hypervolume_at_equal_time": float(np.median([run["at_equal_time"] for run in runs])),
        "seconds": runs[0]["seconds"],
        "seeds": runs,
    }


def _certified_starts(bound: str, space: AbstractDriveSet) -> tuple[DriveParameters, float]:
    """The starts of a search of this bound, and the warm seconds that they take."""
    seconds, starts = 0.0, None
    for _ in range(2):
        begin = time.perf_counter()
        forms = machine_forms(machine(), ENGINE.output(2), FREQUENCY, space.kept_harmonics)
        guide = ENGINE.guide(FormRates(forms), space)
        goal, each = guide.goal(POINTS), FrontSettings().starts
        assert goal is not None
        nu, pattern = (jnp.asarray(np.repeat(part, each, axis=0)) for part in guide.resonances(goal.aims))
        starts = space.starts(0, nu, pattern)
        jax.block_until_ready(starts)
        seconds = time.perf_counter() - begin
    assert starts is not None
    return starts, seconds


def _one_genetic(
    judge: Judge,
    evaluate: Callable[[np.ndarray], np.ndarray],
    starts: np.ndarray | int,
    seed: int,
    goal: float,
    patience: float,
    equal_time: float,
    spent: float,
) -> dict[str, Any]:
    """One seed, from a choice of these starts or at random in so many variables; `spent` seconds are gone."""
    generator = np.random.default_rng(seed)
    size = starts if isinstance(starts, int) else starts.shape[1]
    problem = Problem(n_var=size, n_obj=2, xl=-BOX, xu=BOX)
    sampling = generator.uniform(-BOX / 2, BOX / 2, (POPULATION, size))
    if not isinstance(starts, int):
        chosen = generator.choice(len(starts), POPULATION, replace=False)
        sampling = np.clip(starts[chosen], -BOX, BOX)
    algorithm: Any = NSGA2(pop_size=POPULATION, sampling=Population.new("X", sampling))  # pyright: ignore
    algorithm.setup(problem, termination=("n_gen", 10**9), seed=seed, verbose=False)
    archive: Any = np.zeros((0, 2))
    equal = None
    while True:
        begin = time.perf_counter()
        with np.errstate(invalid="ignore"):  # crowding distances of one objective's ends are inf - inf
            asked = algorithm.ask()
        power, entropy = evaluate(asked.get("X")).T
        with np.errstate(divide="ignore", invalid="ignore"):
            efficiency = np.where(power > 0.0, ENGINE.efficiency(entropy / power), 0.0)
        # No engine: the smaller the loss, the better.
        asked.set("F", np.stack([-efficiency, -power / judge.scale], axis=1))
        Evaluator().eval(problem, asked, skip_already_evaluated=True)
        with np.errstate(invalid="ignore"):
            algorithm.tell(infills=asked)
        spent += time.perf_counter() - begin
        archive = np.concatenate([archive, np.stack([efficiency, power], axis=1)])
        archive = archive[moocore.is_nondominated(archive, maximise=True)]
        volume = judge.volume(archive)
        if equal is None and spent >= equal_time:
            equal = volume
        if volume >= goal or spent > patience:
            return {
                "seconds_to_goal": spent if volume >= goal else None,
                "hypervolume": volume,
                "at_equal_time": volume if equal is None else equal,
                "seconds": spent,
            }


BOUNDS: tuple[str, ...] = ("peak", "rms")
SIZES, MAIN_SIZE, SEEDS = (1, 5, 10), 5, 5
CANDIDATES, EVALUATIONS = 480, 20


def gradient_costs(sizes: tuple[int, ...]) -> list[dict[str, Any]]:
    """Seconds for one value and gradient of the score of one peak-bounded drive."""
    rows = []
    for harmonics in sizes:
        plain, sharp = (
            scipy_front.Problem(OPPONENT, FREQUENCY, harmonics, "peak", kind) for kind in (False, True)
        )
        start = plain.random(np.random.default_rng(0))
        space = Peak(harmonics, FREQUENCY)
        forms = machine_forms(machine(), ENGINE.output(2), FREQUENCY, space.kept_harmonics)
        model, every = FormRates(forms), jnp.ones(CANDIDATES)
        parameters = space.random(jax.random.key(0), jnp.linspace(0.1, 0.9, CANDIDATES), 2)
        targets = EfficiencyTarget(6.0 * every, 1e-5 * every, 0.1 * every)
        jobs = {
            "forward differences": lambda p=plain, x=start: p.rates_and_slopes(x),
            "expert's differences": lambda p=sharp, x=start: p.rates_and_slopes(x),
            "qtopt": lambda m=model, s=space, t=targets, p=parameters: improved(
                Refine(EVALUATIONS), m, s, t, p
            ),
        }
        seconds = median_seconds(jobs, 5)
        seconds["qtopt"] /= CANDIDATES * (EVALUATIONS + 1)
        rows.append({"parameters": 4 * harmonics + 1, **seconds})
        for name in ("forward differences", "expert's differences"):
            rows[-1][f"{name}, slower"] = seconds[name] / seconds["qtopt"]
    print_table(rows)
    return rows


def goal_of(hypervolume: float) -> float:
    """What counts as reached where qtopt ends with this hypervolume."""
    return GOAL * (1.0 if hypervolume >= GOAL else hypervolume)


def measure(quick: bool) -> dict[str, Any]:
    rows = []
    sizes = SIZES[:1] if quick else SIZES
    for bound, harmonics in itertools.product(BOUNDS, sizes):
        judge = Judge(bound)
        mine = own(judge, harmonics)
        unit, goal = mine["seconds_to_goal"], goal_of(mine["hypervolume"])
        patience = 5.0 * unit if quick else max(PATIENCE * unit, LEAST)
        seeds = SEEDS if harmonics == MAIN_SIZE else 1
        group = [mine]
        group += [scipy(judge, harmonics, sharp, goal, patience) for sharp in (False, True)]
        group += [genetic(judge, harmonics, warm, seeds, goal, patience, unit) for warm in (False, True)]
        for row in group:
            reached = row["seconds_to_goal"]
            row["slower_than_qtopt"] = reached / unit if reached else f"> {row['seconds'] / unit:.0f}"
        print(f"{bound}, {harmonics} harmonics; the whole search took {mine['seconds']:.1f} s, ", end="")
        print(f"{mine['seconds_with_compilation']:.1f} s with compilation")
        shown = ["by", "parameters", "seconds_to_goal", "hypervolume", "seconds", "slower_than_qtopt"]
        shown.append("hypervolume_at_equal_time")
        print_table([{name: row.get(name) for name in shown} for row in group])
        rows += group
    costs = gradient_costs(sizes)
    return {"goal": GOAL, "points": POINTS, "rows": rows, "value_and_gradient": costs}


if __name__ == "__main__":
    run("pareto_front", __doc__, measure)
