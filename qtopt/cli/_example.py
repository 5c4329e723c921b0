"""`qtopt example`."""

from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import ClassVar

from tyro.conf import Positional

from ..errors import InputError
from ._command import AbstractCommand

CHECKOUT = Path(__file__).parents[2] / "scripts" / "machines"
"""where the files stand in a checkout; a built package has them inside, as pyproject.toml says"""
SCHEMA = "#:schema"
"""begins the line that tells editors of a checkout where the JSON schema is"""


@dataclass(frozen=True, kw_only=True)
class Example(AbstractCommand):
    """Print a configuration file that comes with qtopt; without a name, say which there are."""

    kind: ClassVar[str] = "example"

    name: Positional[str | None] = None
    """which one"""

    def run(self) -> None:
        found = _examples()
        if self.name is None:
            width = max(map(len, found))
            for name, text in found.items():
                print(f"{name:{width}}  {_about(text)}")
            return
        if self.name not in found:
            raise InputError(f"NAME must be one of {', '.join(found)}, but it is {self.name!r}: choose one.")
        print(found[self.name], end="")


def _examples() -> dict[str, str]:
    """The text of every example by its name, without the line for editors of a checkout."""
    packaged = resources.files("qtopt") / "examples"
    folder: Traversable = packaged if packaged.is_dir() else CHECKOUT
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".toml")), key=lambda f: f.name)
    lines = {file.name: file.read_text(encoding="utf-8").splitlines(keepends=True) for file in files}
    return {
        name.removesuffix(".toml"): "".join(line for line in text if not line.startswith(SCHEMA))
        for name, text in lines.items()
    }


def _about(text: str) -> str:
    """The first sentence of the comment at the beginning."""
    comment = []
    for line in text.splitlines():
        if not line.startswith("# "):
            break
        comment.append(line.removeprefix("# "))
    return " ".join(comment).partition(". ")[0].rstrip(".")
