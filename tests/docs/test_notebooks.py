"""The notebooks run, and what is shown is what is run."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "notebooks"
NAMES = (
    "first_machine",
    "own_drive_and_bath",
    "reading_a_front",
    "hunting_a_tur_violation",
    "exact_against_weak",
    "own_spectral_density",
    "exploring_results",
    "driven_quadratic_machines",
)


def test_every_notebook_is_listed() -> None:
    assert sorted(NAMES) == sorted(path.stem for path in FOLDER.glob("*.py"))


@pytest.mark.parametrize("name", NAMES)
def test_notebook_is_the_script_executed(name: str) -> None:
    """The cells are those of the script, and every one that shows something has been executed."""
    cells = json.loads((FOLDER / f"{name}.ipynb").read_text())["cells"]
    script = (FOLDER / f"{name}.py").read_text()
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    assert len(code) == script.count("\n# %%\n") and all(part in script for part in code)
    assert all(cell["execution_count"] for cell in cells if cell["cell_type"] == "code")
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    assert any("image/png" in output.get("data", {}) for output in outputs)
    assert not any(output["output_type"] == "error" for output in outputs)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_notebook_runs(name: str) -> None:
    done = subprocess.run(
        [sys.executable, str(FOLDER / f"{name}.py")],
        capture_output=True,
        text=True,
        env={**os.environ, "QTOPT_QUICK": "1", "MPLBACKEND": "agg"},
        timeout=280,
    )
    assert done.returncode == 0, done.stderr
