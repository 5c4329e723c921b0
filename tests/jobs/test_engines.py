"""One map, several engines: the same results whoever computes them, and what a loss costs."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from qtopt import files, worker
from qtopt.cli import load_plugin, main
from qtopt.errors import InputError
from qtopt.fronts import Rms
from qtopt.fronts.search import Explore, improved
from qtopt.fronts.tradeoffs import EfficiencyTarget
from qtopt.jobs import AbstractEngine, Chunk, ClusterOptions, Lost, Store, cluster, computed, gathered
from qtopt.jobs._cluster import _Cluster
from qtopt.jobs._engine import HERE, using
from qtopt.jobs._parcel import packed
from tests.helpers.jobs import Hungry, Kills, Resonances, Squares, process, spoil
from tests.scan.test_scan import FREQUENCY, scan_text

X = np.arange(23.0)


@pytest.fixture(scope="module")
def two() -> Iterator[AbstractEngine]:
    """Two workers on this machine, for all tests of this file."""
    with cluster(ClusterOptions(workers=2)) as engine:
        with using(HERE):
            yield engine


def squares(size: int = 4, padded: bool = True, store: Store | None = None) -> dict[str, np.ndarray]:
    return gathered(Squares(np.array(0.5)), X, size, "number", jnp.ones(2), store, padded)


# The map ----------------------------------------------------------------------------------------------------


def test_the_map_is_the_same_with_workers(two: AbstractEngine) -> None:
    """Two other processes, chunks of one size, and arrays of jax arrive as such."""
    here = squares()
    with using(two):
        there = squares()
    for found in (here, there):
        np.testing.assert_array_equal(found["square"], X**2 + 0.5)
        assert (found["together"] == 4).all() and found["jax"].all()
    assert set(here["process"]) == {os.getpid()} and os.getpid() not in set(there["process"])
    assert two.workers == 2 and 1 <= len(set(there["process"])) <= 2


def test_candidates_of_a_search_are_the_same_to_the_last_digit(two: AbstractEngine) -> None:
    space = Rms(2, (0.45, 0.45))
    targets = EfficiencyTarget(jnp.linspace(0.5, 2.0, 5), jnp.ones(5), jnp.full(5, 0.1))
    parameters = space.random(jax.random.key(1), jnp.full(5, 0.45), 2)
    here = improved(Explore(), Resonances(), space, targets, parameters, 2)
    with using(two):
        there = improved(Explore(), Resonances(), space, targets, parameters, 2)
    for one, other in zip(jax.tree.leaves(here), jax.tree.leaves(there), strict=True):
        np.testing.assert_array_equal(one, other)


def test_what_is_finished_is_not_computed_again(two: AbstractEngine, tmp_path: Path) -> None:
    """Some chunks by this process, the others by workers, of another size."""
    store = Store(tmp_path / "numbers.part", "mine")
    chunk = Chunk(np.arange(5, 12), X[5:12])
    list(computed(Squares(np.array(0.5)), [chunk], str, store))
    with using(two):
        found = squares(size=3, padded=False, store=store)
    np.testing.assert_array_equal(found["square"], X**2 + 0.5)
    own = found["process"] == os.getpid()
    assert own.sum() == 7 and own[5:12].all()
    assert sum(len(part["positions"]) for part in store.chunks()) == len(X)


def test_arrays_travel_as_their_buffers() -> None:
    """A million numbers are no part of what is pickled, and are not copied on the way."""
    numbers = np.arange(1e6)
    parcel = packed(Squares(numbers))
    assert len(parcel.head) < 1000 and sum(part.nbytes for part in parcel.buffers) == numbers.nbytes
    assert np.shares_memory(parcel.open().shift, numbers)
    assert packed(Squares(numbers + 1.0)).digest != parcel.digest == packed(Squares(numbers)).digest


def test_what_has_no_name_is_refused() -> None:
    with pytest.raises(InputError, match="workers must be able to import what they compute with"):
        packed(lambda items, setting: items)
    code = "class Own: pass\nfrom qtopt.jobs._parcel import packed\npacked(Own())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (
        "workers must be able to import Own, but the program that runs defines it: put it in" in done.stderr
    )


def test_without_workers_dask_is_not_imported() -> None:
    code = (
        "import sys, qtopt.scan, qtopt.fronts, qtopt.cli, qtopt.jobs as j\n"
        "with j.cluster(j.ClusterOptions()) as engine: assert engine.workers == 1\n"
        "print({'dask', 'distributed'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "set()\n"


# Losses -----------------------------------------------------------------------------------------------------


def test_the_chunks_of_a_dead_worker_are_done_again(two: AbstractEngine, tmp_path: Path) -> None:
    """Whoever meets 5 or 17 for the first time ends by SIGKILL."""
    with using(two):
        found = gathered(Kills((5, 17), tmp_path), X, 3, "number")
    np.testing.assert_array_equal(found["double"], 2 * X)
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.slow
def test_the_item_that_ends_every_worker_is_found(two: AbstractEngine, tmp_path: Path, capsys) -> None:
    """Its chunk is halved until it is alone; three workers have ended each time, and all others are done."""
    chunks = [Chunk(np.arange(k, k + 4), X[k : k + 4]) for k in range(0, 20, 4)]
    store = Store(tmp_path / "numbers.part", "mine")
    (tmp_path / "marks").mkdir()
    with using(two):
        job = Kills((6,), tmp_path / "marks", always=True)
        found = list(computed(job, chunks, lambda c: f"number {c.positions[0]}", store))
    lost = [chunk.positions.tolist() for chunk, part in found if isinstance(part, Lost)]
    assert lost == [[6]] and sum(len(chunk.positions) for chunk, _ in found) == 20
    assert len(list((tmp_path / "marks").iterdir())) >= 9  # three in a chunk of four, of two, of one
    said = capsys.readouterr().err
    assert said.startswith("qtopt: warning: number 6 cannot be computed: 3 workers ended with it, the last")
    assert said.count("\n") == 1 and "all others go on" in said
    assert sum(len(part["positions"]) for part in store.chunks()) == 19


@pytest.mark.parametrize("workers", [0, 2])
def test_chunks_that_need_too_much_memory_are_halved(two: AbstractEngine, workers: int, capsys) -> None:
    with using(two if workers else HERE):
        np.testing.assert_array_equal(gathered(Hungry(3), X, 8, "number", padded=False)["same"], X)
        assert capsys.readouterr().err == ""
        with pytest.raises(
            InputError, match=r"every number must be computed, but nobody could do 8 \(it needs"
        ):
            gathered(Hungry(3, bad=7), X, 8, "number", padded=False)
    assert "number 8 cannot be computed: it needs more memory than" in capsys.readouterr().err


# Who may work -----------------------------------------------------------------------------------------------


def test_workers_with_another_version_are_refused(two: AbstractEngine, monkeypatch) -> None:
    assert isinstance(two, _Cluster)
    real = worker.identity()
    monkeypatch.setattr(worker, "identity", lambda: {**real, "jax": "0.0.1"})
    with pytest.raises(
        InputError, match=rf"but \S+ is not: jax {real['jax']} instead of 0\.0\.1; install the"
    ):
        _Cluster(two.client, 1)


def test_every_difference_is_told() -> None:
    found = {"trouble": "", "identity": {**worker.identity(), "jax": "0.0.1"}}
    assert worker.difference(found, worker.identity()).startswith("jax 0.0.1 instead of ")
    assert worker.difference({**found, "trouble": "no such plug-in"}, {}) == "no such plug-in"


@pytest.mark.slow
def test_a_worker_that_comes_later_and_differs_is_sent_away(capsys) -> None:
    """One of two cannot be used any more: a sentence names it, it leaves, and the other does all chunks."""
    with cluster(ClusterOptions(workers=2, cores=1)) as engine:
        assert isinstance(engine, _Cluster)
        client = engine.client
        client.wait_for_workers(2)
        processes: dict[str, int] = client.run(process)  # pyright: ignore
        bad, good = processes
        client.run(spoil, workers=[bad])
        found = squares()
        np.testing.assert_array_equal(found["square"], X**2 + 0.5)
        assert set(found["process"]) == {processes[good]}
        said = capsys.readouterr().err
        assert f"qtopt: the worker {bad} is refused: it has no plug-in other.py; its chunks go to" in said
        assert said.count("\n") == 1


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="no cores to claim")
@pytest.mark.parametrize("before", ["qtopt.configure(3)", "qtopt.configure(); import jax; jax.devices()"])
def test_devices_are_claimed_after_what_a_program_does_at_its_import(before: str) -> None:
    """Workers import the file of the program: it may set jax up, but not use it."""
    code = (
        f"import qtopt\n{before}\nfrom qtopt import worker\nworker.prepare(2)\nimport jax\n"
        "print(jax.local_device_count())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=100)
    if "devices" in before:
        assert "jax had 1 before it could claim 2: put what the program does" in done.stderr
    else:
        assert done.stdout == "2\n", done.stderr


PLUGIN = """
from dataclasses import dataclass
import numpy as np
import qtopt

