"""What commands and notebooks show while they work, and to whom."""

import os
import subprocess
import sys

import qtopt


def test_the_bar_follows_what_is_reported_also_where_more_turns_out_to_be_done(capsys) -> None:
    with qtopt.progress("search") as report:
        assert capsys.readouterr().err == ""  # nothing to show yet
        report(1, 4, "tabulating")
        report(4, 4)
        report(5, 8, "improving")
    shown = capsys.readouterr().err
    for part in ("search", "1/4", "tabulating", "4/4", "5/8", "improving"):
        assert part in shown


def test_who_stops_reading_the_results_gets_no_traceback() -> None:
    """As `qtopt schema | head` does; the status is that of programs that a closed pipe ends."""
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "qtopt", "schema"]
    done = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, text=True, timeout=60)
    os.close(write)
    assert (done.returncode, done.stderr) == (141, "")
