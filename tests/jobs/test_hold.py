"""One process at a time writes into a folder, and a dead one holds nothing."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from qtopt.cli import main
from qtopt.errors import InputError
from qtopt.jobs import held
from tests.helpers.texts import MACHINE, MONOCHROMATIC
from tests.scan.test_scan import FREQUENCY, QUICK, scan_text

HOLDING = """
import sys, time
from pathlib import Path
from qtopt.jobs import held
with held(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_the_second_is_told_who_is_first_and_a_dead_one_holds_nothing(tmp_path: Path, capsys) -> None:
    """The command ends with one line and touches nothing; SIGKILL frees the folder at once."""
    out, path = tmp_path / "out", tmp_path / "scan.toml"
    out.mkdir()
    path.write_text(scan_text(FREQUENCY))
    (out / ".scan").mkdir()
    (out / ".scan" / "machines-000000000-5.part").write_text("finished")
    command = [sys.executable, "-c", HOLDING, str(out)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
        try:
            assert other.stdout is not None and other.stdout.readline() == "held\n"
            with pytest.raises(SystemExit) as stop:
                main(["scan", str(path), "--out", str(out)])
            line = capsys.readouterr().err
            assert stop.value.code == 2 and line.count("\n") == 1
            who = r"but (\S+) is in use by process (\d+) on \S+ since \d{4}-\d\d-\d\d \S+: wait until it has"
            found = re.search(who, line)
            assert found is not None and found[1] == str(out) and int(found[2]) == other.pid
            assert (out / ".scan" / "machines-000000000-5.part").read_text() == "finished"
        finally:
            other.send_signal(signal.SIGKILL)
    assert json.loads((out / ".qtopt.holder").read_text())[0] == other.pid  # it could not clean up
    with held(out):
        assert json.loads((out / ".qtopt.holder").read_text())[0] == os.getpid()
        with pytest.raises(InputError, match=f"in use by process {os.getpid()} on "), held(out):
            pass
    assert not (out / ".qtopt.holder").exists()


TABLE = "".join(f"{w:g} {0.1 * w / (1.0 + w * w):.6g}\n" for w in np.geomspace(0.1, 10.0, 20))
GIVEN = {
    "simulate": ("machine.toml", MACHINE + MONOCHROMATIC),
    "reduce": ("machine.toml", MACHINE + MONOCHROMATIC),
    "fit": ("report.txt", TABLE),
}


@pytest.mark.parametrize("command", GIVEN)
def test_quick_commands_hold_their_folder_too(command: str, tmp_path: Path, capsys) -> None:
    name, text = GIVEN[command]
    (tmp_path / name).write_text(text)
    out = tmp_path / "out"
    out.mkdir()
    with held(out), pytest.raises(SystemExit) as stop:
        main([command, str(tmp_path / name), "--out", str(out)])
    assert stop.value.code == 2
    assert f"{out} is in use by process {os.getpid()} on " in capsys.readouterr().err
    assert {path.name for path in out.iterdir()} == {".qtopt.lock"}


@pytest.mark.parametrize("command", ["reduce", "fit"])
def test_what_is_read_is_not_overwritten(command: str, tmp_path: Path, capsys) -> None:
    name, text = GIVEN[command]
    (tmp_path / name).write_text(text)
    with pytest.raises(SystemExit):
        main([command, str(tmp_path / name), "--out", str(tmp_path)])
    assert (
        f"must not overwrite what the command reads, but {tmp_path / name} would be"
        in capsys.readouterr().err
    )
    assert (tmp_path / name).read_text() == text


def test_what_a_killed_process_had_half_written_is_removed(tmp_path: Path) -> None:
    left = [tmp_path / ".scan.nc.7.partial", tmp_path / "points" / ".joint-000.toml.7.partial"]
    (tmp_path / "points").mkdir()
    kept = [tmp_path / "mine.partial", tmp_path / "points" / "joint-000.toml"]
    kept.append(tmp_path / ".scan.nc.8.partial")  # of a command that lives
    for path in (*left, *kept):
        path.touch()
    for path in left:
        os.utime(path, (0.0, 0.0))
    with held(tmp_path):
        assert all(path.exists() for path in kept) and not any(path.exists() for path in left)


def test_a_link_in_place_of_the_folder_is_removed(tmp_path: Path) -> None:
    """What it points to is not touched."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "mine.txt").touch()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / ".scan").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "scan.toml").write_text(scan_text(FREQUENCY))
    main(["scan", str(tmp_path / "scan.toml"), "--out", str(tmp_path / "out")])
    assert [made.name for made in (tmp_path / "elsewhere").iterdir()] == ["mine.txt"]
    assert (tmp_path / "out" / "scan.nc").exists() and not (tmp_path / "out" / ".scan").is_symlink()


@pytest.mark.slow
def test_told_to_end_and_continued_with_another_configuration(tmp_path: Path) -> None:
    """SIGTERM is told in one line; a changed configuration is refused and drops nothing."""
    path, out = tmp_path / "scan.toml", tmp_path / "out"
    text = scan_text(FREQUENCY.replace("points = 5", "points = 3000"), more=f"chunk = 20\n{QUICK}")
    path.write_text(text)
    command = [sys.executable, "-m", "qtopt", "scan", str(path), "--out", str(out)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        for _ in range(20000):
            if len(list((out / ".scan").glob("*.part"))) > 2 or process.poll() is not None:
                break
            time.sleep(0.005)
        process.terminate()
        _, errors = process.communicate(timeout=100)
    assert process.returncode == 143
    assert errors.splitlines()[-1] == "qtopt: stopped by SIGTERM (continue with --resume)"
    kept = sorted((out / ".scan").iterdir())
    path.write_text(text.replace("temperature = 1.0", "temperature = 1.1"))
    done = subprocess.run([*command, "--resume"], capture_output=True, text=True, timeout=100)
    assert done.returncode == 2 and "holds finished work of another configuration or version" in done.stderr
    assert kept and sorted((out / ".scan").iterdir()) == kept
