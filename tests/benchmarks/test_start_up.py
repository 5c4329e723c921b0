"""The budget of programs: what may be compiled between a question and its answer."""

import json
from pathlib import Path

import jax
import pytest

import qtopt
from benchmarks.start_up import CEILINGS, MACHINE, QUICK, started, verbs
from qtopt import files

ALLOWED = json.loads(CEILINGS.read_text())


def test_everything_has_a_ceiling(tmp_path: Path) -> None:
    assert list(verbs(tmp_path)) == list(ALLOWED)


@pytest.mark.parametrize("verb", ["qtopt evaluate", "qtopt evaluate --solver exact"])
def test_programs_of_a_command(verb: str, tmp_path: Path) -> None:
    start = started(verbs(tmp_path)[verb], tmp_path / "cache")
    assert start.seconds["programs"] <= ALLOWED[verb]["programs"]


@pytest.mark.slow
@pytest.mark.parametrize("verb", list(ALLOWED)[2:])
def test_programs_of_a_verb(verb: str, tmp_path: Path) -> None:
    start = started(verbs(tmp_path)[verb], tmp_path / "cache", tmp_path / "dump")
    assert start.seconds["programs"] <= ALLOWED[verb]["programs"]
    assert start.before.total() <= ALLOWED[verb]["instructions"]


def test_instructions_of_a_gradient() -> None:
    """As jax hands it over; nothing is compiled here."""
    config = files.load(MACHINE)
    drive = files.require_drive(config)
    gradient = jax.jit(jax.grad(lambda machine: qtopt.steady_state(machine, drive).power))
    text = gradient.lower(config.machine).as_text()
    assert text.count(" = ") <= ALLOWED["jax.jit(jax.grad(steady_state))"]["instructions"]
    assert QUICK < len(ALLOWED)
