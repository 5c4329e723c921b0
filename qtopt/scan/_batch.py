"""One compiled program over many machines: sharded over the devices, in batches that fit into memory."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import jax
import numpy as np
from jax import Array
from jax.sharding import Mesh, NamedSharding

from .._devices import SPLIT, WHOLE, mesh as device_mesh, spare_memory
from .._places import Place, placed
from ._axes import Model

CPU_BATCH = 16
"""machines side by side on a CPU: more of them leave its caches"""
CHUNK = {"cpu": {"weak": 4096, "exact": 128}, "other": {"weak": 32768, "exact": 1024}}
"""machines on one device between two writes to disk"""


@dataclass(frozen=True)
class Layout:
    """How one chunk lies on the devices: each works through batches, one after the other."""

    devices: int
    batches: int
    batch: int

    @property
    def chunk(self) -> int:
        """Machines in all."""
        return self.devices * self.batches * self.batch

    def halved(self) -> "Layout":
        """The same chunk or one more machine, in smaller batches."""
        return replace(self, batches=2 * self.batches, batch=-(-self.batch // 2))


def layout_for(solver: str, machines: int, wanted: int | None) -> Layout:
    """A layout for all local devices.

    Args:
        solver: "weak" or "exact".
        machines: how many there are.
        wanted: at most so many in a chunk (but one on each device); None: by solver and device.
    """
    devices = jax.local_devices()
    cpu = devices[0].platform == "cpu"
    each = CHUNK["cpu" if cpu else "other"][solver] if wanted is None else max(1, wanted // len(devices))
    each = min(each, -(-machines // len(devices)))
    batch = min(each, CPU_BATCH) if cpu else each
    return Layout(len(devices), max(1, each // batch), batch)


def over_machines(
    function: Callable[..., Any], model: Model, places: tuple[tuple[Place, ...], ...], layout: Layout
) -> Callable[..., Any]:
    """(values, *more) -> results: a chunk of machines at once, compiled at the first call.

    Args:
        function: (machine, drive, *more) -> pytree of arrays, for one machine.
        model: the machine and the drive that the values are put into.
        places: where, for each axis.
        layout: of the chunk; batches become smaller where the program does not fit into memory.

    Returns:
        A function of (values, *more), arrays that begin with an axis of `layout.chunk` machines, to NumPy.
    """
    mesh = device_mesh()
    found: list[Callable[..., Any]] = []

    def run(*inputs: np.ndarray) -> Any:
        arrays = tuple(jax.device_put(part, NamedSharding(mesh, SPLIT)) for part in inputs)
        base = jax.device_put(model, NamedSharding(mesh, WHOLE))
        if not found:
            found.append(_compiled(function, base, arrays, places, layout, mesh))
        return jax.tree.map(np.asarray, found[0](base, arrays))

    return run


def _compiled(
    function: Callable[..., Any],
    model: Model,
    arrays: tuple[Array, ...],
    places: tuple[tuple[Place, ...], ...],
    layout: Layout,
    mesh: Mesh,
) -> Callable[..., Any]:
    limit = spare_memory() / (2 * layout.devices if mesh.devices[0].platform == "cpu" else 2)
    while True:
        batch = layout.batch

        def on_one_device(model: Model, arrays: tuple[Array, ...], batch: int = batch) -> Any:
            def one(inputs: tuple[Array, ...]) -> Any:
                return function(*placed(model, places, inputs[0]), *inputs[1:])

            return jax.lax.map(one, arrays, batch_size=batch)

        sharded = jax.shard_map(
            on_one_device, mesh=mesh, in_specs=(WHOLE, SPLIT), out_specs=SPLIT, check_vma=False
        )
        program = jax.jit(sharded).lower(model, arrays).compile()
        memory = program.memory_analysis()
        if batch == 1 or memory is None or memory.temp_size_in_bytes < limit:
            return program
        layout = layout.halved()
