"""Classes that are their own schema: fields declared once, read from TOML and written to it."""

import dataclasses
import inspect
import types
from collections.abc import Mapping
from functools import cache
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import equinox as eqx
import numpy as np

from ..errors import InputError
from ..registry import class_of, kinds
from ._table import Scope, Table
from ._types import AbstractType, Choice, Flag, Names, Numbers, Text, Whole
from ._units import DIMENSIONS, UnitSystem
from ._words import listed, suggestion, wrong

T = TypeVar("T")
PARAMETER = "parameter"
POWERS = {"frequency": 1, "frequency^2": 2, "frequency^4": 4, "temperature": 1, "rad": 0, "1": 0}
"""Of a frequency in every unit (hbar = k_B = m = 1)."""


def symbol(unit: str) -> str:
    """A unit in terms of omega_A, the unit of frequency."""
    return unit.replace("frequency", "omega_A").replace("temperature", "hbar omega_A / k_B")


@dataclasses.dataclass(frozen=True)
class Parameter:
    """What a class declares of one of its fields; see `parameter`."""

    help: str
    unit: str = "1"
    positive: bool = False
    least: float | None = None
    below: int | None = None
    empty: bool = False
    must: str | None = None
    type: AbstractType | None = None
    key: str | None = None
    shared: bool = False


def parameter(
    *,
    help: str,
    unit: str = "1",
    positive: bool = False,
    least: float | None = None,
    below: int | None = None,
    empty: bool = False,
    must: str | None = None,
    type: AbstractType | None = None,
    key: str | None = None,
    shared: bool = False,
    **field: Any,
) -> Any:
    """A field that configuration files give, declared once for reader, writer, JSON schema, keys and errors.

    What a value may be follows from the annotation: ``Float[Array, "L N"]`` is a list of lists with one
    number for each oscillator and harmonic, ``int``, ``bool``, ``str`` and ``Literal[...]`` are what they
    say, ``tuple[Bath, ...]`` is a list of tables, an abstract class with a `family` a table with a `kind`.

    Args:
        help: one line about the number, with its symbol.
        unit: "frequency", "frequency^2", "frequency^4", "temperature", "rad" or "1" for none
            (hbar = k_B = m = 1).
        positive: whether numbers must be above 0.
        least: smallest allowed number.
        below: a whole number must be less, or a list of tables shorter.
        empty: whether a list may be empty.
        must: what errors say that a text or a table must be.
        type: a type with rules of its own in place of the one of the annotation.
        key: the word in the file, where it is not the name of the field.
        shared: whether another table may give it, so that the JSON schema does not ask for it.
        field: as for `equinox.field`: `default`, `converter`, `static`. Static numbers say how something is
            made, not what it is: scans do not change them.
    """
    about = Parameter(help, unit, positive, least, below, empty, must, type, key, shared)
    return eqx.field(metadata={PARAMETER: about}, **field)


@dataclasses.dataclass(frozen=True)
class Field:
    """One key of a class: its name there, its word in the file, its type, and what was declared."""

    name: str
    key: str
    type: AbstractType
    about: Parameter
    static: bool
    default: Any
    """A function that makes it, or None where the key is required."""

    @property
    def numeric(self) -> bool:
        """Whether the field holds numbers that a scan may change."""
        return self.type.numeric and not self.static

    @property
    def untold(self) -> bool:
        """Whether files leave its default out, so that errors do not speak of it either."""
        default = None if self.default is None else self.default()
        return isinstance(default, str | tuple) and self.type.plain(default) is None


@cache
def fields_of(cls: type) -> tuple[Field, ...]:
    """The fields of a class that `parameter` declared, in order."""
    hints = get_type_hints(cls, include_extras=True)
    found = []
    for item in dataclasses.fields(cls):
        about = item.metadata.get(PARAMETER)
        if about is None:
            continue
        module, default = issubclass(cls, eqx.Module), _default(item)
        kept = about.type or _type_of(hints[item.name], about, module)
        if isinstance(kept, Family) and default is not None:
            kept = dataclasses.replace(kept, default=getattr(default(), "kind", None))
        static = item.metadata.get("static", False) or not module
        found.append(Field(item.name, about.key or item.name, kept, about, static, default))
    return tuple(found)


def _default(item: dataclasses.Field) -> Any:
    if item.default_factory is not dataclasses.MISSING:
        return item.default_factory
    return None if item.default is dataclasses.MISSING else lambda: item.default


