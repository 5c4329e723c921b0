"""Cold and warm starts of the command line, and where the time of one evaluation goes.

    python -m benchmarks.start_up [--quick]

Every start is a process of its own; "cold" has an empty compilation cache, "warm" the one that the cold start
left.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import qtopt

qtopt.configure()

from benchmarks._measure import HERE, print_table, run

MACHINE = HERE.parent / "scripts" / "machines" / "collective_engine.toml"
PHASES = """
import json, sys, time
marks = [time.perf_counter()]
import jax
marks.append(time.perf_counter())
import qtopt
qtopt.configure()
from qtopt import files
marks.append(time.perf_counter())
loaded = files.load(sys.argv[1])
machine, drive = loaded.machine, files.require_drive(loaded)
marks.append(time.perf_counter())
traced = jax.jit(qtopt.steady_state).trace(machine, drive)
marks.append(time.perf_counter())
lowered = traced.lower()
marks.append(time.perf_counter())
program = lowered.compile()
marks.append(time.perf_counter())
jax.block_until_ready(program(machine, drive))
marks.append(time.perf_counter())
names = ("import jax", "import qtopt", "build", "trace", "lower", "compile", "run")
print(json.dumps(dict(zip(names, (b - a for a, b in zip(marks, marks[1:]))))))
"""


def started(command: list[str], cache: Path) -> tuple[float, str]:
    """Seconds of a process, and what it printed."""
    environment = {**os.environ, "QTOPT_CACHE_DIR": str(cache)}
    environment.pop("JAX_COMPILATION_CACHE_DIR", None)
    begin = time.perf_counter()
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    return time.perf_counter() - begin, done.stdout


def measure(quick: bool) -> dict[str, Any]:
    rows, phases = [], []
    with tempfile.TemporaryDirectory() as folder:
        commands = {"qtopt evaluate": ["evaluate", str(MACHINE)]}
        commands["qtopt evaluate --solver exact"] = ["evaluate", str(MACHINE), "--solver", "exact"]
        if not quick:
            commands["qtopt pareto"] = ["pareto", str(MACHINE), "--out", str(Path(folder) / "out")]
        for i, (name, arguments) in enumerate(commands.items()):
            seconds = {}
            for start in ("cold", "warm"):
                cache = Path(folder) / f"cache{i}"
                seconds[start], _ = started([sys.executable, "-m", "qtopt", *arguments], cache)
            rows.append({"command": name, "cold_s": seconds["cold"], "warm_s": seconds["warm"]})
        for start in ("cold", "warm"):
            _, text = started([sys.executable, "-c", PHASES, str(MACHINE)], Path(folder) / "phases")
            phases.append({"start": start, **json.loads(text)})
    print_table(rows)
    print_table(phases)
    return {"commands": rows, "phases_of_one_evaluation": phases}


if __name__ == "__main__":
    run("start_up", __doc__, measure)
