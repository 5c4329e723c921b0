"""What sharing work among processes costs, and how far it goes.

    python -m benchmarks.sharing [--quick]

1. A map of 1e5 machines in the weak theory by two single-core workers against one process with two devices
   (10,000 where variance rates are wanted too), in turns, each first in every other turn: seconds, processor
   time of all processes that compute, bytes that travel. Programs are compiled before.
2. A scheduler with 200 workers that only wait, each at a speed of its own: rounds of a front of 30 points and
   16 starts, and a map of exact machines, with the times that chunks of these really take. Client, scheduler
   and all workers are threads of one process here, so that its processor time per chunk is an upper bound of
   what a scheduler spends.
"""

import dataclasses
import time
from typing import Any

import qtopt
from qtopt.runtime import cores

qtopt.configure(cores())

import numpy as np
from distributed import LocalCluster

from benchmarks._delays import Delay
from benchmarks._measure import HERE as FOLDER, print_table, run
from qtopt import files, worker
from qtopt.jobs import HERE, Chunk, ClusterOptions, cluster, computed, using
from qtopt.scan import parameter_scan

MACHINE = FOLDER.parent / "scripts" / "machines" / "precision_map.toml"
ROUNDS = 4
EXPLORE, REFINE, EXACT = 2.7e-3, 5.6e-3, 10e-3
"""seconds for a candidate of the weak front of two oscillators (`benchmarks.pareto_front`), and for an exact
machine with its fluctuations (`benchmarks.scan_map`)"""
CANDIDATES, MACHINES = 16, 128
"""in a chunk: what `jobs.candidates_at_once` and `scan` choose on one core"""


def processor_time(engine: Any) -> list[float]:
    """Of this process with the scheduler in it, and of all workers."""
    return [time.process_time(), sum(engine.client.run(time.process_time).values())]


def bytes_sent(engine: Any) -> int:
    """By all workers until now."""
    found = engine.client.run(lambda dask_worker: dask_worker.transfer_outgoing_bytes_total)
    return sum(found.values())


def overhead(quick: bool, fluctuations: bool) -> list[dict[str, Any]]:
    """The map by one process and by two workers: medians of turns, after one that compiles."""
    side = 40 if quick else 100 if fluctuations else 316
    config = files.load(MACHINE)
    axes = tuple(dataclasses.replace(axis, points=side) for axis in files.require_scan(config).axes)
    config = dataclasses.replace(config, scan=files.ScanSection(axes, fluctuations=fluctuations))
    spent: dict[str, list[tuple[float, ...]]] = {"one process": [], "two workers": []}
    with cluster(ClusterOptions(workers=2, cores=1)) as engine:
        engine.client.wait_for_workers(2)  # pyright: ignore

        def spending() -> np.ndarray:
            return np.array([time.perf_counter(), *processor_time(engine), bytes_sent(engine)])

        for turn in range(1 + ROUNDS):
            for name, who in list(zip(spent, (HERE, engine), strict=True))[:: 1 - 2 * (turn % 2)]:
                with using(who):
                    before = spending()
                    parameter_scan(config)
                    spent[name].append(tuple(spending() - before))
    rows = []
    for name, turns in spent.items():
        wall, main, workers, sent = np.median(turns[1:], axis=0).tolist()
        idle = name == "one process"  # what workers spend on waiting is not counted there
        row = {"engine": name, "machines": side**2, "fluctuations": fluctuations}
        row |= {"s": wall, "processor_s": main + (0.0 if idle else workers), "of_this_process_s": main}
        rows.append({**row, "megabytes_from_workers": sent / 1e6})
    one, two = (np.array(spent[name])[1:] for name in spent)
    rows[1]["s_ratio"] = float(np.median(two[:, 0] / one[:, 0]))
    rows[1]["processor_ratio"] = float(np.median((two[:, 1] + two[:, 2]) / one[:, 1]))
    print_table(rows[::-1])
    return rows


def fed(name: str, count: int, size: int, seconds: float, numbers: int, workers: int) -> dict[str, Any]:
    """`count` items in chunks of `size` by workers that wait: how busy they are, and what a chunk costs."""
    chunks = [
        Chunk(np.arange(k, min(k + size, count)), np.zeros((min(size, count - k), 2)))
        for k in range(0, count, size)
    ]
    begin, processor = time.perf_counter(), time.process_time()
    work = 0.0
    for chunk, found in computed(Delay(seconds, numbers), chunks, str):
        work += seconds * len(chunk.positions) / found["speed"][0]  # pyright: ignore
    wall, processor = time.perf_counter() - begin, time.process_time() - processor
    speeds = 2.0 ** (2.0 * (np.arange(workers) * 0.618034 % 1.0) - 1.0)
    return {
        "job": name,
        "items": count,
        "chunks": len(chunks),
        "chunk_s": seconds * size,
        "workers": workers,
        "wall_s": wall,
        "busy": work / (workers * wall),
        "of_the_best_possible": seconds * count / speeds.sum() / wall,
        "processor_ms_per_chunk": 1e3 * processor / len(chunks),
        "workers_one_scheduler_feeds": seconds * size / (processor / len(chunks)),
    }


def plan(quick: bool) -> list[dict[str, Any]]:
    """Jobs on a cluster of workers that wait; those of a front as often as its rounds."""
    workers = 20 if quick else 200
    fewer = 10 if quick else 1
    worker.prepare(cores())  # this process is the one of all workers
    rows = []
    with (
        LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=False,
            protocol="tcp://",
            dashboard_address=":0",
            memory_limit=0,
        ) as made,
        cluster(ClusterOptions(cluster=str(made.scheduler_address))),  # pyright: ignore[reportAttributeAccessIssue]
    ):
        for job in (
            ("first rounds of a front", 480, CANDIDATES, EXPLORE, 100),
            ("later rounds of a front", 120, CANDIDATES, REFINE, 100),
            ("exact improvement of a front", 30, 1, 2.0, 100),
            ("exact machines, small chunks", 8_000 // fewer, 8, EXACT, 45),
            ("exact machines", 100_000 // fewer, MACHINES, EXACT, 45),
        ):
            rows.append(fed(*job, workers))
            print_table(rows)
    return rows


def measure(quick: bool) -> dict[str, Any]:
    return {
        "overhead": [*overhead(quick, False), *overhead(quick, True)],
        "plan": plan(quick),
    }


if __name__ == "__main__":
    run("sharing", __doc__, measure)
