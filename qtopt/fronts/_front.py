"""Fronts: the non-dominated points of a trade-off, and how they print."""

import html
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from ..model import AbstractDrive, Machine
from ..observables import Audit, Case, Searched, audited, case_of, evaluate
from ..schema import Curve, sketch
from ._history import History
from ._problem import FrontProblem
from .tradeoffs import AbstractTradeoff, Merits


@dataclass(frozen=True)
class FrontPoint:
    """One non-dominated machine under one drive.

    The numbers are those of the solver. `merits` by name can be read like attributes (``point.efficiency``).

    Attributes:
        machine: its own machine (numbers of it may have been searched).
        drive: the drive.
        merits: what its trade-off judges and shows, by name; "output" > 0 is what is maximised.
        power: P, negative when extracted.
        entropy_production_rate: S.
        truncation_error: what the harmonics of the drive that were not kept can change in the power.
        weak_validity: see `qtopt.weak_validity`; not a number where the weak theory knows no such drive.
        bound: what no drive of the set exceeds at this point: an upper bound on the output at its efficiency,
            or a lower bound on the uncertainty product at its output; not a number where there is none.
        gap: how far the point can be from the exact front, relative.
        numbers: what the searched numbers of the machine are; empty where none vary.
    """

    machine: Machine
    drive: AbstractDrive
    merits: Merits
    power: float
    entropy_production_rate: float
    truncation_error: float
    weak_validity: float
    bound: float = np.nan
    gap: float = np.nan
    numbers: tuple[float, ...] = ()

    @property
    def frequency(self) -> float:
        """Omega of the drive."""
        return float(self.drive.frequency)

    def __getattr__(self, name: str) -> float:
        merits: Merits = self.__dict__.get("merits", {})
        if name not in merits:
            raise AttributeError(f"a point of this front has no {name!r}, but {', '.join(merits)}")
        return merits[name]


@dataclass(frozen=True)
class Front:
    """The front of one machine.

    Attributes:
        tradeoff: what is traded off, with the numbers of the machine.
        points: by rising first merit (the efficiency, or the output where precision is traded for it).
        certificate: the certified bound as a whole, or None.
        remark: why there are no points, else empty.
        names: what tables and figures call the varied numbers.
        begun_from: the weak-coupling front from whose drives another solver's search began, or None.
        history: what every round of the search found; None where nothing was searched.
        problem: what was searched, and how; None for points that come from elsewhere.
    """

    COMMON: ClassVar[tuple[str, ...]] = ("truncation_error", "weak_validity")
    tradeoff: AbstractTradeoff
    points: tuple[FrontPoint, ...] = ()
    certificate: Any = None
    remark: str = ""
    names: tuple[str, ...] = ()
    begun_from: "Front | None" = field(default=None, repr=False)
    history: History | None = field(default=None, repr=False)
    problem: FrontProblem | None = field(default=None, repr=False)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the numbers of a point, as in `front.csv`."""
        own = (self.tradeoff.certified_name if name == "bound" else name for name in self.tradeoff.columns)
        return (*own, *self.COMMON, *self.names)

    def row(self, point: FrontPoint) -> tuple[float, ...]:
        """The numbers of a point in the order of `columns`."""
        names = (*self.tradeoff.columns, *self.COMMON)
        return (*(float(getattr(point, name)) for name in names), *point.numbers)

    def values(self, name: str) -> np.ndarray:
        """One number of all points, (M,): a merit, an attribute, or a varied number by its name."""
        if name in self.names:
            return np.array([point.numbers[self.names.index(name)] for point in self.points])
        return np.array([float(getattr(point, name)) for point in self.points])

    @property
    def curve(self) -> tuple[np.ndarray, np.ndarray] | None:
        """The certified bound as a curve in the plane of the trade-off's first two axes, or None."""
        return None if self.certificate is None else (self.certificate.target, self.certificate.bound)

    def audit(self) -> Audit:
        """What all checks find about its points and its search: see `qtopt.audit`."""
        problem = self.problem
        if problem is None or not self.points:
            return audited()
        cases = [case_of(evaluate(point.machine, point.drive, problem.solver)) for point in self.points]
        own, drives = problem.drive_set, tuple(point.drive for point in self.points)
        searched = Searched(drives, own.frequency_range, own.harmonics)
        return audited(*cases, wholes=[Case(problem.machine, problem.solver, searched=searched)])

    def __repr__(self) -> str:
        return front_text({self.tradeoff.kind: self})

    def _repr_html_(self) -> str:
        rows = [[f"{value:.6g}" for value in self.row(point)] for point in self.points]
        head = "".join(f"<th>{name}</th>" for name in self.columns)
        body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
        remark = f"<p>{html.escape(self.remark)}</p>" if self.remark else ""
        return f"{self._picture()}<table><tr>{head}</tr>{body}</table>{remark}"

    def _picture(self) -> str:
        """The points and the certified bound in the plane of the trade-off's first two axes."""
        if not self.points:
            return ""
        across, up = self.tradeoff.axes[:2]
        curves = [Curve(self.values(across.name), self.values(up.name), "found", "points")]
        if self.curve is not None:
            curves.append(Curve(*self.curve, "certified bound", "dashed"))
        return sketch(curves, across.label, up.label)


Watch = Callable[[Front], None]
"""told what a search that goes on has found until now"""


def front_text(fronts: "dict[str, Front]") -> str:
    """Every point of some fronts of one trade-off as aligned text, with its certified bound and gap."""
    lines, first = [], max(map(len, fronts), default=0)
    for name, front in fronts.items():
        shown = [c not in ("entropy_production_rate", "truncation_error") for c in front.columns]
        columns = list(itertools.compress(front.columns, shown))
        widths = [max(len(column), 12) for column in columns]
        if not lines:
            lines.append(" " * first + "".join(f" {c:>{w}}" for c, w in zip(columns, widths, strict=True)))
        if not front.points:
            lines.append(f"{name:{first}} {front.remark}")
        for point in front.points:
            row = itertools.compress(front.row(point), shown)
            cells = (_cell(value, w) for value, w in zip(row, widths, strict=True))
            lines.append(f"{name:{first}} " + " ".join(cells))
    return "\n".join(lines)


def _cell(value: float, width: int) -> str:
    return f"{'-':>{width}}" if np.isnan(value) else f"{value:>{width}.6g}"


def non_dominated(values: np.ndarray) -> np.ndarray:
    """Indices of the rows of `values` (points, objectives; larger is better) that no other row dominates.

    Of equal rows the first is kept.
    """
    no_worse = np.all(values[:, None, :] >= values[None, :, :], axis=2)
    better = np.any(values[:, None, :] > values[None, :, :], axis=2)
    earlier_twin = np.tril(np.ones((len(values),) * 2, dtype=bool), -1).T & ~better & ~better.T & no_worse
    dominated = np.any(no_worse & (better | earlier_twin), axis=0)
    return np.flatnonzero(~dominated)


def best_of(tradeoff: AbstractTradeoff, points: Sequence[FrontPoint]) -> tuple[FrontPoint, ...]:
    """The non-dominated ones by rising first merit."""
    ranks = [tradeoff.ranked(point.merits) for point in points]
    kept = non_dominated(np.array(ranks)) if ranks else []
    return tuple(points[i] for i in sorted(kept, key=lambda i: ranks[i][0]))


def remark_on(tradeoff: AbstractTradeoff, points: Sequence[FrontPoint]) -> str:
    """What a front without points says in their place."""
    return "" if points else f"no {tradeoff.machine_name} found"
