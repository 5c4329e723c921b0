"""Everything that a folder of results holds, as the page reads it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .. import __version__
from ..errors import InputError
from ..files import RECORD, Config, read_record
from ..fronts import TABLE, Front
from ..jobs import revision
from ..registry import class_of
from ..scan import FILE as SCAN
from ..solvers import AbstractSolver
from ._fronts import BEGUN, Report, front_data, layer_of, read_layers, solved_again
from ._maps import TRAJECTORY, rounds_data, rounds_of, scan_data, trajectory_data
from ._text import Lines


def header(name: str) -> dict[str, Any]:
    """What every page says of itself."""
    return {
        "title": name,
        "made": {
            "qtopt": __version__,
            "revision": revision(),
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
        },
        "live": None,
    }


def searching_data(fronts: Mapping[str, Front], config: Config, title: str, words: str) -> dict[str, Any]:
    """What a search has found until now: the same page, without what only finished results have.

    Args:
        fronts: by the name of their layer.
        config: what is searched.
        title: of the page.
        words: how far the search is.
    """
    lines = Lines()
    layers = [layer_of(name, front, config) for name, front in fronts.items()]
    made = front_data(layers, lines) if layers else {}
    made.pop("findings", None)
    rounds = [rounds_of(name, front.history) for name, front in fronts.items() if front.history is not None]
    empty = {"scan": None, "trajectory": None, "findings": []}
    return (
        header(title) | empty | {"live": words, "front": made or None, "rounds": rounds, "lines": lines.all}
    )


def explorer_data(
    folder: Path,
    solver: str | None = None,
    report: Report = lambda done, total: None,
    looks: int | None = None,
) -> dict[str, Any]:
    """The front, the scan and the simulation of a folder, whichever of them there are.

    Args:
        folder: where `qtopt pareto`, `qtopt scan` or `qtopt simulate` wrote their results.
        solver: kind of a solver that solves every point of the front again, as a layer of its own, such as
            "exact"; None for none.
        report: called as ``report(points done, points in all)``, once every file has been read.
        looks: how many points of each layer are audited; None: all.

    Raises:
        InputError: there is nothing to show, or a file in it is not what qtopt writes.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: there is no such folder; give one in which qtopt wrote its results.")
    lines, made = Lines(), header(folder.resolve().name)
    if (folder / RECORD).is_file():
        made["made"] |= {"results": read_record(folder).origin}
    made |= {"front": None, "scan": None, "trajectory": None, "rounds": [], "findings": []}
    if (folder / SCAN).is_file():
        made["scan"] = scan_data(folder)
        made["scan"]["toml"] = lines.add(made["scan"]["toml"])
    if (folder / TRAJECTORY).is_file():
        made["trajectory"] = trajectory_data(folder)
    if (folder / TABLE).is_file():
        layers = read_layers(folder)
        if (folder / BEGUN / TABLE).is_file():
            layers += read_layers(folder / BEGUN, ", begun from")
        made["rounds"], remarks = rounds_data(folder)
        if solver is not None:
            other: AbstractSolver = class_of(AbstractSolver.family, solver)()
            layers += [solved_again(layer, other, report) for layer in layers]
        made["front"] = front_data(layers, lines, report, looks)
        made["findings"] += made["front"].pop("findings")
        made["findings"] += [{"severity": "note", "text": remark} for remark in remarks]
    if not (made["front"] or made["scan"] or made["trajectory"]):
        raise InputError(
            f"{folder}: must hold results of qtopt, but there is no {TABLE}, {SCAN} or {TRAJECTORY}: give "
            "the --out of `qtopt pareto`, `qtopt scan` or `qtopt simulate`."
        )
    return made | {"lines": lines.all}
