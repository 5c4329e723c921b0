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
    """Hypervolumes, and by how much points of one front exceed what the other reaches, both relative.

    Searches that round differently end at other points of one front: less of one merit and more of another.
    That is no difference, so points are compared by `beyond` and not number by number.
    """
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
        lost, gained = beyond(gains[0], gains[1]), beyond(gains[1], gains[0])
        lines.append(
            f"{name}: hypervolume {volumes[0]:.9g} then, {volumes[1]:.9g} now ({change:.1e}); points then "
            f"exceed those now by at most {lost:.1e}, points now those then by {gained:.1e} "
            f"({counts[0]} then, {counts[1]} now)"
        )
        same = same and max(change, lost, gained) <= tolerance
    if lines:
        lines.append(
            f"compared within {tolerance:.1e} of every merit, as searches on other processors ask for"
        )
    return lines or [f"no points in {POINTS}/"], same


def beyond(these: NDArray[np.float64], others: NDArray[np.float64]) -> float:
    """By which factor, minus 1, all merits of the others must grow to match each of these: (M, K), (N, K).

    A point is matched by one that is as good in every merit; 0 where all are. Relative to each point's own
    merits, so that the weak end of a front counts as much as its strong end.
    """
    excess = np.max(these[:, None] / others, axis=2) - 1.0
    return max(float(excess.min(axis=1).max()), 0.0)


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
