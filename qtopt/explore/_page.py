"""The page: one file with its styles, scripts and data, which fetches nothing."""

import base64
import hashlib
import json
from html import escape
from importlib.resources import files as resources
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..jobs import write_atomically
from ._fronts import Report
from ._gather import explorer_data

FILE = "explorer.html"
HOME = resources("qtopt.explore")
LARGEST = 5_000_000
"""bytes of a page: it should pass as an attachment"""
SCRIPTS = ("base", "controls", "front", "details", "flows", "maps", "main")
"""in the order in which they are run"""


def page(data: dict[str, Any]) -> str:
    """The page that shows some data, see `explorer_data`.

    The data are JSON that cannot end their element, every text of them is set as text by the scripts, and the
    page's policy allows these scripts alone, by their digests, and no connection but to where a live page
    came from: nothing that stands in a configuration file is ever run.
    """
    scripts = [
        (HOME / "vendor" / "plotly-cartesian.min.js").read_text(encoding="utf-8"),
        "\n".join(['"use strict";', "(() => {", *(_read(f"{name}.js") for name in SCRIPTS), "})();"]),
    ]
    digests = (base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in scripts)
    policy = [
        "default-src 'none'",
        "script-src " + " ".join(f"'sha256-{digest}'" for digest in digests),
        "style-src 'unsafe-inline'",
        "img-src data: blob:",
        "connect-src " + ("'self'" if data["live"] else "'none'"),
        "base-uri 'none'",
        "form-action 'none'",
    ]
    parts = {
        "@POLICY@": "; ".join(policy),
        "@TITLE@": escape(f"{data['title']} - qtopt explorer"),
        "@STYLE@": _read("style.css"),
        "@DATA@": embedded(data),
        "@LIBRARY@": scripts[0],
        "@SCRIPT@": scripts[1],
    }
    # split, not replaced one after the other: no part is searched for the names of others
    text = _read("page.html")
    head, *rest = text.split("@", 1)[0], *_fields(text)
    return head + "".join(parts[field] + after for field, after in rest)


def _fields(template: str) -> list[tuple[str, str]]:
    """The fields of a template, each with the text up to the next one."""
    pieces = template.split("@")[1:]
    return [(f"@{name}@", after) for name, after in zip(pieces[::2], pieces[1::2], strict=True)]


def _read(name: str) -> str:
    return (HOME / "page" / name).read_text(encoding="utf-8")


def embedded(data: dict[str, Any]) -> str:
    """JSON for a script element: no "<" in it, so that no text of a file can end the element."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def write_explorer(
    folder: Path,
    solver: str | None = None,
    report: Report = lambda done, total: None,
    looks: int | None = None,
) -> tuple[Path, dict[str, Any]]:
    """`explorer.html` in a folder of results; returns its path and its data. Arguments as of `explorer_data`.

    Raises:
        InputError: there is nothing to show, or the page would be larger than `LARGEST` bytes.
    """
    data = explorer_data(folder, solver, report, looks)
    text = page(data)
    size = len(text.encode())
    if size > LARGEST:
        raise InputError(
            f"the page must be at most {LARGEST / 1e6:g} MB, but it would be {size / 1e6:.1f}: ask for fewer "
            "points of the front (pareto.points)."
        )
    return write_atomically(folder / FILE, text), data
