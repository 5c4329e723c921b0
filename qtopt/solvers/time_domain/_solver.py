"""An implicit Runge-Kutta solver for equations that can solve their own implicit steps."""

from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from diffrax import RESULTS, AbstractAdaptiveSolver, Kvaerno5, LocalLinearInterpolation, ODETerm

_TABLEAU = Kvaerno5.tableau
_STAGES = len(_TABLEAU.b_sol)
_DIAGONAL = float(np.asarray(_TABLEAU.a_diagonal)[1])
_ROWS = np.stack([np.pad(row, (0, _STAGES - len(row))) for row in _TABLEAU.a_lower])


class DirectKvaerno5(AbstractAdaptiveSolver):
    """Kvaerno's stiff method of order 5(4) for linear equations, its stages solved directly.

    The `args` of the integration are the equations, called as ``args(t, y, inside)``, with a method
    ``resolvent(t, y, step, inside)`` (see `Equations`). `inside` is the middle of the step, where
    coefficients that jump are known for certain. A- and L-stable and stiffly accurate: rates far above the
    inverse of the step cost nothing.

    Source: theory (6.3); A. Kvaerno, BIT 44, 489 (2004), as tabulated in diffrax.
    """

    term_structure: ClassVar = ODETerm
    interpolation_cls: ClassVar = LocalLinearInterpolation

    def order(self, terms: Any) -> int:
        return 5

    def init(self, terms: Any, t0: Any, t1: Any, y0: Any, args: Any) -> Any:
        return args(t0, y0, (t0 + t1) / 2.0)

    def step(
        self, terms: Any, t0: Any, t1: Any, y0: Any, args: Any, solver_state: Any, made_jump: Any
    ) -> tuple[Any, Any, dict[str, Any], Any, Any]:
        length, inside = t1 - t0, (t0 + t1) / 2.0
        fresh = args(t0, y0, inside)
        first = jax.tree.map(lambda new, old: jnp.where(made_jump, new, old), fresh, solver_state)
        slopes = jax.tree.map(lambda k: jnp.zeros((_STAGES, *k.shape)).at[0].set(k), first)

        def stage(i: Any, carry: tuple[Any, Any]) -> tuple[Any, Any]:
            slopes, _ = carry
            row = jnp.asarray(_ROWS)[i]
            right = jax.tree.map(lambda y, k: y + length * jnp.tensordot(row, k, axes=1), y0, slopes)
            own = length * _DIAGONAL
            value = args.resolvent(t0 + jnp.asarray(_TABLEAU.c)[i] * length, right, own, inside)
            slope = jax.tree.map(lambda y, r: (y - r) / own, value, right)
            return jax.tree.map(lambda all_, k: all_.at[i + 1].set(k), slopes, slope), value

        slopes, y1 = jax.lax.fori_loop(0, _STAGES - 1, stage, (slopes, y0))
        error = jax.tree.map(lambda k: length * jnp.tensordot(_TABLEAU.b_error, k, axes=1), slopes)
        last = jax.tree.map(lambda k: k[-1], slopes)
        return y1, error, {"y0": y0, "y1": y1}, last, RESULTS.successful

    def func(self, terms: Any, t0: Any, y0: Any, args: Any) -> Any:
        return args(t0, y0)
