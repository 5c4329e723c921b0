"""`qtopt reduce`."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from tyro.conf import Positional

from ._command import AbstractCommand
from ._output import own_directory, warn

MACHINE, REPORT = "machine.toml", "report.txt"


@dataclass(frozen=True, kw_only=True)
class Reduce(AbstractCommand):
    """Give the baths of a machine fewer poles: a configuration file with them, and what it changes."""

    kind: ClassVar[str] = "reduce"

    file: Positional[Path]
    """configuration file (TOML)"""
    out: Path
    """directory for machine.toml and report.txt"""
    tolerance: float = 1e-4
    """largest error of J that is allowed, relative to J or, where J is smaller, to 1/100 of its maximum"""
    range: tuple[float, float] | None = None
    """lowest and highest frequency that matter"""

    def run(self) -> None:
        from .. import files
        from ..jobs import write_atomically
        from ..model import reduced_machine
        from ..observables import changes_between, evaluate

        config = files.load(self.file)
        drive = files.require_drive(config)
        machine, reductions = reduced_machine(config.machine, self.tolerance, self.range)
        path, text = self.out / MACHINE, self.out / REPORT
        with own_directory(self.out, self.file, (MACHINE, REPORT)):
            before = evaluate(config.machine, drive, config.solver)
            after = evaluate(machine, drive, config.solver)
            warn(after.warnings())
            lines = [f"bath {name!r}: {reduction}" for name, reduction in reductions.items()]
            report = "\n".join([*lines, "what it changes:", *changes_between(before, after)])
            comment = "".join(f"# {line}\n" for line in lines)
            write_atomically(path, comment + files.dumps(replace(config, machine=machine)))
            write_atomically(text, report + "\n")
        print(f"{report}\nmachine {path}\nreport  {text}")
