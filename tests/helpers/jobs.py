"""Functions that workers compute, and processes of a cluster."""

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from distributed import Worker

from qtopt.fronts.rates import AbstractRates
from qtopt.model import AbstractDrive
from qtopt.worker import Preparation


@dataclass(frozen=True)
class Squares:
    """x -> x^2 + shift; the process that computes it, and how many items it was given at a time."""

    shift: np.ndarray

    def __call__(self, items: np.ndarray, setting: Any) -> dict[str, np.ndarray]:
        same = np.ones(len(items), dtype=int)
        return {
            "square": items**2 + self.shift,
            "process": os.getpid() * same,
            "together": len(items) * same,
            "jax": np.array([type(setting).__name__ == "ArrayImpl"] * len(items)),
        }


@dataclass(frozen=True)
class Kills:
    """x -> 2 x; the process that meets one of these x ends by SIGKILL, once or always."""

    those: tuple[int, ...]
    folder: Path
    always: bool = False

    def __call__(self, items: np.ndarray, setting: Any) -> dict[str, np.ndarray]:
        for x in items:
            mark = self.folder / f"{int(x)}-{time.monotonic_ns() if self.always else 0}"
            if int(x) in self.those and not mark.exists():
                mark.touch()
                os.kill(os.getpid(), signal.SIGKILL)
        return {"double": 2 * items}


@dataclass(frozen=True)
class Hungry:
    """x -> x; items above a limit are too many for the memory."""

    limit: int
    bad: int = -1

    def __call__(self, items: np.ndarray, setting: Any) -> dict[str, np.ndarray]:
        if len(items) > self.limit or self.bad in items:
            raise MemoryError
        return {"same": items}


class Resonances(AbstractRates):
    """Quadratic forms that compile in no time."""

    def rates(self, drive: AbstractDrive) -> tuple[jax.Array, jax.Array]:
        strength = jnp.sum(jnp.abs(drive.harmonics(2)) ** 2, axis=1)
        return jnp.sum(strength * jnp.array([0.0, 1.0, 0.5])), jnp.sum(strength * jnp.array([1.0, 3.0, 0.2]))


def spoil(dask_worker: Worker) -> None:
    """From now on this worker is one that cannot be used."""
    dask_worker.plugins[Preparation.name].trouble = "it has no plug-in other.py"  # pyright: ignore


def process(dask_worker: Worker) -> int:
    """The number of its process."""
    return os.getpid()
