"""Output and entropy production of the weak theory, from tabulated quadratic forms."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from ...model import AbstractDrive
from ...numerics import to_array
from ._forms import Forms
from ._rates import Model, Rates


class WeakModel(Model):
    """(X, S) with X = aP + bS.

    Attributes:
        forms: of power and entropy production.
        harmonics: counted harmonics of the drive.
        gain: (a, b), an array so that trade-offs share programs.
    """

    forms: Forms
    harmonics: int = eqx.field(static=True)
    gain: Float[Array, "2"] = eqx.field(converter=to_array, default=(-1.0, 0.0), kw_only=True)

    def rates(self, drive: AbstractDrive) -> Rates:
        power, entropy = self.forms.at(drive.frequency).rates(drive.harmonics(self.harmonics))
        return self.gain[0] * power + self.gain[1] * entropy, jnp.asarray(entropy)
