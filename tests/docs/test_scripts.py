"""The programs that users copy: short, runnable as they are, and with a figure at the end."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.__main__ import NAMES
from tests.helpers.texts import MACHINE
from tests.jobs.test_processes import free_port
from tests.scan.test_scan import FREQUENCY, scan_text

FRONT = """
[pareto]
points = 2
harmonics = 1
starts = 2
bound = "rms"
frequency = [0.4, 0.5]
configurations = ["joint"]
"""
SCRIPTS = Path(__file__).parents[2] / "scripts"
QUICK = {
    "pareto_front": ["--points", "2", "--harmonics", "1"],
    "tur_map": ["--points", "8"],
    "optimize_drive": ["--steps", "20"],
    "exact_machine": ["--points", "4"],
}


@pytest.mark.parametrize("name", QUICK)
def test_scripts_are_short_and_say_how_to_run_them(name: str) -> None:
    lines = (SCRIPTS / f"{name}.py").read_text().splitlines()
    assert len(lines) <= 40
    assert f"python scripts/{name}.py" in "\n".join(lines[:8])


@pytest.mark.slow
@pytest.mark.parametrize(("name", "options"), QUICK.items())
def test_scripts_run(name: str, options: list[str], tmp_path: Path) -> None:
    picture = tmp_path / "picture.png"
    command = [sys.executable, str(SCRIPTS / f"{name}.py"), *options, "--out", str(picture)]
    done = subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, "MPLBACKEND": "agg"}, timeout=280
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() and picture.stat().st_size > 10_000


@pytest.mark.slow
def test_cluster_scripts_run_without_a_cluster(tmp_path: Path) -> None:
    """Two processes share a small map, then one writes it; a front of one machine."""
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "TASKS": "2"}
    for script, text, arguments, expected in (
        ("slurm_scan.sh", scan_text(FREQUENCY), ["machine.toml", "out"], "out/scan.nc"),
        ("slurm_fronts.sh", MACHINE + FRONT, ["out", "machine.toml"], "out/machine/front.csv"),
    ):
        (tmp_path / "machine.toml").write_text(text)
        command = ["bash", str(SCRIPTS / script), *arguments]
        subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, env=environment, timeout=280)
        assert (tmp_path / expected).exists()


SRUN = """#!/usr/bin/env bash
# As SLURM starts tasks, on one node. The first time, the first task is killed after a round.
shift # its option
started=() status=0
for ((k = 0; k < SLURM_NTASKS; k++)); do
  SLURM_PROCID=$k SLURM_LOCALID=$k SLURM_STEP_NODELIST=localhost SLURM_STEP_NUM_NODES=1 "$@" &
  started+=($!)
done
if [ ! -e killed ]; then
  until [ -e out/.search/joint.part ] || ! kill -0 "${started[0]}"; do sleep 0.01; done
  kill -9 "${started[0]}"
  touch killed
fi
for k in "${started[@]}"; do wait "$k" || status=$?; done
exit $status
"""


@pytest.mark.slow
@pytest.mark.parametrize("slurm", [False, True])
def test_tasks_search_one_front_together(slurm: bool, tmp_path: Path) -> None:
    """Without SLURM; and as SLURM would start them, where the first one dies and all begin again."""
    (tmp_path / "machine.toml").write_text(MACHINE + FRONT.replace("harmonics = 1", "harmonics = 8"))
    port = free_port(range(61440, 65536))  # where jax lets SLURM's tasks meet, by the number of the job
    places = f"{tmp_path}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {**os.environ, "PATH": places, "TASKS": "2", "PORT": str(port)}
    if slurm:
        (tmp_path / "srun").write_text(SRUN)
        (tmp_path / "srun").chmod(0o755)
        environment |= {"SLURM_JOB_ID": str(port - 61440), "SLURM_NTASKS": "2"}
        environment["JAX_COORDINATOR_BIND_ADDRESS"] = f"localhost:{port}"
    command = ["bash", str(SCRIPTS / "slurm_front_distributed.sh"), "machine.toml", "out"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=environment, timeout=280)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("front   out/front.csv") == 1 and (tmp_path / "out" / "front.png").exists()
    assert done.stderr.count("another process ended") == slurm == (tmp_path / "killed").exists()


def test_benchmarks_are_listed_and_refuse_unknown_names() -> None:
    """Every module of benchmarks/ that measures is in the list that `python -m benchmarks` goes through."""
    root = SCRIPTS.parent
    modules = {path.stem for path in (root / "benchmarks").glob("[a-z]*.py")}
    assert modules - {"same_numbers"} == set(NAMES)  # which compares, and measures nothing
    command = [sys.executable, "-m", "benchmarks", "speed"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and "a benchmark must be one of weak_evaluation, " in done.stderr


@pytest.mark.slow
def test_a_benchmark_runs_and_writes_its_results(tmp_path: Path) -> None:
    path = tmp_path / "map.json"
    command = [sys.executable, "-m", "benchmarks.scan_map", "--quick", "--out", str(path)]
    subprocess.run(command, cwd=SCRIPTS.parent, check=True, capture_output=True, timeout=280)
    found = json.loads(path.read_text())
    assert found["rows"][0]["machines"] == 400 and found["machine"]["versions"]["jax"]
