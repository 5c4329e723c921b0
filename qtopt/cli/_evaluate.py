"""`qtopt evaluate`."""

import json
from dataclasses import dataclass
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

    def run(self) -> None:
        from .. import files
        from ..observables import evaluate

        config = files.load(self.file)
        if self.solver is not None:
            config = files.with_solver(config, self.solver)
        result = evaluate(config.machine, files.require_drive(config), config.solver)
        warn(result.warnings())
        if self.json:
            print(json.dumps(result.as_dict(), indent=2, allow_nan=False))
        else:
            print(result)
