"""The programs that users copy: short, runnable as they are, and with a figure at the end."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

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
