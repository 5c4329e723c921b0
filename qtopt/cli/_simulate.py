"""`qtopt simulate`."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from tyro.conf import Positional

from ..errors import InputError
from ._command import AbstractCommand
from ._output import own_directory, progress, warn

if TYPE_CHECKING:
    from .. import files
    from ..solvers.time_domain import Trajectory


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
        from ..solvers.time_domain import simulate_periods

        config = files.load(self.file)
        machine, drive = config.machine, files.require_drive(config)
        wanted = config.simulation
        periods = _positive("--periods", self.periods, wanted.periods)
        points = _positive("--points-per-period", self.points_per_period, wanted.points_per_period)
        with own_directory(self.out, self.file, ("trajectory.csv", FIGURE, files.RECORD)):
            done = []
            warn([*machine.remarks(), *([FRICTION] if has_friction(machine.baths) else [])])
            parts = simulate_periods(machine, drive, wanted.initial.state(machine), periods, points)
            try:
                with progress("periods") as report:
                    for part in parts:
                        done.append(part)
                        report(len(done), periods)
            finally:
                if done:
                    self._write(config, done, points)

    def _write(self, config: "files.Config", done: "list[Trajectory]", points: int) -> None:
        from .. import files
        from ..plots import trajectory_figure
        from ..plots.style import save
        from ..solvers.time_domain import joined, write_trajectory

        names = [bath.name for bath in config.machine.baths]
        trajectory, figure = joined(done), self.out / FIGURE
        table = write_trajectory(trajectory, names, self.out)
        drawn = trajectory_figure(trajectory, float(files.require_drive(config).frequency), names)
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
