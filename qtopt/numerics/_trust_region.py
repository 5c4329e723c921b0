"""Newton's method in a trust region, for many small problems side by side."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

FIRST, LARGEST = 1.0, 8.0
"""Radius to begin with, and the largest."""
POOR, GOOD, SHRINK, GROW = 0.25, 0.75, 0.25, 2.0
"""Fractions of the foreseen decrease below and above which the radius changes, and by what factors."""
PASSES = 12
"""Conjugate gradients of one step at most: what they leave out is where the model hardly bends."""
SMALL = 1e-24
"""|residual|^2 at which they are done, relative to the first."""
EDGE = 0.9
"""A step at least so long, in radii, is as long as it may be."""


class TrustRegion(NamedTuple):
    """One point on its way to a minimum, and the next one that is tried.

    Attributes:
        point: the best so far, (n,).
        value: of the function there; infinite before the first evaluation.
        gradient: there, (n,).
        hessian: there, (n, n).
        trial: where the function is wanted next, (n,).
        radius: how far the quadratic model is trusted.

    Source: T. Steihaug, SIAM J. Numer. Anal. 20, 626 (1983).
    """

    point: Float[Array, " n"]
    value: Float[Array, ""]
    gradient: Float[Array, " n"]
    hessian: Float[Array, "n n"]
    trial: Float[Array, " n"]
    radius: Float[Array, ""]

    @staticmethod
    def at(begin: Float[Array, " n"]) -> "TrustRegion":
        """Nothing known yet, and `begin` to be tried."""
        zero = jnp.zeros_like(begin)
        hessian = jnp.zeros((*begin.shape, *begin.shape))
        return TrustRegion(begin, jnp.asarray(jnp.inf), zero, hessian, begin, jnp.asarray(FIRST))

    def after(
        self, value: Float[Array, ""], gradient: Float[Array, " n"], hessian: Float[Array, "n n"]
    ) -> "TrustRegion":
        """The state once value, gradient and Hessian at `trial` are known: there if it is better."""
        step = self.trial - self.point
        foreseen = -(self.gradient + self.hessian @ step / 2.0) @ step
        first, length = jnp.isinf(self.value), jnp.sqrt(jnp.sum(step**2))
        better = value < self.value
        ratio = jnp.where(first, 1.0, (self.value - value) / jnp.where(foreseen > 0.0, foreseen, 1.0))
        ratio = jnp.where(jnp.isfinite(ratio), ratio, -1.0)
        far = length > EDGE * self.radius
        radius = jnp.where(
            ratio < POOR,
            SHRINK * jnp.minimum(length, self.radius),
            jnp.where((ratio > GOOD) & far, GROW * self.radius, self.radius),
        )
        radius = jnp.where(first, self.radius, jnp.minimum(radius, LARGEST))
        point = jnp.where(better, self.trial, self.point)
        gradient = jnp.where(better, gradient, self.gradient)
        hessian = jnp.where(better, hessian, self.hessian)
        return TrustRegion(
            point,
            jnp.where(better, value, self.value),
            gradient,
            hessian,
            point + newton_step(gradient, hessian, radius),
            radius,
        )


class _Search(NamedTuple):
    """Conjugate gradients on the way: the step, its residual H p + g, where to go next, |residual|^2."""

    step: Float[Array, " n"]
    residual: Float[Array, " n"]
    direction: Float[Array, " n"]
    square: Float[Array, ""]
    done: Bool[Array, ""]


def newton_step(
    gradient: Float[Array, " n"], hessian: Float[Array, "n n"], radius: Float[Array, ""]
) -> Float[Array, " n"]:
    """The step p that lowers ``g.p + p.H p/2`` within a radius, by conjugate gradients, at most PASSES.

    Where the model bends down or its minimum lies outside, the step ends on the edge. Without LAPACK, and
    without a loop whose length depends on the numbers: one program for a batch.

    Source: T. Steihaug, SIAM J. Numer. Anal. 20, 626 (1983); theory, section 9.11.
    """
    begun = jnp.sum(gradient**2)

    def one(_: int, now: _Search) -> _Search:
        image = hessian @ now.direction
        bend, along = jnp.sum(now.direction * image), jnp.sum(now.direction**2)
        length = now.square / jnp.where(bend > 0.0, bend, 1.0)
        inner = now.step + length * now.direction
        outside = (bend <= 0.0) | (jnp.sum(inner**2) >= radius**2)
        # |step + reach direction| = radius
        middle, room = jnp.sum(now.step * now.direction), radius**2 - jnp.sum(now.step**2)
        root = middle + jnp.sqrt(middle**2 + along * jnp.maximum(room, 0.0))
        reach = jnp.maximum(room, 0.0) / jnp.where(root > 0.0, root, 1.0)
        residual = now.residual + length * image
        square = jnp.sum(residual**2)
        found = _Search(
            jnp.where(outside, now.step + reach * now.direction, inner),
            residual,
            square / jnp.where(now.square > 0.0, now.square, 1.0) * now.direction - residual,
            square,
            outside | (square <= SMALL * begun),
        )
        done = now.done | (now.square <= 0.0)
        return jax.tree.map(lambda old, new: jnp.where(done, old, new), now, found)

    first = _Search(jnp.zeros_like(gradient), gradient, -gradient, begun, jnp.asarray(False))
    return jax.lax.fori_loop(0, min(len(gradient), PASSES), one, first).step
