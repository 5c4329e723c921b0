"""[pareto] vary: the numbers of [machine] that a search may change."""

from collections.abc import Sequence
from dataclasses import replace

import equinox as eqx
from jaxtyping import Array, Float

from .. import files
from ..errors import InputError
from ..model import Machine
from ..schema import Place, placed
from .drive_sets import Variation


class _Placed(eqx.Module):
    """A machine with some of its numbers replaced."""

    machine: Machine
    places: tuple[tuple[Place, ...], ...] = eqx.field(static=True)

    def __call__(self, numbers: Float[Array, " V"]) -> Machine:
        return placed(files.DrivenMachine(self.machine, None), self.places, numbers).machine


def variation_of(config: files.Config, machine: Machine) -> Variation | None:
    """What [pareto] vary says of a machine of the same file, or None.

    Raises:
        InputError: a key that names no number of [machine], a range that leaves what is allowed or does not
            hold the number of the file, numbers that move together but differ.
    """
    groups, start = [], []
    for places, wanted, where in _places(config):
        values = {files.number_at(config, place) for place in places}
        if len(values) > 1:
            raise InputError(
                f"`{where}.keys` must name numbers that are equal in the file; got {sorted(values)}"
            )
        for place in places:
            for value in wanted.range:
                try:
                    files.with_number(config, place, value)
                except InputError as error:
                    raise InputError(f"`{where}` reaches a value that is not allowed: {error}") from None
        start.append(values.pop())
        if not wanted.range[0] <= start[-1] <= wanted.range[1]:
            raise InputError(
                f"`{where}.range` must hold the number of the file, {start[-1]}; got {list(wanted.range)}"
            )
        groups.append(places)
    if not groups:
        return None
    ranges = tuple(wanted.range for wanted in config.pareto.vary)
    names = tuple(files.named_key(config, places[0]) for places in groups)
    return Variation(_Placed(machine, tuple(groups)), tuple(start), ranges, names)


def with_varied(config: files.Config, numbers: Sequence[float]) -> files.Config:
    """The configuration with its varied numbers replaced."""
    changed = config
    for (places, _, _), value in zip(_places(config), numbers, strict=True):
        for place in places:
            changed = files.with_number(changed, place, value)
    return replace(config, machine=changed.machine)


def _places(config: files.Config) -> list[tuple[tuple[Place, ...], files.VarySection, str]]:
    found, taken = [], {}
    for i, wanted in enumerate(config.pareto.vary):
        places = files.find_numbers(config, wanted.all_keys, f"pareto.vary[{i}]", taken)
        for place, label in zip(places, files.labels(wanted.all_keys, f"pareto.vary[{i}]"), strict=True):
            if place.path[0] != "machine":
                raise InputError(
                    f"`{label}` must name a number of [machine]; got {place.key}: drives are searched"
                )
        found.append((places, wanted, f"pareto.vary[{i}]"))
    return found
