"""Thousands of random machines, many at once as scans solve them, some of them also one by one."""

import traceback
import warnings
from dataclasses import dataclass, field
from typing import Any

import jax
import numpy as np

from qtopt.errors import InputError
from qtopt.files import DrivenMachine, Pair
from qtopt.jobs import Results
from qtopt.observables import Evaluation, evaluate
from qtopt.scan._solve import Machines
from qtopt.solvers import RESOLVED, Weak

from .machines import TWINS, WEAK, Kind, Numbers, Twin, laws, random_machine, same, text_of, uncertainty
from .tally import Tally

BATCH = 512
"""machines of one kind at once"""
ALONE = 8
"""one in so many machines is also evaluated by itself, by NumPy and with the window of frequencies"""


@dataclass(frozen=True, eq=False)
class Stacked(Machines):
    """The function of a scan whose "values" number given machines of one structure."""

    pairs: Any = None

    def _models(self, values: Any) -> Pair:
        return Pair(*jax.tree.map(lambda leaf: leaf[values[:, 0].astype(int)], self.pairs))


def solved(given: list[Numbers], fluctuations: bool) -> list[Evaluation | None]:
    """Machines of one structure as scans solve them; None where the status says that there is no answer."""
    pairs = jax.tree.map(lambda *leaves: np.stack([np.asarray(x) for x in leaves]), *given)
    stacked = Stacked(DrivenMachine(*given[0]), (), Weak(), fluctuations, pairs)
    values = np.arange(len(given), dtype=float)[:, None]
    found: Results = {}
    for chunk in stacked.chunks(values, np.ones(len(given), dtype=bool), BATCH):
        for name, column in stacked(*chunk.arguments()).items():
            whole = found.setdefault(name, np.zeros((len(given), *column.shape[1:]), column.dtype))
            whole[chunk.positions] = column[: len(chunk.positions)]
    rows = ({name: column[i] for name, column in found.items()} for i in range(len(given)))
    return [
        Evaluation(*pair, Weak(), {name: plain(part) for name, part in row.items()})
        if row["status"] == RESOLVED
        else None
        for pair, row in zip(given, rows, strict=True)
    ]


def plain(value: Any) -> Any:
    """A number of a scan as `evaluate` gives it."""
    return None if np.ndim(value) == 0 and np.isnan(value) else value.tolist()


@dataclass
class Case:
    """One machine on its way."""

    given: Numbers
    twin: Twin | None
    broken: list[str] = field(default_factory=list)


def batches(tally: Tally, count: int, rng: np.random.Generator, decades: float) -> None:
    """Try so many random machines in the weak theory, each against the laws and one invariance."""
    while tally.wants_more(count):
        kind = WEAK[int(rng.integers(len(WEAK)))]
        number = min(BATCH, count - tally.tried)
        cases, refused = drawn(kind, rng, decades, number)
        for _ in range(refused):
            tally.refused()
        if not cases:
            continue
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                found = solved([case.given for case in cases], True)
                compare(cases, found)
        except Exception:
            texts = {f"case-{i}.toml": text_of(case.given) for i, case in enumerate(cases)}
            tally.wrong(traceback.format_exc(), texts)
            continue
        for i, (case, result) in enumerate(zip(cases, found, strict=True)):
            if result is None:
                tally.refused()
                continue
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("error")
                    case.broken += laws(result) + uncertainty(case.given[0])
                    if i % ALONE == 0:
                        case.broken += alone(case.given, result)
            except Exception:
                case.broken.append(traceback.format_exc())
            if case.broken:
                tally.wrong("\n".join(case.broken), {"case.toml": text_of(case.given)})
            else:
                tally.fine()


def drawn(kind: Kind, rng: np.random.Generator, decades: float, number: int) -> tuple[list[Case], int]:
    """So many machines and their twins, and how many of them were refused."""
    cases, refused = [], 0
    for _ in range(number):
        twin = TWINS[int(rng.integers(len(TWINS)))]
        try:
            given = random_machine(kind, rng, decades, 10.0 ** rng.uniform(-9, -1))
        except InputError:
            refused += 1
            continue
        try:
            cases.append(Case(given, twin(given, rng)))
        except InputError:
            cases.append(Case(given, None))  # the twin cannot be; the machine stands
    return cases, refused


def compare(cases: list[Case], found: list[Evaluation | None]) -> None:
    """Solve the twins and compare."""
    for merged in (False, True):
        pairs = [
            (i, c, c.twin) for i, c in enumerate(cases) if c.twin is not None and c.twin.merged == merged
        ]
        if not pairs:
            continue
        twins = solved([twin.two for _, _, twin in pairs], False)
        ones = [(case, twin.one) for _, case, twin in pairs if twin.one is not None]
        firsts = iter(solved([one for _, one in ones], False) if ones else [])
        for (i, case, twin), two in zip(pairs, twins, strict=True):
            one = found[i] if twin.one is None else next(firsts)
            if found[i] is not None and one is not None and two is not None:
                case.broken += twin.broken(one, two)


def alone(given: Numbers, found: Evaluation) -> list[str]:
    """Whether `evaluate` says the same."""
    try:
        return same(found, evaluate(*given, Weak()), "by itself")
    except InputError:
        return []
