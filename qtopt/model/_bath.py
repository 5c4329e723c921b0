"""A bath: a spectral density at a temperature, coupled to the oscillators."""

from collections.abc import Sequence
from typing import Any, Literal

import equinox as eqx
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from ..errors import InputError
from ..numerics import to_array
from .spectral_densities import AbstractSpectralDensity

Coupling = Literal["driven", "static"] | ArrayLike | Sequence[float]


def _to_couplings(value: Coupling | None) -> Any:
    """None of a driven bath, otherwise an array; "static" is a single 1."""
    if isinstance(value, str):
        if value not in ("driven", "static"):
            raise InputError(
                f'the coupling of a bath must be "driven", "static" or one number per oscillator, but it is '
                f"{value!r}."
            )
        return None if value == "driven" else jnp.ones(())
    return None if value is None else to_array(value)


class Bath(eqx.Module):
    """A bosonic bath and how the oscillators couple to it: through q = sum_l g_l x_l.

    Attributes:
        name: label used in results and messages.
        temperature: T > 0 (k_B = 1).
        spectral_density: J(omega).
        coupling: given as "driven", the g_l(t) are those of the drive, and the attribute is then None;
            given as "static" or as numbers, (L,) constant g_l. "static" and a single number mean the same
            for every oscillator; the `Machine` knows how many there are and stores (L,) numbers.

    Raises:
        InputError: another word for the coupling.
    """

    name: str = eqx.field(static=True)
    temperature: Float[Array, ""] = eqx.field(converter=to_array)
    spectral_density: AbstractSpectralDensity
    coupling: Float[Array, " L"] = eqx.field(converter=_to_couplings)

    @property
    def driven(self) -> bool:
        """Whether the couplings follow the drive."""
        return self.coupling is None


def has_friction(baths: Sequence[Bath]) -> bool:
    """Whether one of them is (in part) memoryless; momenta then have no finite variance. Runs on the host."""
    return any(float(bath.spectral_density.expansion().viscosity) > 0.0 for bath in baths)
