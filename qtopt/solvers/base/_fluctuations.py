"""Variance rates of the currents of a machine."""

from jaxtyping import Array, Float

from ...numerics import xp
from ._readable import VARIANCE_RATE, Readable, result


class Fluctuations(Readable):
    """Variance rates, ``D = int dtau avg <{dP(t + tau), dP(t)}>/2``: theory (2.11), (2.12).

    Attributes:
        local_power_covariance: (L, L) D_lk between the powers supplied through oscillators l and k; positive
            semidefinite.
        heat_currents: (B,) variance rate of the heat from each bath, or None where it is not given.
        work_covariance: (A, A) the same between the works of all shapes of a protocol, in the order of
            `qtopt.model.actuators`; None from solvers that know one drive only, whose works are the local
            powers.
    """

    local_power_covariance: Float[Array, "L L"] = result("covariance rate of local works", VARIANCE_RATE)
    heat_currents: Float[Array, " B"] | None = result(
        "variance rate of the heat from each bath", VARIANCE_RATE
    )

    work_covariance: Float[Array, "A A"] | None = result(
        "covariance rate of the works of all shapes", VARIANCE_RATE, default=None
    )

    @property
    def power(self) -> Float[Array, ""]:
        """D of the total power, the sum of all entries."""
        return xp.sum(self.local_power_covariance, axis=(-2, -1))

    @property
    def local_powers(self) -> Float[Array, " L"]:
        """(L,) D of each local power, the diagonal."""
        return xp.diagonal(self.local_power_covariance, axis1=-2, axis2=-1)
