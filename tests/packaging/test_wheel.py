"""What is built is complete and works without the checkout, in an empty directory."""

import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

HOME = Path(__file__).parents[2]
MACHINES = sorted((HOME / "scripts" / "machines").glob("*.toml"))
QUICK = ("points = 30", "points = 2"), ("harmonics = 8", "harmonics = 1"), ('"peak"', '"rms"')
"""What makes the front of the example a matter of seconds."""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(command, cwd=HOME, check=True, capture_output=True, timeout=120)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def unpacked(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    zipfile.ZipFile(wheel).extractall(folder)
    return folder


def qtopt(unpacked: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command line of the unpacked wheel, run in a folder."""
    return subprocess.run(
        [sys.executable, "-m", "qtopt", *arguments], cwd=folder, capture_output=True, text=True, timeout=280,
        env={**os.environ, "PYTHONPATH": str(unpacked)},
    )  # fmt: skip


def test_everything_in_the_package_is_in_the_wheel(wheel: Path) -> None:
    known = subprocess.run(["git", "ls-files", "qtopt"], cwd=HOME, capture_output=True, text=True)
    if known.returncode:
        pytest.skip("no git checkout")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {name for name in known.stdout.split() if (HOME / name).exists()} - names == set()
    assert {"qtopt/py.typed", "qtopt/__init__.pyi", "qtopt/thermal/coth_poles.json"} <= names
    packages = {name.split("/")[0] for name in names if ".dist-info/" not in name}
    assert packages == {"qtopt"}


def test_the_examples_are_the_machines_of_the_checkout(unpacked: Path) -> None:
    packaged = {path.name: path.read_text() for path in (unpacked / "qtopt" / "examples").iterdir()}
    assert packaged == {path.name: path.read_text() for path in MACHINES}
    assert "collective_engine.toml" in packaged


def test_a_new_user_gets_an_example_in_an_empty_directory(unpacked: Path, tmp_path: Path) -> None:
    listed = qtopt(unpacked, tmp_path, "example").stdout.splitlines()
    assert [line.split()[0] for line in listed] == [path.stem for path in MACHINES]
    assert all(len(line.split(maxsplit=1)[1]) > 20 for line in listed)  # says what it is
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("path", MACHINES, ids=lambda path: path.stem)
def test_what_example_prints_is_the_configuration(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from qtopt.cli import main

    main(["example", path.stem])
    printed = capsys.readouterr().out
    assert tomllib.loads(printed) == tomllib.loads(path.read_text())
    assert not printed.startswith("#:schema") and printed.startswith("# ")


def test_an_unknown_example_is_refused_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    from qtopt.cli import main

    with pytest.raises(SystemExit) as stop:
        main(["example", "colective_engine"])
    error = capsys.readouterr().err
    assert stop.value.code == 2 and error.count("\n") == 1
    assert "NAME must be one of chain, collective_engine, " in error and "'colective_engine'" in error


@pytest.mark.slow
def test_the_wheel_searches_a_front(unpacked: Path, tmp_path: Path) -> None:
    text = qtopt(unpacked, tmp_path, "example", "collective_engine").stdout
    for long, short in QUICK:
        assert long in text
        text = text.replace(long, short)
    (tmp_path / "machine.toml").write_text(text)
    done = qtopt(unpacked, tmp_path, "pareto", "machine.toml", "--out", "front")
    assert done.returncode == 0, done.stderr
    assert {"front.csv", "front.png", "points"} <= set(os.listdir(tmp_path / "front"))
