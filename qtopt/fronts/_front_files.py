"""Files of a front: its table and its points."""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .. import files
from ..jobs import write_atomically
from ..model import Configuration
from ._front import Front
from ._history import NORMS, ROUND, STAGE, History, gains
from ._vary import with_varied

TABLE, BOUNDS, ROUNDS, POINTS = "front.csv", "bounds.csv", "search.nc", "points"
"""files of a front: its points, its certified curve, what every round of the search found, and the folder of
one configuration for each point"""
OWN_POINT = re.compile(r"(joint|independent)-\d{3,}\.toml")
"""names of the points of a front; other files in their folder are not ours"""


def write_front(fronts: Mapping[Configuration, Front], config: files.Config, out: Path) -> Path:
    """`front.csv`, `bounds.csv` and one configuration in `points/` for each row; returns the table's path.

    The columns are those of the trade-off, see `Front.columns`; powers are negative when extracted, while
    "output" is positive. Numbers that [pareto] vary names have a column each, under their first key. Files
    appear in one step each; points of an earlier front are removed.
    """
    folder = out / POINTS
    folder.mkdir(parents=True, exist_ok=True)
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    written = set()
    for configuration, front in fronts.items():
        if not written:
            table.truncate(table.seek(0))
            writer.writerow(["configuration", *front.columns, "point"])
        for i, point in enumerate(front.points):
            path = folder / f"{configuration}-{i:03d}.toml"
            own = with_varied(config, point.numbers)
            machine = own.machine.with_configuration(configuration)
            files.save(files.with_driving(replace(own, machine=machine), point.drive), path)
            written.add(path)
            writer.writerow([configuration, *map(repr, front.row(point)), f"{POINTS}/{path.name}"])
    for stale in set(folder.glob("*.toml")) - written:
        if OWN_POINT.fullmatch(stale.name):
            stale.unlink()
    _write_bounds(fronts, out / BOUNDS)
    return write_atomically(out / TABLE, table.getvalue())


def front_gains(config: files.Config, rows: Sequence[Mapping[str, str]]) -> NDArray[np.float64]:
    """(M, K) what the trade-off ranks in these rows of `front.csv`, all positive: more is better."""
    wanted = config.pareto
    tradeoff = files.tradeoff_of(wanted.objectives).of(config.machine, wanted.oscillator)
    names = [name for name in rows[0] if name not in ("configuration", "point")]
    merits = {name: np.array([float(row[name]) for row in rows]) for name in names}
    if "output_power" in merits:  # negative where it is extracted
        merits.setdefault("output", -merits["output_power"])
    return gains(tradeoff, merits)


def _write_bounds(fronts: Mapping[Configuration, Front], path: Path) -> None:
    """The certified curves, where there are any: what is asked for (the first merit) and its bound."""
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["configuration", "target", "bound"])
    curves = {name: front.curve for name, front in fronts.items() if front.curve is not None}
    for configuration, (target, bound) in curves.items():
        writer.writerows(
            [configuration, repr(float(t)), repr(float(b))] for t, b in zip(target, bound, strict=True)
        )
    write_atomically(path, table.getvalue())


def write_history(
    fronts: Mapping[Configuration, Front], config: files.Config, path: Path, remarks: Sequence[str] = ()
) -> Path | None:
    """What every round of the searches found, as netCDF over (configuration, round, aim).

    A front that another solver improved has the rounds of both searches, one after the other.

    Args:
        fronts: the front of each configuration.
        config: what was searched; it is kept inside.
        path: of the file.
        remarks: sentences on the searches, kept inside.

    Returns:
        The path, or None (and no file) where nothing was searched: a mean-square certificate is the front.
    """
    found = {name: history for name, front in fronts.items() if (history := front.history) is not None}
    if not found:
        path.unlink(missing_ok=True)
        return None
    about = {
        "title": "qtopt search",
        "configuration_file": files.dumps(config),
        **files.origin(config, files.SECTIONS["pareto"]),
        "remarks": "\n".join(remarks),
    }
    return write_atomically(path, _history_file(found, about))


def _history_file(found: Mapping[str, History], about: Mapping[str, str]) -> bytes:
    """A netCDF file with the rounds of these searches; what a shorter one lacks is not a number, or stage -1.

    Written without xarray, which loads pandas and dask for it: a second of processor time.
    """
    import h5netcdf
    import h5py

    words = sorted({stage for history in found.values() for stage in history.stages})
    each = [history.columns(words) for history in found.values()]
    content = io.BytesIO()
    with h5netcdf.File(content, "w") as file:
        shape = np.max([columns[NORMS][0].shape for columns in each], axis=0)
        sizes = (len(found), *map(int, shape))
        file.dimensions = dict(zip(("configuration", ROUND, "aim"), sizes, strict=True))
        for name in dict.fromkeys(name for columns in each for name in columns):
            values, attributes = next(columns[name] for columns in each if name in columns)
            axes, missing = 1 + values.ndim, -1 if name == STAGE else np.nan
            whole = np.full(sizes[:axes], missing, dtype=values.dtype)
            for place, columns in zip(whole, each, strict=True):
                if name in columns:
                    own = columns[name][0]
                    place[tuple(map(slice, own.shape))] = own
            made = file.create_variable(
                name,
                ("configuration", ROUND, "aim")[:axes],
                values.dtype,
                data=whole,
                fillvalue=None if name == STAGE else np.nan,
            )
            made.attrs.update(attributes)
        file.create_variable(ROUND, (ROUND,), np.int64, data=np.arange(1, sizes[1] + 1))
        names = file.create_variable("configuration", ("configuration",), h5py.string_dtype())
        names[:] = np.array(list(found), dtype=object)
        names.attrs["long_name"] = "configuration"
        file.attrs.update(about)
    return content.getvalue()
