"""What a front maximises, as one linear combination of currents that all trade-offs share."""

from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float

from ...numerics import on_device, xp


class Output(NamedTuple):
    """The output X = sum_l w_l P_l + c S of a machine, positive where it is useful.

    P_l is the power supplied through oscillator l, S the entropy production rate. An engine has w_l = -1,
    a refrigerator draws heat from the cold bath (w_l and c from the first and the second law), a converter
    has w_l = -1 for its output oscillator alone. The numbers are arrays, so that all trade-offs share
    compiled programs. Source: theory (9.2).

    Attributes:
        weights: w_l, (L,).
        entropy_weight: c.
    """

    weights: Float[Array, " L"]
    entropy_weight: Float[Array, ""]

    @staticmethod
    def extracted(size: int, oscillator: int | None = None) -> "Output":
        """X = -P, or -P_o: the work that L = `size` oscillators, or one of them (from 0), give away."""
        weights = np.ones(size) if oscillator is None else np.arange(size) == oscillator
        return Output(*on_device((-weights.astype(float), np.zeros(()))))

    def form(self, work: Complex[Array, "*batch L L"], entropy: Complex[Array, "*batch L L"]) -> Any:
        """The Hermitian form of X from the forms of work and entropy production, (..., L, L).

        Args:
            work: W with P_l = Re sum_m conj(g_l) W_lm g_m for each harmonic: row l belongs to oscillator l.
            entropy: the Hermitian form of S.
        """
        weighted = self.weights[:, None] * work
        hermitian = (weighted + xp.conj(xp.swapaxes(weighted, -1, -2))) / 2.0
        return hermitian + self.entropy_weight * entropy

    def noise_form(self, noise: Complex[Array, "*batch L L"]) -> Any:
        """The form of the variance rate of X from that of all local powers; for c = 0."""
        return noise * (self.weights[:, None] * self.weights[None, :])

    def rate(self, local_powers: Float[Array, " L"], entropy: Float[Array, ""]) -> Float[Array, ""]:
        """X from the powers P_l and the entropy production rate S."""
        return jnp.sum(self.weights * local_powers) + self.entropy_weight * entropy

    def variance(self, local_powers: Float[Array, "L L"]) -> Float[Array, ""]:
        """Variance rate of X from the covariance of the local powers; for c = 0."""
        return self.weights @ local_powers @ self.weights
