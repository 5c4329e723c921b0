"""One place where plain numbers become float64 arrays."""

from collections.abc import Sequence
from typing import Any, cast

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.core import Tracer
from jax.typing import ArrayLike


def to_array(value: ArrayLike | Sequence[Any]) -> Array:
    """Numbers and nested lists become float64 arrays of NumPy; arrays and jax's placeholders pass through.

    Nothing is compiled to make them; only lists with placeholders in them, as in a function under `jax.jit`,
    become arrays of jax. As the converter of a field, ``eqx.field(converter=to_array)``.
    """
    if isinstance(value, int | float | list | tuple):
        if any(isinstance(leaf, Tracer) for leaf in jax.tree.leaves(value)):
            return jnp.asarray(value, dtype=float)
        return cast(Array, np.asarray(value, dtype=float))
    return cast(Array, value)


def on_device(tree: Any) -> Any:
    """The same pytree with arrays of jax for those of NumPy.

    They are moved; `jnp.asarray` would compile a program for every shape.
    """
    return jax.device_put(tree)


def require_x64() -> None:
    """Raise if float64 is off: resonances of 1e-4 linewidth are meaningless in float32.

    Raises:
        RuntimeError: float64 is disabled in jax.
    """
    if not jax.config.read("jax_enable_x64"):
        raise RuntimeError(
            "qtopt computes in float64, but jax is in float32 mode: "
            'add jax.config.update("jax_enable_x64", True) before the first call.'
        )
