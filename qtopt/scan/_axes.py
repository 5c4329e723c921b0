"""The axes of a scan and the numbers of machine and drive that they replace."""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import files
from ..assembly import Place, build_drive, build_machine, place_of
from ..errors import InputError
from ..model import AbstractDrive, Machine

Model = tuple[Machine, AbstractDrive]

UNITS = {
    "temperature": "hbar omega_A / k_B",
    "strength": "omega_A^4",
    "frequency": "omega_A",
    "frequencies": "omega_A",
    "damping": "omega_A",
    "cutoff": "omega_A",
    "peak": "omega_A",
    "width": "omega_A",
    "phases": "rad",
}
"""of the last word of a key; other numbers have none"""


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


def build_model(config: files.Config) -> Model:
    """Machine and drive of a configuration."""
    return build_machine(config.machine), build_drive(files.require_drive(config))


def read_axes(config: files.Config) -> tuple[Axis, ...]:
    """The axes of a configuration, with every value checked by the rules of the configuration.

    Raises:
        InputError: a key that names no number, a number on two axes, a value that is not allowed.
    """
    taken: dict[tuple[Any, ...], str] = {}
    axes = []
    for i, axis in enumerate(files.require_scan(config).axes):
        where = f"scan.axes[{i}]"
        paths = []
        for j, key in enumerate(axis.keys):
            label = f"{where}.keys[{j}]" if len(axis.keys) > 1 else f"{where}.key"
            path = files.find_number(config, key, label)
            if path in taken:
                raise InputError(
                    f"`{label}` must name another number than `{taken[path]}`; got {key} for both"
                )
            taken[path] = label
            paths.append(path)
        axes.append(_axis(config, axis, paths, where))
    names = [axis.name for axis in axes]
    if len(set(names)) < len(names):
        raise InputError(
            f'`scan.axes[1].name` must differ from that of the other axis; got "{names[1]}" for both '
            "(give one of them a name)"
        )
    return tuple(axes)


def _axis(config: files.Config, axis: files.AxisConfig, paths: list[Any], where: str) -> Axis:
    values = _values(axis)
    for path in paths:
        for value in values.tolist():
            try:
                files.with_number(config, path, value)
            except InputError as error:
                raise InputError(f"`{where}` reaches a value that is not allowed: {error}") from None
    places = tuple(place_of(build_model, config, path, float(values[0]), where) for path in paths)
    words = [str(part) for part in paths[0] if not isinstance(part, int)]
    name = axis.name or _name([files.named_key(config, path) for path in paths])
    keys = tuple(files.named_key(config, path) for path in paths)
    return Axis(name, keys, values, places, axis.scale, UNITS.get(words[-1], "1"))


def _values(axis: files.AxisConfig) -> NDArray[np.float64]:
    if isinstance(axis, files.ListAxisConfig):
        return np.asarray(axis.values)
    spaced = np.geomspace if axis.scale == "log" else np.linspace
    return spaced(axis.start, axis.stop, axis.points)


def _name(keys: list[str]) -> str:
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
