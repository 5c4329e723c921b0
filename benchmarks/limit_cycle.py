"""The exact periodic state against waiting for it, and against a master equation where that one holds.

    python -m benchmarks.limit_cycle [--quick]

Two oscillators with a driven Drude and a static Ohmic bath (the machine of `exact_steady_state`): qtopt
solves for the periodic state once; a script around an integrator (diffrax) runs until the start is forgotten,
to 1e-4 and to 1e-8 of it; `qtopt.simulate` integrates one period and repeats the map. One weakly damped
oscillator between two Ohmic baths, slowly driven: qutip's Lindblad equation, exact only for vanishing
damping.
"""

import math
import time
from typing import Any

import qtopt

qtopt.configure()

import equinox as eqx
import numpy as np

from benchmarks._measure import median_seconds, print_table, run
from benchmarks.exact_steady_state import drive, machine
from benchmarks.opponents import diffrax_cycle, qutip_lindblad
from qtopt.model import GaussianState
from qtopt.solvers import Exact, steady_state
from qtopt.solvers.time_domain import simulate_periods

HARMONICS = 4
SOLVE = eqx.filter_jit(steady_state)
DAMPINGS, TEMPERATURES, SLOW = (2e-3, 2e-3), (1.5, 0.5), 0.05


def timed(job: Any) -> tuple[float, float]:
    """Result of a warm call and its seconds."""
    job()
    begin = time.perf_counter()
    found = job()
    return found, time.perf_counter() - begin


def in_time(quick: bool) -> list[dict[str, Any]]:
    pair = (machine(), drive(harmonics=HARMONICS))
    solver = Exact().settled(*pair)

    state = SOLVE(*pair, solver)
    exact, radius = float(state.power), float(state.spectral_radius)
    seconds = median_seconds({"qtopt": lambda: SOLVE(*pair, solver).power}, 5)["qtopt"]
    rows = [{"by": "qtopt, exact steady state", "periods": None, "seconds": seconds, "error": 0.0}]
    for forgotten in (1e-4,) if quick else (1e-4, 1e-8):
        periods = math.ceil(math.log(forgotten) / math.log(radius**2))
        tolerance = 1e-2 * forgotten
        power, spent = timed(lambda p=periods, t=tolerance: diffrax_cycle.power_after(*pair, p, t))
        rows.append({"by": "diffrax, period after period", "periods": periods, "seconds": spent})
        rows[-1]["error"] = abs(power / exact - 1.0)
        start = GaussianState.vacuum(pair[0])

        def relax(p: int = periods, t: float = tolerance, start: GaussianState = start) -> float:
            last = list(simulate_periods(*pair, start, p, 64, max(t, 1e-10)))[-1]
            return float(np.mean(last.power))

        power, spent = timed(relax)
        rows.append({"by": "qtopt.simulate, one period repeated", "periods": periods, "seconds": spent})
        rows[-1]["error"] = abs(power / exact - 1.0)
    return rows


def markovian(quick: bool) -> list[dict[str, Any]]:
    """Heat from the static bath; both errors are against the exact state."""
    rows = []
    for factor in (1.0,) if quick else (4.0, 1.0):
        first, second = (factor * damping for damping in DAMPINGS)
        hot = qtopt.Bath("hot", TEMPERATURES[0], qtopt.Ohmic(first), "driven")
        cold = qtopt.Bath("cold", TEMPERATURES[1], qtopt.Ohmic(second), [1.0])
        pair = (qtopt.Machine([1.0], (hot, cold)), qtopt.MonochromaticDrive(SLOW, [1.0], [0.0]))
        solver = Exact().settled(*pair)
        exact = float(SOLVE(*pair, solver).heat_currents[1])
        seconds = median_seconds({"qtopt": lambda p=pair, r=solver: SOLVE(*p, r).power}, 5)["qtopt"]
        rows.append(
            {
                "damping": first,
                "by": "qtopt, exact steady state",
                "heat": exact,
                "seconds": seconds,
                "error": 0.0,
            }
        )
        periods = math.ceil(math.log(1e6) / (first / 2.0 + second) * SLOW / (2.0 * math.pi))
        heat, spent = timed(
            lambda f=first, s=second, p=periods: qutip_lindblad.heat_from_static(
                1.0, (f, s), TEMPERATURES, SLOW, p, 30
            )
        )
        rows.append({"damping": first, "by": "qutip, Lindblad", "heat": heat, "seconds": spent})
        rows[-1]["error"] = abs(heat / exact - 1.0)
    return rows


def measure(quick: bool) -> dict[str, Any]:
    found = {"in_time": in_time(quick), "markovian": markovian(quick)}
    for rows in found.values():
        for row in rows:
            own = next(r for r in rows if r.get("damping") == row.get("damping"))
            row["slower_than_qtopt"] = row["seconds"] / own["seconds"]
        print_table(rows)
    return found


if __name__ == "__main__":
    run("limit_cycle", __doc__, measure)
