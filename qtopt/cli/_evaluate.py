"""`qtopt evaluate`."""

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import ClassVar

from tyro.conf import Positional

from ._command import AbstractCommand
from ._output import warn


@dataclass(frozen=True, kw_only=True)
class Evaluate(AbstractCommand):
    """Thermodynamics of one machine under one drive."""

    kind: ClassVar[str] = "evaluate"

    file: Positional[Path]
    """configuration file (TOML)"""
    solver: str | None = None
    """kind of the solver to use instead of the one in the file, such as weak or exact"""
    json: bool = False
    """print one JSON object instead of a readable block"""

    fit_error: bool = False
    """also how much P, eta and Q change between fits of neighbouring order, for every table of J"""

    def run(self) -> None:
        from .. import files
        from ..observables import evaluate, fit_errors, quantities

        config = files.load(self.file, self.solver)
        result = evaluate(config.machine, files.require_drive(config), config.solver)
        warn(result.warnings())
        errors = fit_errors(result.machine, result.drive, config.solver) if self.fit_error else ()
        laboratory = files.laboratory_lines(config)
        if config.units is not None:
            result = replace(result, units=config.units.system)
        if self.json:
            found = result.as_dict() | {"units": {q.name: q.unit for q in quantities() if q.unit != "1"}}
            if laboratory:
                found |= {"si": result.in_si(), "laboratory": dict(laboratory)}
            if self.fit_error:
                found |= {"fit_errors": [asdict(error) for error in errors]}
            print(json.dumps(found, indent=2, allow_nan=False))
        else:
            lines = [line for error in errors for line in error.lines(result.values)]
            print(result, *lines, *(f"{name:28} {number}" for name, number in laboratory), sep="\n")
