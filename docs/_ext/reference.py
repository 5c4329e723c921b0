"""The API reference: one page for each room with public names, made from `qtopt/__init__.pyi`."""

import ast
import re
import shutil
from pathlib import Path

from sphinx.application import Sphinx

import qtopt

ROOT = Path(__file__).parents[2]
CITED = re.compile(r"(?<=\W)\((\d+)\.(\d+)\)")
CODE = re.compile(r"(``.*?``|`.*?`)", re.DOTALL)
ARRAY = re.compile(r"~?(jaxlib\._jax|jax)\.Array\b")
ARRAY_LIKE = re.compile(
    r"~?(jaxlib\._jax\.|jax\.)?Array \| ~?(numpy\.)?ndarray \| ~?(numpy\.)?bool \| ~?(numpy\.)?number"
    r" \| bool \| int \| float \| complex"
)
"""as Sphinx spells them"""
MARKUP = re.compile(r"[*|]|(?<=\w)_(?!\w)")


def rooms() -> dict[str, tuple[str, ...]]:
    """The public names by the room that they come from, in the order of the stub."""
    tree = ast.parse((ROOT / "qtopt" / "__init__.pyi").read_text(encoding="utf-8"))
    found: dict[str, tuple[str, ...]] = {}
    for node in tree.body:
        if isinstance(node, ast.ImportFrom):
            room = (node.module or "").split(".")[0]
            found[room] = found.get(room, ()) + tuple(alias.name for alias in node.names)
    return found


def summary(name: str) -> str:
    """The first sentence of what explains a name."""
    text = (getattr(qtopt, name).__doc__ or "").strip().split("\n\n")[0]
    return re.split(r"(?<=\.)\s", " ".join(text.split()))[0].replace("|", r"\|")


def write(app: Sphinx) -> None:
    """Write the pages of the reference and copy the notebooks and the changelog beside the other pages."""
    home = Path(app.srcdir)
    folder = home / "api"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for room, names in rooms().items():
        lines = [f"# {room}", ""]
        for name in names:
            lines += [f"## {name}", "", "```{eval-rst}", *entry(name), "```", ""]
        (folder / f"{room}.md").write_text("\n".join(lines), encoding="utf-8")
    (folder / "index.md").write_text(index(), encoding="utf-8")
    ipynb = shutil.ignore_patterns("*.py", ".ipynb_checkpoints")
    shutil.copytree(ROOT / "notebooks", home / "notebooks", dirs_exist_ok=True, ignore=ipynb)
    shutil.copy(ROOT / "CHANGELOG.md", home / "changelog.md")
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    (home / "contributing.md").write_text(text.replace("](docs/", "]("), encoding="utf-8")


def index() -> str:
    """All public names at a glance, by room."""
    lines = ["# Reference", "", "Every public name: `import qtopt`, then `qtopt.NAME`.", ""]
    for room, names in rooms().items():
        lines += [f"## [{room}]({room}.md)", "", "| name | |", "| --- | --- |"]
        lines += [f"| [`{name}`]({room}.md#{name.lower()}) | {summary(name)} |" for name in names]
        lines.append("")
    pages = "\n".join(rooms())
    return "\n".join([*lines, "```{toctree}", ":hidden:", "", pages, "```", ""])


def entry(name: str) -> list[str]:
    """The directive of one public name."""
    value = getattr(qtopt, name)
    if isinstance(value, type):
        return [f".. autoclass:: qtopt.{name}", "   :members:", "   :show-inheritance:"]
    return [f".. autofunction:: qtopt.{name}"]


def as_text(app: Sphinx, what: str, name: str, value: object, options: object, lines: list[str]) -> None:
    """Docstrings are read as they are written: only backticks mean something, and citations are links."""
    parts = CODE.split("\n".join(lines))
    parts[::2] = [CITED.sub(cited, MARKUP.sub(r"\\\g<0>", part)) for part in parts[::2]]
    text = "".join(parts)
    if what == "property":
        text = text.replace(": ", " — ", 1)  # which napoleon would read as `type: text`
    lines[:] = text.split("\n")


def short(app: Sphinx, what: str, name: str, value: object, options: object, *parts: str | None) -> tuple:
    """Arguments and what is returned, with types under the names that people write."""
    return tuple(part and ARRAY.sub("Array", ARRAY_LIKE.sub("ArrayLike", part)) for part in parts)


def cited(match: re.Match[str]) -> str:
    """A citation of an equation as a link to it."""
    return rf":ref:`({match[1]}.{match[2]}) <eq-{match[1]}-{match[2]}>`"


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    app.connect("builder-inited", write)
    app.connect("autodoc-process-signature", short)
    app.connect("autodoc-process-docstring", as_text, priority=400)  # before napoleon
    return {"parallel_read_safe": True, "parallel_write_safe": True}
