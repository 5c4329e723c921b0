"""Small dense linear algebra in plain XLA operations: no LAPACK call, so nothing can deadlock on CPU.

On NumPy arrays, whose calls are single ones, it is NumPy's.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Inexact

from ._complex import reciprocal
from ._dual import Dual, parts_of
from ._namespace import loop, on_host, xp


def solve(matrix: Inexact[Array, "*K n n"], rhs: Inexact[Array, "*K n r"]) -> Inexact[Array, "*K n r"]:
    """Solution X of ``matrix X = rhs`` by Gauss-Jordan elimination with partial pivoting, O(n^2 (n + r)).

    Differentiable (both modes) through the implicit rule. A singular matrix gives non-finite numbers, which
    callers must report.
    """
    if on_host(matrix, rhs):
        return _solve_on_host(matrix, rhs)
    if matrix.ndim > 2:
        return jax.vmap(solve)(matrix, rhs)
    dtype = jnp.result_type(matrix, rhs)
    matrix, rhs = matrix.astype(dtype), rhs.astype(dtype)
    return jax.lax.custom_linear_solve(
        lambda x: matrix @ x,
        rhs,
        solve=lambda _, b: _eliminate(matrix, b),
        transpose_solve=lambda _, b: _eliminate(matrix.T, b),
    )


def _solve_on_host(matrix: Any, rhs: Any) -> Any:
    """The same of NumPy arrays or a `Dual`."""
    if isinstance(matrix, Dual) or isinstance(rhs, Dual):
        order, (m, r), (dm, dr) = parts_of(matrix, rhs)
        found = _solve_on_host(m, r)
        change = (0.0 if dr is None else dr) - (0.0 if dm is None else dm @ found)
        return Dual(found, _solve_on_host(m, change), order)
    try:
        return np.linalg.solve(matrix, rhs)
    except np.linalg.LinAlgError:
        return np.full(np.broadcast_shapes((*matrix.shape[:-1], 1), rhs.shape), np.nan)


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
        return sum(terms, xp.zeros(()))
    return xp.sum(left[:, :, None] * right[None], axis=1)


UNROLLED = 2
"""products of so few terms are written out: they become part of what needs them"""


def inverses(matrix: Complex[Array, "n n K"]) -> Complex[Array, "n n K"]:
    """K inverses at once, the points last, by Gauss-Jordan elimination in place without pivoting, O(n^3 K).

    For matrices whose numerical range leaves out zero, which are stable without pivoting. Differentiable in
    both modes, as often as wanted.
    """
    return _eliminated(matrix) if on_host(matrix) else _traced_inverses(matrix)


def _eliminated(matrix: Any) -> Any:
    rows = np.arange(matrix.shape[0])

    def eliminate(pivot: Any, table: Any) -> Any:
        here = (rows == pivot)[:, None]
        scale = reciprocal(table[pivot, pivot])
        row = xp.where(here, scale, table[pivot] * scale)
        others = xp.where(here[None], 0.0, table) - table[:, pivot, None] * row
        return xp.where(here[:, :, None], row, others)

    return loop(matrix.shape[0], eliminate, matrix)


@jax.custom_jvp
def _traced_inverses(matrix: Array) -> Array:
    return _eliminated(matrix)


@_traced_inverses.defjvp
def _inverses_jvp(primals: tuple[Array], tangents: tuple[Array]) -> tuple[Array, Array]:
    inverse = _traced_inverses(primals[0])
    return inverse, -products(inverse, products(tangents[0], inverse))


def lyapunov(dynamics: Inexact[Array, "n n"], source: Inexact[Array, "n n"]) -> Inexact[Array, "n n"]:
    """Solution Y of ``A Y + Y A^dagger = -source`` through the n^2 x n^2 Kronecker system."""
    size = dynamics.shape[0]
    identity = xp.eye(size)
    operator = xp.kron(dynamics, identity) + xp.kron(identity, xp.conj(dynamics))
    return solve(operator, -source.reshape(-1, 1)).reshape(size, size)


ORDER, DOUBLINGS = 8, 64


def gramian(dynamics: Inexact[Array, "n n"], source: Inexact[Array, "n n"]) -> Inexact[Array, "n n"]:
    """``int_0^inf ds exp(A s) source exp(A^dagger s)`` of stable dynamics, the solution of `lyapunov`.

    By doubling the interval, as in the exact solver: a sum of positive terms, so that narrow resonances keep
    their digits beside fast rates. O(n^3); differentiable (both modes) through the implicit rule.
    """
    if on_host(dynamics, source):
        return _gramian_on_host(dynamics, source)
    dtype = jnp.result_type(dynamics, source)
    dynamics, source = dynamics.astype(dtype), source.astype(dtype)
    return jax.lax.custom_linear_solve(
        lambda y: -(dynamics @ y + y @ jnp.conj(dynamics.T)),
        source,
        solve=lambda _, s: _doubled(dynamics, s),
        transpose_solve=lambda _, s: _doubled(dynamics.T, s),
    )


def _gramian_on_host(dynamics: Any, source: Any) -> Any:
    """The same of NumPy arrays or a `Dual`."""
    if not (isinstance(dynamics, Dual) or isinstance(source, Dual)):
        return _doubled(dynamics, source)
    order, (a, s), (da, ds) = parts_of(dynamics, source)
    found = _gramian_on_host(a, s)
    change = 0.0 if ds is None else ds
    if da is not None:
        half = da @ found
        change = change + half + found @ xp.conj(da.T)
    return Dual(found, _gramian_on_host(a, change), order)


def _doubled(dynamics: Any, source: Any) -> Any:
    """The integral over [0, h] by Taylor series at ``||A|| h < 1/64``, then over twice that, and so on.

    D = exp(A h) - 1 is kept instead of exp(A h): narrow resonances live in it.
    """
    adjoint = xp.conj(dynamics.T)
    h = 1.0 / 64.0 / xp.max(xp.sum(xp.abs(dynamics), axis=1))
    power, change = xp.eye(dynamics.shape[0], dtype=dynamics.dtype), xp.zeros_like(dynamics)
    term, total = source * h, xp.zeros_like(source)
    for order in range(1, ORDER + 1):
        power = dynamics @ power * (h / order)
        change, total = change + power, total + term
        term = (dynamics @ term + term @ adjoint) * (h / (order + 1))

    def double(_: Any, state: tuple[Any, Any]) -> tuple[Any, Any]:
        change, total = state
        half = change @ total
        total = 2.0 * total + half + (total + half) @ xp.conj(change.T)
        return 2.0 * change + change @ change, total

    return loop(DOUBLINGS, double, (change, total))[1]
