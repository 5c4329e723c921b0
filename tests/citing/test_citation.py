"""What to cite: only what a result used, as BibTeX; sources as in docs/theory.md."""

import re
from pathlib import Path

import pytest

import qtopt
from qtopt.citing._citation import REASONS
from qtopt.observables import evaluate
from tests.helpers.machines import engine, engine_drive

THEORY = (Path(__file__).parents[2] / "docs" / "theory.md").read_text()
BASE = ["qtopt", "jax", "caldeira1983", "ford1988", "esposito2010"]


def keys(text: str) -> list[str]:
    return re.findall(r"^@\w+\{([^,]+),$", text, re.MULTILINE)


def test_only_what_was_used_is_cited() -> None:
    joint = qtopt.Config(engine(), drive=None)
    assert keys(qtopt.citation(joint)) == [*BASE, "carrega2024"]
    private = qtopt.Config(engine().with_configuration("independent"), drive=None)
    assert keys(qtopt.citation(private)) == BASE
    noisy = keys(qtopt.citation(evaluate(engine(), engine_drive())))
    assert noisy == [
        *BASE,
        "carrega2024",
        "razzoli2024",
        "barato2015",
        "koyuk2019",
        "timpanaro2019",
        "pietzonka2018",
    ]


def test_entries_are_whole_and_say_what_for() -> None:
    text = qtopt.citation(qtopt.Config(engine(), drive=engine_drive()))
    for entry in text.strip().split("\n\n"):
        comment, head, *fields, end = entry.splitlines()
        assert comment.startswith("% ") and head.startswith("@") and end == "}"
        assert entry.count("{") == entry.count("}")
        assert {field.split(" = ")[0].strip() for field in fields} >= {"title", "author"}
    assert qtopt.__version__ in text and "REVISION" not in text


def test_papers_are_those_of_the_theory() -> None:
    """Volume and page stand in its list of literature."""
    bib = (Path(qtopt.__file__).parent / "citing" / "references.bib").read_text()
    assert keys(bib) == list(REASONS) or set(keys(bib)) == set(REASONS)
    for entry in re.split(r"\n\n(?=@)", bib.strip()):
        volume, page = (re.search(rf"{name} = \{{([^}}]+)\}}", entry) for name in ("volume", "pages"))
        if volume is not None and page is not None:
            assert f"**{volume[1]}**, {page[1]}" in THEORY, entry


def test_other_things_are_refused() -> None:
    with pytest.raises(TypeError, match=r"needs an evaluation, a front, .* but got int"):
        qtopt.citation(1)  # pyright: ignore[reportArgumentType]
