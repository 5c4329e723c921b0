"""Where the time of the hottest program goes: one weak evaluation, in a batch, kernel by kernel.

    python -m benchmarks.hot_program [--quick]

The program is that of `weak_evaluation`: all currents of the example at one harmonic. A kernel is what XLA
fuses into one loop; jax's profiler says how long each takes. Operations and bytes are those that XLA counts.
"""

import gzip
import json
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import qtopt

qtopt.configure()

import jax
import numpy as np

jax.config.update("jax_enable_compilation_cache", False)

from benchmarks._hot_programs import evaluation
from benchmarks._measure import print_table, run

SHOWN = 10


def kernel_seconds(program: Any, inputs: Any, calls: int) -> dict[str, float]:
    """Seconds of each kernel of a compiled program, per call."""
    names = {
        line.split(" = ")[0].split()[-1].lstrip("%")
        for line in program.as_text().splitlines()
        if " = " in line
    }
    with tempfile.TemporaryDirectory() as folder:
        with jax.profiler.trace(folder):
            for _ in range(calls):
                jax.block_until_ready(program(*inputs))
        (path,) = Path(folder).rglob("*.trace.json.gz")
        events = json.loads(gzip.decompress(path.read_bytes()))["traceEvents"]
    spent: Counter[str] = Counter()
    for event in events:
        if event.get("ph") == "X" and event["name"] in names:
            spent[event["name"]] += event["dur"] * 1e-6 / calls
    return dict(spent.most_common())


def measure(quick: bool) -> dict[str, Any]:
    count, calls = (64, 3) if quick else (256, 50)
    evaluations, inputs = evaluation(count)

    begin = time.perf_counter()
    lowered = jax.jit(evaluations).lower(*inputs)
    traced = time.perf_counter()
    program = lowered.compile()
    compiled = time.perf_counter()
    jax.block_until_ready(program(*inputs))
    processor = []
    for _ in range(calls):
        start = time.process_time()
        jax.block_until_ready(program(*inputs))
        processor.append(time.process_time() - start)
    spent = kernel_seconds(program, inputs, calls)
    cost = program.cost_analysis() or {}
    total = sum(spent.values())
    rows = [
        {"kernel": name, "us_per_machine": 1e6 * seconds / count, "share": seconds / total}
        for name, seconds in list(spent.items())[:SHOWN]
    ]
    summary = {
        "batch": count,
        "kernels": len(spent),
        "kernel_us_per_machine": 1e6 * total / count,
        "processor_us_per_machine": 1e6 * float(np.median(processor)) / count,
        "operations_per_machine": cost.get("flops", 0.0) / count,
        "bytes_per_machine": cost.get("bytes accessed", 0.0) / count,
        "trace_s": traced - begin,
        "compile_s": compiled - traced,
    }
    print_table(rows)
    print_table([{"what": name, "value": value} for name, value in summary.items()])
    return {"summary": summary, "rows": rows}


if __name__ == "__main__":
    run("hot_program", __doc__, measure)
