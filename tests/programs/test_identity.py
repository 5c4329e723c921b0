"""Static values as text: equal text for equal values only, and nothing for what text cannot hold."""

import enum
import functools
import json
from dataclasses import dataclass
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import qtopt
from benchmarks.start_up import MACHINE as EXAMPLE
from qtopt import files
from qtopt.fronts.drive_sets import DriveParameters
from qtopt.observables._solved import Observation
from qtopt.programs._identity import NoIdentityError, decoded, encoded
from qtopt.runtime import cpu_flags

WEAK = qtopt.Weak()
DRIVE = DriveParameters(*4 * [jnp.ones(1)])
MACHINE = files.load(EXAMPLE).machine
DIFFERENT: list[list[Any]] = [
    [1, True, 1.0, "1", b"1", 1 + 0j, None, np.float64(1.0), np.float32(1.0), np.array(1.0), np.array([1.0])],
    [0.0, -0.0, 0, False, float("nan"), float("inf"), 5e-324],
    [(1, 2), [1, 2], (2, 1), ((1, 2),), {1: 2}, {2: 1}, frozenset((1, 2)), ()],
    [np.arange(4.0), np.arange(4.0).reshape(2, 2), np.arange(4), np.arange(4.0)[::-1]],
    [qtopt.Weak(), qtopt.Weak(harmonics=3), qtopt.Weak(harmonics=4), qtopt.Exact()],
    [np.sum, jnp.sum, functools.partial(jnp.sum, axis=0), functools.partial(jnp.sum, axis=1), np.dtype("f8")],
    [*(Observation(WEAK, noisy, True).__call__ for noisy in (False, True)), Observation.of, cpu_flags],
    [
        jax.tree.structure(value)
        for value in (MACHINE, (1, None), (1, 2), [1, 2], DriveParameters(*4 * [jnp.ones(1)]), {})
    ],
]


def kind(value: Any) -> str:
    """Names of cases that are the same in every process: a text may hold an address."""
    return type(value).__name__


@pytest.mark.parametrize("values", DIFFERENT)
def test_different_values_have_different_texts(values: list[Any]) -> None:
    texts = [json.dumps(encoded(value)) for value in values]
    assert len(set(texts)) == len(values)
    assert texts == [json.dumps(encoded(value)) for value in values]


@pytest.mark.parametrize("value", [value for values in DIFFERENT for value in values], ids=kind)
def test_a_text_is_complete(value: Any) -> None:
    text = json.dumps(encoded(value))
    again = decoded(json.loads(text))
    assert type(again) is type(value)
    assert json.dumps(encoded(again)) == text


def test_the_structure_of_a_machine_is_read() -> None:
    leaves, tree = jax.tree.flatten(MACHINE)
    again = jax.tree.unflatten(decoded(json.loads(json.dumps(encoded(tree)))), leaves)
    assert jax.tree.structure(again) == tree
    assert again.size == MACHINE.size and type(again) is type(MACHINE)


class Local(NamedTuple):
    number: int


class Foreign(eqx.Module):
    number: int = eqx.field(static=True)


class Extended(qtopt.Weak):
    """A solver of a user."""


class Colour(enum.Enum):
    RED = 1


@dataclass(frozen=True)
class Plain:
    number: int


@pytest.mark.parametrize(
    "value",
    [
        lambda x: x,
        functools.partial(lambda x: x, 1),
        test_the_structure_of_a_machine_is_read,
        Local(1),
        Foreign,
        jax.tree.structure(Foreign(1)),
        Extended(),
        Colour.RED,
        Plain(1),
        {"deep": (Plain(1),)},
        object(),
        jnp.ones(2),
        np.ma.masked_array([1.0]),
        np.array([object()]),
        {1, 2},
    ],
    ids=kind,
)
def test_what_the_name_of_a_program_cannot_hold(value: Any) -> None:
    """Closures, and classes whose source is not in the digest of the package."""
    with pytest.raises(NoIdentityError):
        encoded(value)


def test_what_has_more_than_its_fields() -> None:
    solver = qtopt.Weak()
    object.__setattr__(solver, "more", 1)
    with pytest.raises(NoIdentityError, match="more than its fields"):
        encoded(solver)


@pytest.mark.parametrize(
    "text",
    [
        ["record", ["name", "os", "getenv"], ["HOME"]],
        ["data", ["name", "builtins", "open"], []],
        ["enum", ["name", "builtins", "dict"], "A"],
        ["name", "tests.programs.test_identity", "Plain"],
        ["name", "qtopt.nowhere", "Thing"],
    ],
)
def test_no_function_is_called_because_a_file_names_it(text: Any) -> None:
    with pytest.raises(NoIdentityError):
        decoded(text)
