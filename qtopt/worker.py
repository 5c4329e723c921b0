"""What runs in a worker of a Dask cluster: its devices are claimed before jax is imported.

Importing this module must not import jax. A worker may also do it by itself, at its start:
``dask worker --preload qtopt.worker``.
"""

import getpass
import hashlib
import os
import pickle
import re
import socket
import tempfile
import threading
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from distributed import Worker, WorkerPlugin, get_worker
from filelock import FileLock, Timeout

from . import __version__
from .errors import InputError
from .plugins import load_plugin
from .registry import foreign_files
from .runtime import DEVICES_FLAG, configure

Identity = dict[str, str]
"""What must be the same in all processes, by name."""
_claims: list[FileLock] = []
"""of the devices of this process; the system lets go of them when it ends, however that happens"""
_prepared: list[int] = []
"""the number of devices of this process, once it is known"""
_read: dict[Path, str] = {}
"""what the sources of the user's classes were"""


@lru_cache
def sources() -> str:
    """What identifies the source of this package."""
    home, found = Path(__file__).parent, hashlib.sha256()
    for path in sorted(home.rglob("*.py")):
        found.update(path.relative_to(home).as_posix().encode() + path.read_bytes())
    return found.hexdigest()[:12]


def identity() -> Identity:
    """The versions of this process on which numbers depend, and the sources of the user's classes."""
    for path in foreign_files():  # as they were when they were imported
        _read.setdefault(path, hashlib.sha256(path.read_bytes()).hexdigest())
    foreign = hashlib.sha256("".join(_read[path] for path in foreign_files()).encode()).hexdigest()[:12]
    versions = {name: version(name) for name in ("jax", "jaxlib", "equinox")}
    return {"qtopt": f"{__version__} ({sources()})", **versions, "plug-ins": foreign}


@dataclass(frozen=True)
class Parcel:
    """A pickled object, the data of its arrays apart, so that they travel as they are."""

    head: bytes
    buffers: tuple[Any, ...]
    digest: str = ""

    def open(self) -> Any:
        """The object."""
        return pickle.loads(self.head, buffers=self.buffers)


@dataclass(frozen=True)
class Refusal:
    """What a worker answers that cannot be used."""

    worker: str
    reason: str


@dataclass
class Preparation(WorkerPlugin):
    """Prepares every worker of a cluster, also those that come later.

    Attributes:
        plugins: of the user, as `load_plugin` takes them: modules by name, single files by path.
        gpus: how many a worker takes, where there are any.
        trouble: why this worker cannot be used; empty where it can.
        found: what it is, by name.
    """

    plugins: tuple[str, ...] = ()
    gpus: int = 1
    trouble: str = ""
    found: dict[str, Any] = field(default_factory=dict)
    name = "qtopt"

    def setup(self, worker: Worker) -> None:
        """Claim devices, configure jax, import plug-ins; what goes wrong is said later, by `difference`."""
        self.busy = threading.Lock()
        _leave_alone(worker)
        try:
            prepare(worker.state.nthreads, self.gpus)
            for name in self.plugins:
                load_plugin(name)
            import jax

            self.found = {
                "host": socket.gethostname(),
                "devices": jax.local_device_count(),
                "platform": jax.local_devices()[0].platform,
                "kind": jax.local_devices()[0].device_kind,
                "identity": identity(),
                "pinned": bool(_claims),
            }
        except Exception as error:
            self.trouble = " ".join(str(error).split())


def _leave_alone(worker: Worker) -> None:
    """Nobody samples what runs here, and no chunk waits until memory is free: jax keeps what it has, and a
    worker without memory must end."""
    for name in ("profile", "profile-cycle"):
        callback = worker.periodic_callbacks.pop(name, None)
        if callback is not None:
            callback.stop()
    manager = worker.memory_manager
    manager.memory_spill_fraction = manager.memory_pause_fraction = False


