"""Programs that are kept: loaded with the same bits, never for another function, and replaced when broken."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import qtopt
from benchmarks.start_up import MACHINE
from qtopt import files, programs, registry, runtime
from qtopt.fronts.drive_sets import Peak
from qtopt.fronts.drive_sets._drive_set import _starts
from qtopt.programs import COUNTS, _entries, kept_program

X = np.linspace(0.0, 1.0, 5)
traces: list[str] = []


def _probe(x: Any, exponent: Any) -> Any:
    traces.append("probe")
    return {"power": jnp.sin(x) ** exponent, "exponent": exponent}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where programs are kept in a test; a function of the package that can be kept stands for all."""
    monkeypatch.setattr(runtime, "_TRACED", [tmp_path])
    monkeypatch.setattr(runtime, "_TOLD", [])
    monkeypatch.setattr(_entries, "edited", lambda: False)  # someone may be writing the sources
    _as_ours(_probe, monkeypatch)
    COUNTS.clear()
    traces.clear()
    yield tmp_path
    COUNTS.clear()


def _as_ours(function: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a function stand in the package."""
    monkeypatch.setattr(function, "__module__", programs.__name__)
    monkeypatch.setattr(function, "__qualname__", function.__name__)
    monkeypatch.setattr(programs, function.__name__, function, raising=False)


def anew(*args: Any) -> Any:
    """What a process that has not called the function before finds."""
    return kept_program(_probe)(*args)


def entries(folder: Path) -> list[Path]:
    return sorted(folder.glob(f"*{_entries.SUFFIX}"))


def same(one: Any, other: Any) -> bool:
    return jax.tree.structure(one) == jax.tree.structure(other) and all(
        np.array_equal(a, b) for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True)
    )


def test_a_second_process_loads(folder: Path) -> None:
    first = anew(X, 3)
    assert same(first, eqx.filter_jit(_probe)(X, 3)) and type(first["exponent"]) is int
    traces.clear()
    assert same(anew(X, 3), first)
    assert not traces and COUNTS == {"traced": 1, "loaded": 1} and len(entries(folder)) == 1


def test_results_with_a_structure_of_their_own(folder: Path) -> None:
    """Drives of a front, and the steady state of a machine with what is static in it."""
    config = files.load(MACHINE)
    machine, drive = config.machine, files.require_drive(config)
    drives = Peak(3, (0.5, 2.0)), jnp.asarray(7), jnp.ones(4), jnp.ones((4, 2), dtype=complex)
    solved = qtopt.Weak(harmonics=8).settled(machine, drive), machine, drive
    from qtopt.solvers._solve import _steady_state

    cases: tuple[tuple[Any, Any], ...] = (_starts, drives), (_steady_state, solved)
    for function, inputs in cases:
        first, second = (kept_program(function.__wrapped__)(*inputs) for _ in range(2))
        assert same(first, second) and type(first) is type(second)
        assert same(first, function._compiled(*inputs))
    assert COUNTS == {"traced": 2, "loaded": 2}


def test_one_process_traces_each_structure_once(folder: Path) -> None:
    function = kept_program(_probe)
    for x in (X, X + 1.0, jnp.asarray(X)):
        assert same(function(x, 2), eqx.filter_jit(_probe)(x, 2))
    assert COUNTS == {"traced": 1}
    function(X[:2], 2)
    assert COUNTS == {"traced": 2}


def test_different_programs_have_different_entries(folder: Path) -> None:
    """Statics that are equal for Python but not of one type, shapes, dtypes, settings of jax."""
    calls = [(X, 2), (X, 2.0), (X, 3), (X[:3], 2), (X.astype(np.float32), 2), (X, np.float64(2.0)), (X, X)]
    for inputs in calls:
        assert same(anew(*inputs), eqx.filter_jit(_probe)(*inputs))
    with jax.numpy_dtype_promotion("strict"):
        anew(X, 2)
    assert COUNTS == {"traced": len(calls) + 1} and len(entries(folder)) == len(calls) + 1


@pytest.mark.parametrize("change", ["sources", "versions", "flags", "devices"])
def test_another_surrounding_is_another_entry(
    change: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    anew(X, 2)
    now = _entries.surroundings()
    monkeypatch.setattr(_entries, "surroundings", lambda: now | {change: "another"})
    anew(X, 2)
    assert COUNTS == {"traced": 2} and len(entries(folder)) == 2


def test_a_changed_source_changes_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_entries, "PACKAGE", tmp_path)
    (tmp_path / "room").mkdir()
    file = tmp_path / "room" / "a.py"
    found = []
    for path, text in ((file, "x = 1\n"), (file, "x = 2\n"), (tmp_path / "b.py", "x = 2\n")):
        path.write_text(text)
        found.append(_entries.sources.__wrapped__())
    assert len(set(found)) == 3 and found[-1] == _entries.sources.__wrapped__()
    assert _entries.edited()
    os.utime(file, (0, 0))
    os.utime(tmp_path / "b.py", (0, 0))
    assert not _entries.edited()


def test_nothing_is_kept_of_a_source_that_was_edited_meanwhile(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_entries, "edited", lambda: True)
    assert same(anew(X, 2), eqx.filter_jit(_probe)(X, 2))
    assert not entries(folder)


def _flipped(content: bytes) -> bytes:
    return content[:-9] + bytes([content[-9] ^ 0xFF]) + content[-8:]


BROKEN: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda content: b"",
    "truncated": lambda content: content[:-1],
    "half": lambda content: content[: len(content) // 2],
    "flipped": _flipped,
    "another kind": lambda content: b"PK\x03\x04" + content,
    "another entry": lambda content: content.replace(b'"name": "', b'"name": "0', 1),
    "no program": lambda content: _whole_entry(b"no program"),
    "list": lambda content: _entries.MAGIC + b"[]\n",
}


def _whole_entry(body: bytes) -> bytes:
    """With a digest that is right, which tells of accidents only."""
    outputs = [["tree", None], [["array"]]]
    head = {"name": NAME[-1], "outputs": outputs, "sum": _entries._sum(outputs, body)}
    return _entries.MAGIC + json.dumps(head).encode() + b"\n" + body


NAME: list[str] = []


@pytest.mark.parametrize("kind", BROKEN)
def test_broken_and_foreign_entries_are_replaced(kind: str, folder: Path) -> None:
    first = anew(X, 2)
    (path,) = entries(folder)
    NAME.append(path.stem)
    good = path.read_bytes()
    path.write_bytes(BROKEN[kind](good))
    assert same(anew(X, 2), first) and COUNTS == {"traced": 2}
    assert same(anew(X, 2), first) and COUNTS == {"traced": 2, "loaded": 1}


def test_a_program_for_other_shapes_is_no_entry(folder: Path) -> None:
    """Were a file written under a wrong name."""
    anew(X, 2)
    outputs, body = _entries.read(folder, entries(folder)[0].stem) or ((), b"")
    anew(X[:2], 2)
    for path in entries(folder):
        _entries.write(folder, path.stem, outputs, body)
    assert same(anew(X[:2], 2), eqx.filter_jit(_probe)(X[:2], 2))
    assert COUNTS == {"traced": 3}


def test_what_cannot_be_written_is_told_once(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    file = folder / "file"
    file.touch()  # nobody can write below a file
    monkeypatch.setattr(runtime, "_TRACED", [file])
    for exponent in (2, 3):
        assert same(anew(X, exponent), eqx.filter_jit(_probe)(X, exponent))
    assert capsys.readouterr().err == (
        f"qtopt: warning: programs are not kept, because {file} cannot be written (Not a directory).\n"
    )


def test_the_directory_is_bounded(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was not used for longest goes."""
    for age, exponent in enumerate((2, 3, 4)):
        known = set(entries(folder))
        anew(X, exponent)
        (new,) = set(entries(folder)) - known
        os.utime(new, (100.0 + age, 100.0 + age))
    (folder / "other").write_bytes(bytes(100_000))
    size = max(path.stat().st_size for path in entries(folder))
    anew(X, 2)  # used now, so that 3 is the oldest
    monkeypatch.setattr(_entries, "LIMIT", 3.5 * size)
    anew(X, 5)
    assert len(entries(folder)) == 3
    COUNTS.clear()
    for exponent in (2, 4, 5):
        anew(X, exponent)
    assert COUNTS == {"loaded": 3} and (folder / "other").exists()


def test_under_other_transformations_nothing_is_kept(folder: Path) -> None:
    """`jax.jit`, `vmap` and `grad` see the function itself, also where its arguments are numbers."""

    def total(x: Any) -> Any:
        return jnp.sum(kept_program(_probe)(x, 2)["power"])

    assert np.allclose(jax.grad(total)(X), np.sin(2.0 * X), rtol=1e-15, atol=1e-15)
    assert np.allclose(jax.vmap(total)(X), np.sin(X) ** 2, rtol=1e-15)
    assert np.isclose(jax.jit(lambda y: y * total(X))(2.0), 2.0 * np.sum(np.sin(X) ** 2), rtol=1e-15)
    assert not COUNTS and not entries(folder)


def test_what_is_registered_from_outside_may_be_asked_for(folder: Path, own_registry: None) -> None:
    registry._FAMILIES["drive"]["mine"] = type("Mine", (), {"__module__": "elsewhere"})
    anew(X, 2)
    assert COUNTS == {"not kept": 1} and not entries(folder)


def _checked(x: Any) -> Any:
    return eqx.error_if(x, x < 0.0, "x must not be negative")


def test_what_cannot_be_exported_is_traced(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _as_ours(_checked, monkeypatch)
    function = kept_program(_checked)
    assert np.array_equal(function(X), X) and COUNTS == {"not kept": 1} and not entries(folder)
    with pytest.raises(Exception, match="x must not be negative"):
        function(X - 1.0)


def test_closures_and_errors_are_those_of_filter_jit(folder: Path) -> None:
    assert np.array_equal(kept_program(lambda x: x + 1.0)(X), X + 1.0)
    with pytest.raises(TypeError, match="unsupported operand"):
        anew(X, "2")
    with pytest.raises(ValueError, match=r"[Nn]on-hashable"):
        anew(X, {1, 2})
    assert COUNTS == {"not kept": 2} and not entries(folder)


WRITER = """
import sys
from pathlib import Path
from qtopt.programs import _entries
_entries.edited = lambda: False
for k in range(200):
    _entries.write(Path(sys.argv[1]), "name", [k], sys.argv[2].encode() * 100_000)
"""


def test_two_processes_write_at_once(tmp_path: Path) -> None:
    """Readers find one entry or the other, whole."""
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), word]) for word in ("a", "b")]
    path, found = tmp_path / f"name{_entries.SUFFIX}", set()
    while any(writer.poll() is None for writer in writers):
        if path.exists():
            entry = _entries.read(tmp_path, "name")
            assert entry is not None and entry[1] in (b"a" * 100_000, b"b" * 100_000)
            found.add(entry[1])
    assert found and all(writer.returncode == 0 for writer in writers)
    assert list(tmp_path.iterdir()) == [path]


