"""Work shared among the devices of this machine."""

import os
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, PartitionSpec

AXIS = "work"
WHOLE, SPLIT = PartitionSpec(), PartitionSpec(AXIS)
"""every device has all of an array; every device has its share of the leading axis"""


def mesh() -> Mesh:
    """The devices of this process in a row."""
    return Mesh(np.array(jax.local_devices()), (AXIS,))


def over_devices(function: Callable[[Any, Any], Any], shared: Any, items: Any) -> Any:
    """``function(shared, items)`` with the leading axis of `items` split among the devices.

    Under `jax.jit`. The last item is repeated where the devices do not divide them. Results lie on the
    devices that made them: the host should fetch them before it goes on.

    Args:
        function: maps a pytree and a batch to a pytree whose leaves begin with the axis of the batch.
        shared: a pytree, of which every device has the whole.
        items: a pytree of arrays that begin with the same axis.
    """
    devices = mesh()
    count = jax.tree.leaves(items)[0].shape[0]
    if devices.size == 1 or count == 1:
        return function(shared, items)
    missing = -count % devices.size
    arrays, static = eqx.partition(shared, eqx.is_array)
    padded = jax.tree.map(lambda leaf: jnp.concatenate([leaf, jnp.repeat(leaf[-1:], missing, axis=0)]), items)
    split = jax.shard_map(
        lambda whole, part: function(eqx.combine(whole, static), part),
        mesh=devices,
        in_specs=(WHOLE, SPLIT),
        out_specs=SPLIT,
        check_vma=False,
    )
    return jax.tree.map(lambda leaf: leaf[:count], split(arrays, padded))


CACHED = 16
"""candidates side by side on a CPU, and in a chunk: 32 are 9 % faster, and feed half as many workers"""
CANDIDATE = 4e6
"""bytes; measured: 0.05 MB for two oscillators and 64 harmonics, and it grows as the oscillators squared"""


def candidates_at_once(bytes_each: float = CANDIDATE) -> int:
    """How many candidates of a search one device works on side by side: what its memory holds.

    Args:
        bytes_each: memory that a candidate needs, where it is more than CANDIDATE.
    """
    if jax.local_devices()[0].platform == "cpu":
        return CACHED
    return max(1, int(spare_memory() / max(CANDIDATE, bytes_each)))


def spare_memory() -> float:
    """Bytes that the first device has to spare."""
    statistics = jax.local_devices()[0].memory_stats() or {}
    if "bytes_limit" in statistics:
        return statistics["bytes_limit"] - statistics.get("bytes_in_use", 0)
    try:
        return float(os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (AttributeError, ValueError, OSError):  # not every system tells
        return 4e9