def prepare(threads: int = 1, gpus: int = 1) -> None:
    """Make this process one that computes on devices of its own: these GPUs, or as many cores as threads.

    Once; another session that prepares it again finds it as it is. jax may be imported before, as by a
    program whose file workers import, but not used.

    Raises:
        InputError: there are no GPUs left, or jax has its devices already.
    """
    if not _prepared:
        flags = re.sub(rf"{DEVICES_FLAG}=\d+", "", os.environ.get("XLA_FLAGS", "")).strip()
        on_gpus = _claim_gpus(gpus)
        if not on_gpus:
            _claim_cores(threads)
        devices = threads if threads > 1 and not on_gpus else None
        os.environ["XLA_FLAGS"] = flags if devices is None else f"{flags} {DEVICES_FLAG}={devices}".strip()
        configure(devices)
        _prepared.append(gpus if on_gpus else threads)
    import jax

    found = jax.local_device_count()  # its threads begin here and stay on these cores
    if found != _prepared[0]:
        raise InputError(
            f"a worker must claim its devices before jax has any, but jax had {found} before it could claim "
            f'{_prepared[0]}: put what the program does under `if __name__ == "__main__":`.'
        )


def _claim_gpus(count: int) -> bool:
    """Whether this worker has GPUs; from now on it sees no others."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    there = [path.name[6:] for path in sorted(Path("/dev").glob("nvidia[0-9]*"))]
    names = there if visible is None else [part.strip() for part in visible.split(",") if part.strip()]
    usable = any(find_spec(f"jax_cuda{k}_plugin") for k in (12, 13)) and "cuda" in os.environ.get(
        "JAX_PLATFORMS", "cuda"
    )
    if not names or not usable:
        return False
    taken = _claim([f"gpu-{name}" for name in names], count)
    if len(taken) < count:
        raise InputError(f"all GPUs of {socket.gethostname()} have workers already: start fewer there.")
    os.environ["CUDA_VISIBLE_DEVICES"] = ",".join(name[4:] for name in taken)
    return True


def _claim_cores(count: int) -> None:
    """Stay on cores of its own, where there are so many that no other worker has."""
    if not hasattr(os, "sched_setaffinity"):
        return
    taken = _claim([f"core-{core}" for core in sorted(os.sched_getaffinity(0))], count)
    if len(taken) == count:
        for thread in os.listdir("/proc/self/task"):
            os.sched_setaffinity(int(thread), {int(name[5:]) for name in taken})


def _claim(names: list[str], count: int) -> list[str]:
    """The first so many of these that no other process of this user has on this machine; all or none."""
    folder = Path(tempfile.gettempdir()) / f"qtopt-{getpass.getuser()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    taken: dict[str, FileLock] = {}
    for name in names:
        if len(taken) == count:
            break
        try:
            lock = FileLock(folder / name)
            lock.acquire(timeout=0)
            taken[name] = lock
        except Timeout:
            continue
    if len(taken) < count:
        for lock in taken.values():
            lock.release()
        return []
    _claims.extend(taken.values())
    return list(taken)


def _own(worker: Worker) -> Preparation:
    plugin = worker.plugins[Preparation.name]
    assert isinstance(plugin, Preparation)
    return plugin


def examined(dask_worker: Worker) -> dict[str, Any]:
    """What this worker is, or its trouble."""
    plugin = _own(dask_worker)
    return {"trouble": plugin.trouble, **plugin.found}


def difference(found: dict[str, Any], wanted: Identity) -> str:
    """Why a worker cannot be used; empty where it can."""
    if found["trouble"]:
        return found["trouble"]
    return ", ".join(
        f"{name} {found['identity'].get(name, 'unknown')} instead of {here}"
        for name, here in wanted.items()
        if found["identity"].get(name) != here
    )


_functions: dict[str, Any] = {}
"""of the last jobs, by digest: what one of them makes for itself, it makes once on every worker"""
KEPT = 4


def learn(function: Parcel) -> None:
    """Keep the function of a job."""
    if function.digest not in _functions:
        while len(_functions) >= KEPT:
            del _functions[next(iter(_functions))]
        _functions[function.digest] = function.open()


def work(wanted: Identity, digest: str, function: Parcel | None, chunk: Parcel) -> Any:
    """One chunk; one at a time, on all devices of this worker.

    Args:
        wanted: what this process must be.
        digest: of the function.
        function: itself, where the worker did not know it.
        chunk: its arguments.

    Returns:
        The results, a `Refusal`, or None where the function is not known here.
    """
    here = get_worker()
    with _own(here).busy:
        reason = difference(examined(here), wanted)
        if reason:
            return Refusal(here.address, reason)
        if function is not None:
            learn(function)
        return _functions[digest](*chunk.open()) if digest in _functions else None


def dask_setup(worker: Worker) -> None:
    """What ``dask worker --preload qtopt.worker`` calls."""
    prepare(worker.state.nthreads)
