"""`qtopt schema`."""

import json
from dataclasses import dataclass
from typing import ClassVar

from ._command import AbstractCommand


@dataclass(frozen=True, kw_only=True)
class Schema(AbstractCommand):
    """Print the JSON schema of configuration files, for editors that complete and check them."""

    kind: ClassVar[str] = "schema"

    def run(self) -> None:
        from .. import files

        print(json.dumps(files.json_schema(), indent=2, ensure_ascii=False))
