"""The file of a trajectory."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ...jobs import write_atomically
from ._trajectory import Trajectory


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
            trajectory.jump_works.sum(axis=1) + trajectory.potential_jump_works,
        ]
    )
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([repr(number) for number in row] for row in values.tolist())
    return write_atomically(out / "trajectory.csv", table.getvalue())
