"""Hostile hands at the command line: each gets one sentence."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from qtopt import files
from qtopt.errors import InputError
from tests.cli.test_cli import EXAMPLE, refused, small_file


def edited(tmp_path: Path, old: str, new: str) -> str:
    path = tmp_path / "edited.toml"
    text = EXAMPLE.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    return str(path)


def test_a_command_that_does_not_exist(capsys) -> None:
    assert 'no command "evalute"; did you mean "evaluate"?' in refused(["evalute", str(EXAMPLE)], capsys)


@pytest.mark.parametrize("arguments", [["--out", ""], ["--out="]])
def test_empty_arguments(arguments: list[str], capsys) -> None:
    assert "is a shell variable unset?" in refused(["scan", str(EXAMPLE), *arguments], capsys)


def test_kinds_of_ones_own_need_a_plugin(tmp_path, capsys) -> None:
    path = edited(tmp_path, 'kind = "ohmic"', 'kind = "spins"')
    assert "(a kind of your own needs --plugin)" in refused(["evaluate", path], capsys)


def test_devices_pipes_and_files_without_end(tmp_path, capsys) -> None:
    os.mkfifo(tmp_path / "pipe")
    large = tmp_path / "large.toml"
    with large.open("wb") as file:
        file.truncate(65 * 2**20)
    for path in ("/dev/zero", tmp_path / "pipe"):
        assert "this is a device or a pipe" in refused(["evaluate", str(path)], capsys)
    assert "of at most 64 MiB" in refused(["evaluate", str(large)], capsys)


def test_the_solver_of_the_command_line_reads_files_that_the_weak_one_refuses(tmp_path) -> None:
    path = edited(tmp_path, 'coupling = "static"', 'coupling = "driven"')
    with pytest.raises(InputError, match="must have a static bath"):
        files.load(path)
    assert files.load(path, "exact").solver.kind == "exact"


def test_the_input_of_a_search_is_not_among_what_it_replaces(tmp_path, capsys) -> None:
    points = tmp_path / "points"
    points.mkdir()
    path = small_file(points)
    text = path.read_text()
    assert "must not overwrite what the command reads" in refused(
        ["pareto", str(path), "--out", str(tmp_path)], capsys
    )
    assert path.read_text() == text


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_signals_end_with_one_sentence(number: signal.Signals, tmp_path) -> None:
    axis = '{ key = "drive.frequency", from = 0.1, to = 1.0, points = 50000 }'
    path = small_file(tmp_path, f"\n[scan]\nchunk = 16\naxes = [{axis}]\n")
    command = [sys.executable, "-m", "qtopt", "scan", str(path), "--out", str(tmp_path / "out")]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    while not list(tmp_path.glob("out/.scan/*")):
        assert process.poll() is None
        time.sleep(0.1)
    process.send_signal(number)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 128 + number
    last = said.splitlines()[-1]
    assert last.startswith("qtopt: ") and "(continue with --resume)" in last and "Traceback" not in said
