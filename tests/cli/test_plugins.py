"""Modules of users, imported by `--plugin` before anything is read."""

import subprocess
import sys
from pathlib import Path

import pytest

from qtopt import files
from qtopt.cli import load_plugin, main
from tests.helpers.texts import MACHINE

COMMAND = '''
from dataclasses import dataclass
from typing import ClassVar

import jax
import qtopt
from qtopt.cli import AbstractCommand


@qtopt.register
@dataclass(frozen=True, kw_only=True)
class Levels(AbstractCommand):
    """Energies of the lowest levels of an oscillator."""

    kind: ClassVar[str] = "levels"
    on_all_cores: ClassVar[bool] = True

    frequency: float
    """omega"""
    count: int = 2
    """how many"""

    def run(self) -> None:
        if self.frequency <= 0.0:
            raise qtopt.InputError(f"--frequency must be above 0, but it is {self.frequency}.")
        energies = self.frequency * (jax.numpy.arange(self.count) + 0.5)
        print(*energies.tolist(), energies.dtype)
'''


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "qtopt", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def test_a_command_of_a_user(tmp_path: Path) -> None:
    """It is listed in the help, has one of its own, computes in float64, and ends like the others."""
    path = tmp_path / "levels.py"
    path.write_text(COMMAND)
    plugin = ["--plugin", str(path)]
    done = run("levels", *plugin, "--frequency", "0.5", "--count", "3")
    assert (done.returncode, done.stdout, done.stderr) == (0, "0.25 0.75 1.25 float64\n", "")
    listed = run(*plugin, "--help").stdout
    assert "levels" in listed and "Energies of the lowest levels" in listed and "evaluate" in listed
    assert "how many (default: 2)" in run("levels", *plugin, "--help").stdout
    refused = run("levels", *plugin, "--frequency", "-1.0")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr == "qtopt: --frequency must be above 0, but it is -1.0.\n"
    assert run("levels", "--frequency", "1.0").returncode == 2  # nobody knows it


BROKEN = {
    "nowhere.py": (None, "--plugin must be a Python file or a module, but there is no file "),
    "no_such_module": (None, "but there is no module no_such_module: give the path of a file that ends in"),
    "syntax.py": ("one = 1\nif\n", "syntax.py cannot be used: SyntaxError on line 2: invalid syntax"),
    "raises.py": (
        "def f():\n    raise ValueError('two\\nlines')\n\nf()\n",
        "cannot be used: ValueError on line 2: two lines",
    ),
    "imports.py": ("import no_such_thing", "ModuleNotFoundError on line 1: No module named 'no_such_thing'"),
    "incomplete.py": (
        "import qtopt\n\n@qtopt.register\nclass Mine:\n    pass\n",
        "TypeError on line 3: Mine must be a dataclass with the class attributes family, which its",
    ),
    "abstract.py": (
        "import qtopt\n\n@qtopt.register\nclass Mine(qtopt.AbstractDrive):\n    kind = 'mine'\n",
        "a drive must define __call__, default_harmonics, harmonics, mean_square, size, but Mine does not",
    ),
    "ends.py": ("import sys\nsys.exit(3)\n", "ends.py cannot be used: it ends the program (3)."),
}


@pytest.mark.parametrize("name", BROKEN)
def test_plugins_that_cannot_be_used(name: str, tmp_path: Path, capsys) -> None:
    content, words = BROKEN[name]
    path = tmp_path / name if name.endswith(".py") else name
    if content is not None:
        Path(path).write_text(content)
    for _ in range(2):  # what failed once is not taken for imported
        with pytest.raises(SystemExit) as stop:
            main(["evaluate", "machine.toml", "--plugin", str(path)])
        captured = capsys.readouterr()
        assert stop.value.code == 2 and captured.out == "" and captured.err.count("\n") == 1
        assert captured.err.startswith("qtopt: ") and words in captured.err


@pytest.mark.usefixtures("own_registry")
def test_what_was_computed_with_another_plugin_is_not_taken_for_the_same(tmp_path: Path) -> None:
    """Its code is part of the fingerprint of every computation."""
    config = files.loads(MACHINE)
    without = files.fingerprint(config, ())
    path = tmp_path / "levels_of_a_user.py"
    path.write_text(COMMAND)
    load_plugin(str(path))
    before = files.fingerprint(config, ())
    assert before != without and before == files.fingerprint(config, ())
    path.write_text(COMMAND.replace("0.5)", "1.5)"))
    assert files.fingerprint(config, ()) != before


def test_solvers_on_the_command_line_are_those_of_the_registry(capsys) -> None:
    machine = Path(__file__).parents[2] / "scripts" / "machines" / "collective_engine.toml"
    with pytest.raises(SystemExit) as stop:
        main(["evaluate", str(machine), "--solver", "exakt"])
    error = capsys.readouterr().err
    assert stop.value.code == 2 and error.count("\n") == 1
    assert 'did you mean "exact"?' in error and "--solver" in error
