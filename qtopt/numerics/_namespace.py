"""One set of formulas for NumPy and for jax: functions that go to where their arguments come from.

A formula that is written with `xp` runs at once on NumPy arrays, compiled by nobody, and is traced where an
argument is an array or a placeholder of jax. NumPy arrays may be `Dual`s, which carry a derivative.
"""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ._dual import Dual, primal, with_slope

_NUMPY = frozenset(
    {np.ndarray, np.float64, np.complex128, np.int64, np.bool_, float, int, complex, bool, str, slice}
    | {type(None), type(Ellipsis), Dual}
)


def on_host(*values: Any) -> bool:
    """Whether there is no array and no placeholder of jax among values, which may be lists of them."""
    for value in values:
        kind = type(value)
        if kind in _NUMPY:
            continue
        if kind is list or kind is tuple:
            if not on_host(*value):
                return False
        elif isinstance(value, jax.Array):
            return False
    return True


def is_zero(value: Any) -> bool:
    """Whether a number is 0 and known inside a trace, too."""
    return isinstance(value, np.ndarray | float) and not np.any(value)


class _Namespace:
    """The functions of NumPy and jax.numpy that have the same name and arguments."""

    pi, inf, nan = np.pi, np.inf, np.nan

    @staticmethod
    def asarray(value: Any, dtype: Any = None) -> jax.Array:
        """The value as an array; a `Dual` is one."""
        if type(value) is Dual:
            return value  # pyright: ignore[reportReturnType]
        found: Any = np.asarray(value, dtype) if on_host(value) else jnp.asarray(value, dtype)
        return found

    @staticmethod
    def where(condition: Any, one: Any, other: Any) -> Any:
        """The same as of NumPy, traced as one operation instead of as a function of its own."""
        if on_host(condition, one, other):
            return np.where(condition, one, other)
        kind = jnp.result_type(one, other)
        shape = np.broadcast_shapes(*map(np.shape, (condition, one, other)))
        parts = (jnp.broadcast_to(jnp.asarray(part, kind), shape) for part in (one, other))
        return jax.lax.select(jnp.broadcast_to(condition, shape), *parts)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        host, traced = getattr(np, name), getattr(jnp, name)

        def function(*arguments: Any, **options: Any) -> Any:
            chosen = host if on_host(*arguments) else traced
            return chosen(*arguments, **options)

        function.__name__ = name
        setattr(self, name, function)
        return function


xp = _Namespace()
"""``xp.sum``, ``xp.where``, ...: NumPy's where all arguments are NumPy's, else jax.numpy's."""


def zeros(shape: tuple[int, ...], *like: Any) -> Any:
    """Zeros for an array that will hold what follows from these."""
    return np.zeros(shape) if on_host(*like) else jnp.zeros(shape)


def put(array: Any, index: Any, values: Any) -> Any:
    """The array with these values at an index."""
    if not on_host(array, values):
        return jnp.asarray(array).at[index].set(values)
    return _written(array, index, values, add=False)


def except_at(array: Any, place: Any, value: float) -> Any:
    """The array (..., n) with another value at one place (...) of its last axis."""
    if not on_host(array):
        return xp.where(np.arange(array.shape[-1]) == place[..., None], value, array)
    return put(array, (*np.indices(place.shape), place), value)


def added(array: Any, index: Any, values: Any) -> Any:
    """The array with values added at an index."""
    if not on_host(array, values):
        return jnp.asarray(array).at[index].add(values)
    return _written(array, index, values, add=True)


def _written(array: Any, index: Any, values: Any, add: bool) -> Any:
    """A changed copy of a NumPy array or a `Dual`."""
    if isinstance(array, Dual) or isinstance(values, Dual):
        return Dual.linear(lambda a, v: _written(a, index, v, add), array, values)
    found = np.array(array, dtype=np.result_type(array, values))
    found[index] = found[index] + values if add else values
    return found


def stop_gradient(value: Any) -> Any:
    """The value, a constant for all derivatives."""
    return primal(value) if on_host(value) else jax.lax.stop_gradient(value)


def loop(count: int, step: Callable[[Any, Any], Any], state: Any) -> Any:
    """``state = step(i, state)`` for i = 0 .. count - 1."""
    if not on_host(*jax.tree.leaves(state)):
        return jax.lax.fori_loop(0, count, step, state)
    for i in range(count):
        state = step(i, state)
    return state


