"""What the page shows of fronts: their layers, and of every point what a look at it asks for."""

import csv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import takewhile
from pathlib import Path
from typing import Any

import jax
import numpy as np

from .. import files
from ..errors import InputError
from ..fronts import BOUNDS, TABLE, Front, evaluated_point
from ..model import AbstractDrive
from ..observables import STATUS, Audit, Case, Evaluation, Finding, Searched, audited, evaluate_each
from ..solvers import AbstractSolver
from ..solvers.weak import LIMIT
from ._text import Lines, plain, rounded, spoken, units_of

BEGUN = "begun"
"""folder of the weak front from which another solver's search began"""
SAMPLES = 192
"""of a drive over one period"""
FEW = 10
"""Points of so few are evaluated with the slower quadrature that gives small currents more digits."""
TOGETHER = 8
"""points of one machine that are evaluated together"""
Report = Callable[[int, int], None]


@dataclass(frozen=True)
class Layer:
    """One front of the page.

    Attributes:
        name: of the layer, such as "joint" or "joint, weak".
        columns: names of the numbers of a point.
        rows: those numbers, as they stand in the file.
        configs: the configuration of every point.
        paths: the file of every point, as a text.
        curve: (target, bound), or None.
        remark: why there are no points.
    """

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[float, ...], ...]
    configs: tuple[files.Config, ...]
    paths: tuple[str, ...]
    curve: tuple[list[float], list[float]] | None = None
    remark: str = ""
    bare: bool = False
    """whether its points are shown without evaluating them: those of a search that goes on"""


def read_layers(folder: Path, suffix: str = "") -> list[Layer]:
    """The fronts that `qtopt pareto` wrote into a folder, one layer for each configuration.

    Args:
        folder: where `front.csv` and `points/` are.
        suffix: of the layers' names.

    Raises:
        InputError: a file is missing, or is not what `qtopt pareto` writes.
    """
    rows = _table(folder / TABLE)
    if not rows or rows[0][:1] != ["configuration"] or rows[0][-1:] != ["point"]:
        raise InputError(
            f"{folder / TABLE}: must be a table of `qtopt pareto`, but its header is not: give another."
        )
    columns = tuple(rows[0][1:-1])
    curves = _curves(folder / BOUNDS)
    found = []
    for name in dict.fromkeys([*(row[0] for row in rows[1:]), *curves]):
        own = [row for row in rows[1:] if row[0] == name]
        try:
            numbers = tuple(tuple(map(float, row[1:-1])) for row in own)
        except ValueError as error:
            raise InputError(
                f"{folder / TABLE}: must hold numbers, but {error}: run `qtopt pareto` again."
            ) from None
        configs = tuple(files.load(folder / row[-1]) for row in own)
        found.append(
            Layer(name + suffix, columns, numbers, configs, tuple(row[-1] for row in own), curves.get(name))
        )
    return found


