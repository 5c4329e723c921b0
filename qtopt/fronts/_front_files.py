"""Files of a front: its table and its points."""

import csv
import io
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from .. import files
from ..jobs import write_atomically
from ..model import Configuration
from ._front import Front
from ._vary import with_varied


def write_front(fronts: Mapping[Configuration, Front], config: files.Config, out: Path) -> Path:
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
            own = with_varied(config, point.numbers)
            machine = own.machine.with_configuration(configuration)
            files.save(replace(own, machine=machine, drive=point.drive), path)
            written.add(path)
            writer.writerow([configuration, *map(repr, front.row(point)), f"points/{path.name}"])
    for stale in set(folder.glob("*.toml")) - written:
        stale.unlink()
    return write_atomically(out / "front.csv", table.getvalue())
