"""What the hot programs would ask of an H100: compiled for it here, where there is none, and counted.

    make gpu-compile                                (sets up an environment with CUDA's compilers, 6 GB)
    python -m benchmarks.gpu_compile [NAME...]

Nothing is run on a GPU. XLA compiles for a description of the card; from the optimised program follow kernel
launches with all loops, custom calls, loops that wait for the host, and temporary memory. The estimate of the
time adds up, launch by launch, the longest of 4 us, the arithmetic at 34 TFLOP/s (FP64) and the traffic at
3.35 TB/s: every kernel is taken to fill the card, no two to run at the same time, and CUDA graphs to save
nothing. No autotuning takes place. What was found is kept in results/gpu_compile_h100.json; programs that are
not named keep their rows. Rows with the same `code` were compiled from the same sources.
"""

import argparse
import hashlib
import json
import os
import platform
import sys
import time
from datetime import UTC, datetime
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

os.environ["JAX_PLATFORMS"] = "cpu"  # the plug-in would look for a driver

import qtopt

qtopt.configure()

import equinox as eqx
import jax
import numpy as np
from jax.experimental import topologies
from jax.sharding import SingleDeviceSharding

jax.config.update("jax_enable_compilation_cache", False)

from benchmarks._hot_programs import PROGRAMS, Call
from benchmarks._kernels import BYTES_PER_SECOND, LAUNCH, OPERATIONS_PER_SECOND, Program
from benchmarks._measure import HERE, RESULTS, print_table, processor
from qtopt.files import load
from qtopt.fronts import PowerEfficiency, machine_forms, problem_of
from qtopt.fronts.certificates import PeakCertifier
from qtopt.fronts.certificates.peak import Lines, Placed, ShapeBounds
from qtopt.fronts.certificates.peak._lines import AT_ONCE as LINES
from qtopt.fronts.certificates.peak._shape_bounds import ELSEWHERE
from qtopt.fronts.tradeoffs._efficiency import CURVE_POINTS

OUT = RESULTS / "gpu_compile_h100.json"
MACHINE = HERE.parent / "scripts" / "machines" / "collective_engine.toml"
H100 = HERE / "h100.txtpb"
ASSUMED = {
    "seconds_per_launch": LAUNCH,
    "fp64_operations_per_second": OPERATIONS_PER_SECOND,
    "bytes_per_second": BYTES_PER_SECOND,
    "kernels": "fill the card, one after the other",
}


def device() -> Any:
    """An H100 to compile for.

    Raises:
        SystemExit: what compiles for it is not installed.
    """
    plugins = [f"jax_cuda{major}_plugin" for major in (13, 12) if find_spec(f"jax_cuda{major}_plugin")]
    spec = find_spec("nvidia")
    homes = list(spec.submodule_search_locations or []) if spec else []
    if not plugins or not any(next(Path(home).rglob("libdevice.10.bc"), None) for home in homes):
        sys.exit(
            "compiling for a GPU needs the CUDA plug-in of jax with libdevice, but this Python has none: run "
            "`make gpu-compile`, or `pip install 'qtopt[cuda12]'` in an environment of its own."
        )
    made = topologies.get_topology_desc("h100", "cuda", target_config=H100.read_text(), topology="1x1x1")
    return made.devices[0]


def compiled(call: Call, on: Any) -> tuple[Any, float, float]:
    """The program of a call for a device; seconds of processor time to trace and to compile it."""
    function, arguments = call
    arrays, static = eqx.partition(arguments, eqx.is_array)
    where = SingleDeviceSharding(on)
    shapes = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=where), arrays)

    def plain(arrays: Any) -> Any:
        return eqx.filter(function(*eqx.combine(arrays, static)), eqx.is_array)

    begin = time.process_time()
    lowered = jax.jit(plain).lower(shapes)
    traced = time.process_time()
    program = lowered.compile()
    return program, traced - begin, time.process_time() - traced


def code() -> str:
    """Short digest of all that is compiled: the package and the list of hot programs."""
    sources = [
        *sorted((HERE.parent / "qtopt").rglob("*.py")),
        HERE / "_hot_programs.py",
        HERE / "_machines.py",
    ]
    return hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()[:12]


def row(name: str, on: Any, keep: Path | None) -> dict[str, Any]:
    """What there is to say of one program, whose HLO is kept in a folder."""
    hot = PROGRAMS[name]
    begin = time.perf_counter()
    program, trace, build = compiled(hot.make(hot.count), on)
    wall = time.perf_counter() - begin
    text = program.as_text()
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        (keep / f"{name}.hlo").write_text(text)
    read, memory = Program(text), program.memory_analysis()
    cost = read.cost()
    return {
        "program": name,
        "what": hot.what,
        "count": hot.count,
        "code": code(),
        "launches": cost.launches,
        "loops": [vars(loop) for loop in cost.loops],
        "host_loops": cost.host_loops,
        "custom_calls": dict(cost.custom_calls),
        "temporary_bytes": memory.temp_size_in_bytes,
        "fp64_operations": cost.operations,
        "bytes": cost.moved,
        "estimated_s": cost.seconds,
        "computations": len(read.computations),
        "trace_processor_s": round(trace, 1),
        "compile_processor_s": round(build, 1),
        "wall_s": round(wall, 1),
    }


