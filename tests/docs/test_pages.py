"""Every page of the documentation: its code runs and prints what it says, and what it names exists."""

import re
from pathlib import Path

import pytest

from tests.helpers.pages import HOME, agree, blocks, outputs

DOCS = HOME / "docs"
MADE = ("api", "notebooks", "_ext", "_static", "changelog.md", "contributing.md")
"""what `make docs` writes there, and what is no page"""
RUN_ELSEWHERE = ("extending.md",)
"""by tests/docs/test_extending.py, section by section"""
NOT_HERE = (
    "pip install ",
    "make ",
    "git ",
    "sbatch ",
    "qtopt ",
    "python -m ",
    "pre-commit ",
    "dask ",
    "scripts/",
)
"""how commands begin that are shown but not run: they install, take minutes or need other machines"""


def pages() -> list[Path]:
    found = [path for path in DOCS.rglob("*.md") if path.relative_to(DOCS).parts[0] not in MADE]
    return sorted([HOME / "README.md", HOME / "CONTRIBUTING.md", *found])


def name(path: Path) -> str:
    return str(path.relative_to(HOME))


@pytest.mark.slow
@pytest.mark.timeout(1200)  # the tutorial searches a front
@pytest.mark.parametrize("path", pages(), ids=name)
def test_code_of_a_page_runs_and_prints_what_it_says(path: Path, tmp_path: Path) -> None:
    if path.name in RUN_ELSEWHERE:
        pytest.skip("run section by section, by test_extending")
    for printed, text, said in outputs(path.read_text(encoding="utf-8"), tmp_path):
        assert said is None or agree(printed, said), f"{text}\nprints\n{printed}\nbut the page says\n{said}"


@pytest.mark.parametrize("path", pages(), ids=name)
def test_commands_that_are_only_shown_are_of_the_kind_that_cannot_run(path: Path) -> None:
    targets = re.findall(r"^([\w-]+):", (HOME / "Makefile").read_text(), re.MULTILINE)
    for language, text in blocks(path.read_text(encoding="utf-8")):
        for line in text.splitlines() if language == "console" else ():
            command = line.removeprefix("$ ")
            assert line.startswith("$ ") and command.startswith(NOT_HERE), line
            made = re.match(r"make ([\w-]+)", command)
            assert made is None or made[1] in targets, line
            assert all((HOME / file).exists() for file in re.findall(r"scripts/[\w./]+", command)), line


@pytest.mark.parametrize(
    ("said", "right"),
    [
        ("a 1.0\nb 2.00001\n", True),
        ("a 1.0", False),
        ("a 1.0\n...", True),
        ("...\nb 2\n", True),
        ("...\nb 2.1", False),
        ("a 1.0\nb 2 (more)", False),
        ("b 2\na 1", False),
    ],
)
def test_a_page_that_says_something_else_is_found(said: str, right: bool) -> None:
    assert agree("a 1\n\nb 2\n", said) == right


def test_the_readme_is_short() -> None:
    text = (HOME / "README.md").read_text(encoding="utf-8")
    assert text.count("\n") <= 150 and len(re.findall(r"!\[", text)) == 1
