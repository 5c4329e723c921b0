"""Block-tridiagonal linear equations for many points at once, in plain XLA operations: no LAPACK call."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Complex

from ...numerics import inverses, products, reciprocal

Row = tuple[Array, Array]


class BlockTridiagonal(NamedTuple):
    """n block rows of K matrices, blocks of p x p, the points last; row I reads:

        lower_I x_{I-1} + diagonal_I x_I + upper_I x_{I+1}.

    The first `lower` and the last `upper` block count for nothing.
    """

    lower: Complex[Array, "n p p K"]
    diagonal: Complex[Array, "n p p K"]
    upper: Complex[Array, "n p p K"]


def eliminate(matrix: BlockTridiagonal, rhs: Complex[Array, "n p r K"]) -> Complex[Array, "n p r K"]:
    """Solution of ``matrix x = rhs`` by block elimination (Thomas) without pivoting, O(n p^2 (p + r) K).

    Not meant to be differentiated through, which would cost ten times as much: see `driven_response`.
    """

    def down(above: Row, row: tuple[Array, ...]) -> tuple[Row, Row]:
        lower, diagonal, upper, b = row
        inverse = _inverse(diagonal - products(lower, above[0]))
        reduced = products(inverse, upper), products(inverse, b - products(lower, above[1]))
        return reduced, reduced

    def up(below: Array, row: Row) -> tuple[Array, Array]:
        x = row[1] - products(row[0], below)
        return x, x

    start = jnp.zeros_like(matrix.diagonal[0]), jnp.zeros_like(rhs[0])
    _, reduced = jax.lax.scan(down, start, (*matrix, rhs))
    _, found = jax.lax.scan(up, start[1], reduced, reverse=True)
    return found


def _inverse(block: Array) -> Array:
    return reciprocal(block) if block.shape[0] == 1 else inverses(block)
