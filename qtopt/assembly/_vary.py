"""The numbers of [machine] that a search may change: from the configuration to a `Variation`, and back."""

from collections.abc import Sequence
from dataclasses import replace

import equinox as eqx
from jaxtyping import Array, Float

from .. import files
from ..errors import InputError
from ..fronts import Variation
from ..model import Machine
from ._build import build_machine
from ._places import Place, place_of, placed


class _Placed(eqx.Module):
    """A machine with some of its numbers replaced."""

    machine: Machine
    places: tuple[tuple[Place, ...], ...] = eqx.field(static=True)

    def __call__(self, numbers: Float[Array, " V"]) -> Machine:
        return placed(self.machine, self.places, numbers)


def build_variation(config: files.Config, machine: Machine) -> Variation | None:
    """What [pareto] vary says of a machine built from the same file, or None.

    Raises:
        InputError: a key that names no number of [machine], a range that leaves what is allowed or does not
            hold the number of the file, numbers that move together but differ.
    """
    places, start = [], []
    for paths, wanted, where in _paths(config):
        values = {files.number_at(config, path) for path in paths}
        if len(values) > 1:
            raise InputError(
                f"`{where}.keys` must name numbers that are equal in the file; got {sorted(values)}"
            )
        for path in paths:
            for value in wanted.range:
                try:
                    files.with_number(config, path, value)
                except InputError as error:
                    raise InputError(f"`{where}` reaches a value that is not allowed: {error}") from None
        start.append(values.pop())
        if not wanted.range[0] <= start[-1] <= wanted.range[1]:
            raise InputError(
                f"`{where}.range` must hold the number of the file, {start[-1]}; got {list(wanted.range)}"
            )
        places.append(tuple(place_of(_machine, config, path, start[-1], where) for path in paths))
    if not places:
        return None
    ranges = tuple(wanted.range for wanted in config.pareto.vary)
    return Variation(_Placed(machine, tuple(places)), tuple(start), ranges, names(config))


def with_numbers(config: files.Config, numbers: Sequence[float]) -> files.Config:
    """The configuration with its varied numbers replaced."""
    pairs = [(paths, number) for (paths, _, _), number in zip(_paths(config), numbers, strict=True)]
    changed = config
    for paths, number in pairs:
        for path in paths:
            changed = files.with_number(changed, path, number)
    return replace(config, machine=changed.machine)


def names(config: files.Config) -> tuple[str, ...]:
    """What tables and figures call the varied numbers: the first key of each."""
    return tuple(files.named_key(config, paths[0]) for paths, _, _ in _paths(config))


def _paths(config: files.Config) -> list[tuple[list[files.Path], files.VaryConfig, str]]:
    found, taken = [], {}
    for i, wanted in enumerate(config.pareto.vary):
        where, paths = f"pareto.vary[{i}]", []
        for j, key in enumerate(wanted.keys):
            label = f"{where}.keys[{j}]" if len(wanted.keys) > 1 else f"{where}.key"
            path = files.find_number(config, key, label)
            if path[0] != "machine":
                raise InputError(f"`{label}` must name a number of [machine]; got {key}: drives are searched")
            if path in taken:
                raise InputError(
                    f"`{label}` must name another number than `{taken[path]}`; got {key} for both"
                )
            taken[path] = label
            paths.append(path)
        found.append((paths, wanted, where))
    return found


def _machine(config: files.Config) -> Machine:
    return build_machine(config.machine)
