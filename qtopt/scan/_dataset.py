"""Labelled data: coordinates, units and everything that is needed to make it again."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jax
import numpy as np
from numpy.typing import NDArray

from .. import files
from ..errors import InputError
from ..jobs import current, write_atomically
from ..model import actuators, shape_names
from ..observables import BATH, OSCILLATOR, OTHER, OTHER_SHAPE, SHAPE, Quantity, quantities as all_quantities
from ..solvers import LOST, NOT_FINITE, RESOLVED, UNDAMPED, UNRESOLVED, UNSTABLE
from ._axes import Axis

if TYPE_CHECKING:
    from xarray import Dataset

FILE = "scan.nc"
FILL = 9.969209968386869e36
"""netCDF's own fill value: the file holds no NaN, readers mask it"""

ADVICE = {
    UNSTABLE: "which have no steady state: the driven coupling amplifies parametrically",
    UNRESOLVED: "whose currents float64 or the shortest time step does not resolve",
    UNDAMPED: "in which a mode is not damped by any static bath",
    NOT_FINITE: "whose numbers float64 cannot hold",
    LOST: "which ended every process that solved them",
}
"""by status"""


def check_names(axes: Sequence[Axis], quantities: Sequence[Quantity]) -> None:
    """Refuse names of axes that the data or its format need.

    Raises:
        InputError: such a name.
    """
    taken = {item.name for item in quantities} | {OSCILLATOR, OTHER, BATH, SHAPE, OTHER_SHAPE}
    for i, axis in enumerate(axes):
        if axis.name in taken or not re.fullmatch(r"[^\W\d][\w .-]*", axis.name):
            raise InputError(
                f"`scan.axes[{i}].name` must begin with a letter, have no slash, and differ from the "
                f'names of quantities and dimensions; got "{axis.name}"'
            )


def dataset(
    config: files.Config,
    axes: Sequence[Axis],
    quantities: Sequence[Quantity],
    results: dict[str, NDArray[Any]],
) -> "Dataset":
    """The results, (machines, ...) each, as a dataset over the axes."""
    import xarray

    grid = tuple(len(axis.values) for axis in axes)
    names = tuple(axis.name for axis in axes)
    numbers = np.arange(1, config.machine.size + 1)
    coordinates: dict[str, Any] = {
        axis.name: (axis.name, axis.values, _axis_attributes(axis)) for axis in axes
    }
    coordinates[OSCILLATOR] = (OSCILLATOR, numbers, {"long_name": "oscillator, counted from 1"})
    coordinates[OTHER] = (OTHER, numbers, {"long_name": "oscillator, counted from 1"})
    coordinates[BATH] = (BATH, [bath.name for bath in config.machine.baths], {"long_name": "bath"})
    shapes = shape_names(actuators(config.machine, files.require_drive(config)))
    for name in (SHAPE, OTHER_SHAPE):
        if any(name in item.dimensions for item in quantities):
            coordinates[name] = (name, shapes, {"long_name": "shape of a drive"})
    variables = {}
    for item in quantities:
        values = results[item.name]
        shaped = values.reshape(grid + values.shape[1:])
        variables[item.name] = ((*names, *item.dimensions), shaped, _attributes(item, config.units))
    made = xarray.Dataset(variables, coordinates, _provenance(config))
    for item in quantities:
        made[item.name].encoding["_FillValue"] = None if item.flags else FILL
    return made


def _axis_attributes(axis: Axis) -> dict[str, str]:
    # entries of lists are counted from 0 in keys, but oscillators from 1: say the key
    name = axis.keys[0] if "[" in "".join(axis.keys) else axis.name.replace("_", " ")
    return {"units": axis.units, "long_name": name, "scale": axis.scale, "config_keys": " ".join(axis.keys)}


def _attributes(item: Quantity, units: files.UnitsSection | None) -> dict[str, Any]:
    found: dict[str, Any] = {"units": item.unit, "long_name": item.long_name}
    factor = None if units is None else units.system.factor(item.unit)
    if factor is not None:
        found["si_factor"], found["si_units"] = factor
    if item.look is not None:
        found["look"] = item.look
    if item.marked is not None:
        found["line"] = item.marked
    if item.flags:
        codes = range(item.first_flag, item.first_flag + len(item.flags))
        found["flag_values"] = np.array(codes, dtype=np.int8)
        found["flag_meanings"] = " ".join(name.replace(" ", "_") for name in item.flags)
    return found


def _provenance(config: files.Config) -> dict[str, str]:
    engine = current()
    return {
        "title": "qtopt scan",
        "units": "hbar = k_B = m = 1; omega_A is the unit of frequency",
        **files.origin(config, files.SECTIONS["scan"]),
        "solver": config.solver.kind,
        "jax_version": jax.__version__,
        "devices": f"{engine.workers * engine.devices} x {engine.device_kind}",
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def write_dataset(made: "Dataset", path: Path) -> Path:
    """Write a netCDF file: whole or not at all, also where the program is interrupted."""
    return write_atomically(path, bytes(made.to_netcdf(engine="h5netcdf")))


def remarks(made: "Dataset") -> list[str]:
    """What a reader should know before believing the numbers; empty when all is well."""
    found = []
    status, total = made["status"].values, made["status"].size
    for code, advice in ADVICE.items():
        count = int((status == code).sum())
        if count:
            found.append(f"{count} of {total} machines are masked, {advice}.")
    resolved = status == RESOLVED
    for item in all_quantities():
        if item.trust is None or item.name not in made:
            continue
        values, power = made[item.name].values, made["power"].values
        doubtful = int((resolved & (item.trust.broken(values, power) | np.isnan(values))).sum())
        if doubtful:
            found.append(
                f"{item.name} is {item.trust.beyond} for {doubtful} of {total} machines: {item.trust.advice}"
            )
    return found