def _type_of(hint: Any, about: Parameter, array: bool) -> AbstractType:
    """The type that an annotation means."""
    if get_origin(hint) in (Union, types.UnionType):
        (hint,) = (part for part in get_args(hint) if part is not types.NoneType)
    if get_origin(hint) is Literal:
        return Choice(get_args(hint))
    if get_origin(hint) is tuple:
        item = get_args(hint)[0]
        if item is str:
            return Names(about.must or "a list of names")
        return Several(item, about.must, about.empty, about.below)
    if hasattr(hint, "dim_str"):
        dims = tuple(hint.dim_str.split())
        return Numbers(dims, about.positive, about.least, about.empty, array)
    if hint is float:
        return Numbers((), about.positive, about.least, about.empty, array=False)
    if hint is bool:
        return Flag()
    if hint is int:
        return Whole(1 if about.least is None else int(about.least), about.below)
    if hint is str:
        return Text(about.must) if about.must else Text()
    return Family(hint, about.must) if inspect.isabstract(hint) else Section(hint, about.must)


# Tables -----------------------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Section(AbstractType):
    """A table that is read as a class."""

    cls: type
    phrase: str | None = None

    def must(self, scope: Scope) -> str:
        return self.phrase or "a table"

    def read(self, value: object, path: str, scope: Scope) -> Any:
        if not isinstance(value, Mapping):
            raise wrong(path, self.must(scope), value)
        return read(self.cls, Table(value, path, scope))

    def schema(self) -> dict[str, Any]:
        return {"$ref": f"#/$defs/{self.cls.__name__}"}

    def plain(self, value: Any) -> object:
        return plain(value)


@dataclasses.dataclass(frozen=True)
class Family(AbstractType):
    """A table whose `kind` says which class of a family it is; `default` where the table does not say."""

    base: type
    phrase: str | None = None
    default: str | None = None

    @property
    def family(self) -> str:
        """The name of the family."""
        return self.base.family  # pyright: ignore[reportAttributeAccessIssue]

    def must(self, scope: Scope) -> str:
        return self.phrase or f"a table with the kind {listed(kinds(self.family))}"

    def read(self, value: object, path: str, scope: Scope) -> Any:
        if not isinstance(value, Mapping):
            raise wrong(path, self.must(scope), value)
        table, words = Table(value, path, scope), Choice(kinds(self.family))
        if "kind" not in table:
            fields = [field for kind in words.options for field in fields_of(self._class(kind))]
            allowed = (field.key for field in fields if field.key in table or not field.untold)
            table.only("kind", *dict.fromkeys(allowed))
            if self.default is None:
                raise table.missing("kind", words.must(scope))
            return read(self._class(self.default), table)
        given = table.content["kind"]
        if not isinstance(given, str) or given not in words.options:
            advice = suggestion(given, words.options) or "a kind of your own needs --plugin"
            raise wrong(table.at("kind"), words.must(scope), given, advice)
        return read(self._class(given), table)

    def _class(self, kind: str) -> Any:
        return class_of(self.family, kind)

    def schema(self) -> dict[str, Any]:
        named: dict[str, Any] = {"required": ["kind"]}
        refs = ((kind, {"$ref": f"#/$defs/{self._class(kind).__name__}"}) for kind in kinds(self.family))
        return {"oneOf": [ref if kind == self.default else ref | named for kind, ref in refs]}

    def plain(self, value: Any) -> object:
        return plain(value)


@dataclasses.dataclass(frozen=True)
class Several(AbstractType):
    """A list of tables, each read as a class: of fewer than `below`, where given."""

    cls: type
    phrase: str | None = None
    empty: bool = False
    below: int | None = None

    def must(self, scope: Scope) -> str:
        return self.phrase or "a list of tables"

    def read(self, value: object, path: str, scope: Scope) -> Any:
        tables: list[Any] = value if isinstance(value, list) else [None]
        if not all(isinstance(item, Mapping) for item in tables) or not (tables or self.empty):
            raise wrong(path, self.must(scope), value)
        if self.below is not None and len(tables) >= self.below:
            raise wrong(path, self.must(scope), value)
        return tuple(read(self.cls, Table(item, f"{path}[{i}]", scope)) for i, item in enumerate(tables))

    def schema(self) -> dict[str, Any]:
        items = {"$ref": f"#/$defs/{self.cls.__name__}"}
        most = {} if self.below is None else {"maxItems": self.below - 1}
        return {"type": "array", "items": items, "minItems": int(not self.empty), **most}

    def plain(self, value: Any) -> object:
        return [plain(item) for item in value]


# Reading and writing ----------------------------------------------------------------------------------------