DEVICES = """
import sys
import qtopt
qtopt.configure(int(sys.argv[1]))
import numpy as np
from qtopt.fronts.certificates.peak import line_heights
from qtopt.programs import COUNTS
table = np.random.default_rng(1).normal(size=(4, 4, 2, 2, 2)) + 0j
print(np.asarray(line_heights(table, np.arange(5.0), False)).round(12).tobytes().hex(), *COUNTS)
"""


def test_programs_for_several_devices(tmp_path: Path) -> None:
    """A process with two devices has entries of its own, and loads them with the same numbers."""
    environment = {**os.environ, "QTOPT_CACHE_DIR": str(tmp_path), "JAX_COMPILATION_CACHE_DIR": ""}

    def printed(devices: int, keep: str = "1") -> list[str]:
        command = [sys.executable, "-c", DEVICES, str(devices)]
        variables = {**environment, runtime.KEEP: keep}
        return subprocess.run(
            command, env=variables, capture_output=True, text=True, check=True
        ).stdout.split()

    (plain,) = printed(2, keep="0")
    assert printed(2) == [plain, "traced"] and printed(1) == [plain, "traced"]
    assert printed(2) == [plain, "loaded"]


COMMAND = """
import sys
import qtopt
qtopt.configure()
import jax
real, named = jax.lax.map, []
jax.lax.map = lambda *args, **options: (named.append("map"), real(*args, **options))[1]
from qtopt.cli import main
from qtopt.programs import COUNTS
main(["pareto", sys.argv[1], "--out", sys.argv[2]])
print(len(named), COUNTS["traced"], COUNTS["loaded"], COUNTS["not kept"])
"""


