"""`qtopt explore`."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from tyro.conf import Positional

from ._command import AbstractCommand
from ._output import progress


@dataclass(frozen=True, kw_only=True)
class Explore(AbstractCommand):
    """Make one self-contained page, explorer.html, of a folder of results: a front, a scan, a simulation."""

    kind: ClassVar[str] = "explore"

    directory: Positional[Path]
    """where `qtopt pareto`, `qtopt scan` or `qtopt simulate` wrote their results"""
    solver: str | None = None
    """kind of a solver, such as exact, that solves every point of a front again: layers beside the others"""

    def run(self) -> None:
        """Read the folder, write the page into it."""
        from ..explore import write_explorer

        with progress("explorer") as report:
            path, _ = write_explorer(self.directory, self.solver, report)
        print(f"explorer  {path}")
