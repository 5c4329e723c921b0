"""`qtopt audit`."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from tyro.conf import Positional

from ._command import AbstractCommand


@dataclass(frozen=True, kw_only=True)
class Audit(AbstractCommand):
    """Say where the model cannot mean what you think. Exit status: 0 nothing serious, 1 warnings, 3 the model
    does not apply."""

    kind: ClassVar[str] = "audit"

    file: Positional[Path]
    """configuration file (TOML), or the directory of a front that `qtopt pareto` wrote"""
    json: bool = False
    """print one JSON object instead of one line for each finding"""

    def run(self) -> None:
        from ..checks import audit

        found = audit(self.file)
        print(json.dumps(found.as_dict(), indent=2, allow_nan=False) if self.json else found)
        if found.status:
            raise SystemExit(found.status)
