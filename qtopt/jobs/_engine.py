"""Who computes the chunks of a job: this process, or the workers of a cluster."""

import contextvars
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

Results = dict[str, NDArray[Any]]
"""What a function finds: arrays by name that begin with the axis of the items."""
Function = Callable[..., Results]
"""(items, setting) -> results: pure, made of classes that a module names, so that it can travel."""


@dataclass(frozen=True, eq=False)
class Chunk:
    """Some items of a job, for one call of its function.

    Attributes:
        positions: of the items among all of the job, (n,).
        items: a pytree of arrays that begin with the same axis, (n, ...).
        setting: what else this call of the function needs.
        size: the last item is repeated up to so many, so that all chunks share a program; 0: it is not.
    """

    positions: NDArray[np.int64]
    items: Any
    setting: Any = None
    size: int = 0

    def arguments(self) -> tuple[Any, Any]:
        """What the function is given, as NumPy arrays."""
        slots = np.minimum(np.arange(max(len(self.positions), self.size)), len(self.positions) - 1)
        return jax.tree.map(lambda part: np.asarray(part)[slots], self.items), self.setting

    def results(self, found: Results) -> Results:
        """Those of its items, on the host."""
        return {name: np.asarray(column)[: len(self.positions)] for name, column in found.items()}

    def halves(self) -> "list[Chunk]":
        """Two chunks in place of this one."""
        middle, size = len(self.positions) // 2, -(-self.size // 2)
        return [
            Chunk(self.positions[part], jax.tree.map(lambda x, p=part: x[p], self.items), self.setting, size)
            for part in (slice(middle), slice(middle, None))
        ]


@dataclass(frozen=True)
class Lost:
    """A chunk that nobody could finish: the process that computes it dies, or has too little memory."""

    reason: str


class AbstractEngine(ABC):
    """Computes chunks."""

    @property
    @abstractmethod
    def workers(self) -> int:
        """How many chunks it computes at the same time."""

    @property
    @abstractmethod
    def devices(self) -> int:
        """On how many devices one chunk is computed."""

    @property
    @abstractmethod
    def platform(self) -> str:
        """What jax calls the kind of the devices: "cpu" or "gpu"."""

    @property
    @abstractmethod
    def device_kind(self) -> str:
        """The model of the devices."""

    @abstractmethod
    def run(self, function: Function, chunks: Sequence[Chunk]) -> Iterator[tuple[int, Results | Lost]]:
        """The number of each chunk with its results, in the order in which they are finished."""

    def share_of(self, count: int) -> int:
        """How many of `count` items, above 0, each worker gets where all of them get as many."""
        return -(-count // self.workers)


class ThisProcess(AbstractEngine):
    """One chunk after the other, on all devices of this process."""

    @property
    def workers(self) -> int:
        return 1

    @property
    def devices(self) -> int:
        return jax.local_device_count()

    @property
    def platform(self) -> str:
        return jax.local_devices()[0].platform

    @property
    def device_kind(self) -> str:
        return jax.local_devices()[0].device_kind

    def run(self, function: Function, chunks: Sequence[Chunk]) -> Iterator[tuple[int, Results | Lost]]:
        for number, chunk in enumerate(chunks):
            try:
                yield number, chunk.results(function(*chunk.arguments()))
            except Exception as error:
                if not out_of_memory(error):
                    raise
                yield number, Lost("it needs more memory than this process has")


def out_of_memory(error: BaseException) -> bool:
    """Whether the device or the host had too little memory."""
    return isinstance(error, MemoryError) or "RESOURCE_EXHAUSTED" in str(error)


HERE = ThisProcess()
_current: contextvars.ContextVar[AbstractEngine] = contextvars.ContextVar("engine", default=HERE)


def current() -> AbstractEngine:
    """The engine of everything that is computed now."""
    return _current.get()


@contextmanager
def using(engine: AbstractEngine) -> Iterator[AbstractEngine]:
    """Within this block fronts, scans and certificates are computed by this engine."""
    token = _current.set(engine)
    try:
        yield engine
    finally:
        _current.reset(token)
