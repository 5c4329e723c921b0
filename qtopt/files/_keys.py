"""Numbers of a configuration by their keys: what a scan may change, and how.

A key is the path that errors print, `machine.baths[0].temperature`; a bath may also go by its name,
`machine.baths.hot.temperature`. It is also the path of the number in the pytree of machine and drive.
"""

import difflib
import re
from dataclasses import replace
from typing import Any, NamedTuple

from ..errors import InputError
from ..model import Machine
from ..schema import Place, Table, fields_of, key_of, number, plain, show, values_of, with_numbers
from ._config import Config, read_config
from ._drives import together


class Pair(NamedTuple):
    """A machine, and its drive or protocol: what solvers take."""

    machine: Machine
    drive: Any


class DrivenMachine(NamedTuple):
    """What a scan or a search changes: the numbers of a machine and of its drives, if there are any."""

    machine: Machine
    drive: Any
    drives: tuple[Any, ...] = ()

    @property
    def pair(self) -> Pair:
        """The machine, and its drive or protocol."""
        return Pair(self.machine, together(self.drive, self.drives))


def driven_machine(config: Config) -> DrivenMachine:
    """Machine and drive of a configuration."""
    return DrivenMachine(config.machine, config.drive, config.drives)


def number_keys(config: Config) -> dict[str, Place]:
    """Every number of [machine] and [drive] by its key; numbers of a bath under its name and its position."""
    return {key: place for key, place in _keys(config).items() if place is not None}


def find_number(config: Config, key: str, where: str) -> Place:
    """The place of a number; `where` names what asks for it, for the error.

    Raises:
        InputError: there is no number under this key; it says which there are.
    """
    every = _keys(config)
    keys = number_keys(config)
    if key in keys:
        path = keys[key].path
        if path[0] == "drives" and path[-1] == "frequency" and (config.drive is not None or path[1] != 0):
            first = "drives[0].frequency" if config.drive is None else "drive.frequency"
            raise InputError(f"`{where}` must name `{first}`, the frequency of all drives; got {show(key)}")
        return keys[key]
    section = re.split(r"[.\[]", key)[0]
    must = f"`{where}` must name a number of [machine] or [drive]; got {show(key)}"
    if section in {field.key for field in fields_of(Config)} - set(DrivenMachine._fields):
        raise InputError(f"{must}, but [{section}] says how to compute, not what")
    if key in every:
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


def labels(keys: tuple[str, ...], where: str) -> list[str]:
    """What errors call the keys of a table at `where`."""
    return [f"{where}.keys[{j}]" for j in range(len(keys))] if len(keys) > 1 else [f"{where}.key"]


def find_numbers(
    config: Config, keys: tuple[str, ...], where: str, taken: dict[Place, str]
) -> tuple[Place, ...]:
    """The places of numbers that move together; `taken` collects what was named before, and where.

    Raises:
        InputError: as `find_number`, or a number that was named before.
    """
    places = []
    for key, label in zip(keys, labels(keys, where), strict=True):
        place = find_number(config, key, label)
        if place in taken:
            raise InputError(f"`{label}` must name another number than `{taken[place]}`; got {key} for both")
        taken[place] = label
        places.append(place)
    return tuple(places)


def number_at(config: Config, place: Place) -> float:
    """The number at a place that `find_number` gave."""
    return number(config, place)


def with_number(config: Config, place: Place, value: float) -> Config:
    """The same configuration with one number replaced, checked as if read from a file."""
    model = with_numbers(driven_machine(config), [place], [value])
    changed = replace(config, machine=model.machine, drive=model.drive, drives=model.drives)
    read_config(Table(plain(Config(changed.machine, changed.drive, changed.solver, drives=changed.drives))))
    return changed


def named_key(config: Config, place: Place) -> str:
    """The key of a place with the names of baths, such as `machine.baths.hot.temperature`."""
    return _named(config, (*place.path, *place.entry))


def _named(config: Config, path: tuple[str | int, ...]) -> str:
    if path[:2] != ("machine", "baths"):
        return key_of(path)
    return f"machine.baths.{config.machine.baths[int(path[2])].name}.{key_of(path[3:])}"


def _keys(config: Config) -> dict[str, Place | None]:
    """Everything in [machine] and [drive], by position and by the name of the bath; None: no number."""
    found: dict[str, Place | None] = {}
    for section, value in driven_machine(config)._asdict().items():
        if value is not None:
            for path, place in values_of(value, (section,)):
                found[key_of(path)] = place
                found.setdefault(_named(config, path), place)
    return found
