"""Numbers spread over points, and sums over points: what reverse mode makes of each other, in one pass."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import ShapedArray
from jax.extend.core import Primitive
from jax.interpreters import ad, batching, mlir
from jaxtyping import Array, Float

from ._complex import to_complex
from ._namespace import on_host, xp

LONG = 16
"""sums of fewer terms are one reduction, in their order"""
FEW = 4
"""so many sums for each array are few: not worth a reduction of many arrays at once"""


def spread(numbers: Any, shape: tuple[int, ...]) -> Any:
    """Numbers, each at every point: a pytree of arrays of one shape, which gets the axes of the points.

    What follows from them point by point is the same as without, but reverse mode sums over the points for
    all numbers in one pass, where it would otherwise compute everything once more for every number.
    """
    leaves, structure = jax.tree.flatten(numbers)
    if on_host(*leaves):
        return numbers
    planes = [plane for leaf in leaves for plane in _planes(leaf)]
    found = iter(_spread.bind(*planes, shape=shape))
    each = (
        next(found) if len(_planes(leaf)) == 1 else to_complex(next(found), next(found)) for leaf in leaves
    )
    return structure.unflatten(each)


def _planes(leaf: Array) -> list[Array]:
    """Real and imaginary part, or the real number."""
    leaf = xp.asarray(leaf)
    return [leaf.real, leaf.imag] if xp.iscomplexobj(leaf) else [leaf.astype(float)]


def sums(planes: Sequence[Float[Array, "*shape K"]]) -> list[Any]:
    """Sums of real arrays of one shape over their last axis, in one pass: both halves are added, repeatedly.

    Pairwise sums keep the round-off small, which cold heat currents need. XLA computes neighbouring sums in
    the lanes of a vector, but not the terms of one sum.
    """
    return _sums.bind(*planes, over=1)


def _spread_out(*numbers: Array, shape: tuple[int, ...]) -> list[Array]:
    return [jax.lax.broadcast_in_dim(x, (*x.shape, *shape), tuple(range(x.ndim))) for x in numbers]


def _summed(*planes: Array, over: int) -> list[Array]:
    """Sums over the last axes; over one axis in pairs."""
    if over > 1:
        return _reduced(planes, range(planes[0].ndim - over, planes[0].ndim))
    return _few_sums(planes) if math.prod(planes[0].shape[:-1]) <= FEW else _in_pairs(planes)


def _in_pairs(planes: Sequence[Array]) -> list[Array]:
    """Sums over the last axis: both halves are added, repeatedly."""
    *shape, points = planes[0].shape
    while points % 2 == 0 and points >= LONG:
        halves = [plane.reshape(*shape, 2, points // 2) for plane in planes]
        planes = _reduced(halves, [len(shape)])
        points //= 2
    return _reduced(planes, [len(shape)])


def _few_sums(planes: Sequence[Array]) -> list[Array]:
    """The same sums, of single machines: only one reduction takes many arrays, and these as complex ones.

    For every number that a reduction passes on, three for each array, XLA allocates memory at each call.
    """
    *shape, points = planes[0].shape
    others = [*planes[1::2], planes[-1]]
    pairs = [jax.lax.complex(*pair) for pair in zip(planes[::2], others, strict=False)]
    if points % 2 == 0 and points >= LONG:
        pairs = _reduced([pair.reshape(*shape, 2, points // 2) for pair in pairs], [len(shape)])
    (found,) = _in_pairs([jnp.stack(pairs)])
    return [part for one in found for part in (one.real, one.imag)][: len(planes)]


def _summed_on_gpu(*planes: Array, over: int) -> list[Array]:
    """The same as one reduction: a GPU adds in pairs by itself, and would write the halves to memory."""
    return _reduced(planes, range(planes[0].ndim - over, planes[0].ndim))


def _reduced(planes: Sequence[Array], axes: Sequence[int]) -> list[Array]:
    def add(totals: Any, terms: Any) -> Any:
        return [total + term for total, term in zip(totals, terms, strict=True)]

    zero = np.zeros((), planes[0].dtype)
    return list(jax.lax.reduce(list(planes), [zero] * len(planes), add, axes))


def _linear(name: str, function: Callable[..., list[Array]]) -> Primitive:
    """A primitive of many arrays of one shape that is linear in each of them by itself."""
    primitive = Primitive(name)
    primitive.multiple_results = True
    primitive.def_impl(lambda *arrays, **options: jax.jit(lambda *a: function(*a, **options))(*arrays))
    mlir.register_lowering(primitive, mlir.lower_fun(function, multiple_results=True))

    def derivative(arrays: Any, slopes: Any, **options: Any) -> tuple[list[Any], list[Any]]:
        found = primitive.bind(*arrays, **options)
        moving = [slope for slope in slopes if type(slope) is not ad.Zero]
        changes = iter(primitive.bind(*moving, **options) if moving else [])
        zeros = (ad.Zero(value.aval) for value in found)
        return found, [
            zero if type(slope) is ad.Zero else next(changes)
            for slope, zero in zip(slopes, zeros, strict=True)
        ]

    def batched(arrays: Any, axes: Any, **options: Any) -> tuple[list[Any], list[int]]:
        (size,) = {array.shape[axis] for array, axis in zip(arrays, axes, strict=True) if axis is not None}
        moved = [batching.bdim_at_front(array, axis, size) for array, axis in zip(arrays, axes, strict=True)]
        return primitive.bind(*moved, **options), [0] * len(moved)

    ad.primitive_jvps[primitive] = derivative
    batching.primitive_batchers[primitive] = batched
    return primitive


def _transposed(primitive: Primitive, other: Callable[..., list[Array]]) -> None:
    """Tell how cotangents of a primitive become those of its arguments."""

    def transpose(cotangents: Any, *arrays: Any, **options: Any) -> list[Any]:
        moving = [ct for ct in cotangents if type(ct) is not ad.Zero]
        changes = iter(other(arrays[0].aval, moving, **options) if moving else [])
        return [
            ad.Zero(array.aval) if type(ct) is ad.Zero else next(changes)
            for ct, array in zip(cotangents, arrays, strict=True)
        ]

    ad.primitive_transposes[primitive] = transpose


_spread = _linear("spread", _spread_out)
_spread.def_abstract_eval(lambda *x, shape: [ShapedArray((*a.shape, *shape), a.dtype) for a in x])
_sums = _linear("sums", _summed)
_sums.def_abstract_eval(lambda *x, over: [ShapedArray(a.shape[:-over], a.dtype) for a in x])
_transposed(_spread, lambda _, moving, shape: _sums.bind(*moving, over=len(shape)))
_transposed(_sums, lambda like, moving, over: _spread.bind(*moving, shape=like.shape[-over:]))
for _platform in ("cuda", "rocm"):
    mlir.register_lowering(_sums, mlir.lower_fun(_summed_on_gpu, multiple_results=True), platform=_platform)
