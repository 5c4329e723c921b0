"""A whole configuration, and the rules that tie its sections together."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..errors import InputError
from ..model import AbstractDrive, Machine, Protocol
from ..registry import class_of, kinds
from ..schema import Table, json_schema as schema_of, listed, parameter, read, suggestion, wrong
from ..solvers import AbstractSolver, Weak
from ._drives import DRIVES, check_target, in_step, together, with_frequency
from ._jobs import JobsSection
from ._pareto import ParetoSection
from ._scan import ScanSection
from ._simulation import SimulationSection
from ._units import UnitsSection


@dataclass(frozen=True)
class Config:
    """A machine, its drive, and what to compute: everything that a configuration file says."""

    machine: Machine = parameter(help="oscillators and baths", must="a table, the section [machine]")
    drive: AbstractDrive | None = parameter(
        help="needed by `qtopt evaluate`, `simulate` and `scan`; `pareto` ignores it",
        must="a table, the section [drive]",
        default=None,
    )
    solver: AbstractSolver = parameter(
        help="how steady states are found", must="a table, the section [solver]", default_factory=Weak
    )
    pareto: ParetoSection = parameter(
        help="what `qtopt pareto` searches",
        must="a table, the section [pareto]",
        default_factory=ParetoSection,
    )
    simulation: SimulationSection = parameter(
        help="what `qtopt simulate` follows",
        must="a table, the section [simulation]",
        default_factory=SimulationSection,
    )
    scan: ScanSection | None = parameter(
        help="what `qtopt scan` varies", must="a table, the section [scan]", default=None
    )
    units: UnitsSection | None = parameter(
        help="what the numbers mean in the laboratory", must="a table, the section [units]", default=None
    )
    jobs: JobsSection = parameter(
        help="who computes fronts and scans", must="a table, the section [jobs]", default_factory=JobsSection
    )
    drives: tuple[AbstractDrive, ...] = parameter(
        help="what moves beside the driven baths, or in their place", type=DRIVES, default=()
    )

    def __post_init__(self) -> None:
        object.__setattr__(self, "drives", in_step(self.drive, self.drives))

    @property
    def driving(self) -> AbstractDrive | None:
        """All that moves: [drive], or the protocol of [drive] and [[drives]]; None where there is neither."""
        return together(self.drive, self.drives)

    def check_table(self, table: Table) -> None:
        """Raise `InputError` where nothing is driven, or the solver has no answer for such a machine."""
        if not (self.machine.driven_baths or self.drives or self.pareto.drives):
            raise InputError(
                f"`{table.at('machine.baths')}` must have a driven bath; got none "
                '(set coupling = "driven" for the bath that follows [drive])'
            )
        check_target(self.drive)
        driving = self.driving
        if self.drives and driving is not None:
            self.solver.check(self.machine, driving)
        else:
            self.solver.check_baths(self.machine)


def read_config(table: Table) -> Config:
    """Read a whole file as a configuration; its section [units] first, where it has one."""
    units = table.content.get("units")
    if isinstance(units, Mapping):
        system = read(UnitsSection, Table(units, "units")).system
        table = Table(table.content, table.path, replace(table.scope, units=system))
    return read(Config, replace(table, content=with_frequency(table.content)))


def json_schema() -> dict[str, Any]:
    """The JSON schema of configuration files (draft 2020-12), with every kind that is registered."""
    return schema_of(Config, "A quantum thermal machine for qtopt")


def require_drive(config: Config) -> AbstractDrive:
    """The drive or protocol, or the error that says how to give one."""
    driving = config.driving
    if driving is None:
        raise InputError(
            "the section [drive] is missing; it must give the drive to evaluate: its frequency, its kind "
            f"({listed(kinds(AbstractDrive.family))}) and the numbers of that kind"
        )
    return driving


def with_driving(config: Config, driving: AbstractDrive) -> Config:
    """The same configuration with another drive or protocol."""
    if isinstance(driving, Protocol):
        return replace(config, drive=None, drives=driving.parts)
    return replace(config, drive=driving, drives=())


def require_scan(config: Config) -> ScanSection:
    """The axes of a scan, or the error that says how to give some."""
    if config.scan is None:
        raise InputError(
            "the section [scan] is missing; it must give one or two axes, such as "
            'axes = [{ key = "drive.frequency", from = 0.1, to = 10.0, points = 100, scale = "log" }]'
        )
    return config.scan


def with_solver(config: Config, kind: str) -> Config:
    """The same configuration for another solver, checked against the rules of that solver.

    Raises:
        InputError: there is no such solver, or it has no answer for such baths.
    """
    changed = replace(config, solver=class_of(AbstractSolver.family, known_solver(kind))())
    changed.solver.check_baths(changed.machine)
    return changed


def known_solver(kind: str) -> str:
    """The kind of a solver, or the error that says which there are."""
    known = kinds(AbstractSolver.family)
    if kind not in known:
        raise wrong("--solver", listed(known), kind, suggestion(kind, known))
    return kind
