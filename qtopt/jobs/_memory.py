"""What would not fit into memory is refused before it begins: an operating system ends processes unasked."""

from contextlib import suppress
from pathlib import Path

import jax

from ..errors import InputError
from ._devices import spare_memory

AVAILABLE = Path("/proc/meminfo")
LIMITS = (
    (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current")),
    (
        Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
        Path("/sys/fs/cgroup/memory/memory.usage_in_bytes"),
    ),
)
"""of the container that this process is in, and what is used"""


def free_memory() -> float:
    """Bytes that this process may still take: of the first device, or of this machine and its container."""
    if jax.local_devices()[0].platform != "cpu":
        return spare_memory()
    free = spare_memory()
    with suppress(OSError, ValueError, IndexError):
        rows = [line.split() for line in AVAILABLE.read_text().splitlines()]
        free = 1024.0 * float(next(row[1] for row in rows if row[0] == "MemAvailable:"))
    for limit, used in LIMITS:
        with suppress(OSError, ValueError):
            free = min(free, float(limit.read_text()) - float(used.read_text()))
    return free


def check_memory(needed: float, what: str, advice: str) -> None:
    """Refuse what needs more memory than is free.

    Args:
        needed: bytes, roughly.
        what: needs them, the subject of the sentence.
        advice: what to do, the end of the sentence.

    Raises:
        InputError: the sentence.
    """
    free = free_memory()
    if needed > free:
        raise InputError(
            f"{what} must fit into memory, of which {free / 1e9:.3g} GB are free, but needs about "
            f"{needed / 1e9:.3g} GB: {advice}."
        )
