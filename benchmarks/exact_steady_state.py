"""The exact steady state: time against the frequency-domain Floquet form, and how it grows.

    python -m benchmarks.exact_steady_state [--quick]

Prints a table and writes benchmarks/results/exact_steady_state_<platform>.json and, in full, a figure of the
growth, docs/figures/exact_cost.png.
"""

import time
from typing import Any

import qtopt

qtopt.configure()

import equinox as eqx
import jax
import numpy as np
from matplotlib.figure import Figure

from benchmarks._machines import exact_drive as drive, exact_machine as machine
from benchmarks._measure import HERE, median_seconds, print_table, run
from qtopt.plots import style
from qtopt.plots.style import save
from qtopt.solvers import Exact, steady_state
from tests.references.exact_floquet import exact_floquet

REPEATS = 7


def value_and_gradient(size: int, harmonics: int, temperature: float = 1.0) -> float:
    pair = (machine(size, temperature), drive(size, harmonics))
    solver = Exact().settled(*pair)

    def power(parameters):
        return steady_state(parameters[0], parameters[1], solver).power

    compiled = eqx.filter_jit(jax.value_and_grad(power))
    return median_seconds({"": lambda: compiled(pair)}, REPEATS)[""]


def against_floquet(truncation: int) -> dict[str, float]:
    """One value by converged quadrature of the Floquet form; value and gradient here."""
    pair = (machine(), drive())
    state = eqx.filter_jit(steady_state)(*pair, Exact().settled(*pair))
    baths = [
        {"kind": "drude", "damping": 0.1, "cutoff": 3.0, "temperature": 1.0, "coupling": "driven"},
        {"kind": "ohmic", "damping": 0.5, "temperature": 0.2, "coupling": [1.0, 1.0]},
    ]
    harmonics = dict(enumerate(np.asarray(pair[1].harmonics(8))))
    seconds, power = {}, {}
    for extra in (truncation, truncation + 8):
        start = time.perf_counter()
        power[extra] = exact_floquet([1.0, 0.6], baths, 0.45, harmonics, truncation=extra)["power"]
        seconds[extra] = time.perf_counter() - start
    best = power[truncation + 8]
    own = value_and_gradient(2, 8)
    solver = Exact().settled(*pair)
    compiled = eqx.filter_jit(lambda both: steady_state(both[0], both[1], solver).power)
    value = median_seconds({"": lambda: compiled(pair)}, REPEATS)[""]
    parameters = sum(leaf.size for leaf in jax.tree.leaves(pair[1]))
    return {
        "floquet_value_s": seconds[truncation],
        "floquet_error": abs(power[truncation] / best - 1.0),
        "qtopt_value_s": value,
        "qtopt_value_and_gradient_s": own,
        "qtopt_error": abs(float(state.power) / best - 1.0),
        "drive_parameters": parameters,
        "ratio_of_values": seconds[truncation] / value,
        "ratio_of_its_value_to_our_value_and_gradient": seconds[truncation] / own,
        # Central differences in the drive's parameters alone; not run, each evaluation takes the same time.
        "ratio_of_values_and_gradients": (2 * parameters + 1) * seconds[truncation] / own,
    }


def growth_figure(result: dict[str, Any]) -> Figure:
    """Time of a value with its gradient against each size."""
    drawing = style.figure(style.DOUBLE_COLUMN, 60.0)
    labels = {
        "harmonics": "harmonics of the drive",
        "oscillators": "oscillators",
        "temperature": r"temperature ($\hbar\omega_A/k_B$)",
    }
    for axes, (name, label) in zip(drawing.subplots(1, 3, sharey=True), labels.items(), strict=True):
        rows = result[name]
        axes.loglog(
            [row[name] for row in rows], [1e3 * row["s"] for row in rows], "o-", ms=3, lw=1, c=style.BLUE
        )
        style.style_panel(axes, label, "value and gradient (ms)" if name == "harmonics" else None)
    return drawing


def measure(quick: bool) -> dict[str, Any]:
    result: dict[str, Any] = {"floquet": against_floquet(16 if quick else 24)}
    print_table([{"what": name, "value": value} for name, value in result["floquet"].items()])
    grids = {
        "harmonics": [(2, n, 1.0) for n in ((1, 8) if quick else (1, 2, 4, 8, 16))],
        "oscillators": [(size, 4, 1.0) for size in ((1, 2, 4) if quick else (1, 2, 4, 8, 16))],
        "temperature": [(2, 4, t) for t in ((1e-2, 1.0) if quick else (1e-3, 1e-2, 1e-1, 1.0, 10.0))],
    }
    for name, cases in grids.items():
        result[name] = [
            {"oscillators": size, "harmonics": harmonics, "temperature": temperature}
            | {"s": value_and_gradient(size, harmonics, temperature)}
            for size, harmonics, temperature in cases
        ]
        print_table(result[name])
    if not quick:
        save(growth_figure(result), HERE.parent / "docs" / "figures" / "exact_cost.png")
    return result


if __name__ == "__main__":
    run("exact_steady_state", __doc__, measure)
