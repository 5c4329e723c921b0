"""Variance rates of the currents of a machine."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from ._readable import VARIANCE_RATE, Readable, result


class Fluctuations(Readable):
    """Variance rates, ``D = int dtau avg <{dP(t + tau), dP(t)}>/2``: theory (2.11), (2.12).

    Attributes:
        local_power_covariance: (L, L) D_lk between the powers supplied through oscillators l and k; positive
            semidefinite.
        heat_currents: (B,) variance rate of the heat from each bath, or None where it is not given.
    """

    local_power_covariance: Float[Array, "L L"] = result("covariance rate of local works", VARIANCE_RATE)
    heat_currents: Float[Array, " B"] | None = result(
        "variance rate of the heat from each bath", VARIANCE_RATE
    )

    @property
    def power(self) -> Float[Array, ""]:
        """D of the total power, the sum of all entries."""
        return jnp.sum(self.local_power_covariance, axis=(-2, -1))

    @property
    def local_powers(self) -> Float[Array, " L"]:
        """(L,) D of each local power, the diagonal."""
        return jnp.diagonal(self.local_power_covariance, axis1=-2, axis2=-1)
