"""`qtopt reproduce`."""

import sys
import tempfile
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from tyro.conf import Positional

from ..errors import InputError
from ..registry import class_of
from ._command import FAMILY
from ._output import warn, writable_directory
from ._resumable import AbstractShared

if TYPE_CHECKING:
    from ..files import Record

DIFFERENT = 1
"""exit status where the results differ"""


@dataclass(frozen=True, kw_only=True)
class Reproduce(AbstractShared):
    """Make the results of a directory again, by its provenance.json, and compare: fronts by hypervolume and
    points, maps and trajectories number by number. Exit status: 0 the same, 1 different."""

    kind: ClassVar[str] = "reproduce"

    folder: Positional[Path]
    """directory in which `qtopt pareto`, `scan` or `simulate` wrote their results"""
    out: Path | None = None
    """where to keep the new results; without it they are removed"""
    tolerance: float = 1e-2
    """how much of a merit one front may miss of the other; maps and trajectories must agree to 1e-9 of their
    largest values"""

    def run(self) -> None:
        """Compare what the command of the record makes now with what stands there.

        Who computes is what the options say: a record of somebody else names neither clusters nor commands
        of shells.
        """
        from .. import files
        from ._compare import differences

        record = files.read_record(self.folder)
        command = record.command
        if command not in files.SECTIONS:
            raise InputError(
                f"{self.folder / files.RECORD}: there is no command {command!r} to carry out again."
            )
        if self.out is not None and self.out.resolve() == self.folder.resolve():
            raise InputError(
                "--out must not be the directory whose results are compared, which would be replaced: give "
                "another one, or none."
            )
        options = _options(record, self.folder / files.RECORD)
        config = files.loads(record.origin["configuration"])
        _check_results(command, self.folder)
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
            files.save(replace(config, jobs=files.JobsSection()), file)
            kind: Any = class_of(FAMILY, command)
            shared = issubclass(kind, AbstractShared)
            options |= {"workers": self.workers, "cluster": self.cluster} if shared else {}
            with redirect_stdout(sys.stderr):  # what the command prints is no result of this one
                kind(file=file, out=made, **options).run()
            lines, same = differences(command, self.folder, made, self.tolerance)
        print("\n".join(lines))
        print("reproduced" if same else "different")
        if not same:
            raise SystemExit(DIFFERENT)


def _options(record: "Record", path: Path) -> dict[str, Any]:
    """The options of the command that matter to its results, as `Simulate` writes them.

    Raises:
        InputError: there are others, or they are no whole numbers.
    """
    known = ("periods", "points_per_period") if record.command == "simulate" else ()
    if any(name not in known or type(value) is not int for name, value in record.options.items()):
        raise InputError(
            f"{path}: the options of {record.command} must be "
            f"{' and '.join(known) + ', whole numbers' if known else 'none'}, but they are {record.options}."
        )
    return dict(record.options)


def _check_results(command: str, folder: Path) -> None:
    """Read what will be compared before anything is computed: it is the same as itself.

    Raises:
        InputError: there is nothing that can be read.
    """
    from ._compare import differences

    try:
        differences(command, folder, folder, 0.0)
    except InputError:
        raise
    except (OSError, ValueError, KeyError, IndexError) as error:
        raise InputError(
            f"{folder} must hold the results of `qtopt {command}`, but they cannot be read "
            f"({' '.join(str(error).split())}): take them from where they were made."
        ) from None


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
