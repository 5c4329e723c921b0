"""Small dense linear algebra in plain XLA operations: no LAPACK call, so nothing can deadlock on CPU."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Complex, Inexact

from ._complex import reciprocal


def solve(matrix: Inexact[Array, "n n"], rhs: Inexact[Array, "n r"]) -> Inexact[Array, "n r"]:
    """Solution X of ``matrix X = rhs`` by Gauss-Jordan elimination with partial pivoting, O(n^2 (n + r)).

    Differentiable (both modes) through the implicit rule; batches under `jax.vmap`. A singular matrix
    gives non-finite numbers, which callers must report.
    """
    dtype = jnp.result_type(matrix, rhs)
    matrix, rhs = matrix.astype(dtype), rhs.astype(dtype)
    return jax.lax.custom_linear_solve(
        lambda x: matrix @ x,
        rhs,
        solve=lambda _, b: _eliminate(matrix, b),
        transpose_solve=lambda _, b: _eliminate(matrix.T, b),
    )


def _eliminate(matrix: Array, rhs: Array) -> Array:
    size = matrix.shape[0]
    rows = jnp.arange(size)

    def step(k: Array, table: Array) -> Array:
        column = jnp.where(rows >= k, jnp.abs(table[:, k]), -1.0)
        pivot = jnp.argmax(column)
        order = jnp.where(rows == k, pivot, jnp.where(rows == pivot, k, rows))
        table = table[order]
        pivot_row = table[k] / table[k, k]
        table = table - table[:, k][:, None] * pivot_row[None, :]
        return table.at[k].set(pivot_row)

    table = jnp.concatenate([matrix, rhs], axis=1)
    return jax.lax.fori_loop(0, size, step, table)[:, size:]


def products(left: Inexact[Array, "n m K"], right: Inexact[Array, "m r K"]) -> Inexact[Array, "n r K"]:
    """K matrix products at once, the points last."""
    if left.shape[1] <= UNROLLED:
        terms = (left[:, i, None] * right[None, i] for i in range(left.shape[1]))
        return sum(terms, jnp.zeros(()))
    return jnp.sum(left[:, :, None, :] * right[None, :, :, :], axis=1)


UNROLLED = 2
"""products of so few terms are written out: they become part of what needs them"""


@jax.custom_jvp
def inverses(matrix: Complex[Array, "n n K"]) -> Complex[Array, "n n K"]:
    """K inverses at once, the points last, by Gauss-Jordan elimination in place without pivoting, O(n^3 K).

    For matrices whose numerical range leaves out zero, which are stable without pivoting. Differentiable in
    both modes, as often as wanted.
    """
    rows = jnp.arange(matrix.shape[0])

    def eliminate(pivot: Array, table: Array) -> Array:
        here = (rows == pivot)[:, None]
        scale = reciprocal(table[pivot, pivot])
        row = jnp.where(here, scale, table[pivot] * scale)
        others = jnp.where(here[None], 0.0, table) - table[:, pivot, None] * row
        return jnp.where(here[:, :, None], row, others)

    return jax.lax.fori_loop(0, matrix.shape[0], eliminate, matrix)


@inverses.defjvp
def _inverses_jvp(primals: tuple[Array], tangents: tuple[Array]) -> tuple[Array, Array]:
    inverse = inverses(primals[0])
    return inverse, -products(inverse, products(tangents[0], inverse))


def lyapunov(dynamics: Inexact[Array, "n n"], source: Inexact[Array, "n n"]) -> Inexact[Array, "n n"]:
    """Solution Y of ``A Y + Y A^dagger = -source`` through the n^2 x n^2 Kronecker system."""
    size = dynamics.shape[0]
    identity = jnp.eye(size)
    operator = jnp.kron(dynamics, identity) + jnp.kron(identity, jnp.conj(dynamics))
    return solve(operator, -source.reshape(-1, 1)).reshape(size, size)


ORDER, DOUBLINGS = 8, 64


def gramian(dynamics: Inexact[Array, "n n"], source: Inexact[Array, "n n"]) -> Inexact[Array, "n n"]:
    """``int_0^inf ds exp(A s) source exp(A^dagger s)`` of stable dynamics, the solution of `lyapunov`.

    By doubling the interval, as in the exact solver: a sum of positive terms, so that narrow resonances keep
    their digits beside fast rates. O(n^3); differentiable (both modes) through the implicit rule.
    """
    dtype = jnp.result_type(dynamics, source)
    dynamics, source = dynamics.astype(dtype), source.astype(dtype)
    return jax.lax.custom_linear_solve(
        lambda y: -(dynamics @ y + y @ jnp.conj(dynamics.T)),
        source,
        solve=lambda _, s: _doubled(dynamics, s),
        transpose_solve=lambda _, s: _doubled(dynamics.T, s),
    )


def _doubled(dynamics: Array, source: Array) -> Array:
    """The integral over [0, h] by Taylor series at ``||A|| h < 1/64``, then over twice that, and so on.

    D = exp(A h) - 1 is kept instead of exp(A h): narrow resonances live in it.
    """
    adjoint = jnp.conj(dynamics.T)
    h = 1.0 / 64.0 / jnp.max(jnp.sum(jnp.abs(dynamics), axis=1))
    power, change = jnp.eye(dynamics.shape[0], dtype=dynamics.dtype), jnp.zeros_like(dynamics)
    term, total = source * h, jnp.zeros_like(source)
    for order in range(1, ORDER + 1):
        power = dynamics @ power * (h / order)
        change, total = change + power, total + term
        term = (dynamics @ term + term @ adjoint) * (h / (order + 1))

    def double(_: int, state: tuple[Array, Array]) -> tuple[Array, Array]:
        change, total = state
        half = change @ total
        total = 2.0 * total + half + (total + half) @ jnp.conj(change.T)
        return 2.0 * change + change @ change, total

    return jax.lax.fori_loop(0, DOUBLINGS, double, (change, total))[1]
