"""One process at a time: a folder of results belongs to the process that writes there."""

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from ..errors import InputError
from ._write import remove_partials, write_atomically

LOCK, HOLDER = ".qtopt.lock", ".qtopt.holder"


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Within this block no other process writes into a folder.

    The operating system lets go of the lock when the process ends, however that happens, so that the lock of
    a dead process is free; what it had half written is removed.

    Raises:
        InputError: another one does: which process it is, and since when.
    """
    lock, holder = FileLock(folder / LOCK), folder / HOLDER
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise InputError(
            f"only one process at a time may write into a folder, but {folder} is in use by {_told(holder)}: "
            "wait until it has ended, or choose another --out."
        ) from None
    except OSError as error:
        raise InputError(f"{folder}: cannot be locked: {error.strerror or error}") from None
    try:
        since = datetime.now().astimezone().isoformat(sep=" ", timespec="seconds")
        write_atomically(holder, json.dumps([os.getpid(), socket.gethostname(), since]))
        remove_partials(folder)
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def _told(holder: Path) -> str:
    """Who holds a folder, since when."""
    try:
        process, host, since = json.loads(holder.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return "another one"
    return f"process {process} on {host} since {since}"