def read(cls: type[T], table: Table) -> T:
    """An object of a class from its table, by the rules of its fields.

    A class with rules that tie keys together has a method ``check_table(table)``, which raises InputError.
    The symbols of shapes keep their length within one table; L, the number of oscillators, also beyond it.

    Raises:
        InputError: one sentence that names the key, what it must be and what was given.
    """
    outer = table.scope
    scope = Scope(outer.folder, {k: v for k, v in outer.sizes.items() if k == "L"}, outer.units)
    fields = fields_of(cls)
    told = (field.key for field in fields if field.key in table or not field.untold)
    table.only(*(["kind"] if hasattr(cls, "kind") else []), *told)
    values = {}
    for field in fields:
        if field.key in table:
            path, value = table.at(field.key), table.content[field.key]
            if outer.units is not None and field.about.unit in DIMENSIONS:
                value = _plain_numbers(value, field.about.unit, path, outer.units)
            values[field.name] = field.type.read(value, path, scope)
        elif field.default is None:
            raise table.missing(field.key, field.type.must(scope))
    if "L" in scope.sizes:
        table.scope.sizes.setdefault("L", scope.sizes["L"])
    try:
        found = cls(**values)
    except InputError as error:
        raise InputError(f"`{table.path}` cannot be used: {error}") from None
    check = getattr(found, "check_table", None)
    if check is not None:
        check(table)
    return found


def _plain_numbers(value: object, unit: str, path: str, units: UnitSystem) -> object:
    """The same with numbers in place of quantities such as "50 mK"."""
    if isinstance(value, list):
        return [_plain_numbers(item, unit, f"{path}[{i}]", units) for i, item in enumerate(value)]
    return units.number(value, unit, path) if isinstance(value, str) else value


def missing(table: Table, cls: type, key: str) -> InputError:
    """The error for an optional key of a class that this table needs after all."""
    return table.missing(key, next(field.type.must(Scope()) for field in fields_of(cls) if field.key == key))


def plain(value: Any) -> dict[str, object]:
    """The table of an object: numbers, words, lists and tables; None is left out, a kind comes first.

    Raises:
        InputError: the class is not registered or declares no field, so that no file can name it.
    """
    cls = type(value)
    found: dict[str, object] = {}
    if hasattr(cls, "kind"):
        if cls.kind not in kinds(cls.family) or class_of(cls.family, cls.kind) is not cls:
            raise InputError(
                f"a {cls.family} must be registered to be written to a configuration file, but "
                f"{cls.__name__} is not: put `@qtopt.register` above the class."
            )
        found["kind"] = cls.kind
    elif not fields_of(cls):
        raise InputError(f"{cls.__name__} has no fields that a configuration file could hold.")
    for field in fields_of(cls):
        part = getattr(value, field.name)
        if part is not None or field.default is None:
            found[field.key] = field.type.plain(part)
    return {key: item for key, item in found.items() if item is not None}


def in_units(value: T, unit: Any) -> T:
    """The same object with every frequency multiplied by `unit`, other quantities accordingly.

    Args:
        value: one object, or one whose arrays begin with the axes of `unit`.
        unit: a number, or an array of one for each of many objects.

    Raises:
        InputError: numbers of the class were not declared by `parameter`, so that nobody knows their units.
    """
    changed = {}
    for field in fields_of(type(value)):
        part = getattr(value, field.name)
        if isinstance(part, tuple) and not field.static:
            changed[field.name] = tuple(in_units(item, unit) for item in part)
        elif isinstance(part, eqx.Module):
            own = getattr(part, "in_units", None)
            changed[field.name] = in_units(part, unit) if own is None else own(unit)
        elif field.numeric and part is not None:
            changed[field.name] = _times(part, unit, POWERS[field.about.unit])
        else:
            changed[field.name] = part
    unknown = [
        item.name
        for item in dataclasses.fields(type(value))  # pyright: ignore[reportArgumentType]
        if item.init and item.name not in changed
        and item.default is dataclasses.MISSING and item.default_factory is dataclasses.MISSING
    ]  # fmt: skip
    if unknown:
        raise InputError(
            f"the numbers of {type(value).__name__} must be declared with their units, but "
            f"{listed(unknown, 'and')} {'is' if len(unknown) == 1 else 'are'} not: write "
            f'{unknown[0]} = qtopt.schema.parameter(help="...", unit="..."), and leave out what it inherits.'
        )
    return type(value)(**changed)


def _times(part: Any, unit: Any, power: int) -> Any:
    """A number of a dimension in another unit; multiplied step by step, so that no power of it overflows."""
    factor = np.reshape(unit, np.shape(unit) + (1,) * (np.ndim(part) - np.ndim(unit)))
    factor = unit if np.ndim(unit) == 0 else factor
    for _ in range(power):
        part = part * factor
    return part
