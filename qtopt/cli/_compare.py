"""How much two directories of results differ."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

ROUND_OFF = 1e-9
"""of the largest value of a quantity: other devices add up in another order"""
IGNORED = ("first_law_residual", "truncation_error")
"""what is round-off itself"""

Found = tuple[list[str], bool]


def differences(command: str, old: Path, new: Path, tolerance: float) -> Found:
    """One line for each thing that is compared, and whether all are the same."""
    compare: dict[str, Callable[[Path, Path, float], Found]] = {
        "pareto": _fronts,
        "scan": _maps,
        "simulate": _trajectories,
    }
    return compare[command](old, new, tolerance)


def _fronts(old: Path, new: Path, tolerance: float) -> Found:
    """Hypervolumes and, for each point, the nearest one of the other front, both relative."""
    from ..files import load
    from ..fronts import POINTS, TABLE, front_gains, hypervolume

    lines, same = [], True
    rows = [_rows(folder / TABLE) for folder in (old, new)]
    names = sorted({row["configuration"] for part in rows for row in part})
    for name in names:
        gains = []
        for folder, part in zip((old, new), rows, strict=True):
            own = [row for row in part if row["configuration"] == name]
            config = load(folder / own[0]["point"]) if own else None
            gains.append(np.zeros((0, 1)) if config is None else front_gains(config, own))
        counts = [len(part) for part in gains]
        if 0 in counts:
            lines.append(f"{name}: {counts[0]} points then, {counts[1]} now")
            same = same and counts[0] == counts[1]
            continue
        volumes = [hypervolume(part) for part in gains]
        change = abs(volumes[1] / volumes[0] - 1.0) if volumes[0] > 0.0 else float(volumes[1] > 0.0)
        scale = np.max(np.abs(gains[0]), axis=0)
        apart = np.max(np.abs(gains[0][:, None] - gains[1]) / scale, axis=2)
        distance = float(max(apart.min(axis=1).max(), apart.min(axis=0).max()))
        lines.append(
            f"{name}: hypervolume {volumes[0]:.9g} then, {volumes[1]:.9g} now ({change:.1e}); points at most "
            f"{distance:.1e} apart ({counts[0]} then, {counts[1]} now)"
        )
        same = same and change <= tolerance and distance <= tolerance
    return lines or [f"no points in {POINTS}/"], same


def _maps(old: Path, new: Path, tolerance: float) -> Found:
    import xarray

    from ..scan import FILE

    with (
        xarray.open_dataset(old / FILE, engine="h5netcdf") as before,
        xarray.open_dataset(new / FILE, engine="h5netcdf") as after,
    ):
        pairs = {name: (before[name].values, after[name].values) for name in before if name in after}
        missing = [str(name) for name in before if name not in after]
    return _numbers({str(k): v for k, v in pairs.items() if k not in IGNORED}, missing)


def _trajectories(old: Path, new: Path, tolerance: float) -> Found:
    before, after = (_rows(folder / "trajectory.csv") for folder in (old, new))
    names = list(before[0]) if before else []
    columns = [
        {name: np.array([float(row[name]) for row in rows]) for name in names if name in rows[0]}
        for rows in (before, after)
    ]
    pairs = {name: (columns[0][name], columns[1][name]) for name in names if name in columns[1]}
    return _numbers(pairs, [name for name in names if name not in columns[1]])


def _numbers(pairs: dict[str, tuple[NDArray[Any], NDArray[Any]]], missing: list[str]) -> Found:
    """The largest difference, in units of the largest value of its quantity."""
    worst, where = 0.0, ""
    for name, (before, after) in pairs.items():
        if before.shape != after.shape:
            return [f"{name}: shape {before.shape} then, {after.shape} now"], False
        known = np.isfinite(before)
        if not np.array_equal(known, np.isfinite(after)):
            return [f"{name}: other machines have no value"], False
        scale = np.abs(before[known]).max(initial=0.0)
        change = np.abs(after[known] - before[known]).max(initial=0.0)
        relative = float(change / scale) if scale > 0.0 else float(change > 0.0)
        if relative > worst:
            worst, where = relative, f" ({name})"
    lines = [f"{len(pairs)} quantities: at most {worst:.1e} of their largest value apart{where}"]
    lines += [f"{name} is not there any more" for name in missing]
    return lines, worst <= ROUND_OFF and not missing


def _rows(path: Path) -> list[dict[str, str]]:
    from ..errors import InputError

    try:
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from None
