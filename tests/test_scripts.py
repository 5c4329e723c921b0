"""The programs that users copy: short, runnable as they are, and with a figure at the end."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from config_texts import MACHINE
from test_scan import FREQUENCY, scan_text

from benchmarks.__main__ import NAMES

FRONT = """
[pareto]
points = 2
harmonics = 1
starts = 2
bound = "rms"
frequency = [0.4, 0.5]
configurations = ["joint"]
"""
SCRIPTS = Path(__file__).parents[1] / "scripts"
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


def test_benchmarks_are_listed_and_refuse_unknown_names() -> None:
    """Every module of benchmarks/ that measures is in the list that `python -m benchmarks` goes through."""
    root = SCRIPTS.parent
    modules = {path.stem for path in (root / "benchmarks").glob("[a-z]*.py")}
    assert modules == set(NAMES)
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
