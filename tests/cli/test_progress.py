"""What commands and notebooks show while they work, and to whom."""

import errno
import os
import pty
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

import qtopt
from qtopt.cli import AbstractCommand, carry_out
from qtopt.errors import InputError, ProcessLost
from qtopt.jobs import Store
from tests.cli.test_cli import SMALL, refused, small_file


def test_the_bar_follows_what_is_reported_also_where_more_turns_out_to_be_done(capsys) -> None:
    with qtopt.progress("search") as report:
        assert capsys.readouterr().err == ""  # nothing to show yet
        report(1, 4, "tabulating")
        report(4, 4)
        report(5, 8, "improving")
        report(6, 8, "improving")
        report(8, 8, "done")
    lines = [line.split() for line in capsys.readouterr().err.splitlines()]
    assert lines == [  # a file gets lines, and not one for each of many small steps
        ["search", "1/4", "00:00", "tabulating"],
        ["search", "4/4", "00:00"],
        ["search", "5/8", "00:00", "improving"],
        ["search", "8/8", "00:00", "done"],
    ]


class Screen:
    """A terminal as standard error, and what stands on it."""

    def __init__(self) -> None:
        self._ours, theirs = pty.openpty()
        termios.tcsetwinsize(theirs, (24, 120))
        self.stream = os.fdopen(theirs, "w")
        self._seen = b""

    def lines(self) -> list[str]:
        """The lines that are not empty, as a terminal shows them."""
        self.stream.flush()
        os.set_blocking(self._ours, False)
        time.sleep(0.02)
        try:
            while more := os.read(self._ours, 65536):
                self._seen += more
        except BlockingIOError:
            pass
        shown = []
        for line in self._seen.decode().split("\r\n"):
            cells = ""
            for part in line.split("\r"):
                cells = part + cells[len(part) :]
            shown.append(cells.rstrip())
        return [line for line in shown if line]

    def close(self) -> None:
        self.stream.close()
        os.close(self._ours)


@pytest.fixture
def screen() -> Iterator[Screen]:
    made = Screen()
    yield made
    made.close()


def raising(error: BaseException) -> Callable[[], None]:
    def end() -> None:
        raise error

    return end


def told(number: signal.Signals) -> Callable[[], None]:
    return lambda: os.kill(os.getpid(), number)


ENDS = {
    "bad input": (raising(InputError("it must not be.")), 2, "it must not be."),
    "disk": (
        raising(OSError(errno.ENOSPC, "No space left on device", "a.nc")),
        1,
        "a.nc cannot be used: No spa",
    ),
    "memory": (raising(MemoryError()), 1, "this needs more memory than there is"),
    "scheduler": (raising(ProcessLost("tcp://a:1")), 3, "the scheduler tcp://a:1 ended or"),
    "SIGINT": (told(signal.SIGINT), 130, "interrupted (continue with --resume)"),
    "SIGTERM": (told(signal.SIGTERM), 143, "stopped by SIGTERM (continue with --resume)"),
    "SIGHUP": (told(signal.SIGHUP), 129, "stopped by SIGHUP (continue with --resume)"),
}


@pytest.mark.parametrize("case", ENDS)
def test_what_ends_a_command_stands_alone_on_a_terminal(
    case: str, screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bar that was there before is gone, however it ended."""
    monkeypatch.setattr(sys, "stderr", screen.stream)
    before = {number: signal.signal(number, signal.SIG_DFL) for number in (signal.SIGTERM, signal.SIGHUP)}
    # where a shell starts the tests in the background, SIGINT is ignored
    before[signal.SIGINT] = signal.signal(signal.SIGINT, signal.default_int_handler)
    end, status, words = ENDS[case]

    class Long(AbstractCommand):
        """A long command."""

        kind: ClassVar[str] = "long"
        continued_by: ClassVar[str] = "continue with --resume"

        def run(self) -> None:
            with qtopt.progress("front") as report:
                report(1, 3, "searching")
                assert len(screen.lines()) == 1 and "1/3" in screen.lines()[0]
                end()
                time.sleep(5.0)

    try:
        with pytest.raises(SystemExit) as stop:
            carry_out([], "qtopt", "", alone=Long)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert stop.value.code == status
    (line,) = screen.lines()
    assert line.startswith(f"qtopt: {words}")


def test_warnings_go_above_the_bar(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", screen.stream)
    with qtopt.progress("front") as report:
        report(1, 3, "searching")
        print("qtopt: warning: one", file=sys.stderr)
        assert screen.lines()[0] == "qtopt: warning: one" and "1/3" in screen.lines()[1]
        print("not ended", file=sys.stderr, end="")
        report(3, 3, "done")
    first, bar = screen.lines()
    assert first == "qtopt: warning: one" and bar.split()[-1] == "done" and "3/3" in bar
    assert sys.stderr is screen.stream


SCAN = '\n[scan]\nfluctuations = false\naxes = [{ key = "drive.frequency", values = [0.4, 0.5] }]\n'


@pytest.mark.parametrize(
    ("command", "part"), [("scan", ".scan/machines-0-2"), ("pareto", ".search/joint-round0-0")]
)
def test_what_another_configuration_left_is_refused_before_there_is_a_bar(
    command: str, part: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    Store(out / f"{part}.part", "another").save(0, {"positions": np.arange(2)})
    file = small_file(tmp_path, SMALL + SCAN)
    line = refused([command, str(file), "--out", str(out), "--resume"], capsys)
    assert "holds finished work of another configuration or version" in line


WAYS = {"scan": "scan.nc", "pareto": "front.csv", "simulate": "trajectory.csv"}


@pytest.mark.parametrize("command", WAYS)
def test_what_is_in_the_way_is_told_before_anything_is_computed(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "out" / WAYS[command]).mkdir(parents=True)
    line = refused([command, str(small_file(tmp_path, SMALL + SCAN)), "--out", str(tmp_path / "out")], capsys)
    assert f"{WAYS[command]} will be a file of results, but there is a folder" in line


def test_who_stops_reading_the_results_gets_no_traceback() -> None:
    """As `qtopt schema | head` does; the status is that of programs that a closed pipe ends."""
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "qtopt", "schema"]
    done = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, text=True, timeout=60)
    os.close(write)
    assert (done.returncode, done.stderr) == (141, "")
