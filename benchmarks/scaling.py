"""How time and memory grow with the work.

    python -m benchmarks.scaling [--quick]

Median seconds of warm calls, bytes of temporary memory that the compiled programs ask for (of a whole
process, for maps), and the exponent p of time ~ size^p over the upper half of the sizes.
"""

import dataclasses
import resource
import time
from typing import Any

import qtopt
from qtopt.runtime import cores

qtopt.configure(cores())

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from benchmarks._measure import HERE, exponent, median_seconds, print_table, run
from benchmarks.exact_steady_state import drive as exact_drive, machine as exact_machine
from benchmarks.weak_evaluation import machine as example
from qtopt import files
from qtopt.fronts import Peak, PowerEfficiency, machine_forms
from qtopt.fronts.rates import FormRates
from qtopt.fronts.search import refined
from qtopt.fronts.tradeoffs import EfficiencyTarget
from qtopt.scan import parameter_scan
from qtopt.solvers import Exact, steady_state as exact_steady_state

ROUNDS = 5


def compiled_cost(function: Any, *arguments: Any) -> tuple[float, int]:
    """Seconds of a warm call and bytes of temporary memory."""
    jitted: Any = eqx.filter_jit(function)
    program = jitted.lower(*arguments).compile()
    memory = program.compiled.memory_analysis()
    seconds = median_seconds({"": lambda: program(*arguments)}, ROUNDS)[""]
    return seconds, 0 if memory is None else int(memory.temp_size_in_bytes)


def weak(size: int = 2, harmonics: int = 8, temperature: float = 1.0) -> tuple[float, int]:
    """Power and its gradient by all parameters, one machine."""
    hot = qtopt.Bath("hot", temperature, qtopt.Lorentzian(1e-5, 1.25, 0.01), "driven")
    cold = qtopt.Bath("cold", 0.2 * temperature, qtopt.Ohmic(1.0), np.ones(size))
    machine = qtopt.Machine(np.linspace(1.0, 0.6, size), (hot, cold))

    def power(pair: Any) -> jax.Array:
        return qtopt.steady_state(*pair).power

    return compiled_cost(jax.value_and_grad(power), (machine, exact_drive(size, harmonics)))


def exact(size: int = 2, harmonics: int = 4, temperature: float = 1.0) -> tuple[float, int]:
    """The same, at any coupling strength."""
    pair = (exact_machine(size, temperature), exact_drive(size, harmonics))
    solver = Exact().settled(*pair)

    def power(both: Any) -> jax.Array:
        return exact_steady_state(both[0], both[1], solver).power

    return compiled_cost(jax.value_and_grad(power), pair)


def front(candidates: int) -> tuple[float, int]:
    """Two values and gradients of every candidate (front points x starts) of a front's search."""
    space = Peak()
    output, kept = PowerEfficiency(1.0, 0.2).output(2), space.kept_harmonics
    model = FormRates(machine_forms(example(), output, space.frequency_range, kept))
    parameters = space.random(jax.random.key(0), jnp.linspace(0.1, 0.9, candidates), 2)
    every = jnp.ones(candidates)
    targets = EfficiencyTarget(6.0 * every, 1e-5 * every, 0.1 * every)
    search: Any = refined
    program = search.lower(model, space, targets, parameters, 1).compile()
    memory = program.compiled.memory_analysis()
    seconds = median_seconds({"": lambda: program(model, space, targets, parameters, 1)}, 3)[""]
    return seconds, int(memory.temp_size_in_bytes)


def scan(side: int) -> tuple[float, int]:
    """A map of side x side machines without fluctuations; the peak memory of this process so far."""
    config = files.load(HERE.parent / "scripts" / "machines" / "precision_map.toml")
    axes = tuple(dataclasses.replace(axis, points=side) for axis in files.require_scan(config).axes)
    config = dataclasses.replace(config, scan=files.ScanSection(axes, fluctuations=False))
    marks: list[tuple[float, int]] = []
    parameter_scan(config, None, lambda done, total: marks.append((time.perf_counter(), done)))
    (first, begin), (last, end) = marks[1], marks[-1]
    seconds = (last - first) / (end - begin) * end if end > begin else last - marks[0][0]
    return seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def measure(quick: bool) -> dict[str, Any]:
    harmonics, sizes = ([1, 8], [1, 2]) if quick else ([2**k for k in range(7)], [2**k for k in range(5)])
    temperatures = [0.1, 1.0] if quick else [1e-3, 1e-2, 0.1, 1.0, 10.0]
    # Maps come first: their memory is the largest that this process has had so far.
    grids: dict[str, tuple[Any, list[Any]]] = {
        "map, machines": (lambda n: scan(round(n**0.5)), [900] if quick else [10_000, 100_489, 1_000_000]),
        "weak, harmonics": (lambda n: weak(harmonics=n), harmonics),
        "weak, oscillators": (lambda n: weak(size=n), sizes),
        "weak, temperature": (lambda t: weak(temperature=t), temperatures),
        "exact, harmonics": (lambda n: exact(harmonics=n), harmonics),
        "exact, oscillators": (lambda n: exact(size=n), sizes),
        "exact, temperature": (lambda t: exact(temperature=t), temperatures),
        "front, candidates": (front, [100, 1000] if quick else [100, 1000, 10_000, 100_000]),
    }
    found: dict[str, Any] = {}
    for name, (cost, grid) in grids.items():
        rows = []
        for size in grid:
            seconds, memory = cost(size)
            rows.append({name: size, "seconds": seconds, "megabytes": memory / 1e6})
        growth = None if len(grid) < 3 else exponent(grid, [row["seconds"] for row in rows])
        print_table(rows)
        if growth is not None:
            print(f"time ~ size^{growth:.2f}\n", flush=True)
        found[name] = {"rows": rows, "exponent": growth}
    return found


if __name__ == "__main__":
    run("scaling", __doc__, measure)
