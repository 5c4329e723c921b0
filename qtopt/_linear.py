"""Small dense linear algebra in plain XLA operations: no LAPACK call, so nothing can deadlock on CPU."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Inexact


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


def lyapunov(dynamics: Inexact[Array, "n n"], source: Inexact[Array, "n n"]) -> Inexact[Array, "n n"]:
    """Solution Y of ``A Y + Y A^dagger = -source`` through the n^2 x n^2 Kronecker system."""
    size = dynamics.shape[0]
    identity = jnp.eye(size)
    operator = jnp.kron(dynamics, identity) + jnp.kron(identity, jnp.conj(dynamics))
    return solve(operator, -source.reshape(-1, 1)).reshape(size, size)
