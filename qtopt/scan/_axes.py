"""The axes of a scan and the numbers of machine and drive that they replace."""

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .. import files
from ..errors import InputError
from ..schema import Place, symbol


@dataclass(frozen=True)
class Axis:
    """One axis of the grid."""

    name: str
    keys: tuple[str, ...]
    values: NDArray[np.float64]
    places: tuple[Place, ...]
    """what takes the values, all at once"""
    scale: str
    units: str


def read_axes(config: files.Config) -> tuple[Axis, ...]:
    """The axes of a configuration, with every value checked by the rules of the configuration.

    Raises:
        InputError: a key that names no number, a number on two axes, a value that is not allowed.
    """
    taken: dict[Place, str] = {}
    axes = []
    for i, axis in enumerate(files.require_scan(config).axes):
        where = f"scan.axes[{i}]"
        places = files.find_numbers(config, axis.all_keys, where, taken)
        axes.append(_axis(config, axis, places, where))
    names = [axis.name for axis in axes]
    if len(set(names)) < len(names):
        raise InputError(
            f'`scan.axes[1].name` must differ from that of the other axis; got "{names[1]}" for both '
            "(give one of them a name)"
        )
    return tuple(axes)


def _axis(config: files.Config, axis: files.AxisSection, places: tuple[Place, ...], where: str) -> Axis:
    for place in places:
        for value in axis.grid.tolist():
            try:
                files.with_number(config, place, value)
            except InputError as error:
                raise InputError(f"`{where}` reaches a value that is not allowed: {error}") from None
    keys = tuple(files.named_key(config, place) for place in places)
    return Axis(axis.name or _name(keys), keys, axis.grid, places, axis.scale, symbol(places[0].unit))


def _name(keys: tuple[str, ...]) -> str:
    """`hot_temperature` for machine.baths.hot.temperature; what several keys have in common at their end."""
    words = [
        [word for word in re.split(r"\W+", key) if word not in ("machine", "baths", "spectral_density", "")]
        for key in keys
    ]
    common = []
    for same in zip(*(reversed(word) for word in words), strict=False):
        if len(set(same)) > 1:
            break
        common.insert(0, same[0])
    return "_".join(common or words[0])
