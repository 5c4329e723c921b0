"""From a question to its answer: what every command and every verb imports, traces, compiles and runs.

    python -m benchmarks.start_up [--quick]

Every start is a process of its own: "cold" with an empty cache of programs, "warm" with the one that the cold
start left. A program is what XLA compiles; its instructions are counted as jax hands it over and after XLA
has fused them. Seconds are of processor time where they say so: those of the wall need an idle machine.
`CEILINGS` holds how many programs and instructions there may be, which tests/benchmarks checks.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).parent
MACHINE = HERE.parent / "scripts" / "machines" / "collective_engine.toml"
CEILINGS = HERE / "results" / "start_up_ceilings.json"

PROBE = """
import json, sys, time
begin = time.perf_counter(), time.process_time()
import qtopt
from qtopt.runtime import cores
qtopt.configure(cores() if sys.argv[2] == "all" else None)
import jax
imported = time.perf_counter()
spent, compiled = {}, []
def listen(event, duration_secs, **more):
    phase = PHASES.get(event)
    if phase:
        spent[phase] = spent.get(phase, 0.0) + duration_secs
        if phase == "compile_s":
            compiled.append(duration_secs)
PHASES = {
    "/jax/core/compile/jaxpr_trace_duration": "trace_s",
    "/jax/core/compile/jaxpr_to_mlir_module_duration": "lower_s",
    "/jax/core/compile/backend_compile_duration": "compile_s",
    "/jax/compilation_cache/cache_retrieval_time_sec": "load_s",
}
jax.monitoring.register_event_duration_secs_listener(listen)
exec(sys.argv[1])
end = time.perf_counter(), time.process_time()
found = {"import_s": imported - begin[0], "all_s": end[0] - begin[0], "processor_s": end[1] - begin[1]}
print("PROBE", json.dumps(found | {"programs": len(compiled)} | spent))
"""
LOADED = f"""
from qtopt import files
config = files.load({str(MACHINE)!r})
pair = config.machine, files.require_drive(config)
"""
COMMAND = "from qtopt.cli import main\nmain({!r})"


def verbs(out: Path) -> dict[str, str]:
    """Code of every command and verb; the long commands last, their results go to `out`."""
    of, exact = str(MACHINE), "qtopt.Exact()"
    gradient = "qtopt.steady_state(m, pair[1]).power))(pair[0]).frequencies.block_until_ready()"
    return {
        "qtopt evaluate": COMMAND.format(["evaluate", of]),
        "qtopt evaluate --solver exact": COMMAND.format(["evaluate", of, "--solver", "exact"]),
        "steady_state": f"{LOADED}qtopt.steady_state(*pair)",
        "steady_state, exact": f"{LOADED}qtopt.steady_state(*pair, {exact})",
        "fluctuations": f"{LOADED}qtopt.fluctuations(*pair)",
        "fluctuations, exact": f"{LOADED}qtopt.fluctuations(*pair, {exact})",
        "evaluate": f"{LOADED}qtopt.evaluate(*pair)",
        "jax.jit(jax.grad(steady_state))": f"{LOADED}jax.jit(jax.grad(lambda m: {gradient}",
        "qtopt pareto": COMMAND.format(["pareto", of, "--out", str(out)]),
    }


ALL_CORES = "['pareto'"
"""in the code of commands that see every core as a device"""
QUICK = 7
"""so many of them take a second or two"""


class Start(NamedTuple):
    """What one process did: seconds by name, and instructions of its programs, before and after fusion."""

    seconds: dict[str, float]
    before: Counter[str]
    after: Counter[str]


def started(code: str, cache: Path, dump: Path | None = None) -> Start:
    """Run code in a process of its own.

    Args:
        code: what it does.
        cache: of compiled programs.
        dump: where XLA writes its programs, whose instructions are counted then.
    """
    environment = {**os.environ, "QTOPT_CACHE_DIR": str(cache)}
    environment.pop("JAX_COMPILATION_CACHE_DIR", None)
    environment.pop("QTOPT_KEEP_PROGRAMS", None)
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed package has its bytecode
    if dump is not None:
        flags = f"--xla_dump_to={dump} --xla_dump_hlo_as_text"
        environment["XLA_FLAGS"] = f"{environment.get('XLA_FLAGS', '')} {flags}".strip()
    done = subprocess.run(
        [sys.executable, "-c", PROBE, code, "all" if ALL_CORES in code else "one"],
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    found = next(line for line in done.stdout.splitlines() if line.startswith("PROBE"))
    seconds = json.loads(found.removeprefix("PROBE"))
    counts = [_instructions(dump, stage) for stage in ("before_optimizations", "after_optimizations")]
    return Start(seconds, *counts)


def _instructions(dump: Path | None, stage: str) -> Counter[str]:
    """Instructions of all programs of one stage, by name."""
    counts: Counter[str] = Counter()
    for file in dump.glob(f"*{stage}.txt") if dump is not None and dump.exists() else ():
        counts[file.name.split(".")[1]] += file.read_text().count(" = ")
    return counts


def measure(quick: bool) -> dict[str, Any]:
    """Cold and warm starts of everything, or of what is quick."""
    from benchmarks._measure import print_table

    rows, programs = [], []
    with tempfile.TemporaryDirectory() as folder:
        chosen = list(verbs(Path(folder) / "out").items())[: QUICK if quick else None]
        for i, (name, code) in enumerate(chosen):
            cache, dump = Path(folder) / f"cache{i}", Path(folder) / f"dump{i}"
            counted = started(code, Path(folder) / f"other{i}", dump)
            for start in ("cold", "warm"):
                begin = time.perf_counter()
                seconds = started(code, cache).seconds
                rows.append({"verb": name, "start": start, "wall_s": time.perf_counter() - begin, **seconds})
            programs += [
                {"verb": name, "program": p, "instructions": n, "after_fusion": counted.after[p]}
                for p, n in counted.before.most_common(12)
            ]
    print_table(rows)
    if programs:
        print_table(programs)
    return {"starts": rows, "programs": programs}


if __name__ == "__main__":
    import qtopt

    qtopt.configure()

    from benchmarks._measure import run

    run("start_up", __doc__, measure)