def scanned(step: Callable[[Any, Any], Any], state: Any, inputs: Any) -> tuple[Any, Any]:
    """``state, found = step(state, entry)`` for every entry of `inputs`: the last state, all found."""
    leaves, structure = jax.tree.flatten(inputs)
    if not on_host(*leaves, *jax.tree.leaves(state)):
        return jax.lax.scan(step, jax.tree.map(jnp.asarray, state), inputs)
    found = []
    for i in _count(leaves):
        state, one = step(state, structure.unflatten([leaf[i] for leaf in leaves]))
        found.append(one)
    return state, _stacked(found)


def rfft(values: Any) -> Any:
    """The discrete Fourier transform of real arrays along the last axis."""
    return _of(values).fft.rfft(values)


def irfft(values: Any, count: int) -> Any:
    """The inverse of `rfft`, (..., count)."""
    return _of(values).fft.irfft(values, count)


def _of(values: Any) -> Any:
    return np if on_host(values) else jnp


def in_turn(function: Callable[..., Any], inputs: Any, batch: int | None = None, host: bool = False) -> Any:
    """What a function gives for every entry along the first axes of `inputs`, stacked; few at a time.

    Args:
        function: of one entry of `inputs`, a pytree, to a pytree.
        inputs: arrays (n, ...).
        batch: how many at once, where it is traced; by default one.
        host: whether everything that the function closes over is NumPy's.
    """
    leaves, structure = jax.tree.flatten(inputs)
    if not (host and on_host(*leaves)):
        return jax.lax.map(function, inputs, batch_size=batch)
    return _stacked([function(structure.unflatten([leaf[i] for leaf in leaves])) for i in _count(leaves)])


def at_once(function: Callable[..., Any], inputs: Any, host: bool = False) -> Any:
    """What `in_turn` gives, all at the same time where it is traced."""
    leaves, structure = jax.tree.flatten(inputs)
    if not (host and on_host(*leaves)):
        return jax.vmap(function)(inputs)
    return _stacked([function(structure.unflatten([leaf[i] for leaf in leaves])) for i in _count(leaves)])


def at_each(function: Callable[..., Any], values: Any, host: bool) -> Any:
    """A function of one number for every one of `values`, (n,): arrays (n, ...), a pytree.

    Args:
        function: of numbers of any shape, to arrays that end with the axes of that shape; NumPy arrays it is
            given all at once.
        values: the numbers.
        host: whether everything that the function closes over is NumPy's.
    """
    if not (host and on_host(values)):
        return jax.vmap(function)(values)
    return jax.tree.map(lambda leaf: xp.moveaxis(leaf, -1, 0), function(values))


def in_parts(function: Callable[[Any], Any], inputs: Any, size: int, host: bool = False) -> Any:
    """What a function of arrays (n, ...) gives for them, at most `size` entries at once where it is traced.

    Reverse mode computes a part once more instead of keeping what it needs of all of them.

    Args:
        function: of an array (m, ...), to a pytree of arrays (m, ...); entry by entry the same for every m.
        inputs: an array (n, ...).
        size: the largest m; the last entry is repeated where n is no multiple.
        host: whether everything that the function closes over is NumPy's.
    """
    count = len(inputs)
    parts = -(-count // size)
    if parts <= 1 or (host and on_host(inputs)):
        return function(inputs)
    each = -(-count // parts)
    padded = jnp.concatenate([inputs, jnp.repeat(inputs[-1:], parts * each - count, axis=0)])
    found = jax.lax.map(jax.checkpoint(function), padded.reshape(parts, each, *padded.shape[1:]))
    return jax.tree.map(lambda leaf: leaf.reshape(parts * each, *leaf.shape[2:])[:count], found)


def at_once_elsewhere(function: Callable[..., Any], inputs: Any) -> Any:
    """What `in_turn` gives of traced inputs: one by one on a CPU, all at the same time on other devices."""
    return jax.lax.platform_dependent(
        inputs,
        cpu=lambda inputs: jax.lax.map(function, inputs),
        default=lambda inputs: jax.vmap(function)(inputs),
    )


def _count(leaves: Sequence[Any]) -> range:
    return range(leaves[0].shape[0])


def _stacked(found: Sequence[Any]) -> Any:
    return jax.tree.map(lambda *parts: xp.stack(parts), *found)


def directional(function: Callable[[Any], Any], at: Any, along: Any, host: bool) -> tuple[Any, Any]:
    """A function at a point and its derivative there in one direction, pytrees of one form.

    Args:
        function: of an array, to a pytree of arrays.
        at: the point.
        along: the direction.
        host: whether everything that the function closes over is NumPy's.
    """
    if host and on_host(at, along):
        return with_slope(function, at, along)
    return jax.jvp(function, (at,), (along,))
