"""What the exact solver returns."""

from typing import Self

import numpy as np
from jaxtyping import Array, Float, Int

from ...errors import InputError
from ...model import logarithmic_negativity
from ...numerics import xp
from ..base import NOT_FINITE, POWER, UNRESOLVED, UNSTABLE, AbstractSteadyState, result
from ._resolution import UNKNOWN


class ExactSteadyState(AbstractSteadyState):
    """Exact periodic steady state (hbar = k_B = m = 1); averages are over one period.

    Attributes:
        work: (A,) power supplied through each shape of each actuator, in their order; `qtopt.model.actuators`
            of machine and drive names them. `local_powers` sums them by oscillator.
        times: (K,) points of time within a period.
        phase_space_covariance: (K, 2L, 2L) <{r, r}>/2 of r = (x_1..x_L, p_1..p_L) there. Beside a strictly
            Ohmic bath <p^2> diverges and what stands here ends with the rational coth. Without the means.
        means: (K, 2L) <r> there; 0 unless forces act.
        monodromy: (C, n, n) propagator of a period, for each set of oscillators that shares its baths.
        spectral_radius: largest |Floquet multiplier|; the machine is stable below 1. Without derivative: as a
            constraint, use `exact.spectral_radius` of the monodromy.
        relaxation_error: what round-off may have changed the slowest relaxation by, relative to it.
        systematic_error: what that may have changed the currents by, in every unit of frequency alike.
        first_law_residual: difference between two expressions of the heat currents of baths with memory,
            relative to the largest exchange of energy (of which a current may be a small remainder);
            round-off and truncation show here.
        status: 0 resolved, 1 unstable, 2 unresolved, 4 not finite; other numbers are NaN unless it is 0.
    """

    work: Float[Array, " A"] = result("power through each shape of the drives", POWER)
    times: Float[Array, " K"] = result("points of time within a period", "1 / omega_A")
    phase_space_covariance: Float[Array, "K 2L 2L"] = result(
        "of positions and momenta, at these times", moments=2
    )
    means: Float[Array, "K 2L"] = result("of positions and momenta, at these times", moments=1)
    monodromy: Float[Array, "C n n"] = result("propagator of a period")
    spectral_radius: Float[Array, ""] = result("largest modulus of a Floquet multiplier; stable below 1")
    relaxation_error: Float[Array, ""] = result("relative round-off of the slowest relaxation")
    systematic_error: Float[Array, ""] = result("error of currents in every unit", POWER)
    first_law_residual: Float[Array, ""] = result("relative difference of two expressions of the heat")
    status: Int[Array, ""] = result("0 resolved, 1 unstable, 2 unresolved, 4 not finite")

    @property
    def covariance_in_time(self) -> Float[Array, "K L L"]:
        """<x_l x_l'> at `times`."""
        size = self.covariance.shape[-1]
        return self.phase_space_covariance[..., :size, :size]

    @property
    def negativity_in_time(self) -> Float[Array, " K"]:
        """Logarithmic negativity of the first two oscillators at `times`. Needs L >= 2."""
        return logarithmic_negativity(self.phase_space_covariance)

    @property
    def pearson_in_time(self) -> Float[Array, " K"]:
        """C(t) = <x_A x_B>/sqrt(<x_A^2><x_B^2>) of the first two oscillators. Needs L >= 2."""
        c = self.covariance_in_time
        return c[:, 0, 1] / xp.sqrt(c[:, 0, 0] * c[:, 1, 1])

    def floquet_multipliers(self) -> np.ndarray:
        """Eigenvalues of the monodromy, largest first; computed on the host."""
        values = np.concatenate([np.linalg.eigvals(np.asarray(m)) for m in self.monodromy])
        return values[np.argsort(-np.abs(values))]

    def check(self) -> Self:
        """This state, or `InputError` where it is unstable or not resolved; call it outside of jit."""
        status = int(self.status)
        if status == UNSTABLE:
            raise InputError(
                "a steady state needs all Floquet multipliers inside the unit circle, but the largest has "
                f"modulus {float(self.spectral_radius):.6g}: the drive amplifies parametrically; weaken "
                "it or the driven couplings, or damp more strongly."
            )
        if status == NOT_FINITE:
            raise InputError(
                "the propagator of a period must be finite in float64, but it is not: bring the frequencies, "
                "rates and temperatures of the machine and its drive closer together."
            )
        if status == UNRESOLVED and self.relaxation_error > UNKNOWN:
            raise InputError(
                "what the slowest motion loses in a period must be far above the round-off of a period, but "
                f"the ratio is {1.0 / float(self.relaxation_error):.2g}: damp that motion more strongly, or "
                "use the weak solver where one driven bath is all that moves."
            )
        if status == UNRESOLVED:
            raise InputError(
                "the shortest time step must resolve the fastest rate of the machine, but it does not: use "
                "Exact().settled(machine, drive) of this machine, or more levels."
            )
        return self
