"""The one way in which qtopt reads files of users: whole, but never without end."""

import os
import stat

from ..errors import InputError

LARGEST = 64 * 2**20
"""bytes of a file that is read"""
OF_PROCESSES = ("/dev/fd/", "/dev/stdin", "/proc/self/fd/")
"""where a shell shows what another program writes"""


def read_input(path: str | os.PathLike[str], what: str) -> bytes:
    """What a file holds, or what a program writes into `<(...)` or `/dev/stdin`.

    Args:
        path: of the file.
        what: what it should be, for errors.

    Raises:
        InputError: there is no such file, it is no file (a directory, a device, a named pipe), it is larger
            than 64 MiB, or it cannot be read.
    """
    name = os.fspath(path)
    try:
        kind = os.stat(name).st_mode
        if stat.S_ISDIR(kind):
            raise InputError(f"{path}: this is a directory; give the path of {what} in it")
        if not stat.S_ISREG(kind) and not name.startswith(OF_PROCESSES):
            raise InputError(f"{path}: this is a device or a pipe; give the path of {what}")
        with open(name, "rb") as file:
            data = file.read(LARGEST + 1)
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such file; give the path of {what}") from None
    except InputError:
        raise
    except (OSError, ValueError) as error:  # ValueError: a path with a null byte
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise InputError(f"{path}: cannot be read: {reason}") from None
    if len(data) > LARGEST:
        raise InputError(f"{path}: must be {what} of at most {LARGEST >> 20} MiB, and is larger")
    return data
