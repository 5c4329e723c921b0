"""The one way in which qtopt writes files."""

import os
import time
from contextlib import suppress
from pathlib import Path

from ..errors import InputError

ABANDONED = 60.0
"""seconds after which nobody goes on with a file that is half written"""


def write_atomically(path: str | os.PathLike[str], content: bytes | str) -> Path:
    """Write a file whole or not at all: at any moment readers see the old one or the new one.

    The content goes to a file beside `path` first, which reaches the disk before it takes the name.

    Args:
        path: the file.
        content: its bytes, or its text, written as UTF-8 with line ends as they are.

    Returns:
        The path.

    Raises:
        InputError: the file cannot be written (which one, and the reason).
    """
    target = Path(path)
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    try:
        with partial.open("wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, target)
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror or error}") from None
    finally:
        _remove(partial)
    return target


def remove_partials(folder: Path) -> None:
    """Remove what processes that were killed have half written in a folder and in the folders inside it.

    What was written to within the last minute may belong to a command that lives, and stays.
    """
    for pattern in (".*.partial", "*/.*.partial"):
        for partial in folder.glob(pattern):
            with suppress(OSError):  # another process was faster
                if time.time() - partial.stat().st_mtime > ABANDONED:
                    partial.unlink()


def _remove(partial: Path) -> None:
    """After a success there is nothing left to remove, and where nothing can be written nothing is there."""
    try:
        partial.unlink(missing_ok=True)
    except OSError:
        pass
