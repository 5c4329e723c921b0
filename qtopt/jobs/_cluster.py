"""Chunks computed by the workers of a Dask cluster: on this machine, or wherever they come from."""

import logging
import os
import queue
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dask import config as dask_config
from distributed import Client, Future, KilledWorker, LocalCluster

from .. import worker
from ..errors import InputError, ProcessLost
from ..plugins import plugin_names
from ..runtime import cores
from ._engine import AbstractEngine, Chunk, Function, Lost, Results, out_of_memory
from ._options import LOCAL, ClusterOptions
from ._parcel import packed

PATIENCE = 30
"""seconds without any news after which a sentence says what is waited for"""
AHEAD, FEWEST = 4, 64
"""chunks for each worker, and at least, that the scheduler knows of at a time"""
DEATHS = 3
"""workers that a chunk may end before it is given up"""
SETTINGS = {
    "distributed.scheduler.allowed-failures": DEATHS - 1,
    "distributed.scheduler.worker-saturation": 1.0,
    # jax keeps the memory that it has: a worker must not wait until some is free, but end where there is none
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    "distributed.worker.memory.terminate": 0.95,
    "distributed.comm.timeouts.connect": f"{PATIENCE}s",
    # workers have the environment of this process, not Dask's, which trims memory whenever some is freed
    "distributed.nanny.pre-spawn-environ": {},
}


@contextmanager
def started(options: ClusterOptions) -> Iterator[AbstractEngine]:
    """See `cluster`."""
    for name in (
        "distributed",
        "distributed.client",
        "tornado",
        "asyncio",
    ):  # losses are told by us, in one sentence
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    # a worker may be away: here it is begun again, however long that takes; elsewhere its node may be lost
    away = {
        "distributed.deploy.lost-worker-timeout": "1000 days" if options.cluster == LOCAL else "2 minutes"
    }
    with dask_config.set(SETTINGS | away), _connected(options) as client:
        yield _Cluster(client, max(options.gpus, 1))


@contextmanager
def _connected(options: ClusterOptions) -> Iterator[Client]:
    if _is_address(options.cluster):
        try:
            client = _client_of(options.cluster)
        except (OSError, ValueError) as error:
            raise InputError(
                f"--cluster must be the address of a scheduler that can be reached, but {options.cluster} is "
                f"not ({error}): start it with `dask scheduler`."
            ) from None
        with _closing(client):
            yield client
        return
    with _started(options) as made, _closing(Client(made)) as client:
        yield client


@contextmanager
def _closing(client: Client) -> Iterator[Client]:
    try:
        yield client
    finally:
        client.close(timeout=2)


def _is_address(text: str) -> bool:
    return "://" in text or text.endswith(".json")


def _client_of(text: str) -> Client:
    if text.endswith(".json"):
        if not Path(text).is_file():
            raise InputError(f"--cluster must be the file of a scheduler, but there is no {text}.")
        return Client(scheduler_file=text, timeout=PATIENCE, set_as_default=False)
    return Client(text, timeout=PATIENCE, set_as_default=False)


