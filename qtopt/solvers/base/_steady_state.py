"""The averages over one period that every solver gives."""

from abc import abstractmethod
from typing import Self

import equinox as eqx
from jaxtyping import Array, Float, Int

from ._readable import Readable

RESOLVED, UNSTABLE, UNRESOLVED, UNDAMPED = range(4)
STATUSES = ("resolved", "unstable", "unresolved", "undamped")
"""What the numbers of `AbstractSteadyState.status` mean."""


class AbstractSteadyState(Readable):
    """Averages over a period in the periodic steady state (hbar = k_B = m = 1).

    Attributes:
        power: P, work per time supplied by the drive; P < 0 means extracted.
        local_powers: (L,) power supplied through each oscillator, sum = P.
        heat_currents: (B,) heat per time from each bath into the system, in the order of the baths.
        entropy_production_rate: -sum_nu J_nu/T_nu >= 0.
        covariance: (L, L) period average of <x_l x_l'>.
        truncation_error: what the harmonics of the drive that were not kept can change in the power.

    Powers and heat currents are in units of frequency^2, the covariance in 1/frequency.
    Source: theory (2.1) to (2.4).
    """

    power: eqx.AbstractVar[Float[Array, ""]]
    local_powers: eqx.AbstractVar[Float[Array, " L"]]
    heat_currents: eqx.AbstractVar[Float[Array, " B"]]
    entropy_production_rate: eqx.AbstractVar[Float[Array, ""]]
    covariance: eqx.AbstractVar[Float[Array, "L L"]]
    truncation_error: eqx.AbstractVar[Float[Array, ""]]
    status: eqx.AbstractVar[Int[Array, ""]]
    """A position in `STATUSES`: 0 where there is a steady state to report."""

    @abstractmethod
    def check(self) -> Self:
        """This state, or `InputError` where there is no steady state to report; call it outside of jit."""
