"""Block-banded linear equations for many points at once with partial pivoting: no LAPACK call."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Complex

from ...numerics import products, reciprocal

CACHED = 2**16
"""numbers in the table of one pass on a CPU, 1 MB"""


def solve_banded(
    rows: Complex[Array, "n p D p K"], rhs: Complex[Array, "n p r K"]
) -> Complex[Array, "n p r K"]:
    """Solution of ``sum_d rows[i, :, H + d, :] x_{i+d} = rhs_i`` by elimination, O(n H^2 p^2 (p + r/H) K).

    n block rows whose blocks p x p reach from d = -H to H, D = 2H + 1; the points last. Rows are exchanged
    with any that a column reaches: no block needs an inverse, as where a harmonic by itself is undamped.
    Differentiable in both modes, as often as wanted, by the implicit rule. Blocks beyond the ends must be 0.
    """
    reach = rows.shape[2] // 2

    def transposed(blocks: Array) -> Array:
        padded = jnp.pad(jnp.swapaxes(blocks, 1, 3), [(reach, reach), *[(0, 0)] * 4])
        count = len(blocks)
        return jnp.stack([padded[d : d + count, :, -1 - d] for d in range(2 * reach + 1)], axis=2)

    def applied(x: Array) -> Array:
        padded = jnp.pad(x, [(reach, reach), *[(0, 0)] * 3])
        terms = (jax.vmap(products)(rows[:, :, d], padded[d : d + len(x)]) for d in range(2 * reach + 1))
        return sum(terms, jnp.zeros(()))

    return jax.lax.custom_linear_solve(
        applied,
        rhs,
        solve=lambda _, b: _in_chunks(rows, b),
        transpose_solve=lambda _, b: _in_chunks(transposed(rows), b),
    )


def _in_chunks(rows: Complex[Array, "n p D p K"], rhs: Complex[Array, "n p r K"]) -> Array:
    """On a CPU over so many points at a time that what every step rewrites stays in the cache."""
    p, width, points = rhs.shape[1], rows.shape[2] * rhs.shape[1] + rhs.shape[2], rhs.shape[-1]
    chunk = max(8, CACHED // (width * p * (rows.shape[2] // 2 + 1)))
    if points <= chunk:
        return _eliminate(rows, rhs)

    def in_turn(rows: Array, rhs: Array) -> Array:
        missing = -points % chunk

        def split(values: Array) -> Array:
            padded = jnp.pad(values, [(0, 0)] * (values.ndim - 1) + [(0, missing)], mode="edge")
            return jnp.moveaxis(padded.reshape(*values.shape[:-1], -1, chunk), -2, 0)

        found = jax.lax.map(lambda both: _eliminate(*both), (split(rows), split(rhs)))
        return jnp.moveaxis(found, 0, -2).reshape(*rhs.shape[:-1], -1)[..., :points]

    return jax.lax.platform_dependent(rows, rhs, cpu=in_turn, default=_eliminate)


def _eliminate(rows: Complex[Array, "n p D p K"], rhs: Complex[Array, "n p r K"]) -> Array:
    """Down: H p rows that earlier columns have left, and the next p; p become x_i = ..., H p go on."""
    count, p, blocks, _, points = rows.shape
    reach, width = blocks // 2, blocks * p
    whole = jnp.concatenate([rows.reshape(count, p, width, points), rhs], axis=2)

    def moved(part: Array, columns: int) -> Array:
        """Without its first columns."""
        missing = jnp.zeros((len(part), columns, points), dtype=part.dtype)
        return jnp.concatenate([part[:, columns:width], missing, part[:, width:]], axis=1)

    def down(left: Array, row: Array) -> tuple[Array, Array]:
        table = jnp.concatenate([left, row], axis=0)
        table = jax.lax.fori_loop(0, p, _eliminate_column, table)
        return moved(table[p:], p), table[:p, p:]

    def up(below: Array, row: Array) -> tuple[Array, Array]:
        x = row[:, width - p :] - products(row[:, : width - p], below)
        return jnp.concatenate([x, below[:-p]]), x

    first = [
        moved(whole[i] if i < count else jnp.zeros_like(whole[0]), (reach - i) * p) for i in range(reach)
    ]
    following = jnp.pad(whole[reach:], [(0, count - len(whole[reach:])), *[(0, 0)] * 3])
    _, reduced = jax.lax.scan(down, jnp.concatenate(first), following)
    below = jnp.zeros((width - p, *rhs.shape[2:]), dtype=whole.dtype)
    return jax.lax.scan(up, below, reduced, reverse=True)[1]


def _eliminate_column(k: Array, table: Complex[Array, "R C K"]) -> Complex[Array, "R C K"]:
    """Column k of K tables is left in row k alone, as 1; rows k and beyond are exchanged for it."""
    rows = jnp.arange(table.shape[0])[:, None]
    column = table[:, k]
    pivot = jnp.argmax(jnp.where(rows >= k, column.real**2 + column.imag**2, -1.0), axis=0)
    chosen = jnp.take_along_axis(table, pivot[None, None], axis=0)[0]
    chosen = chosen * reciprocal(jnp.take_along_axis(column, pivot[None], axis=0))
    factors = jnp.where(rows == pivot, column[k], column)
    replaced = jnp.where((rows == pivot)[:, None], table[k], table)
    return jnp.where((rows == k)[:, None], chosen, replaced - factors[:, None] * chosen)
