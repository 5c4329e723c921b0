"""Functions that are compiled for each structure of their arguments, and traced once for all processes."""

import functools
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, ParamSpec, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import export
from jax._src import core
from jax.core import Tracer
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from .. import registry
from ..runtime import traced_programs
from ._entries import digest, read, settings, write
from ._identity import NoIdentityError, decoded, encoded

P = ParamSpec("P")
T = TypeVar("T")
LOADED, TRACED, NOT_KEPT = "loaded", "traced", "not kept"
COUNTS: Counter[str] = Counter()
"""How many programs of this process were loaded, how many traced to be kept, and how many cannot be kept."""
ARRAY = object()
_SETTINGS: Any = jax.config
_is_clean: Callable[[], bool] = getattr(core, "trace_state_clean", lambda: False)
"""Whether nothing is being traced. A jax that does not say keeps nothing."""


def kept_program(function: Callable[P, T]) -> "KeptProgram[P, T]":
    """`equinox.filter_jit` whose traced programs are kept on disk, so that later processes load them.

    Usable as a decorator of functions that are pure: what they return follows from their arguments, the
    sources of this package, the versions of jax and what it builds on, the flags, settings and devices. All
    of that is in the name of an entry. So is everything static in the arguments, see `encoded`. A program is
    traced in every process, as by `filter_jit`, where

    * `qtopt.configure` was not called, found no safe directory, or QTOPT_KEEP_PROGRAMS is 0;
    * something static has no description that is complete: a closure, a class outside this package;
    * a plug-in is registered, which any function might ask for;
    * it is called while something else is traced (`jax.jit`, `jax.vmap`, `jax.grad`), or with arrays that
      several devices share;
    * jax cannot export it: callbacks, as those of `equinox.error_if`.
    """
    return KeptProgram(function)


@dataclass(frozen=True)
class _Program:
    """Arrays -> what the function returns.

    Attributes:
        call: compiled, from arrays to a list of arrays.
        tree: the structure of what is returned.
        leaves: of that structure, `ARRAY` where an array comes.
    """

    call: Callable[..., list[Any]]
    tree: Any
    leaves: tuple[Any, ...]

    def __call__(self, arrays: list[Any]) -> Any:
        found = iter(self.call(*arrays))
        return jax.tree.unflatten(self.tree, [next(found) if x is ARRAY else x for x in self.leaves])


