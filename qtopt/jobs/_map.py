"""The one map of all jobs: a pure function over chunks, by whatever engine, whatever was done before."""

import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import jax
import numpy as np

from ..errors import InputError
from ._engine import Chunk, Function, Lost, Results, current
from ._store import Store

POSITIONS = "positions"


def computed(
    function: Function,
    chunks: Sequence[Chunk],
    name: Callable[[Chunk], str],
    store: Store | None = None,
) -> Iterator[tuple[Chunk, Results | Lost]]:
    """Every chunk with its results, in the order in which they are finished; each is in the store by then.

    A chunk that nobody can finish is halved once all others are done, until the item is found that is the
    reason; that one is `Lost`, and a sentence on standard error names it.

    Args:
        function: (items, setting) -> results.
        chunks: what is not done yet.
        name: what the items of a chunk are, for that sentence.
        store: where finished chunks are kept.
    """
    engine, pending = current(), list(chunks)
    while pending:
        halves = []
        for number, found in engine.run(function, pending):
            chunk = pending[number]
            if isinstance(found, Lost) and len(chunk.positions) > 1:
                halves += chunk.halves()
                continue
            if isinstance(found, Lost):
                told = f"qtopt: warning: {name(chunk)} cannot be computed: {found.reason}; all others go on."
                print(told, file=sys.stderr)
            elif store is not None:
                first = chunk.positions[0]
                store.add(f"{first:09d}-{len(chunk.positions)}", {POSITIONS: chunk.positions, **found})
            yield chunk, found
        pending = halves


def gathered(
    function: Function,
    items: Any,
    size: int,
    name: str,
    setting: Any = None,
    store: Store | None = None,
    padded: bool = True,
) -> Results:
    """The results of a function for all items, by name, (n, ...) each.

    Args:
        function: (items, setting) -> results.
        items: a pytree of arrays that begin with the same axis, (n, ...).
        size: of a chunk.
        name: what the items are called, for errors.
        setting: given to every call.
        store: chunks finished before are there, and further ones are kept; None keeps nothing.
        padded: whether all chunks have that size, so that they share a program.

    Raises:
        InputError: an item that nobody can compute.
    """
    count = jax.tree.leaves(items)[0].shape[0]
    whole: Results = {}
    missing = np.ones(count, dtype=bool)

    def add(positions: Any, found: Results) -> None:
        for key, column in found.items():
            if key not in whole:
                whole[key] = np.zeros((count, *column.shape[1:]), column.dtype)
            whole[key][positions] = column
        missing[positions] = False

    for found in () if store is None else store.chunks():
        add(found.pop(POSITIONS), found)
    left, lost = np.flatnonzero(missing), []
    chunks = [
        Chunk(part, jax.tree.map(lambda x, p=part: np.asarray(x)[p], items), setting, size if padded else 0)
        for part in np.split(left, range(size, len(left), size))
        if len(part)
    ]
    for chunk, found in computed(function, chunks, lambda c: f"{name} {c.positions[0] + 1}", store):
        if isinstance(found, Lost):
            lost.append(f"{chunk.positions[0] + 1} ({found.reason})")
        else:
            add(chunk.positions, found)
    if lost:
        raise InputError(f"every {name} must be computed, but nobody could do {', '.join(lost)}.")
    return whole
