"""The house itself: who may import whom, how long things may be, and what is said in one place only.

Everything is read from the source, nothing is run.
"""

import ast
import graphlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import qtopt

HOME = Path(__file__).parents[2]
PACKAGE = HOME / "qtopt"
ROOMS = (
    ("errors", "registry", "numerics"),
    ("runtime", "plugins"),
    ("worker",),
    ("jobs", "schema", "thermal"),
    ("programs",),
    ("model",),
    ("solvers",),
    ("observables",),
    ("files",),
    ("fronts",),
    ("checks", "citing"),
    ("scan",),
    ("plots", "explore"),
    ("cli",),
)
"""From the ground up: a room imports from rooms below it, and from its own."""
LONGEST_FUNCTION, LONGEST_FILE, MOST_PUBLIC_NAMES = 60, 400, 60
"""lines, lines, names"""
WORDS: dict[tuple[str, ...], set[str]] = {
    ("joint", "independent"): {"qtopt/model/_machine.py"},
    ("weak", "exact"): set(),
}
"""Words that are compared with in these files only: everywhere else the object itself is asked."""


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


@cache
def modules() -> dict[str, Path]:
    """Every module of the package by its dotted name."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(HOME).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def package_of(module: str) -> str:
    """The package whose relative imports start at `module`."""
    return module if modules()[module].name == "__init__.py" else module.rpartition(".")[0]


def for_types_only(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")


def statements(node: ast.AST) -> Iterator[ast.AST]:
    """The node and all below it that run; not what only type checkers read."""
    yield node
    for child in ast.iter_child_nodes(node):
        if not (isinstance(child, ast.stmt) and for_types_only(child)):
            yield from statements(child)


def imported(path: Path, package: str = "") -> set[str]:
    """The modules of qtopt that a file imports, wherever in it; for `from a import b` a.b, if that is one."""
    found = set()
    for node in statements(tree_of(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name in modules()}
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            for alias in node.names:
                name = f"{base}.{alias.name}"
                found |= {name} if name in modules() else {base} & modules().keys()
    return found


@cache
def imports() -> dict[str, set[str]]:
    return {name: imported(path, package_of(name)) for name, path in modules().items()}


def room_of(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def is_foreign(module: str, importer: str) -> bool:
    """Whether a module is private to a package that the importer is not in."""
    parts = module.split(".")
    private = [k for k, part in enumerate(parts) if part.startswith("_") and part != "__main__"]
    return bool(private) and not f"{importer}.".startswith(".".join(parts[: private[0]]) + ".")


# Imports ----------------------------------------------------------------------------------------------------


def test_the_reader_of_imports_reads() -> None:
    """Guards the tests below against finding nothing."""
    assert {"qtopt.registry", "qtopt.errors"} <= imports()["qtopt.cli._command"]
    assert "qtopt.jobs._store" in imports()["qtopt.jobs"]
    assert is_foreign("qtopt.model._machine", "qtopt.solvers.weak") and is_foreign("qtopt.a._b", "qtopt")
    assert not is_foreign("qtopt.model._machine", "qtopt.model.drives._drive")
    assert sum(map(len, imports().values())) > 300


def test_no_private_module_of_another_room_is_imported() -> None:
    found = [
        f"{importer} imports {name}"
        for importer, names in imports().items()
        for name in sorted(names)
        if is_foreign(name, importer)
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("folder", ["figures", "notebooks", "scripts"])
def test_users_need_no_private_module(folder: str) -> None:
    paths = sorted((HOME / folder).glob("*.py"))
    found = [
        f"{path.name} imports {name}" for path in paths for name in imported(path) if is_foreign(name, folder)
    ]
    assert paths and not found, "\n".join(found)


def test_modules_import_in_one_direction() -> None:
    order = list(graphlib.TopologicalSorter(imports()).static_order())  # raises where there is a cycle
    assert set(order) == modules().keys()


def test_every_room_has_its_floor() -> None:
    named = {room for floor in ROOMS for room in floor}
    there = {room_of(name) for name in modules()} - {"", "__main__"}
    assert there <= named, "a new room needs a place among the others"


def test_data_flows_one_way() -> None:
    """A room imports from the floors below it, never from its own floor or from above."""
    floor = {room: k for k, rooms in enumerate(ROOMS) for room in rooms}
    found = [
        f"{importer} imports {name}"
        for importer, names in imports().items()
        for name in sorted(names)
        if room_of(importer) in floor and room_of(name) not in ("", room_of(importer))
        if floor[room_of(name)] >= floor[room_of(importer)]
    ]
    assert not found, "\n".join(found)


# Sizes ------------------------------------------------------------------------------------------------------


def test_no_function_is_long() -> None:
    found = [
        f"{path.relative_to(HOME)}: {node.name} has {node.end_lineno - node.lineno + 1} lines"
        for path in modules().values()
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None
        if node.end_lineno - node.lineno + 1 > LONGEST_FUNCTION
    ]
    assert not found, "\n".join(found)


def test_no_file_is_long() -> None:
    lengths = {path: path.read_text(encoding="utf-8").count("\n") for path in modules().values()}
    found = [f"{path.relative_to(HOME)}: {n} lines" for path, n in lengths.items() if n > LONGEST_FILE]
    assert not found, "\n".join(found)


def test_public_names_are_few_and_all_there() -> None:
    assert len(qtopt.__all__) <= MOST_PUBLIC_NAMES
    assert all(getattr(qtopt, name) is not None for name in qtopt.__all__)
    assert {*qtopt.__all__, "__version__"} <= {*dir(qtopt), "__version__"}


# Words ------------------------------------------------------------------------------------------------------


def compared(path: Path) -> set[str]:
    """The strings that a file compares something with."""
    found: set[str] = set()
    for node in ast.walk(tree_of(path)):
        sides: list[ast.AST] = []
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
        elif isinstance(node, ast.MatchValue):
            sides = [node.value]
        for side in sides:
            parts = side.elts if isinstance(side, ast.Tuple | ast.List | ast.Set) else [side]
            found |= {str(part.value) for part in parts if isinstance(part, ast.Constant)} & {
                word for words in WORDS for word in words
            }
    return found


@pytest.mark.parametrize("words", WORDS)
def test_words_are_compared_with_at_home(words: tuple[str, ...]) -> None:
    where = {str(path.relative_to(HOME)) for path in modules().values() if compared(path) & set(words)}
    assert where <= WORDS[words], f"{words}: {sorted(where - WORDS[words])}"


def test_no_source_is_cited_that_readers_do_not_have() -> None:
    notes = " ".join(("physics", "notes"))
    suffixes = {".py", ".md", ".toml", ".json", ".sh", ".cff", ".ipynb"}
    paths = [path for path in HOME.rglob("*") if path.suffix in suffixes and path.is_file()]
    ours = [path for path in paths if not {".venv", ".git", "results"} & set(path.relative_to(HOME).parts)]
    found = [
        str(path.relative_to(HOME)) for path in ours if notes in path.read_text(encoding="utf-8").lower()
    ]
    assert len(ours) > 200 and not found, found
