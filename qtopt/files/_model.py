"""A whole configuration, and the rules that tie its sections together."""

from dataclasses import dataclass, field, replace

from ..errors import InputError
from ._drives import DRIVES, DriveConfig, read_drive
from ._machine import MachineConfig, read_machine
from ._pareto import ParetoConfig, read_pareto
from ._scan import ScanConfig, read_scan
from ._simulation import SimulationConfig, read_simulation
from ._solver import SolverConfig, SolverKind, read_solver
from ._table import Table, listed


@dataclass(frozen=True)
class Config:
    """Everything that a configuration file says."""

    machine: MachineConfig
    drive: DriveConfig | None = None
    """what `qtopt evaluate` needs and `qtopt pareto` searches"""
    solver: SolverConfig = field(default_factory=SolverConfig)
    pareto: ParetoConfig = field(default_factory=ParetoConfig)
    simulation: SimulationConfig = field(default_factory=SimulationConfig)
    scan: ScanConfig | None = None
    """what `qtopt scan` varies"""


def read_config(table: Table) -> Config:
    """The whole file."""
    table.only("machine", "drive", "solver", "pareto", "simulation", "scan")
    machine = read_machine(table.table("machine", "a table, the section [machine]"))
    drive = None
    if "drive" in table:
        drive = read_drive(table.table("drive", "a table, the section [drive]"), machine.oscillators)
    config = Config(
        machine=machine,
        drive=drive,
        solver=read_solver(table.table("solver", "a table, the section [solver]", {})),
        pareto=read_pareto(table.table("pareto", "a table, the section [pareto]", {})),
        simulation=read_simulation(table.table("simulation", "a table, the section [simulation]", {})),
        scan=read_scan(table.table("scan", "a table, the section [scan]")) if "scan" in table else None,
    )
    _check_solver(config)
    return config


def require_drive(config: Config) -> DriveConfig:
    """The drive, or the error that says how to give one."""
    if config.drive is None:
        raise InputError(
            "the section [drive] is missing; it must give the drive to evaluate: its frequency, its kind "
            f"({listed(DRIVES)}) and the numbers of that kind"
        )
    return config.drive


def require_scan(config: Config) -> ScanConfig:
    """The axes of a scan, or the error that says how to give some."""
    if config.scan is None:
        raise InputError(
            "the section [scan] is missing; it must give one or two axes, such as "
            'axes = [{ key = "drive.frequency", from = 0.1, to = 10.0, points = 100, scale = "log" }]'
        )
    return config.scan


def with_solver(config: Config, kind: SolverKind) -> Config:
    """The same configuration for another solver, checked against the rules of that solver."""
    changed = replace(config, solver=SolverConfig(kind))
    _check_solver(changed)
    return changed


def _check_solver(config: Config) -> None:
    driven = [bath.name for bath in config.machine.driven_baths]
    if config.solver.kind == "weak" and not config.machine.static_baths:
        raise InputError(
            "`machine.baths` must have a static bath, which damps the oscillators; got only driven ones "
            '(set coupling = "static" for one, or solver.kind = "exact")'
        )
    if config.solver.kind == "weak" and len(driven) != 1:
        raise InputError(
            f'`machine.baths` must have exactly one driven bath for the solver "weak"; got {len(driven)}: '
            f'{listed(driven, "and")} (make one of them static, or set solver.kind = "exact")'
        )
