"""`--distributed`: how a process of the command line finds the others, and how it ends with them."""

import ctypes
import os
import signal
import socket
import sys
import tempfile
import threading
import time
from typing import IO, Any, NoReturn

from ..errors import InputError, ProcessLost
from ._share import Share

MEETING, HEARTBEAT = 300, 30
"""seconds that processes wait for each other at the beginning; after which a silent one counts as dead"""
PAUSE = 10
"""seconds in which a process ends that has said why"""
LOST = 3
"""exit status where another process ended"""
MEANT = "another task died"
"""in what jax says before it aborts a process because of another one"""
SETTINGS = {
    "jax_enable_preemption_service": False,  # it would swallow SIGTERM
    "jax_cpu_collectives_implementation": None,  # Gloo, also between cores of one process, which prints
}
"""of jax, where this version has them"""

_kept: list[Any] = []
"""what must live as long as the process: the handler of SIGABRT"""
_last = threading.Lock()
"""whoever has it says why the process ends"""


def join(text: str, given: str) -> None:
    """Meet the other processes through `jax.distributed`; before any computation.

    Args:
        text: "auto" where SLURM or MPI started the processes, or "HOST:PORT,K/N": process K of N, from 1, of
            which the first listens at that address.
        given: what must be the same in all processes.

    Raises:
        InputError: neither of them, no SLURM and no MPI, an address at which the first cannot listen, or
            processes that were given different things.
    """
    options = {} if text == "auto" else _options(text)
    import jax

    for name, value in SETTINGS.items():
        if name in jax.config.values:
            jax.config.update(name, value)
    where = "the processes" if text == "auto" else f"the {options['num_processes']} processes"
    _speak_last(
        f"qtopt: {where} did not all meet within {MEETING} s; were they all started, with the same address?"
    )
    try:
        jax.distributed.initialize(
            initialization_timeout=MEETING, heartbeat_timeout_seconds=HEARTBEAT, **options
        )
    except ValueError as error:
        raise InputError(
            "--distributed must be HOST:PORT,K/N where neither SLURM nor MPI started the processes, but it "
            f'is "{text}" ({error}).'
        ) from None
    _speak_last(f"\nqtopt: {ProcessLost()}")  # below the bar that shows the progress
    from ._processes import exchanged

    agreed = len(set(exchanged(given.encode()))) == 1
    try:
        exchanged(b"")  # all know before one ends
    except ProcessLost:
        pass
    if not agreed:
        raise InputError(
            "all processes must be given the same file and the same options, but at least one of these "
            f"{jax.process_count()} has others."
        )


def _options(text: str) -> dict[str, Any]:
    """What `jax.distributed.initialize` wants to know."""
    address, _, share = text.rpartition(",")
    host, _, port = address.rpartition(":")
    if not (host and port.isdecimal() and 0 < int(port) < 65536):
        raise InputError(
            '--distributed must be "auto" or HOST:PORT,K/N, process K of N from 1 with the first at '
            f'HOST:PORT, but it is "{text}": for example node01:47800,2/4.'
        )
    number, count = Share.read(share)
    options = {"coordinator_address": address, "num_processes": count, "process_id": number - 1}
    here = host in ("localhost", "127.0.0.1")
    if here:  # else on every address of the first machine
        options["coordinator_bind_address"] = address
    if number == 1:
        _check_free(host if here else "", int(port), text)
    return options


def _check_free(host: str, port: int, text: str) -> None:
    """jax (0.10.2) may crash where it cannot listen."""
    try:
        socket.create_server((host, port)).close()
    except OSError as error:
        raise InputError(
            f'the address of --distributed must be one at which process 1 can listen, but it is "{text}" '
            f"({os.strerror(error.errno or 0)}): choose another port."
        ) from None


def joined() -> bool:
    """Whether this process is one of several."""
    return bool(_kept)


def leave(status: int, line: str) -> NoReturn:
    """Say this and end with this status; a process that failed waits for no other."""
    if joined() and not _last.acquire(blocking=False):
        time.sleep(PAUSE)  # jax's thread has the last word
    print(line, file=sys.stderr)
    if not joined():
        sys.exit(status)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def _speak_last(line: str) -> None:
    """Where jax aborts this process because of another one, say this line and nothing else.

    jax leaves no other way: it aborts from a thread of its own, whatever the process is doing, after it wrote
    its reasons and a stack to file descriptor 2. That goes to a file from here on; Python still writes to
    the terminal. Other aborts show all that was written.
    """
    if not _kept:
        aside = tempfile.TemporaryFile()
        terminal = os.fdopen(os.dup(2), "w", buffering=1, encoding="utf-8", errors="replace")
        sys.stderr.flush()
        os.dup2(aside.fileno(), 2)
        sys.stderr = terminal
        _kept.extend([aside, terminal])
    aside, terminal = _kept[:2]

    @ctypes.CFUNCTYPE(None, ctypes.c_int)
    def last_words(_: int) -> None:
        said = _all_of(aside)
        if MEANT in said:
            if not _last.acquire(blocking=False):
                time.sleep(PAUSE)  # another thread has the last word
            os.write(terminal.fileno(), f"{line}\n".encode())
            os._exit(LOST)
        os.write(terminal.fileno(), said.encode())

    _kept[2:] = [last_words]
    ctypes.CDLL(None).signal(signal.SIGABRT, last_words)


def _all_of(file: IO[bytes]) -> str:
    return os.pread(file.fileno(), 1 << 20, 0).decode(errors="replace")
