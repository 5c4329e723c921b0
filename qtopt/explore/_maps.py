"""What the page shows of scans, trajectories and searches: the arrays of their files."""

import base64
import csv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import InputError
from ..fronts import ROUNDS, History
from ..scan import FILE as SCAN
from ._text import plain, rounded, unit_text

if TYPE_CHECKING:
    from xarray import DataArray, Dataset

TRAJECTORY = "trajectory.csv"
LARGEST_MAPS, LARGEST_TIMES = 2_000_000, 4_000
"""bytes of all maps of a page; rows of a trajectory"""
GROUPS = (
    ("populations", "population_", "quanta"),
    ("positions", "mean_x", "⟨x⟩"),
    ("covariances", "covariance_x", "ħ / ω"),
    ("power", "power", "ħ ω²"),
    ("heat currents", "heat_", "ħ ω²"),
    ("work of jumps until then", "jump_work_", "ħ ω"),
)
"""Panels of a trajectory: title, beginning of the columns' names, unit."""


def _opened(path: Path) -> "Dataset":
    import xarray

    with _told(path), xarray.open_dataset(path, engine="h5netcdf") as data:
        return data.load()


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Say of which file it is that it cannot be read."""
    try:
        yield
    except (OSError, ValueError, KeyError) as error:
        raise InputError(
            f"{path}: must be a netCDF file of qtopt, but it cannot be read ({error}): write it again."
        ) from None


def scan_data(folder: Path) -> dict[str, Any]:
    """A scan: its axes, and every map as base64 of float32, the last axis fastest.

    Where the maps together would be larger than a page should be, quantities that the figure of a scan does
    not draw are left out, then machines: `stride` says that every so many of them along each axis are shown.
    """
    data = _opened(folder / SCAN)
    names = [str(name) for name in data["status"].dims]
    parts = [part for name in data.data_vars for part in _components(data[name], names)]
    size = 6 * data["status"].size
    if len(parts) * size > LARGEST_MAPS:
        parts = [part for part in parts if part["look"]]
    stride = 1
    while len(parts) * _cells(data, names, stride) * 6 > LARGEST_MAPS:
        stride += 1
    return {
        "axes": [_scan_axis(data[name], stride) for name in names],
        "maps": [{**part, "values": _packed(part["values"], stride)} for part in parts],
        "stride": stride,
        "toml": str(data.attrs.get("configuration", "")),
    }


def _cells(data: "Dataset", names: list[str], stride: int) -> int:
    return int(np.prod([-(-data.sizes[name] // stride) for name in names]))


def _scan_axis(axis: "DataArray", stride: int) -> dict[str, Any]:
    return {
        "name": str(axis.name),
        "label": str(axis.attrs.get("long_name", axis.name)),
        "unit": unit_text(str(axis.attrs.get("units", "1"))),
        "log": axis.attrs.get("scale") == "log",
        "values": [float(value) for value in axis.values[::stride]],
    }


def _components(data: "DataArray", axes: list[str]) -> list[dict[str, Any]]:
    """One map for each oscillator or bath of a quantity."""
    others = [name for name in data.dims if name not in axes]
    flags = str(data.attrs.get("flag_meanings", "")).split()
    common = {
        "unit": unit_text(str(data.attrs.get("units", "1"))),
        "look": data.attrs.get("look"),
        "line": data.attrs.get("line"),
        "flags": [word.replace("_", " ") for word in flags],
        "first": int(data.attrs["flag_values"][0]) if flags else 0,
    }
    found = []
    label = str(data.attrs.get("long_name", data.name))
    for place in np.ndindex(*(data.sizes[name] for name in others)):
        chosen = data.isel(dict(zip(others, place, strict=True)))
        which = " ".join(f"{str(name).removeprefix('other_')} {chosen[name].item()}" for name in others)
        found.append(
            {
                **common,
                "name": f"{data.name} {which}".strip(),
                "label": f"{label} {which}".strip(),
                "values": chosen,
            }
        )
    return found


def _packed(data: "DataArray", stride: int) -> str:
    values = np.asarray(data.values, dtype="<f4")[(slice(None, None, stride),) * data.ndim]
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode()


def trajectory_data(folder: Path) -> dict[str, Any]:
    """A trajectory: times, and the columns of its table in panels; every so many rows where it is long."""
    path = folder / TRAJECTORY
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.reader(file))
        names, values = rows[0], np.array(rows[1:], dtype=float)
        times = values[:, names.index("t")]
    except (OSError, ValueError, IndexError, csv.Error) as error:
        raise InputError(
            f"{path}: must be a table of `qtopt simulate`, but it cannot be read ({error}): write it again."
        ) from None
    stride = -(-len(times) // LARGEST_TIMES)
    panels = []
    for title, beginning, unit in GROUPS:
        own = [k for k, name in enumerate(names) if name.startswith(beginning) and "_v" not in name]
        columns = [(names[k], values[::stride, k]) for k in own if np.any(values[:, k])]
        # where a coupling is switched on, the flow at t = 0 is a spike without a finite height
        flows = beginning in ("power", "heat_")
        curves = [
            {"name": name, "values": rounded(_without_first(column) if flows else column)}
            for name, column in columns
        ]
        if curves:
            panels.append({"title": title, "unit": unit, "curves": curves})
    return {"times": rounded(times[::stride], 9), "panels": panels, "stride": stride}


def _without_first(column: np.ndarray) -> np.ndarray:
    return np.concatenate([[np.nan], column[1:]])


def rounds_data(folder: Path) -> tuple[list[dict[str, Any]], list[str]]:
    """What every round of the searches found, one entry for each configuration, and the remarks on them."""
    import h5netcdf

    path = folder / ROUNDS
    if not path.is_file():
        return [], []
    found = []
    with _told(path), h5netcdf.File(path, "r", decode_vlen_strings=True) as data:
        names, stages = data.variables["configuration"][:], data.variables["stage"]
        words = str(stages.attrs["flag_meanings"]).split()
        parts = [data.variables[part][:] for part in ("hypervolume", "gap", "best_output", "gradient_norm")]
        for name, own, *columns in zip(names, stages[:], *parts, strict=True):
            done = np.isfinite(columns[0])
            found.append(_rounds(str(name), [words[k] for k in own[done]], *(part[done] for part in columns)))
        return found, str(data.attrs.get("remarks", "")).splitlines()


def rounds_of(name: str, history: History) -> dict[str, Any]:
    """The same of a search that goes on."""
    best = [np.nanmax(merits["output"]) for merits in history.merits]
    return _rounds(
        name, list(history.stages), history.hypervolumes, history.gaps, best, np.array(history.gradient_norms)
    )


def _rounds(
    name: str, stages: list[str], hypervolume: Any, gap: Any, best: Any, norms: np.ndarray
) -> dict[str, Any]:
    medians = np.nanmedian(norms, axis=1) if len(stages) else []
    columns = {"hypervolume": hypervolume, "gap": gap, "best": best, "norm": medians}
    numbers = {key: [plain(value) for value in values] for key, values in columns.items()}
    return {"name": name, "rounds": list(range(1, len(stages) + 1)), "stages": stages, **numbers}
