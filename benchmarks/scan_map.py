"""The time of a map: 200 x 200 machines with all their quantities, from configuration to file and figure.

    python -m benchmarks.scan_map [--points N] [--solver weak|exact]

Every scan compiles its program; that is the time to the first chunk. Writes
benchmarks/results/scan_map_<solver>_<platform>.json.
"""

import argparse
import dataclasses
import json
import platform
import tempfile
import time
from pathlib import Path

import qtopt
from qtopt._runtime import cores

qtopt.configure(cores())

import jax

from qtopt import config as files
from qtopt.plots import save, scan_figure
from qtopt.scan import FILE, parameter_scan, write_dataset

HERE = Path(__file__).parent


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--points", type=int, default=200, help="on each axis")
    parser.add_argument("--solver", choices=files.SOLVERS, default="weak")
    wanted = parser.parse_args()
    config = files.load(HERE.parent / "scripts" / "machines" / "precision_map.toml")
    config = files.with_solver(config, wanted.solver)
    axes = tuple(dataclasses.replace(axis, points=wanted.points) for axis in files.require_scan(config).axes)
    config = dataclasses.replace(config, scan=files.ScanConfig(axes))
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
    result = {
        "machines": total,
        "first_chunk_with_compilation_s": first,
        "further_chunks_us_per_machine": 1e6 * (last - first) / (total - done) if total > done else None,
        "scan_s": solved,
        "file_s": written - solved,
        "figure_s": drawn - written,
        "devices": data.attrs["devices"],
        "processor": platform.processor(),
        "jax": jax.__version__,
        "qtopt": qtopt.__version__,
    }
    print(json.dumps(result, indent=1))
    path = HERE / "results" / f"scan_map_{wanted.solver}_{jax.devices()[0].platform}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(result, indent=1) + "\n")
    print(path)


if __name__ == "__main__":
    main()