class _Counted(PeakCertifier):
    """Counts how often it looks closely: one call of the compiled program each, where there is a GPU."""

    looks = 0

    def _duals(self, near: np.ndarray, kappa: np.ndarray, lone: float, most: int) -> np.ndarray:
        self.looks += 1
        return super()._duals(near, kappa, lone, most)


class _CountedShapes(ShapeBounds):
    """Counts the calls of its compiled program, where there is a GPU."""

    calls = 0

    def _tried(self, kappa: np.ndarray, forms: Placed, multiplier: np.ndarray) -> Any:
        self.calls += -(-len(kappa) // ELSEWHERE)
        return super()._tried(kappa, forms, multiplier)


class _CountedLines(Lines):
    """Counts the calls of its compiled program."""

    calls = 0

    def _compute(self, numbers: list[int]) -> None:
        self.calls += -(-len(numbers) // LINES)
        super()._compute(numbers)


def bounds() -> dict[str, int]:
    """Calls for the bounds of 30 points of the engine of the examples, as `EfficiencyGuide` asks for them."""
    config = load(MACHINE)
    problem = problem_of(config, "joint")
    space, tradeoff = problem.couplings, cast(PowerEfficiency, problem.tradeoff)
    output = tradeoff.output(problem.machine.size)
    forms = machine_forms(problem.machine, output, space.frequency_range, space.kept_harmonics)
    certifier = _Counted(forms, tradeoff, space.frequency_range)
    shapes = _CountedShapes(forms, certifier.grid, certifier.table.shape[1])
    made = certifier._lines
    lines = _CountedLines(made.table, made.highest, made.private)
    certifier._shapes, certifier._lines = shapes, lines  # cached properties
    span = certifier.efficiency_range()
    assert span is not None, "the engine of the examples works"
    aims = np.linspace(*span, 31)[:-1]
    for again in (aims, np.sort(0.99 * aims)):  # set again once, from the strongest drive found
        certifier.quick(again)
    certifier.at(np.concatenate([aims, np.linspace(*span, CURVE_POINTS)]))
    return {"line_heights": lines.calls, "fine_duals": certifier.looks, "shape_bounds": shapes.calls}


def front(found: dict[str, dict[str, Any]]) -> dict[str, Any] | None:
    """Launches of a front of 30 points with the bound "peak": searches and certificates, by these programs.

    The bounds are asked for efficiencies six times, each time with a scan of the grid and closer looks at the
    best frequencies, at the end with what shapes cost: as many as the engine of the examples needs, counted
    on a CPU (`bounds`). Shapes themselves are searched on the host.
    """
    explorations, refinements, _ = PowerEfficiency.effort
    calls = {"adam": explorations, "newton": refinements, **bounds()}
    calls["ranking"] = explorations + refinements
    if not calls.keys() <= found.keys():
        return None
    parts = {name: count * found[name]["launches"] for name, count in calls.items()}
    return {"calls": calls, "launches_of": parts, "launches": sum(parts.values())}


def main() -> None:
    """Compile the programs that are named, or all."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(PROGRAMS)}; all by default")
    parser.add_argument("--out", type=Path, default=OUT, help="where the table is kept")
    parser.add_argument("--hlo", type=Path, help="folder in which the optimised programs are kept")
    options = parser.parse_args()
    if unknown := [name for name in options.names if name not in PROGRAMS]:
        parser.error(f"a program must be one of {', '.join(PROGRAMS)}, but '{unknown[0]}' was given")
    on = device()
    known = json.loads(options.out.read_text())["programs"] if options.out.exists() else []
    found = {one["program"]: one for one in known}
    for name in options.names or PROGRAMS:
        found[name] = row(name, on, options.hlo)
        shown = {key: value for key, value in found[name].items() if key not in ("what", "loops")}
        print_table([shown | {"custom_calls": sum(shown["custom_calls"].values())}])
        table = {
            "label": "compiled for an H100 on a CPU and estimated; nothing was run on a GPU",
            "device": on.device_kind,
            "assumed": ASSUMED,
            "processor": processor(),
            "python": platform.python_version(),
            "versions": {package: version(package) for package in ("jax", "jaxlib", "equinox", "optax")},
            "date": datetime.now(UTC).date().isoformat(),
            "search_and_bounds_of_30_points": front(found),
            "programs": [found[key] for key in PROGRAMS if key in found],
        }
        options.out.write_text(json.dumps(table, indent=1) + "\n")


if __name__ == "__main__":
    main()
