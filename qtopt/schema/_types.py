"""What a key may hold. Every type can read a value, write it, and say what it must be."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ..errors import InputError
from ..registry import kinds
from ._table import Scope
from ._words import count, is_number, listed, suggestion, wrong

SYMBOLS = {
    "L": "oscillator",
    "N": "harmonic",
    "S": "step",
    "P": "point of the axis",
    "R": "real pole",
    "C": "pair of poles",
    "Q": "zero on the imaginary axis",
    "Z": "pair of zeros",
}
"""What the symbols of shapes count; classes of users may add theirs."""


class AbstractType(ABC):
    """The values of one key; a rule that no other type states is one more final subclass."""

    numeric: ClassVar[bool] = False
    """Whether values are arrays of numbers, which scans may change."""

    @abstractmethod
    def must(self, scope: Scope) -> str:
        """What a value must be, to follow "must be"."""

    @abstractmethod
    def read(self, value: object, path: str, scope: Scope) -> Any:
        """The value as the class wants it.

        Raises:
            InputError: the value breaks the rule; the error names the path.
        """

    @abstractmethod
    def schema(self) -> dict[str, Any]:
        """The JSON schema of a value."""

    def plain(self, value: Any) -> object:
        """The value as TOML has it."""
        return list(value) if isinstance(value, tuple) else value

    def entries(self, value: Any) -> Iterator[tuple[int, ...]]:
        """Where the numbers of an array are that may change, each by itself."""
        yield from np.ndindex(np.shape(value))


@dataclass(frozen=True)
class Numbers(AbstractType):
    """A finite number, a list of them or a list of lists.

    Attributes:
        dims: the symbols of the shape, none for a single number; what is read first says how many L means.
        positive: whether numbers must be above 0.
        least: the smallest allowed number.
        empty: whether lists may be empty.
        array: whether the class holds a NumPy or JAX array; otherwise a float.
    """

    numeric: ClassVar[bool] = True
    dims: tuple[str, ...] = ()
    positive: bool = False
    least: float | None = None
    empty: bool = False
    array: bool = True

    def must(self, scope: Scope) -> str:
        if not self.dims:
            limit = "" if self.least is None else f" of at least {self.least:g}"
            return "a finite number above 0" if self.positive else f"a finite number{limit}"
        length = scope.size(self.dims[0])
        if len(self.dims) == 1:
            return self._list(length, _each(self.dims[0]))
        lists = "lists" if length is None else f"{length} list{'s' * (length != 1)}"
        return f"a list of {lists} of numbers, {_each(self.dims[0])}, {_inner(self.dims[1])}"

    def read(self, value: object, path: str, scope: Scope) -> Any:
        if not self.dims:
            return self._number(value, path) if not self.array else np.asarray(self._number(value, path))
        if len(self.dims) == 1:
            return self._vector(value, path, scope.size(self.dims[0]), _each(self.dims[0]), scope)
        return self._matrix(value, path, scope)

    def plain(self, value: Any) -> object:
        return np.asarray(value, dtype=float).tolist()

    def schema(self) -> dict[str, Any]:
        found: dict[str, Any] = {"type": "number"}
        if self.positive:
            found["exclusiveMinimum"] = 0
        elif self.least is not None:
            found["minimum"] = self.least
        for symbol in reversed(self.dims):
            found = {"type": "array", "items": found}
            if symbol.isdigit():
                found |= {"minItems": int(symbol), "maxItems": int(symbol)}
            elif not self.empty:
                found["minItems"] = 1
        return found

    def _list(self, length: int | None, what: str) -> str:
        sign = " above 0" if self.positive else ""
        return f"a list of {f'numbers{sign}' if length is None else count(length)}, {what}"

    def _number(self, value: object, path: str) -> float:
        must = Numbers((), self.positive, self.least).must(Scope())
        if not is_number(value):
            raise wrong(path, must, value)
        result = float(value)  # pyright: ignore[reportArgumentType]
        if (self.positive and result <= 0.0) or (self.least is not None and result < self.least):
            raise wrong(path, must, value)
        return result

    def _vector(self, value: object, path: str, length: int | None, what: str, scope: Scope) -> Any:
        if not isinstance(value, list):
            raise wrong(path, self._list(length, what), value)
        if (not value and not self.empty) or (length is not None and len(value) != length):
            advice = count(len(value)) if value else "it is empty"
            raise wrong(path, self._list(length, what), value, advice)
        scope.sizes.setdefault(self.dims[0], (len(value), path))
        found = tuple(self._number(item, f"{path}[{i}]") for i, item in enumerate(value))
        return np.asarray(found) if self.array else found

    def _matrix(self, value: object, path: str, scope: Scope) -> Any:
        rows, width = (scope.size(symbol) for symbol in self.dims)
        if not isinstance(value, list) or not all(isinstance(row, list) for row in value):
            raise wrong(path, self.must(scope), value)
        if rows is not None and len(value) != rows:
            raise wrong(path, self.must(scope), value, f"{len(value)} list{'s' * (len(value) != 1)}")
        fixed = width if self.dims[1].isdigit() else None
        if not value:
            return np.zeros((0, fixed or 0))
        length = fixed or len(value[0]) or None
        found = []
        for i, row in enumerate(value):
            what = f"as many as in `{path}[0]`" if i and fixed is None else _inner(self.dims[1])
            found.append(self._vector(row, f"{path}[{i}]", length, what, Scope()))
        if width is not None and len(found[0]) != width:
            must = f"as long in every list as in `{scope.sizes[self.dims[1]][1]}`, {count(width)}"
            raise wrong(path, must, len(found[0]))
        scope.sizes.setdefault(self.dims[0], (len(found), path))
        scope.sizes.setdefault(self.dims[1], (len(found[0]), path))
        return np.stack(found)


def _each(symbol: str) -> str:
    return f"one for each {SYMBOLS.get(symbol, symbol)}"


def _inner(symbol: str) -> str:
    return (
        f"{symbol} in each" if symbol.isdigit() else f"with one number for each {SYMBOLS.get(symbol, symbol)}"
    )


@dataclass(frozen=True)
class Whole(AbstractType):
    """A whole number of at least `least` and, where given, less than `below`."""

    least: int = 1
    below: int | None = None

    def must(self, scope: Scope) -> str:
        limit = "" if self.below is None else f" and below {self.below}"
        return f"a whole number of at least {self.least}{limit}"

    def read(self, value: object, path: str, scope: Scope) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or value < self.least:
            raise wrong(path, self.must(scope), value)
        if self.below is not None and value >= self.below:
            raise wrong(path, self.must(scope), value)
        return value

    def schema(self) -> dict[str, Any]:
        limit = {} if self.below is None else {"exclusiveMaximum": self.below}
        return {"type": "integer", "minimum": self.least, **limit}


@dataclass(frozen=True)
class Flag(AbstractType):
    """A flag, which is true or false."""

    def must(self, scope: Scope) -> str:
        return "true or false"

    def read(self, value: object, path: str, scope: Scope) -> bool:
        if not isinstance(value, bool):
            raise wrong(path, self.must(scope), value)
        return value

    def schema(self) -> dict[str, Any]:
        return {"type": "boolean"}


@dataclass(frozen=True)
class Text(AbstractType):
    """A string that is not blank and fits on one line; `what` says what it is."""

    what: str = "one line of text that is not blank"

    def must(self, scope: Scope) -> str:
        return self.what

    def read(self, value: object, path: str, scope: Scope) -> str:
        if not isinstance(value, str) or not value.strip() or not value.isprintable():
            raise wrong(path, self.what, value)
        return value

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": r"\S"}


@dataclass(frozen=True)
class Choice(AbstractType):
    """One of some words."""

    options: tuple[str, ...]

    def must(self, scope: Scope) -> str:
        return listed(self.options)

    def read(self, value: object, path: str, scope: Scope) -> str:
        if value not in self.options or not isinstance(value, str):
            raise wrong(path, self.must(scope), value, suggestion(value, self.options))
        return value

    def schema(self) -> dict[str, Any]:
        return {"enum": list(self.options)}


@dataclass(frozen=True)
class Kind(AbstractType):
    """The kind of one class of a family."""

    family: str

    def must(self, scope: Scope) -> str:
        return listed(kinds(self.family))

    def read(self, value: object, path: str, scope: Scope) -> str:
        return Choice(kinds(self.family)).read(value, path, scope)

    def schema(self) -> dict[str, Any]:
        return Choice(kinds(self.family)).schema()


@dataclass(frozen=True)
class Choices(AbstractType):
    """A list of some of two words, each once; `what` they are, for the error."""

    options: tuple[str, ...]
    what: str

    def must(self, scope: Scope) -> str:
        return f"a list of one or both of {listed(self.options, 'and')}"

    def read(self, value: object, path: str, scope: Scope) -> tuple[str, ...]:
        if not isinstance(value, list) or not value:
            raise wrong(path, self.must(scope), value)
        each = Choice(self.options)
        names = tuple(each.read(item, f"{path}[{i}]", scope) for i, item in enumerate(value))
        if len(set(names)) != len(names):
            raise InputError(f"`{path}` must name each {self.what} once; got {list(names)}")
        return names

    def schema(self) -> dict[str, Any]:
        return {"type": "array", "items": Choice(self.options).schema(), "minItems": 1, "uniqueItems": True}


@dataclass(frozen=True)
class Names(AbstractType):
    """A list of strings; `what` they are, for the error."""

    what: str

    def must(self, scope: Scope) -> str:
        return self.what

    def read(self, value: object, path: str, scope: Scope) -> tuple[str, ...]:
        if not isinstance(value, list) or not value or not all(isinstance(item, str) for item in value):
            raise wrong(path, self.what, value)
        return tuple(value)

    def schema(self) -> dict[str, Any]:
        return {"type": "array", "items": {"type": "string"}, "minItems": 1}
