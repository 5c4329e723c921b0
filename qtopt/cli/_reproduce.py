"""`qtopt reproduce`."""

import sys
import tempfile
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from tyro.conf import Positional

from ..errors import InputError
from ..registry import class_of, kinds
from ._command import FAMILY, AbstractCommand
from ._output import warn, writable_directory

if TYPE_CHECKING:
    from ..files import Record

DIFFERENT = 1
"""exit status where the results differ"""


@dataclass(frozen=True, kw_only=True)
class Reproduce(AbstractCommand):
    """Make the results of a directory again, by its provenance.json, and compare: fronts by hypervolume and
    points, maps and trajectories number by number. Exit status: 0 the same, 1 different."""

    kind: ClassVar[str] = "reproduce"
    on_all_cores: ClassVar[bool] = True

    folder: Positional[Path]
    """directory in which `qtopt pareto`, `scan` or `simulate` wrote their results"""
    out: Path | None = None
    """where to keep the new results; without it they are removed"""
    tolerance: float = 1e-3
    """largest relative difference of a front; maps and trajectories must agree to 1e-9 of their largest
    values"""

    def run(self) -> None:
        """Compare what the command of the record makes now with what stands there."""
        from .. import files
        from ._compare import differences

        record = files.read_record(self.folder)
        command = record.command
        if command not in kinds(FAMILY) or command == self.kind:
            raise InputError(
                f"{self.folder / files.RECORD}: there is no command {command!r} to carry out again."
            )
        changed = [
            name
            for name, digest in record.checksums.items()
            if not (self.folder / name).is_file() or files.checksum(self.folder / name) != digest
        ]
        warn(f"{name} is not as it was written." for name in changed)
        warn(_other_origin(record))
        with tempfile.TemporaryDirectory() as temporary:
            made = Path(temporary) / "results" if self.out is None else self.out
            writable_directory(made)
            file = Path(temporary) / "machine.toml"
            file.write_text(record.origin["configuration"], encoding="utf-8")
            with redirect_stdout(sys.stderr):  # what the command prints is no result of this one
                class_of(FAMILY, command)(file=file, out=made, **record.options).run()
            lines, same = differences(command, self.folder, made, self.tolerance)
        print("\n".join(lines))
        print("reproduced" if same else "different")
        if not same:
            raise SystemExit(DIFFERENT)


def _other_origin(record: "Record") -> list[str]:
    """What made the results then and is another one now."""
    from ..files import loads, origin

    now = origin(loads(record.origin["configuration"]), record.sections)
    names = ("qtopt_version", "git_revision", "versions", "fingerprint")
    return [
        f"{name} was {record.origin.get(name)!r} and is {now[name]!r}."
        for name in names
        if record.origin.get(name) != now[name]
    ]
