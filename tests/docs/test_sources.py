"""docs/theory.md and those who cite it: every number exists once, in order, and every citation finds one."""

import ast
import inspect
import re
from itertools import pairwise
from pathlib import Path

import pytest

import qtopt
import qtopt.model
import qtopt.observables
from qtopt.fronts.certificates import peak

ROOT = Path(__file__).parents[2]
THEORY = (ROOT / "docs" / "theory.md").read_text()
NUMBER = re.compile(r"\((\d+)\.(\d+)\)")
NUMBERS = [(int(section), int(number)) for section, number in re.findall(r"\\tag\{(\d+)\.(\d+)\}", THEORY)]
SECTIONS = [int(section) for section in re.findall(r'<a id="section-(\d+)"></a>', THEORY)]
CITATION = re.compile(r"\btheory((?:(?:,| to| and)?\s+\(\d+\.\d+\))+)")
OF_SECTIONS = re.compile(r"\btheory,\s+sections?\s+(\d+(?:(?:,| and)\s+\d+)*)")
FOLDERS = ("qtopt", "tests", "benchmarks", "figures", "scripts", "notebooks", "docs")


def texts() -> dict[str, str]:
    """Every text of the repository that may cite the theory."""
    files = [
        path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.suffix in (".py", ".md")
    ]
    files = [path for path in files if path != Path(__file__)]
    return {str(path.relative_to(ROOT)): path.read_text() for path in [*files, ROOT / "README.md"]}


def dangling(text: str) -> list[str]:
    """Citations of the theory in a text that lead nowhere."""
    flat = " ".join(text.split())
    cited = {(int(a), int(b)) for match in CITATION.findall(flat) for a, b in NUMBER.findall(match)}
    sections = {int(number) for match in OF_SECTIONS.findall(flat) for number in re.findall(r"\d+", match)}
    found = [f"({a}.{b})" for a, b in sorted(cited - set(NUMBERS))]
    return found + [f"section {number}" for number in sorted(sections - set(SECTIONS))]


def test_equations_are_numbered_in_order_and_once() -> None:
    assert len(NUMBERS) > 150
    for (section, number), following in pairwise(NUMBERS):
        assert following in ((section, number + 1), (section + 1, 1)), following
    assert [section for section, number in NUMBERS if number == 1] == SECTIONS[:-1]
    assert SECTIONS == list(range(1, len(SECTIONS) + 1))


def test_every_equation_has_the_anchor_of_its_number() -> None:
    anchors = re.findall(
        r'<a id="eq-(\d+)-(\d+)"></a>\n\n\$\$\n(?:(?!\$\$).)*\\tag\{(\d+)\.(\d+)\}\n\$\$', THEORY, re.S
    )
    assert [(int(a), int(b)) for a, b, _, _ in anchors] == NUMBERS
    assert all(anchor[:2] == anchor[2:] for anchor in anchors)


def test_links_within_the_theory_resolve() -> None:
    targets = set(re.findall(r'<a id="([^"]+)"></a>', THEORY))
    links = re.findall(r"\]\(#([^)]+)\)", THEORY)
    assert len(links) > 100
    assert set(links) <= targets
    for text, section, number in re.findall(r"\[\((\d+\.\d+)\)\]\(#eq-(\d+)-(\d+)\)", THEORY):
        assert text == f"{section}.{number}"


def test_numbers_in_the_text_of_the_theory_are_links() -> None:
    prose = re.sub(r"\$\$.*?\$\$|\$[^$]*\$|`[^`]*`|\[[^\]]*\]\([^)]*\)", "", THEORY, flags=re.S)
    assert re.findall(r"(?<!theory )\(\d+\.\d+\)", prose.split("## 1.")[1]) == []


@pytest.mark.parametrize(
    ("citation", "missing"),
    [
        ("Source: theory (3.7).", []),
        ("Source: theory (3.7) to\n    (3.9), (99.1).", ["(99.1)"]),
        ("Source: theory, sections 3 and 77.", ["section 77"]),
    ],
)
def test_a_citation_that_leads_nowhere_is_found(citation: str, missing: list[str]) -> None:
    assert dangling(citation) == missing


def test_links_into_the_theory_resolve() -> None:
    targets = set(re.findall(r'<a id="([^"]+)"></a>', THEORY))
    links = {name: re.findall(r"theory\.md#([^)\s]+)\)", text) for name, text in texts().items()}
    assert len(links["docs/glossary.md"]) > 40
    assert {name: lost for name, found in links.items() if (lost := set(found) - targets)} == {}


