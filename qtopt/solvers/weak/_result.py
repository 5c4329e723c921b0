"""What the weak solver returns."""

from typing import Self

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from ...errors import InputError
from ..base import ENTROPY_RATE, POWER, RESOLVED, SPREAD, UNDAMPED, AbstractSteadyState, result


class WeakSteadyState(AbstractSteadyState):
    """Periodic steady state to second order in the driven bath (hbar = k_B = m = 1).

    Attributes:
        power: P, work per time supplied by the drive; P < 0 means extracted.
        local_powers: (L,) power supplied through each oscillator, sum = P.
        heat_currents: (B,) heat per time from each bath into the system, in the order of the baths.
        entropy_production_rate: -sum_nu J_nu/T_nu >= 0.
        covariance: (L, L) <x_l x_l'> to zeroth order in the driven bath.
        truncation_error: estimate of what the harmonics that were not kept can change in the power.
    """

    power: Float[Array, ""] = result("supplied by the drive; negative: extracted", POWER)
    local_powers: Float[Array, " L"] = result("power through each oscillator", POWER)
    heat_currents: Float[Array, " B"] = result("heat from each bath", POWER)
    entropy_production_rate: Float[Array, ""] = result("entropy production rate", ENTROPY_RATE)
    covariance: Float[Array, "L L"] = result("position covariance", SPREAD)
    truncation_error: Float[Array, ""] = result("error of the power", POWER)

    @property
    def status(self) -> Int[Array, ""]:
        """A position in `STATUSES`: 0, or 3 where a mode is not damped and numbers are not finite."""
        parts = (self.local_powers, self.heat_currents, self.covariance)
        finite = jnp.all(jnp.stack([jnp.all(jnp.isfinite(part)) for part in parts]))
        return jnp.where(finite, RESOLVED, UNDAMPED)

    def check(self) -> Self:
        """This state, or `InputError` where a mode is not damped; call it outside of jit."""
        parts = (self.local_powers, self.heat_currents, self.covariance)
        if not all(np.isfinite(np.asarray(part)).all() for part in parts):
            raise InputError(
                "every oscillator mode must be damped by a static bath, but the steady state of this machine "
                "is not finite: detune equal frequencies or couple another static bath."
            )
        return self
