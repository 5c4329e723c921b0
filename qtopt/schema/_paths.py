"""Keys are paths: where a number of an object sits in its pytree, and how it is replaced."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from ._fields import fields_of

Tree = TypeVar("Tree")
Path = tuple[str | int, ...]


class Place(NamedTuple):
    """One number of an object.

    Attributes:
        path: the names of fields and positions in tuples that lead to an array.
        entry: the position in the array, () for a single number.
        unit: as in `parameter`.
    """

    path: Path
    entry: tuple[int, ...]
    unit: str

    @property
    def key(self) -> str:
        """The key of the place, such as `machine.baths[0].temperature`."""
        return key_of((*self.path, *self.entry))


def key_of(path: Path) -> str:
    """The key that a path spells, such as `machine.baths[0].temperature`."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return "".join(parts).removeprefix(".")


def values_of(value: Any, path: Path = ()) -> Iterator[tuple[Path, Place | None]]:
    """The path of every value of an object, with its place if it is a number that may change."""
    if isinstance(value, tuple):
        for i, item in enumerate(value):
            yield from values_of(item, (*path, i))
        return
    if hasattr(value, "kind"):
        yield (*path, "kind"), None
    for field in fields_of(type(value)):
        part, inner = getattr(value, field.name), (*path, field.name)
        if not field.static and isinstance(part, eqx.Module | tuple):
            yield from values_of(part, inner)
        elif field.numeric and part is not None:
            for entry in field.type.entries(part):
                yield (*inner, *entry), Place(inner, entry, field.about.unit)
        else:
            yield inner, None


def at(tree: Any, path: Path) -> Any:
    """The part of an object that sits at a path."""
    for part in path:
        tree = tree[part] if isinstance(part, int) else getattr(tree, part)
    return tree


def number(tree: Any, place: Place) -> float:
    """The number at a place."""
    return float(np.asarray(at(tree, place.path))[place.entry])


def with_numbers(tree: Tree, places: Sequence[Place], values: Sequence[float]) -> Tree:
    """The same object with a number at each place; NumPy, so that it keeps all digits."""
    for place, value in zip(places, values, strict=True):
        changed = np.array(at(tree, place.path), dtype=float)
        changed[place.entry] = value
        tree = eqx.tree_at(lambda t, place=place: at(t, place.path), tree, changed)
    return tree


def placed(tree: Tree, places: Sequence[Sequence[Place]], values: Array) -> Tree:
    """The pytree with values[i] at each of places[i]; works under jit and vmap."""
    for i, group in enumerate(places):
        for place in group:
            changed = jnp.asarray(at(tree, place.path)).at[place.entry].set(values[i])
            tree = eqx.tree_at(lambda t, place=place: at(t, place.path), tree, changed)
    return tree


def placed_each(tree: Tree, places: Sequence[Sequence[Place]], values: NDArray[np.float64]) -> Tree:
    """Copies of the pytree along a new first axis, copy c with values[c, i] at each of places[i]; NumPy."""
    copies = jax.tree.map(lambda leaf: np.repeat(np.asarray(leaf)[None], len(values), axis=0), tree)
    for i, group in enumerate(places):
        for place in group:
            at(copies, place.path)[:, *place.entry] = values[:, i]
    return copies
