"""What a static value is, as text: the same text for the same value in every process, never for another."""

import dataclasses
import enum
import functools
import sys
import types
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import jax
import numpy as np
from jax.tree_util import PyTreeDef, default_registry

KNOWN = (
    "jax",
    "jaxlib",
    "equinox",
    "optax",
    "diffrax",
    "lineax",
    "optimistix",
    "numpy",
    "scipy",
    "jaxtyping",
)
"""Packages whose versions say what their functions and classes do."""
OWN = __name__.partition(".")[0]
SINGLETONS = "equinox"
"""The package whose instances without data are named: it marks by one what a module lacks."""


_plant: Any = (
    getattr(PyTreeDef, "from_node_data_and_children", None) or PyTreeDef.make_from_node_data_and_children
)
"""The second name is that of jax 0.6."""


class NoIdentityError(Exception):
    """A value that nothing short of its memory describes: a closure, a class of a plug-in, an open file."""


def versions_of_known() -> dict[str, str]:
    """The versions of `KNOWN` packages, as far as they are installed, and of Python."""
    found = {"python": sys.version}
    for package in KNOWN:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def encoded(value: Any) -> Any:
    """A value as what JSON can hold: complete, so that `decoded` gives an equal value.

    Functions and classes are named; that is complete for those of this package and of `KNOWN` ones. Data
    classes are their fields, arrays of NumPy their bytes.

    Raises:
        NoIdentityError: there is no such description.
    """
    if value is None or type(value) in (bool, int, str):
        return value
    if type(value) in _WRITTEN:
        kind, write, _ = _WRITTEN[type(value)]
        return [kind, write(value)]
    if isinstance(value, enum.Enum) and value.name is not None:
        return ["enum", encoded(type(value)), value.name]
    if isinstance(value, np.dtype) and _is_plain(value):
        return ["dtype", value.str]
    kind = "array" if type(value) is np.ndarray else "scalar" if isinstance(value, np.generic) else ""
    if kind and _is_plain(value):
        return [kind, *_bytes(value)]
    if isinstance(value, types.MethodType):
        return ["method", encoded(value.__self__), value.__name__]
    if isinstance(value, type) or (callable(value) and hasattr(value, "__qualname__")):
        return ["name", *_named(value)]
    if _is_record(type(value)):
        return ["record", encoded(type(value)), _items(value)]
    if dataclasses.is_dataclass(value):
        return _fields(value)
    return ["constant", *_constant(value)]


def decoded(text: Any) -> Any:
    """The value that `encoded` has described."""
    if not isinstance(text, list):
        return text
    kind, *parts = text
    return _READ[kind](*parts)


def _bytes(value: Any) -> list[Any]:
    return [value.dtype.str, list(value.shape), value.tobytes().hex()]


def _is_plain(value: Any) -> bool:
    """Whether a type of NumPy, or that of an array, is one of numbers or of text."""
    dtype = getattr(value, "dtype", value)
    return dtype.isbuiltin == 1 and not dtype.hasobject


def _is_record(kind: type) -> bool:
    return issubclass(kind, tuple) and hasattr(kind, "_fields")


def _items(values: Any) -> list[Any]:
    return [encoded(item) for item in values]


def _tree(tree: Any) -> Any:
    node = tree.node_data()
    if node is None:
        return None
    return [encoded(node[0]), encoded(node[1]), [_tree(child) for child in tree.children()]]


def _planted(text: Any) -> Any:
    if text is None:
        return jax.tree.structure(0)
    node, children = (decoded(text[0]), decoded(text[1])), [_planted(child) for child in text[2]]
    return _plant(default_registry, node, children)


def _named(value: Any) -> tuple[str, str]:
    """Module and name of a function or class that can be found there and whose source is in the key."""
    if value is type(None):
        return "types", "NoneType"
    module, name = str(value.__module__), str(value.__qualname__)
    found = _found(module, name)
    if value is not found and value is not getattr(found, "__wrapped__", None):
        raise NoIdentityError(f"{module}.{name}")
    return module, name


