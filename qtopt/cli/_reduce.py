"""`qtopt reduce`."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from tyro.conf import Positional

from ._command import AbstractCommand
from ._output import warn, writable_directory


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
        writable_directory(self.out)
        before = evaluate(config.machine, drive, config.solver)
        after = evaluate(machine, drive, config.solver)
        warn(after.warnings())
        lines = [f"bath {name!r}: {reduction}" for name, reduction in reductions.items()]
        report = "\n".join([*lines, "what it changes:", *changes_between(before, after)])
        path, text = self.out / "machine.toml", self.out / "report.txt"
        comment = "".join(f"# {line}\n" for line in lines)
        write_atomically(path, comment + files.dumps(replace(config, machine=machine)))
        write_atomically(text, report + "\n")
        print(f"{report}\nmachine {path}\nreport  {text}")
