"""Commands as processes that begin within milliseconds: forked from one that has imported everything.

`python -m tests.campaign.forks` reads one JSON list of arguments a line, with the file for standard error
before them, and answers with the number of the process and, when it has ended, with its exit status. The
imports are done and nothing has started that a fork would break: no device of jax, no thread.
"""

import importlib
import json
import os
import pkgutil
import select
import signal
import subprocess
import sys
from pathlib import Path

IMPORTED = (
    "diffrax",
    "h5netcdf",
    "matplotlib.figure",
    "matplotlib.backends.backend_agg",
    "tqdm.auto",
    "xarray",
)


class Forks:
    """The process to fork from."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", __spec__.name]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, bufsize=0, stdin=pipe, stdout=pipe)

    def start(self, arguments: list[str], said: Path) -> int:
        """Start `qtopt` with these arguments, its standard error in this file; the number of the process."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([str(said), *arguments]).encode() + b"\n")
        return int(self._answer())

    def ends_within(self, seconds: float) -> bool:
        """Whether the process that was started last ends within so many seconds."""
        assert self._process.stdout is not None
        return bool(select.select([self._process.stdout], [], [], seconds)[0])

    def status(self) -> int:
        """Wait for the process that was started last; its exit status, negative: the signal that ended it."""
        return int(self._answer())

    def close(self) -> None:
        """End."""
        self._process.communicate()

    def _answer(self) -> bytes:
        assert self._process.stdout is not None
        return self._process.stdout.readline()


def imported() -> None:
    """Import what commands import."""
    from qtopt.cli._app import main
    from qtopt.runtime import cores

    assert main and cores()
    os.environ.setdefault("XLA_FLAGS", f"--xla_force_host_platform_device_count={cores()}")
    from qtopt.runtime import configure

    configure()
    import qtopt

    for module in (*IMPORTED, *(m.name for m in pkgutil.walk_packages(qtopt.__path__, "qtopt."))):
        if not module.endswith("__main__"):
            importlib.import_module(module)


def serve() -> None:
    """Fork until standard input ends."""
    from qtopt.cli import main

    for line in sys.stdin:
        said, *arguments = json.loads(line)
        number = os.fork()
        if number == 0:
            carry_out(main, said, arguments)
        print(number, flush=True)
        _, status = os.waitpid(number, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def carry_out(main: object, said: str, arguments: list[str]) -> None:
    """In the new process: the command, then its end."""
    assert callable(main)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with open(os.devnull, "rb") as nothing, open(said, "wb") as errors, open(os.devnull, "wb") as out:
        os.dup2(nothing.fileno(), 0)
        os.dup2(out.fileno(), 1)
        os.dup2(errors.fileno(), 2)
    status = 1
    try:
        main(arguments)
        status = 0
    except SystemExit as stop:
        status = int(stop.code or 0)
    except KeyboardInterrupt:  # before the command began
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    imported()
    serve()
