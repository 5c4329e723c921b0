"""Numbers of a configuration by their keys: what a scan may change, and how.

A key is the path that errors print, `machine.baths[0].temperature`; a bath may also go by its name,
`machine.baths.hot.temperature`. A number is changed in the content of the file and the file is read again,
so every rule of the configuration holds for scanned values too.
"""

import difflib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from ..errors import InputError
from ._model import Config, read_config
from ._table import Table, is_number, show
from ._toml import plain

Path = tuple[str | int, ...]
SECTIONS = ("machine", "drive")
FIXED = ("tolerance",)
"""numbers that say how the machine is made, not what it is"""


def number_keys(config: Config) -> dict[str, Path]:
    """Every number of [machine] and [drive] by its key; numbers of a bath under its name and its position."""
    return {
        key: path
        for key, (path, value) in _keys(config).items()
        if is_number(value) and path[-1] not in FIXED
    }


def find_number(config: Config, key: str, where: str) -> Path:
    """The place of a number; `where` names what asks for it, for the error.

    Raises:
        InputError: there is no number under this key; it says which there are.
    """
    keys, other = number_keys(config), _keys(config)
    if key in keys:
        return keys[key]
    section = re.split(r"[.\[]", key)[0]
    must = f"`{where}` must name a number of [machine] or [drive]; got {show(key)}"
    if section in ("solver", "pareto", "simulation", "scan"):
        raise InputError(f"{must}, but [{section}] says how to compute, not what")
    if key in other:
        raise InputError(f"{must}, which is no number that can change")
    inside = [name for name in keys if name.startswith((f"{key}[", f"{key}."))]
    close = difflib.get_close_matches(key, keys, n=1)
    if inside:
        advice = f"that holds several: name one, such as `{inside[0]}`"
    elif close:
        advice = f"did you mean `{close[0]}`?"
    else:
        shown = dict.fromkeys(re.sub(r"\[\d+\]$", "[i]", named_key(config, p)) for p in keys.values())
        advice = f"its numbers: {', '.join(shown)}"
    raise InputError(f"{must} ({advice})")


def number_at(config: Config, path: Path) -> float:
    """The number at a place that `find_number` gave."""
    value: Any = _content(config)
    for part in path:
        value = value[part]
    return float(value)


def with_number(config: Config, path: Path, value: float) -> Config:
    """The same configuration with one number replaced, checked as if read from a file."""
    content = _content(config)
    parent: Any = content
    for part in path[:-1]:
        parent = parent[part]
    parent[path[-1]] = value
    return read_config(Table(content, ""))


def key_of(path: Path) -> str:
    """`machine.baths[0].temperature`."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return "".join(parts).removeprefix(".")


def named_key(config: Config, path: Path) -> str:
    """`machine.baths.hot.temperature`."""
    if path[:2] != ("machine", "baths") or not isinstance(path[2], int):
        return key_of(path)
    return f"machine.baths.{config.machine.baths[path[2]].name}{'.' + key_of(path[3:])}"


def _content(config: Config) -> dict[str, Any]:
    """What the file says, with every static coupling written out as numbers."""
    content = {"machine": plain(config.machine), "solver": plain(config.solver)}
    if config.drive is not None:
        content["drive"] = plain(config.drive)
    machine: Any = content["machine"]
    for table, bath in zip(machine["baths"], config.machine.baths, strict=True):
        if not bath.driven:
            table["coupling"] = list(bath.couplings(config.machine.oscillators))
    return content


def _keys(config: Config) -> dict[str, tuple[Path, object]]:
    """Path and value of everything in [machine] and [drive], by position and by the name of the bath."""
    content = _content(config)
    found: dict[str, tuple[Path, object]] = {}
    for path, value in _leaves({name: content[name] for name in SECTIONS if name in content}, ()):
        found[key_of(path)] = path, value
        found.setdefault(named_key(config, path), (path, value))
    return found


def _leaves(value: object, path: Path) -> Iterator[tuple[Path, object]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _leaves(item, (*path, key))
    elif isinstance(value, list):
        for i, item in enumerate(value):
            yield from _leaves(item, (*path, i))
    else:
        yield path, value
