"""The programs that users copy: short, runnable as they are, and with a figure at the end."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.__main__ import NAMES
from tests.helpers.texts import MACHINE
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


CLUSTER = {
    "scan": (scan_text(FREQUENCY), "out/scan.nc"),
    "pareto": (MACHINE + FRONT, "out/front.csv"),
}


@pytest.mark.slow
@pytest.mark.parametrize("command", CLUSTER)
def test_a_scheduler_and_workers_as_processes_of_their_own(command: str, tmp_path: Path) -> None:
    """Without SLURM the job script starts as many workers here; they speak TLS where Dask is told to."""
    text, expected = CLUSTER[command]
    (tmp_path / "machine.toml").write_text(text)
    subprocess.run(["bash", str(SCRIPTS / "cluster_certificates.sh"), str(tmp_path / "tls")], check=True)
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "TASKS": "3"}
    environment |= tls_environment(tmp_path / "tls")
    job = ["bash", str(SCRIPTS / "slurm_cluster.sh"), command, "machine.toml", "out"]
    done = subprocess.run(job, cwd=tmp_path, capture_output=True, text=True, env=environment, timeout=280)
    assert done.returncode == 0 and (tmp_path / expected).exists(), done.stderr
    assert "tls://" in (tmp_path / "out" / "scheduler.log").read_text()


def tls_environment(folder: Path) -> dict[str, str]:
    """What docs/cluster.md says of TLS."""
    prefix, key, cert = "DASK_DISTRIBUTED__COMM__", str(folder / "key.pem"), str(folder / "cert.pem")
    roles = {f"{prefix}TLS__{role}__KEY": key for role in ("SCHEDULER", "WORKER", "CLIENT")}
    roles |= {f"{prefix}TLS__{role}__CERT": cert for role in ("SCHEDULER", "WORKER", "CLIENT")}
    return {f"{prefix}DEFAULT_SCHEME": "tls", f"{prefix}REQUIRE_ENCRYPTION": "true", **roles} | {
        f"{prefix}TLS__CA_FILE": cert
    }


@pytest.mark.slow
def test_a_job_of_one_front_runs_without_slurm(tmp_path: Path) -> None:
    (tmp_path / "machine.toml").write_text(MACHINE + FRONT)
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    command = ["bash", str(SCRIPTS / "slurm_fronts.sh"), "out", "machine.toml"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, env=environment, timeout=280)
    assert (tmp_path / "out" / "machine" / "front.csv").exists()


SBATCH = """#!/usr/bin/env bash
# As SLURM takes a job: it begins at once, on this machine. The number of the job is that of its process.
cp "$1" "$0.job.$$"
bash "$0.job.$$" >"$0.out.$$" 2>&1 &
echo "$!" >>"$0.started"
echo "Submitted batch job $!"
"""
SCANCEL = "#!/usr/bin/env bash\nkill $1 2>/dev/null || true\n"
JOBS = """
[jobs]
cluster = "slurm"
workers = [1, 2]
cores = 1
memory = "2GB"
walltime = "00:10:00"
queue = "short"
prologue = ["export QTOPT_PROLOGUE=1"]
"""


@pytest.mark.slow
def test_slurm_starts_workers_as_jobs(tmp_path: Path) -> None:
    """With a stand-in for sbatch that starts the real job script: options, TLS, and a map at the end."""
    for name, text in {"sbatch": SBATCH, "scancel": SCANCEL}.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    (tmp_path / "machine.toml").write_text(scan_text(FREQUENCY))
    (tmp_path / "cluster.toml").write_text(JOBS)
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "HOME": str(tmp_path)}
    command = [sys.executable, "-m", "qtopt", "scan", "machine.toml", "--out", "out"]
    command += ["--cluster", "cluster.toml"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=environment, timeout=280)
    assert done.returncode == 0 and (tmp_path / "out" / "scan.nc").exists(), done.stderr
    script = next(tmp_path.glob("sbatch.job.*")).read_text()
    for line in ("#SBATCH -p short", "#SBATCH --cpus-per-task=1", "#SBATCH -t 00:10:00", "QTOPT_PROLOGUE=1"):
        assert line in script
    assert "--tls-ca-file" in script and "--lifetime 420s" in script


def test_benchmarks_are_listed_and_refuse_unknown_names() -> None:
    """Every module of benchmarks/ that measures is in the list that `python -m benchmarks` goes through."""
    root = SCRIPTS.parent
    modules = {path.stem for path in (root / "benchmarks").glob("[a-z]*.py")}
    apart = {"same_numbers", "gpu_compile"}  # one only compares, the other is `make gpu-compile`
    assert modules - apart == set(NAMES)
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
