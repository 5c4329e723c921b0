"""Where the numbers of a configuration end up in the pytrees built from it."""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import jax
import numpy as np
from jax import Array
from numpy.typing import NDArray

from .. import files
from ..errors import InputError

Tree = TypeVar("Tree")


class Place(NamedTuple):
    """One number of a pytree: which leaf, and where in it."""

    leaf: int
    entry: tuple[int, ...]


def place_of(
    build: Callable[[files.Config], Any], config: files.Config, path: files.Path, value: float, where: str
) -> Place:
    """Where a number of the configuration ends up: the one entry that follows it through two values.

    Args:
        build: the pytree of a configuration.
        config: with all other numbers.
        path: of the number.
        value: one that is allowed.
        where: what errors call the key.

    Raises:
        InputError: the number is not simply one entry (a table's column, a couple of derived numbers).
    """
    pair = (value, 1.25 * value if value else 1.0)
    leaves = [
        [np.asarray(leaf) for leaf in jax.tree.leaves(build(files.with_number(config, path, probe)))]
        for probe in pair
    ]
    changed = [
        Place(i, tuple(int(n) for n in entry))
        for i, (first, second) in enumerate(zip(*leaves, strict=True))
        for entry in np.argwhere(first != second)
    ]
    if len(changed) != 1 or any(
        part[changed[0].leaf][changed[0].entry] != probe for part, probe in zip(leaves, pair, strict=True)
    ):
        raise InputError(f"`{where}` must name a number of the machine itself; got {files.key_of(path)}")
    return changed[0]


def placed(tree: Tree, places: tuple[tuple[Place, ...], ...], values: Array) -> Tree:
    """The pytree with values[i] at each of places[i]; works under jit and vmap."""
    leaves, structure = jax.tree.flatten(tree)
    for axis, entries in enumerate(places):
        for leaf, entry in entries:
            leaves[leaf] = leaves[leaf].at[entry].set(values[axis])
    return jax.tree.unflatten(structure, leaves)


def placed_each(tree: Tree, places: tuple[tuple[Place, ...], ...], values: NDArray[np.float64]) -> Tree:
    """Copies of the pytree along a new first axis, copy c with values[c, i] at each of places[i]; NumPy."""
    leaves, structure = jax.tree.flatten(tree)
    copies = [np.repeat(np.asarray(leaf)[None], len(values), axis=0) for leaf in leaves]
    for axis, entries in enumerate(places):
        for leaf, entry in entries:
            copies[leaf][:, *entry] = values[:, axis]
    return jax.tree.unflatten(structure, copies)
