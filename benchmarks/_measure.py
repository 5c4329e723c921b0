"""What the benchmarks share: who measured, medians of jobs that take turns, tables and files of results."""

import argparse
import json
import platform
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jax
import numpy as np

HERE = Path(__file__).parent
RESULTS = HERE / "results"
PACKAGES = ("qtopt", "jax", "jaxlib", "numpy", "scipy", "optax", "diffrax")


def provenance() -> dict[str, Any]:
    """Device, processor, versions, git revision and date."""
    git = subprocess.run(["git", "rev-parse", "HEAD"], cwd=HERE, capture_output=True, text=True, check=False)
    return {
        "device": jax.devices()[0].device_kind,
        "devices": jax.local_device_count(),
        "processor": processor(),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in PACKAGES},
        "revision": git.stdout.strip(),
        "date": datetime.now(UTC).date().isoformat(),
    }


def processor() -> str:
    """Name of the CPU and number of its cores."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    names = [line.split(":")[1].strip() for line in lines if "model name" in line]
    return f"{names[0]} x {len(names)}" if names else platform.processor() or platform.machine()


def median_seconds(jobs: Mapping[str, Callable[[], Any]], rounds: int) -> dict[str, float]:
    """Median time of each warm job; the jobs take turns, so that a drifting machine slows all of them."""
    for job in jobs.values():
        jax.block_until_ready(job())
    times: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(rounds):
        for name, job in jobs.items():
            begin = time.perf_counter()
            jax.block_until_ready(job())
            times[name].append(time.perf_counter() - begin)
    return {name: float(np.median(values)) for name, values in times.items()}


def exponent(sizes: Sequence[float], costs: Sequence[float]) -> float:
    """p of cost ~ size^p, by least squares over the upper half of the sizes (at least three)."""
    kept = max(3, (len(sizes) + 1) // 2)
    return float(np.polyfit(np.log(sizes[-kept:]), np.log(costs[-kept:]), 1)[0])


def print_table(rows: Sequence[Mapping[str, Any]]) -> None:
    """Aligned columns, named by the first row."""
    columns = list(rows[0])
    cells = [columns, *([_cell(row.get(name)) for name in columns] for row in rows)]
    widths = [max(len(line[i]) for line in cells) for i in range(len(columns))]
    for line in cells:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
    print(flush=True)


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def run(name: str, description: str | None, measure: Callable[[bool], dict[str, Any]]) -> None:
    """The command line of one benchmark.

    Args:
        name: of the benchmark.
        description: what `--help` says.
        measure: called with --quick; prints what it finds and returns what is stored.

    Writes benchmarks/results/<name>_<platform>.json, with --quick only where --out says.
    """
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="small sizes, nothing stored")
    parser.add_argument("--out", type=Path, help="where to write the JSON file")
    options = parser.parse_args()
    result = {"machine": provenance(), "quick": options.quick, **measure(options.quick)}
    path = options.out
    if path is None and not options.quick:
        path = RESULTS / f"{name}_{jax.devices()[0].platform}.json"
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(result, indent=1) + "\n")
        print(path)
