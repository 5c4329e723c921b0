"""Where results come from, and that they can be made again."""

import csv
import json
import os
import platform
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest
import xarray

from qtopt import files
from qtopt.cli import main
from qtopt.cli._compare import beyond, differences
from qtopt.files import RECORD, checksum, read_record

EXAMPLE = (Path(__file__).parents[2] / "scripts" / "machines" / "collective_engine.toml").read_text()
SCAN = """
[scan]
axes = [{ key = "drive.frequency", from = 0.3, to = 0.6, points = 4 }]
fluctuations = false
"""
FRONT = EXAMPLE.replace('bound = "peak"', 'bound = "rms"').replace("points = 30", "points = 4")
FRONT = FRONT.replace('configurations = ["joint", "independent"]', 'configurations = ["joint"]')


def made(folder: Path, command: str, text: str, *options: str) -> Path:
    """Carry out a command."""
    file = folder / "machine.toml"
    file.write_text(text)
    main([command, str(file), "--out", str(folder / "out"), *options])
    return folder / "out"


def reproduced(folder: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    """The exit status of `qtopt reproduce`, and what it printed."""
    capsys.readouterr()
    try:
        main(["reproduce", str(folder)])
        status = 0
    except SystemExit as end:
        status = int(str(end.code))
    captured = capsys.readouterr()
    return status, captured.out, captured.err


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("scan"), "scan", EXAMPLE + SCAN)


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("front"), "pareto", FRONT)


def test_every_file_says_where_it_comes_from(scanned: Path, front: Path) -> None:
    """Figures and netCDF carry it; of tables, which have no place for it, the record has the checksum."""
    record = read_record(front)
    assert record.command == "pareto" and record.origin["seed"] == "0"
    assert {"front.csv", "front.png", "drives.png", "points/joint-000.toml"} <= record.checksums.keys()
    assert all(checksum(front / name) == digest for name, digest in record.checksums.items())
    with xarray.open_dataset(scanned / "scan.nc") as data:
        attributes = dict(data.attrs)
    about = read_record(scanned).origin
    assert (
        about.items() <= attributes.items()
        and "jax " in about["versions"]
        and len(about["fingerprint"]) == 64
    )
    for figure, origin in ((scanned / "scan.png", about), (front / "front.png", record.origin)):
        content = figure.read_bytes()
        start = content.index(b"Description\0") + len(b"Description\0")
        length = int.from_bytes(
            content[start - len(b"Description\0") - 8 : start - len(b"Description\0") - 4]
        )
        text = content[start : start + length - len(b"Description\0")].decode("latin-1")
        assert json.loads(text) == origin
        assert matplotlib.image.imread(figure).ndim == 3
    page = (front / "explorer.html").read_text()
    assert record.origin["fingerprint"] in page


