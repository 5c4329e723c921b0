"""The command line: contract keys, files, resuming after kill -9, and bad input."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from qtopt.cli import main

EXAMPLE = Path(__file__).parents[2] / "scripts" / "machines" / "collective_engine.toml"
KEYS = {
    "power", "local_powers", "heat_currents", "entropy_production_rate", "mode", "efficiency",
    "carnot_efficiency", "covariance", "pearson", "weak_validity",
}  # fmt: skip
SMALL = """
[pareto]
points = 3
harmonics = 2
bound = "rms"
frequency = [0.4, 0.5]
starts = 2
"""


def small_file(folder: Path, extra: str = SMALL) -> Path:
    text = EXAMPLE.read_text().split("\n[pareto]\n")[0] + extra
    path = folder / "machine.toml"
    path.write_text(text)
    return path


def test_evaluate_json_has_the_contract_keys(capsys) -> None:
    main(["evaluate", str(EXAMPLE), "--json"])
    found = json.loads(capsys.readouterr().out)
    assert set(found) >= KEYS
    assert found["mode"] == "engine"
    np.testing.assert_allclose(found["power"], -3.440531441480093e-6, rtol=1e-10)
    assert abs(sum(found["heat_currents"]) + found["power"]) < 1e-12 * max(found["heat_currents"])


def test_a_command_ends_without_looking_for_cycles(tmp_path: Path) -> None:
    """All that is left goes with the process; a collection of it took longer than the evaluation."""
    program = (
        "import atexit, gc, sys; from qtopt.cli import main\n"
        "atexit.register(lambda: print('left', len(gc.get_objects()), 'frozen', gc.get_freeze_count()))\n"
        "main(sys.argv[1:])\n"
    )
    command = [sys.executable, "-c", program, "evaluate", str(small_file(tmp_path))]
    printed = subprocess.run(command, check=True, capture_output=True, text=True, timeout=280).stdout
    _, left, _, frozen = printed.splitlines()[-1].split()
    assert int(left) < 1_000 < 50_000 < int(frozen)


def test_evaluate_with_the_exact_solver(tmp_path, capsys) -> None:
    main(["evaluate", str(EXAMPLE), "--solver", "exact", "--json"])
    found = json.loads(capsys.readouterr().out)
    assert set(found) >= KEYS and found["weak_validity"] is None and found["spectral_radius"] < 1.0
    np.testing.assert_allclose(found["power"], -3.342105052e-6, rtol=1e-8)  # Floquet reference
    strong = tmp_path / "unstable.toml"
    text = EXAMPLE.read_text().replace("strength = 1e-5", "strength = 0.3").replace("= 100.0", "= 0.01")
    strong.write_text(text.replace("amplitudes = [1.0, 1.0]", "amplitudes = [6.0, 6.0]"))
    with pytest.raises(SystemExit) as stop:
        main(["evaluate", str(strong), "--solver", "exact"])
    error = capsys.readouterr().err
    assert stop.value.code == 2 and error.count("\n") == 1 and "Floquet multipliers" in error


def test_evaluate_prints_a_readable_block(capsys) -> None:
    main(["evaluate", str(EXAMPLE)])
    text = capsys.readouterr().out
    for word in ("mode", "engine", "heat from hot", "heat from cold", "Carnot 0.8", "Pearson"):
        assert word in text


def test_doubtful_weak_theory_is_said_on_standard_error(tmp_path, capsys) -> None:
    path = tmp_path / "strong.toml"
    path.write_text(EXAMPLE.read_text().replace("strength = 1e-5", "strength = 1e-3"))
    main(["evaluate", str(path), "--json"])
    captured = capsys.readouterr()
    assert "weak_validity is 2.5, above 0.1" in captured.err and "exact solver" in captured.err
    json.loads(captured.out)


def refused(arguments: list[str], capsys) -> str:
    """The one line that says why, with exit status 2 and nothing else, no bar either."""
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    captured = capsys.readouterr()
    assert stop.value.code == 2 and captured.out == ""
    assert captured.err.count("\n") == 1 and captured.err.startswith("qtopt: ")
    return captured.err


def test_a_file_that_is_not_there(capsys) -> None:
    assert "no such file" in refused(["evaluate", "nowhere.toml"], capsys)


CONVERTER = EXAMPLE.with_name("work_converter.toml")
VARY = "vary = [{ key = 'machine.baths.static.temperature', range = [0.05, 0.2] }]\n"
EDITS = {
    "negative temperature": (EXAMPLE, "temperature = 1.0", "temperature = -1.0", "temperature"),
    "unknown key": (EXAMPLE, "width = 0.01", "with = 0.01", "with"),
    "text for a number": (EXAMPLE, "frequency = 0.45", 'frequency = "fast"', "frequency"),
    "wrong number of phases": (EXAMPLE, "phases = [0.0, 3.141592653589793]", "phases = [0.0]", "phases"),
    "syntax": (EXAMPLE, "\n[drive]\n", "\n[drive\n", "line"),
    "two driven baths": (EXAMPLE, 'coupling = "static"', 'coupling = "driven"', "driven"),
    "equal temperatures": (EXAMPLE, "temperature = 1.0", "temperature = 0.2", "two temperatures"),
    "exact search of numbers": (
        CONVERTER,
        "[pareto]\n",
        f"[solver]\nkind = 'exact'\n\n[pareto]\n{VARY}",
        "`pareto.vary` must go with solver.kind",
    ),
    "exact precision of a memoryless bath": (
        CONVERTER,
        "[drive]\n",
        '[solver]\nkind = "exact"\n\n[drive]\n',
        "driven baths with memory",
    ),
}


@pytest.mark.parametrize("case", EDITS)
def test_bad_files_stop_a_front_with_one_line(case: str, tmp_path, capsys) -> None:
    """At once: there is no bar and no directory yet."""
    file, old, new, words = EDITS[case]
    text = file.read_text()
    assert old in text
    path, out = tmp_path / "bad.toml", tmp_path / "out"
    text = text.replace(old, new, 1)
    if "memoryless" in case:
        text = text.replace('"drude", damping = 0.01, cutoff = 12.0', '"ohmic", damping = 0.01')
    path.write_text(text)
    assert words in refused(["pareto", str(path), "--out", str(out)], capsys) and not out.exists()


def test_out_that_is_a_file_is_refused(tmp_path, capsys) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    words = refused(["pareto", str(small_file(tmp_path)), "--out", str(blocked)], capsys)
    assert "--out must be a directory" in words


def rows_of(out: Path) -> list[dict[str, str]]:
    with (out / "front.csv").open() as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("front")
    main(["pareto", str(small_file(folder)), "--out", str(folder / "out")])
    return folder / "out"


def test_pareto_writes_its_files(finished: Path) -> None:
    for name in ("front.csv", "front.png", "drives.png"):
        assert (finished / name).stat().st_size > 0
    rows = rows_of(finished)
    assert {"configuration", "efficiency", "power", "entropy_production_rate", "frequency"} <= set(rows[0])
    assert {row["configuration"] for row in rows} >= {"joint"}
    assert sorted(p.name for p in (finished / "points").iterdir()) == sorted(
        Path(row["point"]).name for row in rows
    )
    assert not list(finished.rglob("*.partial"))


@pytest.mark.slow
def test_points_are_reproduced_by_evaluate(finished: Path, capsys) -> None:
    for row in rows_of(finished):
        main(["evaluate", str(finished / row["point"]), "--json"])
        found = json.loads(capsys.readouterr().out)
        for key in ("power", "efficiency", "entropy_production_rate"):
            np.testing.assert_allclose(found[key], float(row[key]), rtol=1e-9)


@pytest.mark.slow
def test_killed_search_resumes_to_the_same_front(tmp_path) -> None:
    out, whole = tmp_path / "out", tmp_path / "whole"
    file = str(small_file(tmp_path, SMALL.replace('"rms"', '"peak"')))
    base = [sys.executable, "-m", "qtopt", "pareto", file, "--out"]
    command = [*base, str(out)]
    subprocess.run([*base, str(whole)], check=True, capture_output=True, timeout=280)
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as process:
        for _ in range(2000):
            if (out / ".search" / "joint.part").exists() or process.poll() is not None:
                break
            time.sleep(0.1)
        process.send_signal(signal.SIGKILL)
    assert not (out / "front.csv").exists()
    subprocess.run([*command, "--resume"], check=True, capture_output=True, env=dict(os.environ), timeout=280)
    for old, new in zip(rows_of(whole), rows_of(out), strict=True):
        for key in ("efficiency", "power", "frequency"):
            np.testing.assert_allclose(float(new[key]), float(old[key]), rtol=1e-9)
