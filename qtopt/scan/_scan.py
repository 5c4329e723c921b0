"""The scan itself: all chunks that are missing, by the engine."""

from collections.abc import Callable
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .. import __version__, files
from ..jobs import POSITIONS, Chunk, Lost, Results, Store, check_memory, computed
from ..model import actuators, shape_names
from ..numerics import require_x64
from ..observables import BATH, OSCILLATOR, OTHER, OTHER_SHAPE, SHAPE, Quantity
from ..solvers import LOST
from ._axes import read_axes
from ._dataset import check_names, dataset
from ._solve import Machines

if TYPE_CHECKING:
    from xarray import Dataset

NUMBERS, COPIES = 16, 3
"""of each oscillator and bath in the results; how often they are held while a scan is written"""
Report = Callable[[int, int], None]


def parameter_scan(
    config: files.Config, state: Path | None = None, report: Report = lambda done, total: None
) -> "Dataset":
    """Every quantity over the axes of [scan], with the solver of [solver].

    The machines are solved by the engine: on all devices that jax sees, or by the workers of a cluster (see
    `qtopt.jobs.cluster`).

    Args:
        config: the configuration, with a drive and a scan.
        state: folder of finished chunks; what another call of the same scan left there is not solved again.
        report: called with the machines done and their total, first once nothing can be refused any more.

    Returns:
        A labelled dataset: coordinates along the axes, units as attributes, the configuration inside. Where
        `status` is not 0 there is no steady state to report, and every number is masked (NaN).

    Raises:
        InputError: an axis that names no number or reaches values that are not allowed; finished chunks of
            another configuration; more machines than memory holds.
    """
    require_x64()
    scan = files.require_scan(config)
    files.require_drive(config)
    _check_memory(config, scan)
    axes = read_axes(config)
    model = files.driven_machine(config)
    values = np.stack([x.ravel() for x in np.meshgrid(*(a.values for a in axes), indexing="ij")], axis=1)
    machines = Machines(model, tuple(axis.places for axis in axes), config.solver, scan.fluctuations)
    check_names(axes, machines.quantities)
    shapes, size = len(shape_names(actuators(*model.pair))), model.machine.size
    sizes = {OSCILLATOR: size, OTHER: size, BATH: len(model[0].baths), SHAPE: shapes, OTHER_SHAPE: shapes}
    results: Results = {item.name: _empty(item, len(values), sizes) for item in machines.quantities}
    store = Store(
        state and state / "machines.part", files.fingerprint(config, ("drive", "scan"), __version__)
    )
    missing = np.ones(len(values), dtype=bool)

    def add(positions: NDArray[np.int64], found: Results) -> None:
        for name, column in found.items():
            results[name][positions] = column
        missing[positions] = False

    def name(chunk: Chunk) -> str:
        numbers = zip(axes, values[chunk.positions[0]], strict=True)
        return f"the machine with {', '.join(f'{axis.name} = {value:.6g}' for axis, value in numbers)}"

    def tell() -> None:
        report(len(values) - int(missing.sum()), len(values))

    for found in store.chunks():
        if found.keys() == {POSITIONS, *results}:
            add(found.pop(POSITIONS), found)
    tell()
    for chunk, found in computed(machines, machines.chunks(values, missing, scan.chunk), name, store):
        if isinstance(found, Lost):
            found = {"status": np.full(len(chunk.positions), LOST)}
        add(chunk.positions, found)
        tell()
    return dataset(config, axes, machines.quantities, results)


def _check_memory(config: files.Config, scan: files.ScanSection) -> None:
    """Refuse more machines than memory holds the results of."""
    count = prod(float(axis.points or len(axis.values or ())) for axis in scan.axes)
    numbers = config.machine.size * (config.machine.size + NUMBERS) + NUMBERS * len(config.machine.baths)
    check_memory(
        COPIES * 8.0 * numbers * count,
        f"a scan of {count:.6g} machines",
        "take fewer points on its axes, or several scans of a part each",
    )


def _empty(quantity: Quantity, machines: int, sizes: dict[str, int]) -> np.ndarray:
    shape = (machines, *(sizes[name] for name in quantity.dimensions))
    return np.full(shape, quantity.first_flag, np.int8) if quantity.flags else np.full(shape, np.nan)
