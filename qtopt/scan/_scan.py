"""The scan itself: chunk after chunk, whatever was done before."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .. import __version__, config as files
from .._arrays import require_x64
from ._axes import build_model, read_axes
from ._dataset import check_names, dataset
from ._parts import Parts
from ._quantities import Quantity
from ._solve import Solver

if TYPE_CHECKING:
    from xarray import Dataset


def parameter_scan(
    config: files.Config,
    state: Path | None = None,
    report: Callable[[int, int], None] = lambda done, total: None,
) -> "Dataset":
    """Every quantity over the axes of [scan], with the solver of [solver], on all devices that jax sees.

    Args:
        config: the configuration, with a drive and a scan.
        state: folder of finished chunks; what another call of the same scan left there is not solved again.
        report: called with the machines done and their total after each chunk.

    Returns:
        A labelled dataset: coordinates along the axes, units as attributes, the configuration inside. Where
        `status` is not 0 there is no steady state to report, and every number is masked (NaN).

    Raises:
        InputError: an axis that names no number or reaches values that are not allowed.
    """
    require_x64()
    axes = read_axes(config)
    model, kind = build_model(config), config.solver.kind
    scan = files.require_scan(config)
    solver = Solver(model, tuple(axis.places for axis in axes), kind, scan.chunk, scan.fluctuations)
    check_names(axes, solver.quantities)
    grid = np.meshgrid(*(axis.values for axis in axes), indexing="ij")
    values = np.stack([part.ravel() for part in grid], axis=1)
    sizes = {"oscillator": model[0].size, "other_oscillator": model[0].size, "bath": len(model[0].baths)}
    results = {item.name: _empty(item, len(values), sizes) for item in solver.quantities}
    parts = Parts(state, files.fingerprint(config, ("drive", "scan"), __version__))
    done = parts.load(results)
    report(int(done.sum()), len(values))
    for chunk in solver.chunks(values):
        if done[chunk.machines].all():
            continue
        found = chunk.solve(values[chunk.machines])
        parts.save(chunk.machines, found)
        for name, part in found.items():
            results[name][chunk.machines] = part
        done[chunk.machines] = True
        report(int(done.sum()), len(values))
    return dataset(config, axes, solver.quantities, results)


def _empty(quantity: Quantity, machines: int, sizes: dict[str, int]) -> np.ndarray:
    shape = (machines, *(sizes[name] for name in quantity.dims))
    return np.zeros(shape, dtype=np.int8) if quantity.flags else np.full(shape, np.nan)
