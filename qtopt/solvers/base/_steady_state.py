"""The averages over one period that every solver gives."""

from abc import abstractmethod
from typing import Self

import equinox as eqx
from jaxtyping import Array, Float, Int

from ._readable import ENTROPY_RATE, POWER, SPREAD, Readable, result

RESOLVED, UNSTABLE, UNRESOLVED, UNDAMPED, NOT_FINITE, LOST = range(6)
STATUSES = ("resolved", "unstable", "unresolved", "undamped", "not finite", "lost")
"""What the numbers of `AbstractSteadyState.status` mean; lost is a machine of a scan that ends every process
that solves it."""


class AbstractSteadyState(Readable):
    """Averages over a period in the periodic steady state (hbar = k_B = m = 1).

    Attributes:
        power: P, work per time supplied by the drive; P < 0 means extracted.
        local_powers: (L,) power supplied through each oscillator, sum = P.
        heat_currents: (B,) heat per time from each bath into the system, in the order of the baths.
        entropy_production_rate: -sum_b heat_b/T_b >= 0.
        covariance: (L, L) period average of <x_l x_l'>; of the weak theory to zeroth order in the driven
            bath.
        truncation_error: how far the power may be off: the weak solver estimates what the harmonics of the
            drive that were not kept can change, the exact one gives the size of the power's highest Fourier
            components that the points of time resolve.

    Powers and heat currents are in units of frequency^2, the covariance in 1/frequency.
    Source: theory (2.1) to (2.4).
    """

    status: eqx.AbstractVar[Int[Array, ""]]
    """A position in `STATUSES`: 0 where there is a steady state to report."""
    power: Float[Array, ""] = result("supplied by the drive; negative: extracted", POWER)
    local_powers: Float[Array, " L"] = result("power through each oscillator", POWER)
    heat_currents: Float[Array, " B"] = result("heat from each bath", POWER)
    entropy_production_rate: Float[Array, ""] = result("entropy production rate", ENTROPY_RATE)
    covariance: Float[Array, "L L"] = result("position covariance", SPREAD)
    truncation_error: Float[Array, ""] = result("error of the power", POWER)

    @abstractmethod
    def check(self) -> Self:
        """This state, or `InputError` where there is no steady state to report; call it outside of jit."""
