"""Which solver evaluates the machine."""

from dataclasses import dataclass
from typing import Literal, get_args

from ._table import Table

SolverKind = Literal["weak", "exact"]
SOLVERS: tuple[SolverKind, ...] = get_args(SolverKind)


@dataclass(frozen=True)
class SolverConfig:
    """ "weak": second order in the driven bath; "exact": any coupling strength."""

    kind: SolverKind = "weak"


def read_solver(table: Table) -> SolverConfig:
    """The [solver] section."""
    table.only("kind")
    return SolverConfig(kind=table.choice("kind", SOLVERS, SolverConfig.kind))
