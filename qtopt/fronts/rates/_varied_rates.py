"""Rates of a search over drives and numbers of the machine at once."""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ...model import AbstractDrive, Machine
from ...solvers.weak import noise_orders
from ._forms import forms_at, total_of
from ._output import Output
from ._rates import AbstractRates, Rates

KEPT_FOR_EACH = 4
"""Harmonics counted for each searched one in a search; reported numbers count all."""


class VariedRates(AbstractRates):
    """(X, D, S) of one output straight from the kernels, for any numbers of the machine.

    Attributes:
        build: the machine with given numbers (V,).
        output: X as a combination of currents.
        kept_harmonics: counted harmonics of the drive.
    """

    at_once: int | None = eqx.field(static=True, default=1, kw_only=True)
    build: Callable[[Float[Array, " V"]], Machine]
    output: Output
    kept_harmonics: int = eqx.field(static=True)

    def rates(self, candidate: tuple[AbstractDrive, Array]) -> Rates:
        shape, numbers = candidate
        order = jnp.asarray(noise_orders(np.arange(self.kept_harmonics + 1)))

        def forms(point: Float[Array, " V1"]) -> Array:
            return forms_at(self.build(point[1:]), self.output, order * point[0], noise=True)

        # First-order expansion about the point itself: the same value and gradient, but reverse mode never
        # passes back through the contour sums, which takes minutes to compile.
        point = jnp.concatenate([shape.frequency[None], numbers])
        fixed = jax.lax.stop_gradient(point)
        slope, value = jax.jacfwd(lambda x: (forms(x),) * 2, has_aux=True)(fixed)
        return tuple(total_of(value + slope @ (point - fixed), shape.harmonics(self.kept_harmonics)))
