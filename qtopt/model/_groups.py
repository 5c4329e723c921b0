"""Machines taken apart into groups of oscillators that share their baths, and put together again."""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from jaxtyping import Array, Shaped

from ..numerics import at_once, on_host, xp
from ._machine import Machine


def over_groups(function: Callable[..., Any], machine: Machine, *each: Shaped[Array, "L ..."]) -> Any:
    """``function(part, *each of its oscillators)`` for every group of oscillators that shares its baths.

    Args:
        function: of a machine of l oscillators whose baths are shared, and of arrays (l, ...).
        machine: L oscillators in C groups of l, see `Machine.groups`.
        each: arrays that begin with an axis of the L oscillators.

    Returns:
        What the function gives, every array with C groups along a new first axis.
    """
    groups = machine.groups()
    if len(groups) == 1:
        return jax.tree.map(lambda leaf: leaf[None], function(machine, *each))

    def of(members: Any) -> Any:
        return function(machine.part(members), *(xp.take(values, members, axis=0) for values in each))

    return at_once(of, groups, on_host(*jax.tree.leaves(machine), *each))


def blocks(machine: Machine, parts: Shaped[Array, "C *shape l l"]) -> Shaped[Array, "*shape L L"]:
    """(L, L) matrices from those of every group; 0 between oscillators that share no bath."""
    if len(parts) == 1:
        return parts[0]
    group, position = np.indices(machine.groups().shape).reshape(2, -1)
    whole = xp.moveaxis(parts, 0, -3)[..., group[:, None], position[:, None], position]
    return xp.where(machine.sharing(), whole, 0.0)
