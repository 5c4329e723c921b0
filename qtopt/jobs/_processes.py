"""Work shared among processes that `jax.distributed` connects.

All processes run the same program. Each works on its own devices, and results travel between the hosts
through the coordination service of `jax.distributed`: no program spans processes, so these may differ in
devices and in pace, and nothing times out. (XLA's collectives on CPUs give up where one process comes 30 s
after the other to the first of them.) What is worked on is what the first process says, so that rounding,
where processors differ, cannot lead them apart.
"""

import io
import itertools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from ..errors import ProcessLost

PATIENCE = 2000
"""ms between two looks for what another process sends; a signal is noticed as soon"""

_exchanges = itertools.count()


def first() -> bool:
    """Whether this process writes files and talks to the user."""
    return jax.process_index() == 0


def over_processes(function: Callable[[Any], Any], items: Any) -> Any:
    """``function(items)`` with the leading axis of `items` split among the processes.

    On the host. The last item is repeated where the processes do not divide them. With one process just the
    call; with more, every process has all results, as NumPy arrays.

    Args:
        function: maps a batch to a pytree whose leaves begin with the axis of the batch.
        items: a pytree of arrays that begin with the same axis; those of the first process count.
    """
    processes, count = jax.process_count(), jax.tree.leaves(items)[0].shape[0]
    if processes == 1 or count == 0:
        return function(items)
    share = -(-count // processes)
    mine = np.minimum(share * jax.process_index() + np.arange(share), count - 1)
    leaves, structure = jax.tree.flatten(items)
    agreed = gathered(_numbered(leaves) if first() else {})[0]
    dealt = [jnp.asarray(agreed[name][mine]) for name in _numbered(leaves)]
    leaves, structure = jax.tree.flatten(function(jax.tree.unflatten(structure, dealt)))
    parts = gathered(_numbered(leaves))
    columns = [np.concatenate([part[name] for part in parts])[:count] for name in _numbered(leaves)]
    return jax.tree.unflatten(structure, columns)


def _numbered(leaves: list[Any]) -> dict[str, NDArray[Any]]:
    return {str(i): np.asarray(leaf) for i, leaf in enumerate(leaves)}


def gathered(arrays: dict[str, NDArray[Any]]) -> list[dict[str, NDArray[Any]]]:
    """What every process gives, in the order of the processes; they may be of different lengths."""
    file = io.BytesIO()
    np.savez(file, **arrays)  # pyright: ignore
    found = []
    for data in exchanged(file.getvalue()):
        with np.load(io.BytesIO(data)) as part:
            found.append({name: part[name] for name in part.files})
    return found


def from_first(make: Callable[[], bytes]) -> bytes:
    """What the first process makes, in all of them."""
    if jax.process_count() == 1:
        return make()
    return exchanged(make() if first() else b"")[0]


def exchanged(data: bytes) -> list[bytes]:
    """What every process gives, in the order of the processes. Nobody goes on before all have come.

    Raises:
        ProcessLost: one of them has died.
    """
    number, here = next(_exchanges), jax.process_index()
    if jax.process_count() == 1:
        return [data]
    from jax._src.distributed import global_state  # there is no public way; orbax goes the same

    client: Any = global_state.client
    try:
        client.key_value_set_bytes(_key(number, here), b"!" + data)
        others = range(jax.process_count())
        found = [data if k == here else _received(client, _key(number, k)) for k in others]
        # All are in this exchange, so all have read what was sent in the one before.
        if number > 0:
            client.key_value_delete(_key(number - 1, here))
    except jax.errors.JaxRuntimeError as error:
        raise ProcessLost from error
    return found


def _key(number: int, process: int) -> str:
    return f"qtopt/{number}/{process}"


def _received(client: Any, key: str) -> bytes:
    """Waits as long as it takes: `jax.distributed` ends this process when another one dies."""
    while True:
        try:
            return client.blocking_key_value_get_bytes(key, PATIENCE)[1:]
        except jax.errors.JaxRuntimeError as error:
            if "DEADLINE_EXCEEDED" not in str(error):
                raise
