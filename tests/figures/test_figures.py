"""The program that draws the figures: what it refuses, and how it ends."""

import subprocess
import sys
from pathlib import Path

import pytest

from figures.__main__ import main

HOME = Path(__file__).parents[2]


def refused(arguments: list[str], capsys) -> str:
    """The one line that says why."""
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    captured = capsys.readouterr()
    assert stop.value.code == 2 and captured.out == "" and captured.err.count("\n") == 1
    assert captured.err.startswith("qtopt: ")
    return captured.err


def test_unknown_figures_are_refused_in_one_line(tmp_path: Path, capsys) -> None:
    assert "no figure mona_lisa" in refused(["mona_lisa", "--out", str(tmp_path)], capsys)


def test_figures_need_a_directory(tmp_path: Path, capsys, monkeypatch) -> None:
    file = tmp_path / "file"
    file.touch()
    assert "--out must be a directory" in refused(["--out", str(file)], capsys)
    monkeypatch.setattr("os.access", lambda path, mode: False)
    assert "Permission denied" in refused(["--out", str(tmp_path)], capsys)


def test_the_module_is_the_program(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "figures", "mona_lisa", "--out", str(tmp_path)]
    done = subprocess.run(command, cwd=HOME, capture_output=True, text=True, timeout=120)
    assert done.returncode == 2 and done.stdout == "" and done.stderr.count("\n") == 1
    assert "there are synchronisation, " in done.stderr


OWN = """
import numpy as np
from matplotlib.figure import Figure

import qtopt
from qtopt.plots.style import save


def figure(quick, out):
    times = np.linspace(0.0, 1.0, 5 if quick else 50)
    made = Figure()
    made.subplots().plot(times, qtopt.MonochromaticDrive(6.28, [1.0], [0.0])(times)[:, 0])
    save(made, out / "cosine.png")
    return {}
"""


def test_a_figure_of_a_user_is_one_file(tmp_path: Path, capsys) -> None:
    (tmp_path / "cosine.py").write_text(OWN)
    main([str(tmp_path / "cosine.py"), "--quick", "--out", str(tmp_path / "out")])
    assert "[1/1]" in capsys.readouterr().err
    assert (tmp_path / "out" / "cosine.png").stat().st_size > 5_000
    assert "there is no file" in refused([str(tmp_path / "none.py"), "--out", str(tmp_path)], capsys)
