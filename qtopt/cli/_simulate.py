"""`qtopt simulate`."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from tyro.conf import Positional

from ..errors import InputError
from ._command import AbstractCommand
from ._output import progress, warn, writable_directory


@dataclass(frozen=True, kw_only=True)
class Simulate(AbstractCommand):
    """Follow a machine in time from an initial state; draw and store populations, covariances and flows."""

    kind: ClassVar[str] = "simulate"

    file: Positional[Path]
    """configuration file (TOML)"""
    out: Path
    """directory for trajectory.csv and trajectory.png"""
    periods: int | None = None
    """periods of the drive, instead of those in the file"""
    points_per_period: int | None = None
    """instead of those in the file"""

    def run(self) -> None:
        """An interruption keeps the periods that are done."""
        from .. import files
        from ..model import has_friction
        from ..plots import trajectory_figure
        from ..plots.style import save
        from ..solvers.time_domain import joined, simulate_periods, write_trajectory

        config = files.load(self.file)
        machine, drive = config.machine, files.require_drive(config)
        wanted = config.simulation
        periods = _positive("--periods", self.periods, wanted.periods)
        points = _positive("--points-per-period", self.points_per_period, wanted.points_per_period)
        writable_directory(self.out, files=("trajectory.csv", FIGURE, files.RECORD))
        names, done = [bath.name for bath in config.machine.baths], []
        warn([*machine.remarks(), *([FRICTION] if has_friction(machine.baths) else [])])
        parts = simulate_periods(machine, drive, wanted.initial.state(machine), periods, points)
        try:
            with progress("periods") as report:
                for part in parts:
                    done.append(part)
                    report(len(done), periods)
        finally:
            if done:
                trajectory = joined(done)
                table = write_trajectory(trajectory, names, self.out)
                drawn, figure = (
                    trajectory_figure(trajectory, float(drive.frequency), names),
                    self.out / FIGURE,
                )
                save(drawn, figure, files.origin(config, files.SECTIONS[self.kind]))
                options = {"periods": len(done), "points_per_period": points}
                files.write_record(self.out, self.kind, config, (table, figure), options)
                print(f"data    {table}")
                print(f"figure  {figure}")


FIGURE = "trajectory.png"
FRICTION = (
    "velocities diverge logarithmically beside a strictly Ohmic bath, so the populations shown depend on the "
    "end of the rational coth; give the bath a Drude cut-off."
)


def _positive(option: str, given: int | None, default: int) -> int:
    if given is not None and given < 1:
        raise InputError(f"{option} must be a whole number of at least 1, but it is {given}.")
    return default if given is None else given
