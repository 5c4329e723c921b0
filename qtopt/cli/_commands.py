"""What the command line understands."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro
from tyro.conf import Positional


@dataclass(frozen=True)
class Evaluate:
    """Thermodynamics of one machine under one drive."""

    file: Positional[Path]
    """configuration file (TOML)"""
    solver: Literal["weak", "exact"] | None = None
    """solver to use instead of the one in the file"""
    json: bool = False
    """print one JSON object instead of a readable block"""


@dataclass(frozen=True)
class Pareto:
    """Search the Pareto fronts of a machine; certify, draw and store them."""

    file: Positional[Path]
    """configuration file (TOML)"""
    out: Path
    """directory for front.csv, front.png, drives.png and points/"""
    resume: bool = False
    """continue an interrupted search in that directory"""
    distributed: str | None = None
    """one of several processes that search together, by jax.distributed: "auto" where SLURM or MPI started
    them, or HOST:PORT,K/N: process K of N (from 1), of which the first listens at that address"""


@dataclass(frozen=True)
class Simulate:
    """Follow a machine in time from an initial state; draw and store populations, covariances and flows."""

    file: Positional[Path]
    """configuration file (TOML)"""
    out: Path
    """directory for trajectory.csv and trajectory.png"""
    periods: int | None = None
    """periods of the drive, instead of those in the file"""
    points_per_period: int | None = None
    """instead of those in the file"""


@dataclass(frozen=True)
class Scan:
    """Every quantity over one or two parameters; draw and store the map."""

    file: Positional[Path]
    """configuration file (TOML) with a section [scan]"""
    out: Path
    """directory for scan.nc and scan.png"""
    solver: Literal["weak", "exact"] | None = None
    """solver to use instead of the one in the file"""
    resume: bool = False
    """continue an interrupted scan in that directory"""
    share: str | None = None
    """K/N: solve only this share of the machines, beside other processes with the same --out (K from 1 to N);
    afterwards the same command with --resume instead writes the files"""
    distributed: str | None = None
    """as for `qtopt pareto`: the processes solve the scan together, and the first writes the files"""


@dataclass(frozen=True)
class Figures:
    """Draw the figures of the published results (in a checkout of the repository)."""

    names: Positional[tuple[str, ...]] = ()
    """which; all by default"""
    quick: bool = False
    """coarse grids"""
    out: Path = Path("results/figures")
    """directory for figures and data; data that are there already are used again"""


Command = (
    Annotated[Evaluate, tyro.conf.subcommand("evaluate")]
    | Annotated[Pareto, tyro.conf.subcommand("pareto")]
    | Annotated[Scan, tyro.conf.subcommand("scan")]
    | Annotated[Simulate, tyro.conf.subcommand("simulate")]
    | Annotated[Figures, tyro.conf.subcommand("figures")]
)