def _table(path: Path) -> list[list[str]]:
    try:
        with path.open(newline="", encoding="utf-8") as file:
            return list(csv.reader(file))
    except (OSError, ValueError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(
            f"{path}: cannot be read ({reason}): run `qtopt pareto` with this --out again."
        ) from None


def _curves(path: Path) -> dict[str, tuple[list[float], list[float]]]:
    """The certified curves by configuration; none where an earlier version wrote the folder."""
    if not path.is_file():
        return {}
    found: dict[str, tuple[list[float], list[float]]] = {}
    for name, target, bound in _table(path)[1:]:
        curve = found.setdefault(name, ([], []))
        curve[0].append(float(target))
        curve[1].append(float(bound))
    return found


def layer_of(name: str, front: Front, config: files.Config) -> Layer:
    """A front that a search has found until now; its points are not evaluated again."""
    configs = tuple(
        files.with_driving(replace(config, machine=point.machine), point.drive) for point in front.points
    )
    rows = tuple(front.row(point) for point in front.points)
    curve = None if front.curve is None else (front.curve[0].tolist(), front.curve[1].tolist())
    return Layer(name, front.columns, rows, configs, ("",) * len(rows), curve, front.remark, bare=True)


def solved_again(layer: Layer, solver: AbstractSolver, report: Report) -> Layer:
    """The same machines and drives by another solver; what no longer serves the trade-off is left out."""
    kept: list[tuple[tuple[float, ...], files.Config, str]] = []
    for number, (config, path) in enumerate(zip(layer.configs, layer.paths, strict=True)):
        report(number, len(layer.configs))
        wanted = config.pareto
        tradeoff = files.tradeoff_of(wanted.objectives).of(config.machine, wanted.oscillator)
        drive = files.require_drive(config)
        solver.check(config.machine, drive)
        point = evaluated_point(config.machine, drive, tradeoff, solver)
        if point is not None:
            row = Front(tradeoff).row(point)
            row = (*row, *layer.rows[number][len(row) :])  # numbers that vary stay
            kept.append((row, replace(config, solver=solver), path))
    report(len(layer.configs), len(layer.configs))
    rows, configs, paths = (tuple(part) for part in zip(*kept, strict=True)) if kept else ((), (), ())
    remark = "" if kept else f"none of these drives works by the {solver.kind} solver"
    return Layer(f"{layer.name}, {solver.kind}", layer.columns, rows, configs, paths, None, remark)


def front_data(
    layers: list[Layer],
    lines: Lines,
    report: Report = lambda done, total: None,
    looks: int | None = None,
) -> dict[str, Any]:
    """The layers as the page reads them.

    Args:
        layers: of one trade-off.
        lines: where the texts of the points go.
        report: called as ``report(points done, points in all)``.
        looks: how many points of each layer are audited, which takes longer than all the rest; None: all.
    """
    config = next((layer.configs[0] for layer in layers if layer.configs), None)
    tradeoff = files.tradeoff_of(config.pareto.objectives if config else files.ParetoSection.objectives)
    columns = list(dict.fromkeys(name for layer in layers for name in layer.columns))
    labels = {axis.name: spoken(axis.label) for axis in (*tradeoff.axes, *tradeoff.panels)}
    total, done, shown, found = sum(len(layer.rows) for layer in layers), 0, [], []
    for layer in layers:
        chosen = _spread(len(layer.rows), looks)
        points, audits = [], {}
        for own, path, result in zip(layer.configs, layer.paths, _evaluations(layer), strict=True):
            report(done, total)
            point = _point(own, path, lines)
            if isinstance(result, InputError):
                point["error"] = str(result)
            elif result is not None:
                if len(points) in chosen:
                    audits[len(points)] = result.audit()
                point |= _observed(result) | {"findings": _told(result, audits.get(len(points)))}
            points.append(point)
            done += 1
        found += _worst(layer, audits)
        rows = [[plain(value) for value in row] for row in layer.rows]
        shown.append(
            {
                "name": layer.name, "columns": layer.columns, "rows": rows, "points": points,
                "curve": layer.curve, "remark": layer.remark,
            }
        )  # fmt: skip
    report(total, total)
    return {
        "axes": [_axis(axis) for axis in tradeoff.axes],
        "certified": tradeoff.certified_name,
        "columns": [{"name": n, "label": _label(n, labels), "unit": units_of(n)} for n in columns],
        "validity_limit": LIMIT,
        "ends": list(tradeoff.ends),
        "layers": shown,
        "findings": found,
    }


def _spread(count: int, looks: int | None) -> set[int]:
    """Which of `count` points are audited: `looks` of them, both ends among them, or all."""
    if looks is None or looks >= count:
        return set(range(count))
    return {int(k) for k in np.round(np.linspace(0, count - 1, looks))}


def _told(result: Evaluation, audit: Audit | None) -> list[dict[str, str]]:
    """The findings on one point; where it is not audited, the warnings of its evaluation."""
    if audit is None:
        return [{"severity": "warning", "text": warning} for warning in result.warnings()]
    return [
        {"severity": one.severity, "text": f"{one.message} {one.advice}".strip()} for one in audit.findings
    ]


def _worst(layer: Layer, audits: Mapping[int, Audit]) -> list[dict[str, str]]:
    """The worst finding of each check on the points of a layer, and what is found on its whole search."""
    if not audits:
        return []
    groups: dict[str, list[tuple[int, Finding]]] = {}
    for number, audit in audits.items():
        for one in audit.findings:
            groups.setdefault(one.check, []).append((number, one))
    found = []
    for group in groups.values():
        number, worst = max(group, key=lambda item: (STATUS[item[1].severity], abs(item[1].value)))
        concerned = len({number for number, _ in group})
        where = f"{layer.name}, {concerned} of {len(audits)} points looked at, worst is {number}"
        found.append((worst, where))
    first = layer.configs[0]
    drives = tuple(files.require_drive(config) for config in layer.configs)
    most = max([first.pareto.harmonics, *(drive.harmonics or 0 for drive in first.pareto.drives)])
    searched = Searched(drives, first.pareto.frequency_range, most)
    whole = audited(wholes=[Case(first.machine, first.solver, searched=searched)])
    found += [(one, layer.name) for one in whole.findings if one.check not in groups]
    found.sort(key=lambda item: -STATUS[item[0].severity])
    return [
        {"severity": one.severity, "text": f"{where}: {one.message} {one.advice}".strip()}
        for one, where in found
    ]


def _label(name: str, labels: Mapping[str, str]) -> str:
    label = labels.get(name, name.removeprefix("machine.").replace("_", " "))
    return label.removesuffix(" (ω_A)")


def _axis(axis: Any) -> dict[str, Any]:
    return {"name": axis.name, "log": axis.log, "line": axis.line, "less": axis.less_is_better}


def _evaluations(layer: Layer) -> Iterator[Evaluation | InputError | None]:
    """What `evaluate` says of every point, several of one machine together; None where they are bare."""
    if layer.bare:
        yield from (None for _ in layer.configs)
        return
    start, refined = 0, len(layer.configs) <= FEW
    while start < len(layer.configs):
        first, *others = layer.configs[start : start + TOGETHER]
        alike = [first, *takewhile(partial(_same_machine, first), others)]
        drives = [files.require_drive(config) for config in alike]
        yield from evaluate_each(first.machine, drives, first.solver, refined)
        start += len(alike)


def _same_machine(config: files.Config, other: files.Config) -> bool:
    """Whether both are of one machine and one solver."""
    if config.solver != other.solver or jax.tree.structure(config.machine) != jax.tree.structure(
        other.machine
    ):
        return False
    return all(map(np.array_equal, jax.tree.leaves(config.machine), jax.tree.leaves(other.machine)))


def _point(config: files.Config, path: str, lines: Lines) -> dict[str, Any]:
    """What is shown of a point beside its numbers, without its evaluation."""
    drive = files.require_drive(config)
    found: dict[str, Any] = {"file": path, "drive": _samples(drive), "frequency": float(drive.frequency)}
    found["bounded"] = config.pareto.bound == "peak" and not config.pareto.drives
    found["toml"] = lines.add(files.dumps(config))
    return found


def _samples(drive: AbstractDrive) -> list[list[float | None]]:
    """g_l over one period, (L, SAMPLES + 1)."""
    phase = np.linspace(0.0, 1.0, SAMPLES + 1)
    values = np.asarray(drive(2.0 * np.pi * phase / np.asarray(drive.frequency)))
    return [rounded(column, 4) for column in values.T]


def _observed(found: Evaluation) -> dict[str, Any]:
    """Currents, precision, and everything else that the evaluation prints."""
    values, machine = found.as_dict(), found.machine
    works = [(f"work, oscillator {l + 1}", "work", None) for l in range(machine.size)]
    heats = [(f"heat, {bath.name}", "heat", float(bath.temperature)) for bath in machine.baths]
    amounts = (*values["local_powers"], *values["heat_currents"])
    flows = [
        {"name": name, "kind": kind, "temperature": temperature, "value": value}
        for (name, kind, temperature), value in zip((*works, *heats), amounts, strict=True)
    ]
    violated = values["violated_bounds"] or {}
    products = {"power": values["tur"]}
    products |= {f"local power {l + 1}": q for l, q in enumerate(values["local_tur"] or ())}
    heat_tur = values["heat_tur"] or ()
    products |= {f"heat from {bath.name}": q for bath, q in zip(machine.baths, heat_tur, strict=False)}
    return {
        "mode": values["mode"],
        "solver": found.solver.kind,
        "flows": flows,
        "precision": [
            {"name": name, "q": q, "violated": violated.get(name, [])}
            for name, q in products.items()
            if q is not None
        ],
        "no_precision": values["no_fluctuations"],
        "lines": [list(map(str.strip, line)) for line in found.lines()],
    }
