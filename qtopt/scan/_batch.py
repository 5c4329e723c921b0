"""One compiled program over many machines: sharded over the devices, in batches that fit into memory."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.sharding import NamedSharding

from ..jobs import SPLIT, WHOLE, AbstractEngine, mesh as device_mesh, spare_memory

CPU_BATCH = 16
"""machines side by side on a CPU: more of them leave its caches"""
CHUNK, CHUNK_ELSEWHERE = 4096, 32768
"""machines on one CPU (one GPU) between two writes to disk, where one costs as little as possible"""
CHUNKS_OF_A_WORKER = 4
"""at least, so that none waits long for the last one"""


@dataclass(frozen=True)
class Layout:
    """How one chunk lies on the devices: each works through batches, one after the other."""

    devices: int
    batches: int
    batch: int

    @property
    def on_one_device(self) -> int:
        """Number of machines that one device solves."""
        return self.batches * self.batch

    def halved(self) -> "Layout":
        """A layout of the same chunk, or of one machine more, in smaller batches."""
        return replace(self, batches=2 * self.batches, batch=-(-self.batch // 2))


def chunk_size(engine: AbstractEngine, cost: int, machines: int, wanted: int | None) -> int:
    """How many machines a chunk has: whole batches, fewer where all workers would not have several chunks.

    In this process it does not depend on how many machines there are, so that scans of all sizes share a
    program on a CPU; elsewhere few machines are one small batch.

    Args:
        engine: that solves them.
        cost: of one machine, see `AbstractSolver.cost`.
        machines: how many there are.
        wanted: at most so many (but one on each device); None: by cost and device.
    """
    cpu, devices = engine.platform == "cpu", engine.devices
    each = max(1, (CHUNK if cpu else CHUNK_ELSEWHERE) // cost if wanted is None else wanted // devices)
    if not cpu:
        return devices * min(each, -(-machines // (devices * engine.workers)))
    batch = min(each, CPU_BATCH)
    if engine.workers > 1 and wanted is None:
        each = min(each, -(-machines // (CHUNKS_OF_A_WORKER * engine.workers * devices)))
    return devices * batch * max(1, each // batch)


def layout_for(machines: int) -> Layout:
    """A layout of so many machines on all local devices."""
    devices = jax.local_devices()
    each = -(-machines // len(devices))
    batch = min(each, CPU_BATCH) if devices[0].platform == "cpu" else each
    return Layout(len(devices), -(-each // batch), batch)


Function = Callable[..., Any]


def over_machines(function: Function, layout: Layout) -> Function:
    """(machines, drives, *more) -> results: up to a chunk of machines at once, compiled at the first call.

    Args:
        function: (machine, drive, *more) -> pytree of arrays, for one machine. Equal functions share programs
            for all machines of one structure: no number is part of it.
        layout: of the chunk; batches become smaller where the program does not fit into memory.

    Returns:
        The function of pytrees of NumPy arrays that begin with an axis of at most as many machines as the
        layout holds, to NumPy. Only batches that hold machines are computed.
    """

    def run(*inputs: Any) -> Any:
        split = NamedSharding(device_mesh(), SPLIT)
        count = len(jax.tree.leaves(inputs)[0])
        share = -(-count // layout.devices)
        dealt = jax.tree.map(lambda part: jax.device_put(_dealt(part, layout, share), split), inputs)
        leaves, structure = jax.tree.flatten(dealt)
        shapes = tuple(jax.ShapeDtypeStruct(x.shape, x.dtype, sharding=x.sharding) for x in leaves)
        found = _program(function, layout, structure, shapes)(dealt, np.int64(share))

        def collected(part: Array) -> np.ndarray:
            whole = np.asarray(part).reshape(layout.devices, -1, *part.shape[1:])
            return whole[:, :share].reshape(-1, *part.shape[1:])[:count]

        return jax.tree.map(collected, found)

    return run


def _dealt(part: np.ndarray, layout: Layout, share: int) -> np.ndarray:
    """Machines dealt to the devices, `share` to each and then copies of the last."""
    slots = np.minimum(np.arange(layout.on_one_device), share - 1)
    machines = share * np.arange(layout.devices)[:, None] + slots
    return part[np.minimum(machines.ravel(), len(part) - 1)]


@lru_cache(maxsize=64)
def _program(function: Function, layout: Layout, structure: Any, shapes: tuple[Any, ...]) -> Function:
    """(inputs, machines on one device) -> results."""
    mesh = device_mesh()
    limit = spare_memory() / (2 * layout.devices if mesh.devices[0].platform == "cpu" else 2)
    while True:

        def on_one_device(inputs: Any, share: Array, batch: int = layout.batch) -> Any:
            slots = jax.tree.leaves(inputs)[0].shape[0]
            side_by_side = jax.jit(jax.vmap(function))
            shape = jax.eval_shape(side_by_side, *jax.tree.map(lambda part: part[:batch], inputs))
            empty = jax.tree.map(lambda x: jnp.zeros((slots, *x.shape[1:]), x.dtype), shape)

            def step(i: Array, found: Any) -> Any:
                start = jnp.minimum(i * batch, slots - batch)
                part = jax.tree.map(lambda x: jax.lax.dynamic_slice_in_dim(x, start, batch), inputs)
                new = side_by_side(*part)
                return jax.tree.map(
                    lambda whole, piece: jax.lax.dynamic_update_slice_in_dim(whole, piece, start, 0),
                    found,
                    new,
                )

            return jax.lax.fori_loop(0, -(-share // batch), step, empty)

        sharded = jax.shard_map(
            on_one_device, mesh=mesh, in_specs=(SPLIT, WHOLE), out_specs=SPLIT, check_vma=False
        )
        program = jax.jit(sharded).lower(jax.tree.unflatten(structure, shapes), np.int64(0)).compile()
        memory = program.memory_analysis()
        if layout.batch == 1 or memory is None or memory.temp_size_in_bytes < limit:
            return program
        layout = layout.halved()