def _found(module: str, name: str) -> Any:
    package = module.partition(".")[0]
    if package not in (OWN, *KNOWN) and package not in sys.stdlib_module_names:
        raise NoIdentityError(f"{module}.{name}")
    try:
        return functools.reduce(getattr, name.split("."), import_module(module))
    except (ImportError, AttributeError):
        raise NoIdentityError(f"{module}.{name}") from None


def _fields(value: Any) -> Any:
    """A data class by its fields; it must have nothing else, but what it has computed from them and kept."""
    names = [item.name for item in dataclasses.fields(value)]
    kept = {
        name
        for kind in type(value).__mro__
        for name, part in vars(kind).items()
        if isinstance(part, functools.cached_property)
    }
    if set(getattr(value, "__dict__", {})) - kept - set(names):
        raise NoIdentityError(f"{type(value).__qualname__} has more than its fields")
    fields = [[name, encoded(getattr(value, name))] for name in names if hasattr(value, name)]
    return ["data", encoded(type(value)), fields]


def _data(kind: Any, fields: Any) -> Any:
    made = object.__new__(_one_of(decoded(kind), dataclasses.is_dataclass))
    for name, value in fields:
        object.__setattr__(made, name, decoded(value))
    return made


def _one_of(kind: Any, allowed: Callable[[Any], bool]) -> Any:
    """A class of a sort: no other function is called because a file names it."""
    if not isinstance(kind, type) or not allowed(kind):
        raise NoIdentityError(f"{kind} is not such a class")
    return kind


def _constant(value: Any) -> tuple[str, str]:
    """Module and name of an instance without data that its own module names."""
    module = type(value).__module__
    if module.partition(".")[0] == SINGLETONS and not getattr(value, "__dict__", None):
        for name, other in vars(sys.modules[module]).items():
            if other is value:
                return module, name
    raise NoIdentityError(f"{module}.{type(value).__qualname__}")


def _array(dtype: str, shape: list[int], content: str) -> Any:
    return np.frombuffer(bytes.fromhex(content), np.dtype(dtype)).reshape(shape).copy()


_WRITTEN: dict[type, tuple[str, Any, Any]] = {
    float: ("float", float.hex, float.fromhex),
    complex: (
        "complex",
        lambda z: [z.real.hex(), z.imag.hex()],
        lambda z: complex(*(map(float.fromhex, z))),
    ),
    bytes: ("bytes", bytes.hex, bytes.fromhex),
    tuple: ("tuple", _items, lambda items: tuple(map(decoded, items))),
    list: ("list", _items, lambda items: list(map(decoded, items))),
    dict: (
        "dict",
        lambda value: [_items(pair) for pair in value.items()],
        lambda pairs: {decoded(key): decoded(item) for key, item in pairs},
    ),
    frozenset: (
        "frozenset",
        lambda value: sorted(_items(value), key=repr),
        lambda items: frozenset(map(decoded, items)),
    ),
    functools.partial: (
        "partial",
        lambda value: _items((value.func, value.args, value.keywords)),
        lambda parts: functools.partial(decoded(parts[0]), *decoded(parts[1]), **decoded(parts[2])),
    ),
    PyTreeDef: ("tree", _tree, _planted),
}
"""For classes whose instances are written one way: kind, and how they are written and read."""
_READ: dict[str, Any] = {kind: read for kind, _, read in _WRITTEN.values()} | {
    "enum": lambda kind, name: _one_of(decoded(kind), lambda k: issubclass(k, enum.Enum))[name],
    "dtype": np.dtype,
    "array": _array,
    "scalar": lambda *parts: _array(*parts)[()],
    "method": lambda owner, name: getattr(decoded(owner), name),
    "name": _found,
    "record": lambda kind, items: _one_of(decoded(kind), _is_record)(*map(decoded, items)),
    "data": _data,
    "constant": _found,
}
