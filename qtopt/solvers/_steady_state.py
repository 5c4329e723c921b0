"""The averages over one period that describe a machine."""

import equinox as eqx
from jaxtyping import Array, Float


class SteadyState(eqx.Module):
    """Averages over a period in the periodic steady state (physics notes, section 2; hbar = k_B = m = 1).

    Attributes:
        power: P, work per time supplied by the drive; P < 0 means extracted.
        local_powers: (L,) power supplied through each oscillator, sum = P.
        heat_currents: (B,) heat per time from each bath into the system, in the order of the baths.
        entropy_production_rate: -sum_nu J_nu/T_nu >= 0.
        covariance: (L, L) <x_l x_l'>; to zeroth order in the driven bath for the weak solver.
        truncation_error: bound on the error of power made by the harmonics of the drive that were not kept.
    """

    power: Float[Array, ""]
    local_powers: Float[Array, " L"]
    heat_currents: Float[Array, " B"]
    entropy_production_rate: Float[Array, ""]
    covariance: Float[Array, "L L"]
    truncation_error: Float[Array, ""]
