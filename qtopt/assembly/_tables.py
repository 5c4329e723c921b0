"""Files of a front (table, points, state of the search) and of a trajectory."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from .. import files
from ..fronts import Front, PreciseFront
from ..jobs import write_atomically
from ..solvers.time_domain import Trajectory
from ._build import drive_config
from ._vary import names, with_numbers

COLUMNS = (
    "configuration",
    "efficiency",
    "power",
    "entropy_production_rate",
    "frequency",
    "output",
    "certified_output",
    "gap",
    "truncation_error",
    "weak_validity",
    "point",
)


def write_front(fronts: Mapping[str, Front], config: files.Config, out: Path) -> Path:
    """`front.csv` and one full configuration in `points/` for each row; returns the table's path.

    Powers are negative when extracted; `output` is the extracted power or, of refrigerators, the heat drawn
    from the cold bath per time, `certified_output` an upper bound on it at that efficiency (or COP). Files
    appear in one step each; points of an earlier front are removed.
    """
    return _write_points(fronts, config, out, COLUMNS, lambda point: ((), config))


def _write_points(
    fronts: Mapping[str, Front] | Mapping[str, PreciseFront],
    config: files.Config,
    out: Path,
    columns: tuple[str, ...],
    config_of: Callable[[Any], tuple[tuple[float, ...], files.Config]],
) -> Path:
    """`config_of` gives what comes before the last column, and the configuration to store the point in."""
    folder = out / "points"
    folder.mkdir(parents=True, exist_ok=True)
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(columns)
    written = set()
    for configuration, front in fronts.items():
        for i, point in enumerate(front.points):
            path = folder / f"{configuration}-{i:03d}.toml"
            numbers, own = config_of(point)
            machine = replace(own.machine, configuration=configuration)
            files.save(replace(own, machine=machine, drive=drive_config(point.drive)), path)
            written.add(path)
            fields = (getattr(point, name) for name in columns[1 : -1 - len(numbers)])
            cells = [repr(float(value)) for value in (*fields, *numbers)]
            writer.writerow([configuration, *cells, f"points/{path.name}"])
    for stale in set(folder.glob("*.toml")) - written:
        stale.unlink()
    return write_atomically(out / "front.csv", table.getvalue())


PRECISE_COLUMNS = (
    "configuration",
    "efficiency",
    "power",
    "entropy_production_rate",
    "frequency",
    "output_power",
    "output_fluctuations",
    "uncertainty_product",
    "certified_product",
    "truncation_error",
    "weak_validity",
    "point",
)


def write_precise_front(fronts: Mapping[str, PreciseFront], config: files.Config, out: Path) -> Path:
    """As `write_front`, for fronts of precision or constancy; `certified_product` is a lower bound on Q.

    Numbers that [pareto] vary names have a column each, under their first key.
    """
    columns = (*PRECISE_COLUMNS[:-1], *names(config), PRECISE_COLUMNS[-1])
    return _write_points(
        fronts, config, out, columns, lambda point: (point.numbers, with_numbers(config, point.numbers))
    )


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