class KeptProgram(Generic[P, T]):
    """See `kept_program`."""

    def __init__(self, function: Callable[P, T]) -> None:
        functools.update_wrapper(self, function)
        self.__wrapped__: Any = function
        self._compiled: Any = eqx.filter_jit(function)
        self._programs: dict[Any, _Program | None] = {}

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T:
        folder = traced_programs()
        if folder is None or _SETTINGS.jax_disable_jit or not _is_clean():
            return self._compiled(*args, **kwargs)
        leaves, tree = jax.tree.flatten((args, kwargs))
        arrays = [leaf for leaf in leaves if eqx.is_array(leaf)]
        if not all(map(_whole, arrays)):
            return self._compiled(*args, **kwargs)
        static = tuple(ARRAY if eqx.is_array(leaf) else leaf for leaf in leaves)
        key = tree, static, tuple(map(jax.typeof, arrays)), settings(), registry.is_extended()
        try:
            made = key in self._programs
        except TypeError:  # something has no hash: `filter_jit` says what
            return self._compiled(*args, **kwargs)
        if not made:
            self._programs[key] = self._made(folder, tree, static, arrays)
        program = self._programs[key]
        return self._compiled(*args, **kwargs) if program is None else program(arrays)

    def lower(self, *args: P.args, **kwargs: P.kwargs) -> Any:
        """The program for these arguments before it is compiled."""
        return self._compiled.lower(*args, **kwargs)

    def _made(self, folder: Path, tree: Any, static: tuple[Any, ...], arrays: list[Any]) -> _Program | None:
        """The program for one structure, from disk if it is there; None where it cannot be kept."""
        try:
            name = self._name(tree, static, arrays)
        except NoIdentityError:
            COUNTS[NOT_KEPT] += 1
            return None
        program = self._loaded(read(folder, name), arrays)
        if program is not None:
            COUNTS[LOADED] += 1
            return program
        try:
            outputs, body = self._traced(tree, static, arrays)
        except Exception:  # of jax, which cannot export it, or its own, which comes again when it is traced
            COUNTS[NOT_KEPT] += 1
            return None
        COUNTS[TRACED] += 1
        write(folder, name, outputs, body)
        return self._loaded((outputs, body), arrays)

    def _name(self, tree: Any, static: tuple[Any, ...], arrays: list[Any]) -> str:
        if registry.is_extended():
            raise NoIdentityError("a plug-in")
        leaves = [["array"] if leaf is ARRAY else ["static", encoded(leaf)] for leaf in static]
        shapes = [[x.shape, str(x.dtype), x.weak_type] for x in map(jax.typeof, arrays)]
        return digest([encoded(self.__wrapped__), leaves, encoded(tree), shapes, encoded(settings())])

    def _traced(self, tree: Any, static: tuple[Any, ...], arrays: list[Any]) -> tuple[Any, bytes]:
        """The structure of what is returned, and the program, both as they are written."""
        returned: list[Any] = []

        def program(*arrays: Any) -> list[Any]:
            given = iter(arrays)
            leaves = [next(given) if leaf is ARRAY else leaf for leaf in static]
            args, kwargs = jax.tree.unflatten(tree, leaves)
            leaves, found = jax.tree.flatten(self.__wrapped__(*args, **kwargs))
            returned[:] = found, [["array"] if eqx.is_array(x) else ["static", encoded(x)] for x in leaves]
            return [leaf for leaf in leaves if eqx.is_array(leaf)]

        program.__name__ = self.__wrapped__.__name__
        shapes = [
            jax.ShapeDtypeStruct(x.shape, x.dtype, weak_type=x.weak_type) for x in map(jax.typeof, arrays)
        ]
        body = export.export(jax.jit(program))(*shapes).serialize()
        found, leaves = returned
        outputs = [encoded(found), leaves]
        if decoded(outputs[0]) != found:
            raise NoIdentityError("what is returned")
        return outputs, bytes(body)

    def _loaded(self, entry: tuple[Any, bytes] | None, arrays: list[Any]) -> _Program | None:
        """The program of an entry; None where there is none, or none for these arrays."""
        if entry is None:
            return None
        (tree, leaves), body = entry
        try:
            exported = export.deserialize(bytearray(body))
            tree = decoded(tree)
            leaves = tuple(ARRAY if kind == "array" else decoded(*rest) for kind, *rest in leaves)
        except Exception:  # whatever it is, it is no entry
            return None
        expected = [(x.shape, x.dtype) for x in map(jax.typeof, arrays)]
        if [(x.shape, x.dtype) for x in exported.in_avals] != expected:
            return None

        def program(*arrays: Any) -> Any:
            return exported.call(*arrays)

        program.__name__ = self.__wrapped__.__name__
        if exported.nr_devices == 1:
            return _Program(jax.jit(program), tree, leaves)
        mesh = Mesh(np.array(jax.local_devices()), ("kept",))
        whole = NamedSharding(mesh, PartitionSpec())
        return _Program(jax.jit(program, in_shardings=whole), tree, leaves)


def _whole(leaf: Any) -> bool:
    """Whether an array is a number of this process on one device, not a placeholder, not a random key."""
    if isinstance(leaf, np.ndarray | np.generic):
        return True
    if isinstance(leaf, Tracer) or jnp.issubdtype(leaf.dtype, jax.dtypes.extended):
        return False
    return len(leaf.sharding.device_set) == 1
