"""Single machines on the host: the formulas of a solver on NumPy arrays, without tracing or compiling."""

from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

import jax
import numpy as np
from jax.core import Tracer
from threadpoolctl import ThreadpoolController

from ...model import AbstractDrive, Machine
from ._solver import AbstractSolver

T = TypeVar("T")


def concrete(tree: Any) -> bool:
    """Whether there are numbers, not placeholders of a trace."""
    return not any(isinstance(leaf, Tracer) for leaf in jax.tree.leaves(tree))


def on_numpy(solver: AbstractSolver, machine: Machine, drive: AbstractDrive) -> bool:
    """Whether the formulas of all classes run on NumPy arrays."""
    return solver.on_host and written_for_numpy(machine, drive)


def written_for_numpy(machine: Machine, drive: AbstractDrive | None = None) -> bool:
    """Whether the formulas of the drive, if any, and of all spectral densities run on NumPy arrays."""
    return (drive is None or drive.on_host) and all(bath.spectral_density.on_host for bath in machine.baths)


def to_numpy(tree: T) -> T:
    """The same pytree with every array a NumPy array."""
    leaves, structure = jax.tree.flatten(tree)
    if all(type(leaf) is np.ndarray for leaf in leaves):
        return tree
    return structure.unflatten([np.asarray(leaf) for leaf in leaves])


@cache
def _threads() -> ThreadpoolController:
    """The threads of NumPy's linear algebra, looked up once: 1 ms."""
    return ThreadpoolController()


def computed(function: Callable[..., T], machine: Machine, drive: Any) -> T:
    """A function of a machine and its drive, on NumPy arrays; the status of its result tells what failed.

    On one core: matrices of single machines are small, and threads that wait for each other double the
    processor time of an evaluation.
    """
    with _threads().limit(limits=1, user_api="blas"), np.errstate(all="ignore"):
        return function(to_numpy(machine), to_numpy(drive))