def test_citations_of_the_theory_resolve() -> None:
    assert {name: lost for name, text in texts().items() if (lost := dangling(text))} == {}


def test_documents_name_files_that_exist() -> None:
    folders = "|".join(FOLDERS)
    named = re.compile(rf"`((?:{folders})(?:/[\w.-]+)+?\.(?:py|md|toml|json|ipynb))(?:::\w+)?`")
    lost = {
        f"{path.name}: {name}"
        for path in [ROOT / "README.md", *(ROOT / "docs").glob("*.md"), ROOT / "tests" / "README.md"]
        for name in named.findall(path.read_text())
        if not (ROOT / name).exists() and not (path.parent / name).exists() and "NAME" not in name
    }
    assert lost == set()


def test_the_architecture_shows_every_room_and_files_that_exist() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text()
    rooms = {path.name for path in (ROOT / "qtopt").iterdir() if (path / "__init__.py").exists()}
    assert rooms == set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE))
    assert rooms <= set(re.findall(r"<b>(\w+)</b>", text))
    named = [name for name in re.findall(r"`((?:\w+/)+[\w/]*\.py)`", text) if "NAME" not in name]
    assert len(named) > 5
    assert [
        name for name in named if not any((home / name).exists() for home in (ROOT, ROOT / "qtopt"))
    ] == []


def test_no_citation_is_left_open() -> None:
    """No topic in the place of a number, no notes that readers do not have."""
    open_ones = re.compile(
        "|".join((r"theory \(\?", "physics" + " notes", "physics" + r"\.md")), re.IGNORECASE
    )
    found = {name for name, text in texts().items() if open_ones.search(" ".join(text.split()))}
    assert found == set()


def definitions() -> list[tuple[str, ast.FunctionDef | ast.ClassDef, bool]]:
    """Every function and class of the package: where it stands, its tree, whether it is public."""
    found = []
    for path in sorted((ROOT / "qtopt").rglob("*.py")):
        tree = ast.parse(path.read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                public = node in tree.body and not node.name.startswith("_")
                if "overload" in map(ast.unparse, node.decorator_list):
                    continue  # the function itself says what all its signatures do
                found.append((f"{path.relative_to(ROOT)}: {node.name}", node, public))
    return found


def test_docstrings_are_sentences() -> None:
    """Whatever is public has one, and none begins or ends in the middle of a sentence."""
    beginnings = ("Of ", "With ", "From ", "As ", "For ", "Its ", "Likewise", "None of")
    assert len(definitions()) > 900
    silent, broken = [], []
    for name, node, public in definitions():
        text = ast.get_docstring(node)
        if text is None:
            silent += [name] if public else []
        elif text.startswith(beginnings) or not text.split("\n\n")[0].rstrip().endswith((".", ":", ",")):
            broken.append(name)
    assert (silent, broken) == ([], [])


@pytest.mark.parametrize("name", qtopt.__all__)
def test_a_public_name_is_explained_in_sentences(name: str) -> None:
    """The first paragraph ends like a sentence, and somewhere there is one of six words or more."""
    value = getattr(qtopt, name)
    if not callable(value):
        pytest.skip(f"{name} is data")
    text = inspect.getdoc(value) or ""
    assert text.split("\n\n")[0].rstrip().endswith((".", ":")), text
    sentences = re.split(r"(?<=[.:])\s", " ".join(text.split()))
    assert any(sentence.endswith(".") and len(sentence.split()) > 5 for sentence in sentences), text


def named_in_the_glossary() -> list[str]:
    """The names in the code of the tables of symbols: `Class.attribute` or a public name."""
    rows = [line.split(" | ") for line in (ROOT / "docs" / "glossary.md").read_text().splitlines()]
    cells = [row[1] for row in rows if len(row) == 5 and "theory.md" in row[4]]
    return sorted({name for cell in cells for name in re.findall(r"`([A-Z]\w+\.\w+|[A-Z]\w+)`", cell)})


@pytest.mark.parametrize("name", named_in_the_glossary())
def test_names_of_the_glossary_exist(name: str) -> None:
    owner, _, attribute = name.partition(".")
    found = [
        getattr(room, owner)
        for room in (qtopt, qtopt.model, qtopt.observables, qtopt.fronts, peak)
        if hasattr(room, owner)
    ]
    assert found, f"{owner} is no public name"
    declared = (
        {field for base in found[0].__mro__ for field in inspect.get_annotations(base)}
        if attribute
        else set()
    )
    assert not attribute or attribute in declared or hasattr(found[0], attribute)
