"""What docs/extending.md shows is what happens: each section done from outside the package."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

HOME = Path(__file__).parents[2]
PAGE = (HOME / "docs" / "extending.md").read_text(encoding="utf-8")
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BEGINNING, *SECTIONS = PAGE.split("\n## ")
FILES_TOUCHED = {
    "A spectral density": 2,
    "A drive family": 2,
    "A trade-off": 2,
    "An uncertainty bound": 1,
    "A solver": 4,
    "A figure": 2,
    "A command": 1,
}
"""At most so many source files does each take."""


def test_every_kind_of_extension_has_a_section() -> None:
    assert [section.partition("\n")[0] for section in SECTIONS] == list(FILES_TOUCHED)


@pytest.mark.parametrize("section", SECTIONS, ids=lambda text: text.partition("\n")[0].replace(" ", "_"))
def test_section(section: str, tmp_path: Path) -> None:
    """Files are written under the name in their first line, commands are run, their output is compared."""
    places = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {**os.environ, "PATH": places, "PYTHONPATH": str(HOME)}
    written, printed = [], None
    for language, text in FENCE.findall(BEGINNING) + FENCE.findall(section):
        if language == "bash":
            command = ["bash", "-euo", "pipefail", "-c", text]
            done = subprocess.run(
                command, cwd=tmp_path, capture_output=True, text=True, env=environment, timeout=280
            )
            assert done.returncode == 0 and "Traceback" not in done.stderr, done.stderr
            printed = done.stdout
        elif language == "text":
            assert printed is not None and printed.split() == text.split()
            printed = ""
        else:
            name = text.partition("\n")[0].removeprefix("# ")
            (tmp_path / name).write_text(text, encoding="utf-8")
            written += [name] if language == "python" else []
    assert printed == "", "a page that shows a command shows what it prints"
    assert 1 <= len(written) <= FILES_TOUCHED[section.partition("\n")[0]]