def test_a_scan_is_reproduced(scanned: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = reproduced(scanned, capsys)
    assert status == 0 and out.splitlines()[-1] == "reproduced" and "at most 0.0e+00 of their largest" in out
    assert "warning" not in err


def test_a_front_is_reproduced(front: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = reproduced(front, capsys)
    assert status == 0 and "joint: hypervolume" in out and "(4 then, 4 now)" in out


@pytest.mark.parametrize(
    ("points", "lost", "gained"),
    [
        ([(1.0, 100.0), (2.0, 1.0)], 0.0, 0.0),
        ([(1.0001, 99.9), (2.0, 1.0)], 0.1 / 99.9, 0.0001),  # along the front
        ([(1.0, 100.0), (2.0, 0.9)], 1.0 / 0.9 - 1.0, 0.0),  # the weak end counts as much as the strong one
        ([(1.0, 100.0)], 1.0, 0.0),  # an end of the front is not there any more
        ([(1.0, 100.0), (1.5, 0.5), (2.0, 1.0)], 0.0, 0.0),  # a point that another one beats adds nothing
        ([(1.0, 200.0), (2.0, 1.0)], 0.0, 1.0),  # a better search is another result too
    ],
)
def test_points_count_by_what_the_other_front_does_not_reach(
    points: list[tuple[float, float]], lost: float, gained: float
) -> None:
    then, now = np.array([(1.0, 100.0), (2.0, 1.0)]), np.array(points)
    assert np.isclose(beyond(then, now), lost) and np.isclose(beyond(now, then), gained)


def rewritten(folder: Path, factor: float) -> None:
    """The output of the weakest point of a front, changed."""
    rows = list(csv.DictReader((folder / "front.csv").read_text().splitlines()))
    weakest = min(rows, key=lambda row: float(row["output"]))
    weakest |= {name: repr(float(weakest[name]) * factor) for name in ("output", "power")}
    with (folder / "front.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


@pytest.mark.parametrize(("factor", "same"), [(1.005, True), (0.995, True), (1.02, False), (0.98, False)])
def test_the_tolerance_of_a_front_is_one_per_cent_of_every_point(
    front: Path, tmp_path: Path, factor: float, same: bool
) -> None:
    """Also where a per cent of the weakest point is nothing beside the strongest."""
    other = shutil.copytree(front, tmp_path / "front")
    rewritten(other, factor)
    lines, found = differences("pareto", front, other, 1e-2)
    assert found == same and lines[-1].startswith("compared within 1.0e-02 of every merit, ")
    assert differences("pareto", front, other, 0.1)[1]


@pytest.mark.slow
@pytest.mark.timeout(900)  # everything is compiled twice
@pytest.mark.skipif(platform.machine() != "x86_64", reason="the flag is of processors of that kind")
def test_a_searched_front_is_reproduced_where_numbers_round_otherwise(tmp_path: Path) -> None:
    """Without the vector instructions of this processor: no bit is the same, and the front is."""
    text = FRONT.replace('"rms"', '"peak"').replace("harmonics = 8", "harmonics = 2\nstarts = 4")
    out = made(tmp_path, "pareto", text)
    flags = f"{os.environ['XLA_FLAGS']} --xla_cpu_max_isa=SSE4_2"
    done = subprocess.run(
        [sys.executable, "-m", "qtopt", "reproduce", str(out)], capture_output=True, text=True, timeout=800,
        env={**os.environ, "XLA_FLAGS": flags, "QTOPT_CACHE_DIR": str(tmp_path / "cache")},
    )  # fmt: skip
    assert done.returncode == 0 and done.stdout.splitlines()[-1] == "reproduced", done.stderr
    (apart,) = re.findall(r"points then exceed those now by at most ([^,]+), .* by (\S+) ", done.stdout)
    assert 0.0 < max(map(float, apart)) < 1e-2


@pytest.mark.slow
def test_a_trajectory_is_reproduced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = made(tmp_path, "simulate", EXAMPLE, "--periods", "1", "--points-per-period", "4")
    assert read_record(out).options == {"periods": 1, "points_per_period": 4}
    status, printed, _ = reproduced(out, capsys)
    assert status == 0 and printed.splitlines()[-1] == "reproduced"


def test_what_differs_is_said(
    scanned: Path, front: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Results that were changed, and another source."""
    other = shutil.copytree(scanned, tmp_path / "scan")
    with xarray.open_dataset(other / "scan.nc") as data:
        changed = data.load()
    changed["power"] = changed["power"] * (1.0 + 1e-6)
    changed.to_netcdf(other / "scan.nc", engine="h5netcdf")
    record = json.loads((other / RECORD).read_text())
    record["origin"]["qtopt_version"] = "0.0.1"
    (other / RECORD).write_text(json.dumps(record))
    status, out, err = reproduced(other, capsys)
    assert status == 1 and "apart (power)" in out and out.splitlines()[-1] == "different"
    assert "scan.nc is not as it was written" in err and "qtopt_version was '0.0.1' and is" in err
    other = shutil.copytree(front, tmp_path / "front")
    rows = (other / "front.csv").read_text().splitlines()
    (other / "front.csv").write_text("\n".join(rows[:-1]) + "\n")
    status, out, err = reproduced(other, capsys)
    assert status == 1 and "(3 then, 4 now)" in out and "front.csv is not as it was written" in err


@pytest.mark.parametrize("content", [None, "{", "{}", '{"command": "rm"}'])
def test_no_record(tmp_path: Path, content: str | None, capsys: pytest.CaptureFixture[str]) -> None:
    if content is not None:
        (tmp_path / RECORD).write_text(content)
    status, _, err = reproduced(tmp_path, capsys)
    assert status == 2 and "must say how the results were made" in err and err.count("\n") == 1


def test_a_command_that_is_none(scanned: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record = json.loads((scanned / RECORD).read_text())
    (tmp_path / RECORD).write_text(json.dumps(record | {"command": "reproduce"}))
    status, _, err = reproduced(tmp_path, capsys)
    assert status == 2 and "there is no command 'reproduce' to carry out again" in err


def test_a_record_of_somebody_else_connects_to_nobody(
    scanned: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither its section [jobs] nor an option names who computes: a scheduler could run anything."""
    other = shutil.copytree(scanned, tmp_path / "scan")
    record = json.loads((other / RECORD).read_text())
    config = files.loads(record["origin"]["configuration"])
    config = replace(config, jobs=files.JobsSection(cluster="tcp://127.0.0.1:9"))
    record["origin"]["configuration"] = files.dumps(config)
    assert "127.0.0.1:9" in files.dumps(config)
    (other / RECORD).write_text(json.dumps(record))
    status, out, _ = reproduced(other, capsys)
    assert status == 0 and out.splitlines()[-1] == "reproduced"
    for options in ({"cluster": "tcp://127.0.0.1:9"}, {"file": "x"}):
        (other / RECORD).write_text(json.dumps(record | {"options": options}))
        status, _, err = reproduced(other, capsys)
        assert status == 2 and "the options of scan must be none, but they are {" in err


@pytest.mark.parametrize("wrong", [{"options": []}, {"origin": {}}, {"checksums": []}, {"command": ["scan"]}])
def test_a_broken_record(
    wrong: dict, scanned: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record = json.loads((scanned / RECORD).read_text())
    (tmp_path / RECORD).write_text(json.dumps(record | wrong))
    status, _, err = reproduced(tmp_path, capsys)
    assert status == 2 and "must say how the results were made, but it is broken" in err


@pytest.mark.parametrize(("command", "table"), [("scan", "scan.nc"), ("pareto", "front.csv")])
def test_results_that_cannot_be_compared_are_told_before_they_are_made_again(
    command: str, table: str, scanned: Path, front: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = shutil.copytree(scanned if command == "scan" else front, tmp_path / "out")
    for content in (b"a,b\n1,2\n", None):
        if content is None:
            (other / table).unlink()
        else:
            (other / table).write_bytes(content)
        status, _, err = reproduced(other, capsys)
        line = err.splitlines()[-1]
        assert status == 2 and line.startswith("qtopt: ") and "cannot be read" in line
        assert all(line.startswith("qtopt: ") for line in err.splitlines())  # nothing has begun


def test_results_are_not_compared_with_themselves(scanned: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["reproduce", str(scanned), "--out", str(scanned)])
    assert end.value.code == 2 and "must not be the directory whose results" in capsys.readouterr().err
