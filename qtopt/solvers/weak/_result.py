"""What the weak solver returns."""

from typing import Self

import numpy as np
from jaxtyping import Array, Float, Int

from ...errors import InputError
from ...numerics import xp
from ..base import POWER, RESOLVED, UNDAMPED, AbstractSteadyState, result


class WeakSteadyState(AbstractSteadyState):
    """Periodic steady state to second order in the driven bath (hbar = k_B = m = 1).

    Attributes:
        systematic_error: how far heat currents may be off in every unit of frequency alike: because the
            rational coth ends (theory (4.16)), or float64 loses digits of narrow resonances between several
            static baths.
    """

    systematic_error: Float[Array, ""] = result("error of heat in every unit", POWER)

    @property
    def status(self) -> Int[Array, ""]:
        """A position in `STATUSES`: 0, or 3 where a mode is not damped and numbers are not finite."""
        parts = (self.local_powers, self.heat_currents, self.covariance)
        finite = xp.all(xp.stack([xp.all(xp.isfinite(part)) for part in parts]))
        return xp.where(finite, RESOLVED, UNDAMPED)

    def check(self) -> Self:
        """This state, or `InputError` where a mode is not damped; call it outside of jit."""
        parts = (self.local_powers, self.heat_currents, self.covariance)
        if not all(np.isfinite(np.asarray(part)).all() for part in parts):
            raise InputError(
                "every oscillator mode must be damped by a static bath, but the steady state of this machine "
                "is not finite: detune equal frequencies or couple another static bath; if all are damped, "
                "its numbers are too far apart for float64."
            )
        return self