@qtopt.register
@dataclass(frozen=True)
class Own:
    family = "test of workers"
    kind = "own"
    def __call__(self, items, setting):
        return {"third": items / 3.0}
"""


def test_classes_of_users_travel_by_the_name_of_their_module(
    two: AbstractEngine, tmp_path: Path, own_registry
) -> None:
    """The file is imported there; nothing of it is pickled."""
    path = tmp_path / "own_function.py"
    path.write_text(PLUGIN)
    own = load_plugin(str(path)).Own()
    assert b"qtopt_plugin_own_function" in packed(own).head and len(packed(own).head) < 100
    assert isinstance(two, _Cluster)
    with using(_Cluster(two.client, 1)):
        np.testing.assert_array_equal(gathered(own, X, 8, "number")["third"], X / 3.0)
    path.write_text(PLUGIN.replace("3.0", "4.0"))
    worker._read.clear()  # as if this process had begun anew: the workers have what they imported before
    with pytest.raises(InputError, match="is not: plug-ins "):
        _Cluster(two.client, 1)


# Options ----------------------------------------------------------------------------------------------------

BAD = {
    "--workers -1": "--workers must be a whole number of at least 0, but it is -1",
    "--cluster node01": "--cluster must be the address of a scheduler such as tcp://node01:8786",
    "--cluster none.toml": "--cluster: none.toml cannot be read: No such file or directory",
    "--cluster tcp://127.0.0.1:9": "--cluster must be the address of a scheduler that can be reached, but",
}


@pytest.mark.parametrize("options", BAD)
def test_bad_options_are_one_line_and_status_2(options: str, tmp_path: Path, capsys, monkeypatch) -> None:
    monkeypatch.setattr("qtopt.jobs._cluster.PATIENCE", 1)
    path = tmp_path / "scan.toml"
    path.write_text(scan_text(FREQUENCY))
    with pytest.raises(SystemExit) as stop:
        main(["scan", str(path), "--out", str(tmp_path / "out"), *options.split()])
    error = capsys.readouterr().err
    assert stop.value.code == 2 and error.count("\n") == 1 and BAD[options] in error
    assert (tmp_path / "out").exists() == ("tcp" in options), "only what needs the network comes later"


SECTIONS = {
    "workers = -1": "`jobs.workers` must be a whole number of at least 0, or a range [lowest, highest] of",
    "workers = [3, 2]": "`jobs.workers` must be a whole number of at least 0, or a range",
    'cluster = "slrm"': "`jobs.cluster` must be local, slurm, pbs, lsf, sge, or the address",
    'cluster = "slurm"': "`jobs.workers` must be at least 1 where a queueing system starts them; got 0",
    'memory = "lots"': "`jobs.memory` must be a number with its unit, such as 16GB",
    'walltime = "1h"': "`jobs.walltime` must be hours:minutes:seconds, such as 01:00:00",
    "prologue = 3": "`jobs.prologue` must be a list of texts, one line each",
}


@pytest.mark.parametrize("line", SECTIONS)
def test_errors_of_the_section(line: str) -> None:
    with pytest.raises(InputError) as error:
        files.loads(scan_text(FREQUENCY) + f"[jobs]\n{line}\n")
    assert SECTIONS[line] in str(error.value)


def test_the_section_and_its_file(tmp_path: Path) -> None:
    """The options of the command line win; what is not said stays."""
    text = '[jobs]\ncluster = "slurm"\nworkers = [2, 40]\ncores = 8\nprologue = ["module load x"]\n'
    config = files.loads(scan_text(FREQUENCY) + text)
    assert config.jobs.options.workers == (2, 40) and config.jobs.options.prologue == ("module load x",)
    assert files.loads(files.dumps(config)) == config
    (tmp_path / "cluster.toml").write_text(text)
    none = files.JobsSection()
    assert none.chosen(None, str(tmp_path / "cluster.toml")) == config.jobs
    assert config.jobs.chosen(3, None).options.workers == 3
    assert none.chosen(None, "tcp://node01:8786").options.cluster == "tcp://node01:8786"
    key = files.fingerprint(config, ("drive", "scan"))
    assert key == files.fingerprint(files.loads(scan_text(FREQUENCY)), ("drive", "scan"))  # whoever computes
