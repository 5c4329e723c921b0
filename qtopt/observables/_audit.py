"""What a reader should doubt: what registered checks find about a machine, its drive and its results."""

import abc
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple

from ..model import AbstractDrive, Machine
from ..registry import class_of, kinds
from ..solvers import AbstractSolver

if TYPE_CHECKING:
    from ._evaluation import Evaluation

Severity = Literal["note", "warning", "error"]
STATUS: dict[Severity, int] = {"note": 0, "warning": 1, "error": 3}
"""Exit status of `qtopt audit` for the worst finding: nothing serious, warnings, the model does not apply."""


@dataclass(frozen=True)
class Finding:
    """One reason to doubt.

    Attributes:
        check: the kind of the check that found it.
        severity: "note", good to know; "warning", numbers may be off; "error", the model does not apply.
        message: one sentence.
        value: the number that it is about, dimensionless or in the units of the machine.
        advice: what to do.
        where: of several points or machines, which.
    """

    check: str
    severity: Severity
    message: str
    value: float
    advice: str
    where: str = ""

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        return f"{self.severity:7} {self.check}: {place}{self.message} {self.advice}".rstrip()


class Searched(NamedTuple):
    """What a search found, and where it looked.

    Attributes:
        drives: of the points found.
        frequency: lowest and highest drive frequency that was allowed; equal where it was fixed.
        harmonics: how many the drives may have.
    """

    drives: tuple[AbstractDrive, ...]
    frequency: tuple[float, float]
    harmonics: int


@dataclass(frozen=True)
class Case:
    """What a check looks at; what is not known is None.

    Attributes:
        machine: the machine.
        solver: how its steady state is found.
        drive: its drive.
        result: what `evaluate` says of it.
        refusal: the sentence with which the solver refuses it.
        searched: a search, for checks of whole fronts.
    """

    machine: Machine
    solver: AbstractSolver
    drive: AbstractDrive | None = None
    result: "Evaluation | None" = None
    refusal: str | None = None
    searched: Searched | None = None


@dataclass(frozen=True)
class AbstractCheck(abc.ABC):
    """A check is one final frozen dataclass, entered with `qtopt.register` under its kind."""

    family: ClassVar[str] = "check"
    kind: ClassVar[str]

    @abc.abstractmethod
    def findings(self, case: Case) -> Iterator[Finding]:
        """What it finds; nothing where all is well or where it has nothing to look at."""

    def finding(self, severity: Severity, message: str, value: Any, advice: str) -> Finding:
        """A finding of this check."""
        return Finding(self.kind, severity, message, float(value), advice)


@dataclass(frozen=True)
class Audit:
    """What all checks found, the worst first; `print` shows one line each.

    Attributes:
        findings: empty when all is well.
    """

    findings: tuple[Finding, ...]

    @property
    def status(self) -> int:
        """0: nothing serious, 1: warnings, 3: the model does not apply."""
        return max((STATUS[finding.severity] for finding in self.findings), default=0)

    def as_dict(self) -> dict[str, Any]:
        """Plain data, as `qtopt audit --json` prints them: the status, and what is known of each finding."""
        found = [asdict(finding) for finding in self.findings]
        return {
            "status": self.status,
            "findings": [item | {"value": _plain(item["value"])} for item in found],
        }

    def __str__(self) -> str:
        return "\n".join(map(str, self.findings)) or "nothing to doubt"

    def _repr_json_(self) -> dict[str, Any]:
        return self.as_dict()


def case_of(result: "Evaluation") -> Case:
    """An evaluation as the checks want it."""
    return Case(result.machine, result.solver, result.drive, result)


def audited(*cases: Case, wholes: Iterable[Case] = ()) -> Audit:
    """What all registered checks find in one case; of several, each finding once, with the worst of them.

    Args:
        cases: machines, each under its drive.
        wholes: what is looked at as a whole beside them, such as a search.
    """
    checks = [class_of(AbstractCheck.family, kind)() for kind in kinds(AbstractCheck.family)]

    def found(case: Case) -> list[Finding]:
        return [finding for check in checks for finding in check.findings(case)]

    each = [found(case) for case in cases]
    findings = each[0] if len(each) == 1 else list(_worst(each))
    findings += [finding for whole in wholes for finding in found(whole) if finding not in findings]
    return Audit(tuple(sorted(findings, key=lambda finding: -STATUS[finding.severity])))


def _worst(each: list[list[Finding]]) -> Iterator[Finding]:
    """The worst finding of each check, and of how many cases it is one."""
    places: dict[str, list[tuple[int, Finding]]] = {}
    for number, findings in enumerate(each):
        for finding in findings:
            places.setdefault(finding.check, []).append((number, finding))
    for group in places.values():
        number, worst = max(group, key=lambda item: (STATUS[item[1].severity], abs(item[1].value)))
        concerned = len({number for number, _ in group})
        yield replace(worst, where=f"{concerned} of {len(each)} points, worst is point {number}")


def _plain(value: float) -> float | None:
    """JSON knows no infinite numbers."""
    return json.loads(json.dumps(value)) if value - value == 0.0 else None
