"""The one way in which qtopt writes files."""

import os
from pathlib import Path

from ..errors import InputError


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


def _remove(partial: Path) -> None:
    """After a success there is nothing left to remove, and where nothing can be written nothing is there."""
    try:
        partial.unlink(missing_ok=True)
    except OSError:
        pass