def _started(options: ClusterOptions) -> Any:
    """A cluster of our own, with workers on the way."""
    least, most = options.workers if isinstance(options.workers, tuple) else (options.workers,) * 2
    if options.cluster == LOCAL:
        made = LocalCluster(
            n_workers=least,
            threads_per_worker=options.cores or max(1, cores() // max(most, 1)),
            memory_limit=options.memory or "auto",
            dashboard_address="127.0.0.1:0",
            security=True,
            silence_logs=50,
        )
    else:
        made = _queued(options)
    if least < most or options.cluster != LOCAL:  # jobs that end are replaced
        made.adapt(minimum=least, maximum=most)
    return made


GPU_DIRECTIVES = {"slurm": "--gres=gpu:{}", "pbs": "-l ngpus={}", "lsf": '-gpu "num={}"', "sge": "-l gpu={}"}


def _queued(options: ClusterOptions) -> Any:
    """Workers as jobs of a queueing system."""
    try:
        import dask_jobqueue
    except ImportError:
        raise InputError(
            f'cluster = "{options.cluster}" needs dask-jobqueue: pip install "qtopt[cluster]".'
        ) from None
    kind = options.cluster
    gpus = (GPU_DIRECTIVES[kind].format(options.gpus),) if options.gpus else ()
    hours, minutes, seconds = (int(part) for part in options.walltime.split(":"))
    seconds += 60 * minutes + 3600 * hours
    return getattr(dask_jobqueue, f"{kind.upper()}Cluster")(
        cores=options.cores or 1,
        processes=1,
        memory=options.memory or "4GB",
        walltime=options.walltime[:-3] if kind == "lsf" else options.walltime,
        queue=options.queue,
        interface=options.interface,
        job_extra_directives=[*gpus, *options.directives],
        job_script_prologue=list(options.prologue),
        # before the system ends it, a worker hands over what it has
        worker_extra_args=["--lifetime", f"{max(seconds - 180, seconds // 2)}s", "--lifetime-stagger", "60s"],
        log_directory=os.fspath(Path("qtopt-logs").resolve()),
        security=True,
        shared_temp_directory=os.fspath(Path.home()),
        **{"project" if kind in ("lsf", "sge") else "account": options.account},
    )


class _Cluster(AbstractEngine):
    """The workers that a scheduler knows: those that come later help too, and the chunks of those that go are
    done again by others."""

    def __init__(self, client: Client, gpus: int) -> None:
        self.client, self.identity = client, worker.identity()
        self._refused: set[str] = set()
        if not self._workers():
            _tell("waiting for the first worker", client)
        try:
            client.wait_for_workers(1)
            client.register_plugin(worker.Preparation(plugin_names(), gpus))
            found: Any = client.run(worker.examined)
        except ModuleNotFoundError as error:
            raise InputError(
                f"every worker must have this qtopt and jax, but one of them has no module {error.name}: "
                "install them there."
            ) from None
        for address, one in found.items():
            reason = worker.difference(one, self.identity)
            if reason:
                raise InputError(
                    f"every worker must be like this process, but {address} is not: {reason}; install the "
                    "same there, or leave that worker out."
                )
        self._devices = max(one["devices"] for one in found.values())
        one = next(iter(found.values()))
        self._platform, self._kind = one["platform"], one["kind"]

    def _workers(self) -> dict[str, Any]:
        return self.client.scheduler_info(n_workers=-1)["workers"]

    @property
    def workers(self) -> int:
        return max(len(self._workers()), 1)

    @property
    def devices(self) -> int:
        return self._devices

    @property
    def platform(self) -> str:
        return self._platform

    @property
    def device_kind(self) -> str:
        return self._kind

    def run(self, function: Function, chunks: Sequence[Chunk]) -> Iterator[tuple[int, Results | Lost]]:
        done: queue.SimpleQueue[Future] = queue.SimpleQueue()
        numbers: dict[Any, int] = {}
        pending = list(range(len(chunks)))[::-1]
        waiting: set[Future] = set()
        parcel = packed(function)
        self.client.run(worker.learn, parcel, on_error="ignore")

        def send(number: int, known: bool = True) -> None:
            arguments = parcel.digest, None if known else parcel, packed(chunks[number].arguments())
            future = self.client.submit(worker.work, self.identity, *arguments, pure=False)
            numbers[future.key] = number
            waiting.add(future)
            future.add_done_callback(done.put)

        try:
            while numbers or pending:
                while pending and len(numbers) < max(FEWEST, AHEAD * self.workers):
                    send(pending.pop())
                future = self._next(done)
                number = numbers.pop(future.key)
                waiting.discard(future)
                found = self._result(future)
                if isinstance(found, worker.Refusal):
                    self._refuse(found)
                    pending.append(number)
                elif found is None:
                    send(number, known=False)
                else:
                    yield number, found if isinstance(found, Lost) else chunks[number].results(found)
        finally:
            self.client.cancel(list(waiting))

    def _next(self, done: "queue.SimpleQueue[Future]") -> Future:
        """The next chunk that is finished, however long it takes."""
        told = False
        while True:
            try:
                return done.get(timeout=PATIENCE)
            except queue.Empty:
                if not told and not self._workers():
                    _tell("all workers are gone: waiting for another one", self.client)
                    told = True

    def _result(self, future: Future) -> Any:
        try:
            return future.result()
        except KilledWorker as error:
            host = error.last_worker.address
            return Lost(f"{error.allowed_failures + 1} workers ended with it, the last one was {host}")
        except InputError:
            raise
        except Exception as error:
            if out_of_memory(error):
                return Lost("it needs more memory than a worker has")
            if future.status in ("cancelled", "lost") or self.client.status != "running":
                raise ProcessLost(_address(self.client)) from error
            raise

    def _refuse(self, found: worker.Refusal) -> None:
        """A worker that came later and cannot be used leaves again; it may have had several chunks."""
        if found.worker in self._refused:
            return
        self._refused.add(found.worker)
        _tell(f"the worker {found.worker} is refused: {found.reason}; its chunks go to others", self.client)
        self.client.retire_workers([found.worker])


def _tell(text: str, client: Client) -> None:
    print(f"qtopt: {text} ({_address(client)}).", file=sys.stderr)


def _address(client: Client) -> str:
    """The address of the scheduler, also when it is gone."""
    return str(getattr(client.scheduler, "address", None) or client._start_arg)
