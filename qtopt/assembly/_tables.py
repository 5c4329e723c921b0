"""Files of a front (table, points, state of the search) and of a trajectory."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from .. import files
from ..fronts import Front
from ..jobs import write_atomically
from ..solvers.time_domain import Trajectory
from ._build import drive_config
from ._vary import with_numbers


def write_front(fronts: Mapping[str, Front], config: files.Config, out: Path) -> Path:
    """`front.csv` and one full configuration in `points/` for each row; returns the table's path.

    The columns are those of the trade-off, see `Front.columns`; powers are negative when extracted, while
    "output" is positive. Numbers that [pareto] vary names have a column each, under their first key. Files
    appear in one step each; points of an earlier front are removed.
    """
    folder = out / "points"
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
            own = with_numbers(config, point.numbers)
            machine = replace(own.machine, configuration=configuration)
            files.save(replace(own, machine=machine, drive=drive_config(point.drive)), path)
            written.add(path)
            writer.writerow([configuration, *map(repr, front.row(point)), f"points/{path.name}"])
    for stale in set(folder.glob("*.toml")) - written:
        stale.unlink()
    return write_atomically(out / "front.csv", table.getvalue())


def write_trajectory(trajectory: Trajectory, baths: Sequence[str], out: Path) -> Path:
    """`trajectory.csv`, one row for each time; returns its path. Oscillators count from 1.

    Columns: t, populations, means, covariances (upper triangle), powers, heat currents, and the work done up
    to then by the jumps of a drive with steps.
    """
    size = trajectory.populations.shape[1]
    oscillators = range(1, size + 1)
    coordinates = [f"{kind}{l}" for kind in "xv" for l in oscillators]
    rows, columns = np.triu_indices(2 * size)
    names = [
        "t",
        *(f"population_{l}" for l in oscillators),
        *(f"mean_{z}" for z in coordinates),
        *(f"covariance_{coordinates[i]}_{coordinates[j]}" for i, j in zip(rows, columns, strict=True)),
        "power",
        *(f"power_{l}" for l in oscillators),
        *(f"heat_{name}" for name in baths),
        *(f"jump_work_{l}" for l in oscillators),
    ]
    values = np.column_stack(
        [
            trajectory.times,
            trajectory.populations,
            trajectory.means,
            trajectory.covariances[:, rows, columns],
            trajectory.power,
            trajectory.local_powers,
            trajectory.heat_currents,
            trajectory.jump_works.sum(axis=1),
        ]
    )
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([repr(number) for number in row] for row in values.tolist())
    return write_atomically(out / "trajectory.csv", table.getvalue())
