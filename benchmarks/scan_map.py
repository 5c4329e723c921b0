"""The time of a map with all its quantities, from configuration to file and figure.

    python -m benchmarks.scan_map [--quick]

200 x 200 machines in the weak theory and 40 x 40 in the exact one. Every scan compiles its program; that is
the time to the first chunk.
"""

import dataclasses
import tempfile
import time
from pathlib import Path
from typing import Any

import qtopt
from qtopt.runtime import cores

qtopt.configure(cores())

import jax

from benchmarks._measure import HERE, print_table, run
from qtopt import files
from qtopt.plots import scan_figure
from qtopt.plots.style import save
from qtopt.scan import FILE, parameter_scan, write_dataset

MACHINE = HERE.parent / "scripts" / "machines" / "precision_map.toml"


def scanned(points: int, solver: str) -> dict[str, Any]:
    """Seconds of one map with points x points machines."""
    config = files.with_solver(files.load(MACHINE), solver)
    axes = tuple(dataclasses.replace(axis, points=points) for axis in files.require_scan(config).axes)
    config = dataclasses.replace(config, scan=files.ScanSection(axes))
    jax.config.update("jax_enable_compilation_cache", False)
    marks: list[tuple[float, int]] = []
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        start = time.perf_counter()
        data = parameter_scan(
            config, out / ".scan", lambda done, total: marks.append((time.perf_counter() - start, done))
        )
        solved = time.perf_counter() - start
        write_dataset(data, out / FILE)
        written = time.perf_counter() - start
        save(scan_figure(data), out / "scan.png")
        drawn = time.perf_counter() - start
    (first, done), (last, total) = marks[1], marks[-1]
    return {
        "solver": solver,
        "machines": total,
        "first_chunk_with_compilation_s": first,
        "further_chunks_us_per_machine": 1e6 * (last - first) / (total - done) if total > done else None,
        "scan_s": solved,
        "file_s": written - solved,
        "figure_s": drawn - written,
        "all_s": drawn,
        "devices": data.attrs["devices"],
    }


def measure(quick: bool) -> dict[str, Any]:
    rows = [scanned(20, "weak")] if quick else [scanned(200, "weak"), scanned(40, "exact")]
    print_table(rows)
    return {"rows": rows}


if __name__ == "__main__":
    run("scan_map", __doc__, measure)
