"""The classes that can be named in files and on the command line, by family and kind.

Families are the spectral densities, drives, solvers, commands, ...; users add classes of their own.
"""

import dataclasses
import inspect
import sys
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

Class = TypeVar("Class", bound=Any)

_HOMES = {"tradeoff": "fronts.tradeoffs", "drive set": "fronts.drive_sets", "check": "checks"}
"""Rooms above those that ask for their kinds: they are loaded then."""
_FAMILIES: dict[str, dict[str, type]] = {}


def register(cls: Class) -> Class:
    """Enter a final class under its family and kind, so that configuration files can name it.

    Usable as a decorator. The class attribute `family` comes from the abstract base ("spectral density",
    "drive", "solver", ...), `kind` is the word that stands in the file, and the fields that `parameter`
    declares are the keys beside it.

    Raises:
        TypeError: the class has no family or kind, is no dataclass, lacks what its family must define, or
            its kind belongs to another class.
    """
    family, kind = getattr(cls, "family", None), getattr(cls, "kind", None)
    declared = dataclasses.is_dataclass(cls)
    if not isinstance(family, str) or not isinstance(kind, str) or not declared:
        raise TypeError(
            f"{cls.__name__} must be a dataclass with the class attributes family, which its abstract base "
            f"has, and kind, a word of its own; got family = {family!r}, kind = {kind!r}."
        )
    if inspect.isabstract(cls):
        lacking = ", ".join(sorted(cls.__abstractmethods__))
        raise TypeError(f"a {family} must define {lacking}, but {cls.__name__} does not: write it.")
    known = _FAMILIES.setdefault(family, {})
    other: Any = known.get(kind, cls)
    names = [(one.__module__, one.__qualname__) for one in (other, cls)]
    if names[0] != names[1]:
        raise TypeError(
            f"the kind {kind!r} of {cls.__name__} belongs to {'.'.join(names[0])}: choose another."
        )
    known[kind] = cls
    return cls


def kinds(family: str) -> tuple[str, ...]:
    """The kinds of a family, in the order in which they were registered."""
    return tuple(_known(family))


def class_of(family: str, kind: str) -> Any:
    """The class that is registered under a family and a kind."""
    return _known(family)[kind]


def _known(family: str) -> dict[str, type]:
    """The classes of a family by kind, after the room above that registers them is loaded."""
    if family in _HOMES:
        import_module(f"{__package__}.{_HOMES[family]}")
    return _FAMILIES.get(family, {})


def is_extended() -> bool:
    """Whether a class is registered that does not belong to this package."""
    classes = (cls for known in _FAMILIES.values() for cls in known.values())
    return any(cls.__module__.partition(".")[0] != __package__ for cls in classes)


def foreign_modules() -> dict[str, Path]:
    """The modules, with their source files, of the registered classes that do not belong to this package."""
    modules = {cls.__module__ for known in _FAMILIES.values() for cls in known.values()}
    foreign = {name: sys.modules.get(name) for name in modules if name.partition(".")[0] != __package__}
    files = {name: getattr(module, "__file__", None) for name, module in foreign.items()}
    return {name: Path(file) for name, file in sorted(files.items()) if file}


def foreign_files() -> tuple[Path, ...]:
    """The source files of those modules."""
    return tuple(sorted(set(foreign_modules().values())))
