"""One place where plain numbers become float64 arrays."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp


def to_array(value: Any) -> Any:
    """Numbers and nested lists become float64 arrays; tracers and placeholders of jax pass through."""
    if isinstance(value, int | float | list | tuple):
        return jnp.asarray(value, dtype=float)
    return value


def real_array() -> Any:
    """A dataclass field holding a real array, converted from numbers or lists."""
    return eqx.field(converter=to_array)


def require_x64() -> None:
    """Raise if float64 is off: resonances of 1e-4 linewidth are meaningless in float32.

    Raises:
        RuntimeError: float64 is disabled in jax.
    """
    if not jax.config.jax_enable_x64:  # type: ignore[attr-defined]
        raise RuntimeError(
            "qtopt computes in float64, but jax is in float32 mode: "
            'add jax.config.update("jax_enable_x64", True) before the first call.'
        )
