"""The JSON schema of configuration files, for editors that complete and check them."""

from typing import Any

from ..registry import class_of, kinds
from ._fields import Family, Field, Section, Several, fields_of
from ._units import DIMENSIONS

DIALECT = "https://json-schema.org/draft/2020-12/schema"
UNITS = {"rad": "radians", "temperature": "a temperature, hbar = k_B = 1"}


def json_schema(cls: type, title: str) -> dict[str, Any]:
    """The JSON schema (draft 2020-12) of files that are read as a class, with what users registered.

    What ties keys together (lengths per oscillator, one driven bath) the reader checks.
    """
    definitions: dict[str, Any] = {}
    top = _object(cls, definitions)
    return {"$schema": DIALECT, "title": title, **top, "$defs": dict(sorted(definitions.items()))}


def _object(cls: type, definitions: dict[str, Any]) -> dict[str, Any]:
    """A table; classes inside it are added to the definitions."""
    properties: dict[str, Any] = {}
    required = []
    if hasattr(cls, "kind"):
        properties["kind"] = {"const": cls.kind}  # pyright: ignore[reportAttributeAccessIssue]
    for field in fields_of(cls):
        own = field.type.schema()
        if field.about.unit in DIMENSIONS:
            own = _with_units(own)
        properties[field.key] = {"description": _description(field), **own}
        if field.default is None and not field.about.shared:
            required.append(field.key)
        for inner in _classes(field):
            if inner.__name__ not in definitions:
                definitions[inner.__name__] = {}
                definitions[inner.__name__] = _object(inner, definitions)
    first = (cls.__doc__ or cls.__name__).strip().splitlines()[0]
    found = {"description": first, "type": "object", "properties": properties, "required": required}
    return found | getattr(cls, "schema_rules", {}) | {"additionalProperties": False}


def _with_units(schema: Any) -> Any:
    """The same where numbers may also be texts: quantities, in files with a section [units]."""
    if isinstance(schema, list):
        return [_with_units(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: _with_units(item) for key, item in schema.items()}
    return (
        found | {"type": ["number", "string"], "pattern": "[A-Za-z]"}
        if schema.get("type") == "number"
        else found
    )


def _classes(field: Field) -> list[type]:
    match field.type:
        case Section(cls=cls) | Several(cls=cls):
            return [cls]
        case Family() as family:
            return [class_of(family.family, kind) for kind in kinds(family.family)]
    return []


def _description(field: Field) -> str:
    unit = field.about.unit
    return field.about.help if unit == "1" else f"{field.about.help} ({UNITS.get(unit, f'a {unit}')})"
