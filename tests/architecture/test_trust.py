"""Nothing that reads what others wrote can run it: no pickle, no eval, no arrays of objects."""

import ast
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from qtopt.errors import InputError
from qtopt.files import load, loads
from qtopt.jobs import Store
from qtopt.scan import parameter_scan
from tests.helpers.texts import MACHINE, MONOCHROMATIC

PACKAGE = Path(__file__).parents[2] / "qtopt"
MODULES = {
    "pickle",
    "cPickle",
    "dill",
    "cloudpickle",
    "marshal",
    "shelve",
    "yaml",
    "joblib",
    "code",
    "codeop",
}
BETWEEN_PROCESSES = {"jobs/_parcel.py": {"pickle"}, "worker.py": {"pickle"}}
"""what the processes of one run tell each other, over TLS or in a network of one's own (docs/cluster.md): no
file is written or read this way"""
CALLS = {"eval", "exec", "compile", "__import__"}


def sources() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        yield path.relative_to(PACKAGE).as_posix(), ast.parse(path.read_text())


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module


def test_no_module_that_runs_what_it_reads() -> None:
    for name, tree in sources():
        found = {module.split(".")[0] for module in imported(tree)} & MODULES
        assert found == BETWEEN_PROCESSES.get(name, set()), f"{name} imports {found}"


def test_no_evaluation_of_text() -> None:
    for name, tree in sources():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS:
                raise AssertionError(f"{name}, line {node.lineno}: {node.func.id}")


def test_numpy_reads_no_objects() -> None:
    """`np.load` refuses arrays of objects unless told otherwise, and nothing here tells it otherwise."""
    for name, tree in sources():
        for node in ast.walk(tree):
            if isinstance(node, ast.keyword) and node.arg == "allow_pickle":
                assert isinstance(node.value, ast.Constant) and node.value.value is False, name


def test_parts_with_objects_are_not_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Also with a right checksum: who writes the folder can make one, but gets no code to run."""
    store = Store(tmp_path / "x.part", "same")
    store._write(tmp_path / "x.part", {"step": np.asarray(1), "0": np.array([print], dtype=object)})
    assert store.load((np.zeros(1),)) is None
    assert "is damaged" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "a/b", "..", "x\\y"])
def test_names_in_files_are_labels(name: str, tmp_path: Path) -> None:
    """A bath may be called anything; what it is called becomes no file."""
    path = tmp_path / "machine.toml"
    text = MACHINE.replace('name = "hot"', f"name = '{name}'")
    path.write_text(text)
    assert load(path).machine.baths[0].name == name
    assert [item.name for item in tmp_path.iterdir()] == ["machine.toml"]


def test_axis_names_have_no_slash() -> None:
    axis = '{ key = "machine.baths[0].temperature", values = [1.0], name = "../x" }'
    with pytest.raises(InputError, match=r"`scan.axes\[0\].name` must begin with a letter, have no slash"):
        parameter_scan(loads(f"{MACHINE}{MONOCHROMATIC}\n[scan]\naxes = [{axis}]\n"))
