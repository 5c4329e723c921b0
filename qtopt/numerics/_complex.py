"""Complex arithmetic that XLA vectorises."""

from typing import Any

import jax
from jax.core import ShapedArray
from jax.extend.core import Primitive
from jax.interpreters import ad, batching, mlir
from jax.typing import ArrayLike
from jaxtyping import Array, Complex, Inexact

from ._namespace import on_host, xp


def to_complex(real: Any, imag: Any) -> Complex[Array, "..."]:
    """real + i imag of real arrays of one shape."""
    return real + 1j * imag if on_host(real, imag) else jax.lax.complex(real, imag)


def reciprocal(z: Inexact[Array, "..."]) -> Inexact[Array, "..."]:
    """1/z = conj(z)/|z|^2, for |z|^2 within the range of floats (1e-150 < |z| < 1e150).

    XLA divides complex numbers with branches for infinities, several times slower. A primitive of its own,
    because its derivative, -dz/z^2, is shorter than that of its parts.
    """
    return 1.0 / z if on_host(z) else _reciprocal.bind(z)


def _divided(z: Array) -> Array:
    inverse = 1.0 / (z.real**2 + z.imag**2)
    if not xp.iscomplexobj(z):
        return z * inverse
    return jax.lax.complex(z.real * inverse, -z.imag * inverse)


_reciprocal = Primitive("reciprocal")
_reciprocal.def_impl(jax.jit(_divided))
_reciprocal.def_abstract_eval(lambda z: ShapedArray(z.shape, z.dtype))
mlir.register_lowering(_reciprocal, mlir.lower_fun(_divided, multiple_results=False))
ad.defjvp2(_reciprocal, lambda change, inverse, z: -(inverse * inverse) * change)
batching.defvectorized(_reciprocal)


def scaled(z: Inexact[Array, "..."], factor: ArrayLike) -> Inexact[Array, "..."]:
    """z times a real factor: two products, where a real number made complex costs four and two sums."""
    if on_host(z, factor) or not xp.iscomplexobj(z):
        return z * factor
    return jax.lax.complex(z.real * factor, z.imag * factor)


def turned(z: Complex[Array, "..."], factor: ArrayLike = 1.0) -> Complex[Array, "..."]:
    """i z times a real factor."""
    if on_host(z, factor):
        return xp.asarray(1j * factor) * z
    return jax.lax.complex(-z.imag * factor, z.real * factor)