def test_a_second_command_traces_nothing(tmp_path: Path) -> None:
    """A front in two processes: the second loads all programs, and finds the same numbers bit by bit."""
    text = MACHINE.read_text().replace('bound = "peak"', 'bound = "rms"').replace("points = 30", "points = 4")
    for two, three in {
        "[1.0, 0.6]": "[1.0, 0.6, 0.8]",
        "[1.0, 1.0]": "[1.0, 1.0, 1.0]",
        "589793]": "589793, 0.0]",
    }.items():
        text = text.replace(two, three)  # the tables of so many are compiled
    file = tmp_path / "machine.toml"
    file.write_text(text.replace('["joint", "independent"]', '["joint"]'))
    environment = {**os.environ, "QTOPT_CACHE_DIR": str(tmp_path / "cache"), "JAX_COMPILATION_CACHE_DIR": ""}

    def counted(out: str) -> list[int]:
        command = [sys.executable, "-c", COMMAND, str(file), str(tmp_path / out)]
        variables = {**environment, runtime.KEEP: "1"}
        done = subprocess.run(command, env=variables, capture_output=True, text=True, check=True)
        return [int(word) for word in done.stdout.splitlines()[-1].split()]

    maps, traced, *others = counted("first")
    assert maps > 0 and traced >= 1 and others == [0, 0]
    assert counted("second") == [0, 0, traced, 0]
    first, second = ((tmp_path / out / "front.csv").read_bytes() for out in ("first", "second"))
    assert first == second
