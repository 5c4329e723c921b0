"""`qtopt evaluate`."""

import json
from dataclasses import asdict, dataclass
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
        from ..observables import evaluate, fit_errors

        config = files.load(self.file)
        if self.solver is not None:
            config = files.with_solver(config, self.solver)
        result = evaluate(config.machine, files.require_drive(config), config.solver)
        warn(result.warnings())
        errors = fit_errors(result.machine, result.drive, config.solver) if self.fit_error else ()
        if self.json:
            more = {"fit_errors": [asdict(error) for error in errors]} if self.fit_error else {}
            print(json.dumps(result.as_dict() | more, indent=2, allow_nan=False))
        else:
            print(
                "\n".join([str(result), *(line for error in errors for line in error.lines(result.values))])
            )
