"""Limited-memory BFGS in compact form: a few small products instead of one sequential step for each pair."""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

PAIRS = 12
"""Steps that are remembered."""
LEAST_CURVATURE = 1e-12
"""Pairs with s.y below this fraction of |s| |y| are not remembered: they would make H indefinite."""


class LimitedMemory(NamedTuple):
    """An estimate of the inverse Hessian H from the last steps s and the changes y of the gradient with them.

    With S and Y the matrices of the rows s_i and y_i, oldest first, R the upper triangle of ``s_i.y_j`` and
    D its diagonal, ``H g = k g + S^T R^-T [(D + k Y Y^T) R^-1 S g - k Y g] - k Y^T R^-1 S g``. The inverse of
    R needs no solve: a new pair adds one column to it, and what is left of the triangle when the oldest pair
    goes is inverted by what is left of the inverse. Neither depends on the order of the rows, so that a new
    pair takes the place of the oldest. Rows whose part of R^-1 is zero are not used yet and change nothing.

    Attributes:
        pairs: S and Y, (2, PAIRS, n).
        inverse: R^-1, (PAIRS, PAIRS).
        products: Y Y^T, (PAIRS, PAIRS).
        curvatures: D, the diagonal of R, (PAIRS,).
        scale: k = s.y/y.y of the last pair, 0 before the first.
        count: how many pairs there have been; where it is 0, whatever the arrays hold is not remembered.

    Source: theory (9.23).
    """

    pairs: Float[Array, "2 m n"]
    inverse: Float[Array, "m m"]
    products: Float[Array, "m m"]
    curvatures: Float[Array, " m"]
    scale: Float[Array, ""]
    count: Int[Array, ""]

    @staticmethod
    def empty(size: int) -> "LimitedMemory":
        """Nothing remembered of a function of `size` numbers."""
        square = jnp.zeros((PAIRS, PAIRS))
        none = jnp.zeros(())
        return LimitedMemory(
            jnp.zeros((2, PAIRS, size)), square, square, jnp.zeros(PAIRS), none, none.astype(int)
        )

    def after(
        self, step: Float[Array, " n"], change: Float[Array, " n"], wanted: Bool[Array, ""] | bool = True
    ) -> "LimitedMemory":
        """One pair more, in the place of the oldest; the same memory where it is not wanted.

        It is not, either, where the curvature s.y is not positive.
        """
        curvature, square = jnp.sum(step * change), jnp.sum(change**2)
        wanted &= curvature > LEAST_CURVATURE * jnp.sqrt(jnp.sum(step**2) * square)
        safe = jnp.where(wanted, curvature, 1.0)
        here = wanted & (jnp.arange(PAIRS) == self.count % PAIRS)
        column, squares = self.pairs @ change
        kept = jnp.where(here | here[:, None] | (self.count == 0), 0.0, self.inverse)
        above = -jnp.sum(kept * column, axis=-1) / safe
        corner = here[:, None] & here
        products = jnp.where(here, squares[:, None], jnp.where(here[:, None], squares, self.products))
        return LimitedMemory(
            jnp.where(here[:, None], jnp.stack([step, change])[:, None], self.pairs),
            jnp.where(
                corner, 1.0 / safe, jnp.where(here, above[:, None], jnp.where(wanted, kept, self.inverse))
            ),
            jnp.where(corner, square, products),
            jnp.where(here, safe, self.curvatures),
            jnp.where(wanted, safe / jnp.where(wanted, square, 1.0), self.scale),
            self.count + wanted,
        )

    def forgotten(self, now: Bool[Array, ""]) -> "LimitedMemory":
        """Nothing remembered any more, or the same memory."""
        return self._replace(count=jnp.where(now, 0, self.count))

    def newton(self, gradient: Float[Array, " n"]) -> Float[Array, " n"]:
        """H times the gradient; without any pair the gradient, no longer than 1."""
        first = jnp.minimum(1.0, 1.0 / jnp.maximum(jnp.sqrt(jnp.sum(gradient**2)), 1e-300))
        scale = jnp.where(self.count > 0, self.scale, first)
        along, across = self.pairs @ gradient
        inverse = jnp.where(self.count > 0, self.inverse, 0.0)
        inner = jnp.sum(inverse * along, axis=-1)
        within = self.curvatures * inner + scale * (jnp.sum(self.products * inner, axis=-1) - across)
        outer = jnp.sum(inverse * within[:, None], axis=0)
        weights = jnp.stack([outer, -scale * inner])
        return scale * gradient + weights.ravel() @ self.pairs.reshape(2 * PAIRS, -1)
