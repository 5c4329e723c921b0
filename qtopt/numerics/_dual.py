"""Derivatives of NumPy formulas in forward mode: numbers a + b eps with eps^2 = 0.

A `Dual` takes part in arithmetic and in NumPy functions as an array does, by NumPy's own protocols, and the
coefficient of eps of what comes out is the derivative. Rules stand here for what the formulas of the package
use; anything else is refused. Derivatives may be nested: every derivative has an eps of its own.
"""

from collections.abc import Callable
from itertools import count
from typing import Any

import jax
import numpy as np

_ORDERS = count()


class Dual(np.lib.mixins.NDArrayOperatorsMixin):
    """An array and its derivative of the same shape."""

    __slots__ = ("order", "slope", "value")

    def __init__(self, value: Any, slope: Any, order: int) -> None:
        self.value, self.slope, self.order = value, slope, order

    @staticmethod
    def linear(function: Callable[..., Any], *parts: Any) -> Any:
        """A function that is linear in all of its arguments together."""
        order, values, slopes = parts_of(*parts)
        zeros = (np.zeros_like(v) if s is None else s for v, s in zip(values, slopes, strict=True))
        return Dual(function(*values), function(*zeros), order)

    @staticmethod
    def product(function: Callable[[Any, Any], Any], left: Any, right: Any) -> Any:
        """A function that is linear in each of its two arguments."""
        order, (a, b), (da, db) = parts_of(left, right)
        slopes = [function(x, y) for x, y in ((da, b), (a, db)) if x is not None and y is not None]
        return Dual(function(a, b), sum(slopes[1:], slopes[0]), order)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        if method != "__call__" or options or ufunc not in _UFUNCS:
            return NotImplemented
        return _UFUNCS[ufunc](*inputs)

    def __array_function__(self, function: Any, types: Any, args: Any, options: Any) -> Any:
        if function not in _FUNCTIONS:
            return NotImplemented
        return _FUNCTIONS[function](*args, **options)

    def _same(self, function: Callable[[Any], Any]) -> "Dual":
        return Dual(function(self.value), function(self.slope), self.order)

    def __getitem__(self, index: Any) -> "Dual":
        return self._same(lambda part: part[index])

    def __len__(self) -> int:
        return len(self.value)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the array; what follows is as of an array, too."""
        return np.shape(primal(self))

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def dtype(self) -> Any:
        return np.asarray(primal(self)).dtype

    @property
    def real(self) -> "Dual":
        return self._same(lambda part: part.real)

    @property
    def imag(self) -> "Dual":
        return self._same(lambda part: part.imag)

    @property
    def T(self) -> "Dual":
        return self._same(lambda part: part.T)

    def ravel(self) -> "Dual":
        return self._same(np.ravel)

    def reshape(self, *shape: Any) -> "Dual":
        return self._same(lambda part: np.reshape(part, shape[0] if len(shape) == 1 else shape))

    def astype(self, dtype: Any) -> "Dual":
        return self._same(lambda part: part.astype(dtype))

    def sum(self, axis: Any = None) -> "Dual":
        return self._same(lambda part: part.sum(axis=axis))


def primal(value: Any) -> Any:
    """A number or an array without its derivatives."""
    while isinstance(value, Dual):
        value = value.value
    return value


def with_slope(function: Callable[[Any], Any], at: Any, along: Any) -> tuple[Any, Any]:
    """A function of NumPy arrays and its derivative in one direction, pytrees of one form."""
    order = next(_ORDERS)
    at, along = (x if isinstance(x, Dual) else np.asarray(x, dtype=float) for x in (at, along))
    found = function(Dual(at, along, order))
    leaves, structure = jax.tree.flatten(found)
    parts = [_split_at(leaf, order) for leaf in leaves]
    slopes = [np.zeros_like(value) if slope is None else slope for value, slope in parts]
    return structure.unflatten([value for value, _ in parts]), structure.unflatten(slopes)


def _split_at(value: Any, order: int) -> tuple[Any, Any]:
    if isinstance(value, Dual) and value.order == order:
        return value.value, value.slope
    return value, None


def parts_of(*values: Any) -> tuple[int, list[Any], list[Any]]:
    """The innermost derivative among values, and what they are without it and of it (None: nothing)."""
    order = max(value.order for value in values if isinstance(value, Dual))
    parts = [_split_at(value, order) for value in values]
    return order, [part[0] for part in parts], [part[1] for part in parts]


# Rules ------------------------------------------------------------------------------------------------------


def _of_one(function: Any, slope: Callable[[Any, Any], Any]) -> Callable[[Any], Any]:
    """A function of numbers; `slope` of its argument and its value."""

    def rule(x: Any) -> Any:
        value = function(x.value)
        return Dual(value, slope(x.value, value) * x.slope, x.order)

    return rule


def _divide(above: Any, below: Any) -> Any:
    order, (a, b), (da, db) = parts_of(above, below)
    value = a / b
    slope = 0.0 if da is None else da / b
    return Dual(value, slope if db is None else slope - value * db / b, order)


def _power(base: Any, exponent: Any) -> Any:
    if exponent == 0:
        return np.ones_like(base)
    return Dual(base.value**exponent, exponent * base.value ** (exponent - 1) * base.slope, base.order)


def _absolute(x: Any) -> Any:
    size = np.absolute(x.value)
    turn = np.conjugate(x.value) / np.where(primal(size) > 0.0, size, 1.0)
    return Dual(size, (turn * x.slope).real, x.order)


def _largest(x: Any, axis: int | None, initial: float | None) -> Any:
    if axis is None:
        if x.ndim and x.value.size == 0:
            return np.float64(initial if initial is not None else np.max(primal(x)))
        largest = x.ravel()[int(np.argmax(primal(x)))]
        return largest if initial is None or primal(largest) > initial else np.float64(initial)
    place = np.expand_dims(np.argmax(primal(x), axis=axis), axis)
    return x._same(lambda part: np.take_along_axis(part, place, axis=axis)).sum(axis=axis)


def _sum_of(sign: float) -> Callable[[Any, Any], Any]:
    def rule(left: Any, right: Any) -> Any:
        order, (a, b), (da, db) = parts_of(left, right)
        slope = sign * db if da is None else da if db is None else da + sign * db
        value = a + sign * b
        return Dual(value, slope + np.zeros_like(value), order)

    return rule


def _of_values(function: Any) -> Callable[..., Any]:
    """A function that has no derivative: comparisons and the like."""
    return lambda *parts, **options: function(*(primal(part) for part in parts), **options)


def _bilinear(function: Any) -> Callable[..., Any]:
    return lambda left, right, *more, **options: Dual.product(
        lambda a, b: function(a, b, *more, **options), left, right
    )


def _linear(function: Any) -> Callable[..., Any]:
    return lambda value, *more, **options: value._same(lambda part: function(part, *more, **options))


def _of_many(function: Any) -> Callable[..., Any]:
    return lambda parts, *more, **options: Dual.linear(lambda *each: function(each, *more, **options), *parts)


def _block(rows: Any) -> Any:
    return np.concatenate([np.concatenate(row, axis=1) for row in rows])


def _einsum(form: str, *parts: Any, optimize: bool = False) -> Any:
    order, values, slopes = parts_of(*parts)
    changed = [
        np.einsum(form, *values[:i], slope, *values[i + 1 :], optimize=optimize)
        for i, slope in enumerate(slopes)
        if slope is not None
    ]
    return Dual(np.einsum(form, *values, optimize=optimize), sum(changed[1:], changed[0]), order)


def _where(condition: Any, yes: Any, no: Any) -> Any:
    return (
        Dual.linear(lambda a, b: np.where(primal(condition), a, b), yes, no)
        if isinstance(yes, Dual) or isinstance(no, Dual)
        else np.where(primal(condition), yes, no)
    )


_UFUNCS: dict[Any, Callable[..., Any]] = {
    np.add: _sum_of(1.0),
    np.subtract: _sum_of(-1.0),
    np.multiply: _bilinear(np.multiply),
    np.matmul: _bilinear(np.matmul),
    np.true_divide: _divide,
    np.power: _power,
    np.negative: _linear(np.negative),
    np.positive: _linear(np.positive),
    np.conjugate: _linear(np.conjugate),
    np.square: lambda x: x * x,
    np.sqrt: _of_one(np.sqrt, lambda x, y: 0.5 / y),
    np.exp: _of_one(np.exp, lambda x, y: y),
    np.expm1: _of_one(np.expm1, lambda x, y: y + 1.0),
    np.log: _of_one(np.log, lambda x, y: 1.0 / x),
    np.sin: _of_one(np.sin, lambda x, y: np.cos(x)),
    np.cos: _of_one(np.cos, lambda x, y: -np.sin(x)),
    np.tanh: _of_one(np.tanh, lambda x, y: 1.0 - y * y),
    np.absolute: lambda x: _absolute(x),
    np.maximum: lambda a, b: _where(primal(a) >= primal(b), a, b),
    np.minimum: lambda a, b: _where(primal(a) <= primal(b), a, b),
}
for _function in (np.less, np.less_equal, np.greater, np.greater_equal, np.equal, np.not_equal):
    _UFUNCS[_function] = _of_values(_function)
for _function in (np.isfinite, np.isnan, np.sign, np.floor):
    _UFUNCS[_function] = _of_values(_function)

_FUNCTIONS: dict[Any, Callable[..., Any]] = {
    np.where: _where,
    np.einsum: _einsum,
    np.block: _block,
    np.kron: _bilinear(np.kron),
    np.outer: _bilinear(np.outer),
    np.tensordot: _bilinear(np.tensordot),
    np.iscomplexobj: _of_values(np.iscomplexobj),
    np.zeros_like: _of_values(np.zeros_like),
    np.ones_like: _of_values(np.ones_like),
    np.argmax: _of_values(np.argmax),
    np.max: lambda x, axis=None, initial=None: _largest(x, axis, initial),
    np.shape: _of_values(np.shape),
    np.ndim: _of_values(np.ndim),
    np.real: lambda x: x.real,
    np.imag: lambda x: x.imag,
}
for _function in (np.stack, np.concatenate):
    _FUNCTIONS[_function] = _of_many(_function)
for _function in (
    np.sum, np.mean, np.reshape, np.ravel, np.moveaxis, np.swapaxes, np.transpose, np.broadcast_to, np.repeat,
    np.tile, np.diag, np.diagonal, np.trace, np.squeeze, np.take, np.roll, np.pad, np.triu, np.fft.rfft,
    np.fft.irfft,
):  # fmt: skip
    _FUNCTIONS[_function] = _linear(_function)
_FUNCTIONS[np.split] = lambda x, *more, **options: [
    Dual(*parts, x.order)
    for parts in zip(np.split(x.value, *more, **options), np.split(x.slope, *more, **options), strict=True)
]
