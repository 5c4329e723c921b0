"""The site is built without a warning, its links lead somewhere, every public name has an entry."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import qtopt

HOME = Path(__file__).parents[2]
pytest.importorskip("sphinx", reason="needs what `make docs` installs")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages; -W makes an error of every warning, a link that leads nowhere among them."""
    out = tmp_path_factory.mktemp("site")
    options = [
        "--fail-on-warning",
        "--keep-going",
        "--quiet",
        "--fresh-env",
        "--doctree-dir",
        str(out / "trees"),
    ]
    command = [sys.executable, "-m", "sphinx", *options, "docs", str(out / "pages")]
    done = subprocess.run(command, cwd=HOME, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stderr
    return out / "pages"


@pytest.mark.slow
def test_every_public_name_has_an_entry(site: Path) -> None:
    text = "".join(page.read_text(encoding="utf-8") for page in (site / "api").glob("*.html"))
    assert [name for name in qtopt.__all__ if f'id="qtopt.{name}"' not in text] == []


@pytest.mark.slow
def test_equations_are_linked_from_docstrings_and_keep_their_numbers(site: Path) -> None:
    page = (site / "theory.html").read_text(encoding="utf-8")
    assert 'id="eq-9-14"' in page and r"\tag{9.14}" in page
    assert 'href="../theory.html#eq-1-1"' in (site / "api" / "model.html").read_text(encoding="utf-8")


def test_the_page_of_installation_names_every_extra() -> None:
    extras = tomllib.loads((HOME / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    page = (HOME / "docs" / "install.md").read_text(encoding="utf-8")
    assert [name for name in extras if f"`qtopt[{name}]`" not in page] == []


@pytest.mark.slow
def test_no_page_needs_the_network(site: Path) -> None:
    pages = {page.name: page.read_text(encoding="utf-8") for page in site.rglob("*.html")}
    loaded = re.compile(r'<(script|img|iframe)[^>]+src="https?:|<link[^>]+rel="stylesheet"[^>]+href="https?:')
    assert len(pages) > 30
    assert [name for name, text in pages.items() if loaded.search(text)] == []
