"""Small maps and fronts whose workers or scheduler are killed at random moments."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import xarray

from qtopt import files
from qtopt.fronts import problem_of, trace
from qtopt.jobs import AbstractEngine, ClusterOptions, cluster
from qtopt.jobs._cluster import _Cluster
from qtopt.scan import parameter_scan
from tests.helpers.texts import MACHINE
from tests.scan.test_scan import DAMPING, FREQUENCY, QUICK, scan_text

FRONT = """
[pareto]
points = 2
harmonics = 2
starts = 8
bound = "peak"
frequency = [0.4, 0.5]
configurations = ["joint"]
"""
MAP = scan_text(
    FREQUENCY.replace("points = 5", "points = 60"),
    DAMPING.replace("points = 4", "points = 50"),
    more=f"chunk = 20\n{QUICK}",
)


def mapped(text: str, state: Path | None = None) -> xarray.Dataset:
    return parameter_scan(files.loads(text), state)


def front() -> np.ndarray:
    """All numbers of a small front and of its drives."""
    config = files.loads(MACHINE + FRONT)
    found = trace(problem_of(config, "joint"))
    assert found.points
    drives = [np.ravel(point.drive.harmonics(2)) for point in found.points]
    numbers = [[*p.merits.values(), p.power, p.bound, p.frequency] for p in found.points]
    return np.concatenate([np.ravel(numbers), np.real(drives).ravel(), np.imag(drives).ravel()])


def assert_same(found: xarray.Dataset, expected: xarray.Dataset) -> None:
    """To the last digit: whoever computes a chunk runs the same program."""
    xarray.testing.assert_identical(found.drop_attrs(deep=False), expected.drop_attrs(deep=False))


def assert_close(found: xarray.Dataset, expected: xarray.Dataset) -> None:
    """To round-off: products of large matrices are summed in an order that depends on the number of cores.

    Estimates of round-off are left out; they are round-off.
    """
    noise = [name for name in expected.data_vars if str(name).endswith(("_error", "_residual"))]
    for name in expected.drop_vars(noise).data_vars:
        assert found[name].dtype == expected[name].dtype
        if found[name].dtype.kind == "f":
            scale = np.nanmax(np.abs(expected[name].values), initial=1e-300)
            np.testing.assert_allclose(found[name], expected[name], rtol=1e-10, atol=1e-12 * scale)
        else:
            np.testing.assert_array_equal(found[name], expected[name])


@contextmanager
def killing(engine: AbstractEngine, seed: int, longest: float) -> Iterator[list[int]]:
    """Within this block one worker, after a random time, ends by SIGKILL."""
    assert isinstance(engine, _Cluster)
    chance, killed = random.Random(seed), []
    victims = list(engine.client.run(os.getpid).values())  # pyright: ignore

    def kill() -> None:
        os.kill(chance.choice(victims), signal.SIGKILL)
        killed.append(1)

    timer = threading.Timer(chance.uniform(0.0, longest), kill)
    timer.start()
    try:
        yield killed
    finally:
        timer.cancel()
        timer.join()


def workers_killed(count: int, tries: int = 40) -> Iterator[str]:
    """Maps and fronts, in each of which one of two workers dies: what differs, or nothing, for so many kills.

    Raises:
        RuntimeError: so many tries had not so many kills, because most ended before.
    """
    expected, weak = front(), mapped(MAP)
    with cluster(ClusterOptions(workers=2, cores=1)) as engine:
        engine.client.wait_for_workers(2)  # pyright: ignore
        seconds = 0.0
        for _ in range(2):  # the second time all is compiled
            start = time.monotonic()
            assert_same(mapped(MAP), weak)
            np.testing.assert_array_equal(front(), expected)
            seconds = time.monotonic() - start
        for seed in range(tries):
            wrong = ""
            with killing(engine, seed, seconds) as killed:
                try:
                    assert_same(mapped(MAP), weak)
                    np.testing.assert_array_equal(front(), expected)
                except AssertionError as error:
                    wrong = str(error)
            engine.client.wait_for_workers(2)  # pyright: ignore
            if killed:
                yield wrong
                count -= 1
            if not count:
                return
    raise RuntimeError(f"{tries} maps and fronts ended before {count} of their workers were killed.")


COMMAND = [sys.executable, "-m", "qtopt"]


def scheduler_killed(seed: int, folder: Path) -> None:
    """The command ends with one line and status 3; what is finished is not computed again without workers."""
    path, out, file = folder / "scan.toml", folder / "out", folder / "scheduler.json"
    path.write_text(MAP)
    log = subprocess.DEVNULL
    started = [
        subprocess.Popen([sys.executable, "-m", module, *rest], stdout=subprocess.DEVNULL, stderr=log)
        for module, rest in (
            (
                "distributed.cli.dask_scheduler",
                ["--scheduler-file", str(file), "--port", "0", "--no-dashboard"],
            ),
            *[("distributed.cli.dask_worker", ["--scheduler-file", str(file), "--nthreads", "1"])] * 2,
        )
    ]
    try:
        while not file.exists():
            time.sleep(0.05)
        command = [*COMMAND, "scan", str(path), "--out", str(out)]
        with subprocess.Popen(
            [*command, "--cluster", str(file)], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as client:
            least = random.Random(seed).randrange(1, 60)
            while len(list((out / ".scan").glob("*.part"))) < least and client.poll() is None:
                time.sleep(0.005)
            started[0].send_signal(signal.SIGKILL)
            _, errors = client.communicate(timeout=120)
        assert client.returncode == 3, errors
        assert errors.splitlines()[-1].startswith("qtopt: the scheduler tcp://")
        assert "Traceback" not in errors and "continue with --resume" in errors
        kept = {part: part.stat().st_mtime_ns for part in (out / ".scan").glob("*.part")}
        assert least <= len(kept) < 150
        subprocess.run([*command, "--resume"], check=True, capture_output=True, timeout=200)
        assert all(part.stat().st_mtime_ns == before for part, before in kept.items())
        with xarray.open_dataset(out / "scan.nc") as found:
            assert_same(found.load(), mapped(MAP))
    finally:
        for process in started:
            process.kill()
            process.wait()
