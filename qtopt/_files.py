"""Files of a front: table, points, state of the search."""

import csv
import hashlib
import io
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from . import config as files
from ._build import drive_config
from .pareto import Front

COLUMNS = (
    "configuration",
    "efficiency",
    "power",
    "entropy_production_rate",
    "frequency",
    "certified_power",
    "gap",
    "truncation_error",
    "weak_validity",
    "point",
)


def fingerprint(config: files.Config, configuration: str, version: str) -> str:
    """Identifies a search: machine, search settings, configuration of the baths, version of qtopt."""
    same = replace(config, drive=None)
    text = "\n".join([files.dumps(same), configuration, version])
    return hashlib.sha256(text.encode()).hexdigest()


def write_front(fronts: Mapping[str, Front], config: files.Config, out: Path) -> Path:
    """`front.csv` and one full configuration in `points/` for each row; returns the table's path.

    Powers are negative when extracted; `certified_power` is an upper bound on the extracted power at that
    efficiency. Files appear in one step each; points of an earlier front are removed.
    """
    folder = out / "points"
    folder.mkdir(parents=True, exist_ok=True)
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(COLUMNS)
    written = set()
    for configuration, front in fronts.items():
        for i, point in enumerate(front.points):
            path = folder / f"{configuration}-{i:03d}.toml"
            machine = replace(config.machine, configuration=configuration)
            files.save(replace(config, machine=machine, drive=drive_config(point.drive)), path)
            written.add(path)
            numbers = [repr(float(getattr(point, name))) for name in COLUMNS[1:-1]]
            writer.writerow([configuration, *numbers, f"points/{path.name}"])
    for stale in set(folder.glob("*.toml")) - written:
        stale.unlink()
    return write_text(out / "front.csv", table.getvalue())


def write_text(path: Path, text: str) -> Path:
    """Write a file in one step: readers see the old or the new one."""
    partial = path.with_name(path.name + ".partial")
    partial.write_text(text, encoding="utf-8")
    os.replace(partial, path)
    return path
