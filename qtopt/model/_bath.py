"""A bath: a spectral density at a temperature, coupled to the oscillators."""

from collections.abc import Sequence

import equinox as eqx
from jaxtyping import Array, Float

from ..numerics import to_array
from .spectral_densities import SpectralDensity


class Bath(eqx.Module):
    """What every bath has; final kinds are `DrivenBath` and `StaticBath`."""

    name: eqx.AbstractVar[str]
    temperature: eqx.AbstractVar[Float[Array, ""]]
    spectral_density: eqx.AbstractVar[SpectralDensity]


class DrivenBath(Bath):
    """A bath whose coupling follows the drive, q(t) = sum_l g_l(t) x_l.

    Attributes:
        name: label used in results and messages.
        temperature: T > 0 (k_B = 1).
        spectral_density: J(omega).
    """

    name: str = eqx.field(static=True)
    temperature: Float[Array, ""] = eqx.field(converter=to_array)
    spectral_density: SpectralDensity


class StaticBath(Bath):
    """A bath coupled with constant strengths, q = sum_l coupling_l x_l.

    Attributes:
        name: label used in results and messages.
        temperature: T > 0 (k_B = 1).
        spectral_density: J(omega).
        coupling: (L,) dimensionless couplings, usually all 1.
    """

    name: str = eqx.field(static=True)
    temperature: Float[Array, ""] = eqx.field(converter=to_array)
    spectral_density: SpectralDensity
    coupling: Float[Array, " L"] = eqx.field(converter=to_array)


def has_friction(baths: Sequence[Bath]) -> bool:
    """Whether one of them is (in part) memoryless; momenta then have no finite variance. Runs on the host."""
    return any(float(bath.spectral_density.expansion().viscosity) > 0.0 for bath in baths)
