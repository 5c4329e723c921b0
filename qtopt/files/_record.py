"""Where results come from: what figures and files carry, and the record that `qtopt reproduce` reads."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .. import __version__
from ..errors import InputError
from ..jobs import revision, versions, write_atomically
from ._config import Config
from ._fingerprint import fingerprint
from ._toml import dumps

RECORD = "provenance.json"


def origin(config: Config, sections: tuple[str, ...]) -> dict[str, str]:
    """What identifies a computation, as texts: versions, revision, fingerprint, configuration, seed.

    There is no date in it: the same computation by the same source makes the same files.

    Args:
        config: the configuration.
        sections: of the file on which the computation depends, see `fingerprint`.
    """
    found = {
        "qtopt_version": __version__,
        "git_revision": revision(),
        "versions": ", ".join(f"{name} {version}" for name, version in versions().items()),
        "fingerprint": fingerprint(config, sections),
        "configuration": dumps(config),
    }
    return found | ({"seed": str(config.pareto.seed)} if "pareto" in sections else {})


@dataclass(frozen=True)
class Record:
    """How the results in a directory were made.

    Attributes:
        command: the subcommand.
        options: its options that matter to the results, by name.
        sections: of the file on which they depend.
        origin: see `origin`.
        date: when they were written.
        checksums: SHA-256 of each file, by its path in the directory.
    """

    command: str
    options: dict[str, Any]
    sections: tuple[str, ...]
    origin: dict[str, str]
    date: str
    checksums: dict[str, str]


SECTIONS = {"pareto": ("pareto",), "scan": ("drive", "scan"), "simulate": ("drive", "simulation")}
"""of the file on which the results of each command depend"""


def write_record(
    folder: Path,
    command: str,
    config: Config,
    paths: Iterable[Path],
    options: Mapping[str, Any] | None = None,
) -> Path:
    """Write `provenance.json` beside the results of a command, with a checksum of each of the files."""
    sections = SECTIONS[command]
    about = origin(config, sections)
    checksums = {path.relative_to(folder).as_posix(): checksum(path) for path in paths}
    date = datetime.now(UTC).isoformat(timespec="seconds")
    made = Record(command, dict(options or {}), sections, about, date, checksums)
    return write_atomically(folder / RECORD, json.dumps(made.__dict__, indent=2) + "\n")


def read_record(folder: Path) -> Record:
    """The record in a directory of results.

    Raises:
        InputError: there is none, or it is broken.
    """
    path = folder / RECORD
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        made = Record(**{**found, "sections": tuple(found["sections"])})
        texts = (made.command, *made.origin.values(), *made.checksums.values(), made.origin["configuration"])
        if not isinstance(made.options, dict) or not all(isinstance(text, str) for text in texts):
            raise TypeError
        return made
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        reason = "there is none that can be read" if isinstance(error, OSError) else "it is broken"
        raise InputError(
            f"{path} must say how the results were made, but {reason}: give the --out of `qtopt pareto`, "
            "`scan` or `simulate`."
        ) from None


def checksum(path: Path) -> str:
    """SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
