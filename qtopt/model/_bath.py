"""A bath: a spectral density at a temperature, coupled to the oscillators."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import equinox as eqx
import numpy as np
from jax.core import Tracer
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from ..errors import InputError
from ..numerics import to_array
from ..schema import AbstractType, Numbers, Scope, Shown, parameter, suggestion, wrong
from .spectral_densities import AbstractSpectralDensity

WORDS = ("driven", "static")
_NUMBERS = Numbers(("L",))
Coupling = Literal["driven", "static"] | ArrayLike | Sequence[float]


def _to_couplings(value: Coupling | None) -> Any:
    """The couplings as an array, a single 1 for "static"; None for a driven bath."""
    if isinstance(value, str):
        if value not in WORDS:
            raise InputError(
                f'the coupling of a bath must be "driven", "static" or one number per oscillator, but it is '
                f"{value!r}."
            )
        return None if value == "driven" else np.ones(())
    return None if value is None else to_array(value)


@dataclass(frozen=True)
class _Couplings(AbstractType):
    """ "driven", "static" or one number for each oscillator."""

    numeric: ClassVar[bool] = True

    def must(self, scope: Scope) -> str:
        length = scope.size("L")
        return f'"driven", "static" or a list of {length or "numbers"}{" numbers" * bool(length)}'

    def read(self, value: object, path: str, scope: Scope) -> Any:
        if value in WORDS:
            return None if value == "driven" else np.ones(scope.size("L") or ())
        if not isinstance(value, list):
            raise wrong(path, self.must(scope), value, suggestion(value, WORDS))
        found = _NUMBERS.read(value, path, scope)
        if not np.any(found):
            must = "different from 0 for at least one oscillator"
            raise wrong(path, must, value, "leave the bath out instead")
        return found

    def plain(self, value: Any) -> object:
        if value is None:
            return "driven"
        return "static" if np.all(np.asarray(value) == 1.0) else _NUMBERS.plain(value)

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [{"enum": list(WORDS)}, _NUMBERS.schema()]}


class Bath(Shown, eqx.Module):
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

    Source: theory (1.1) and (1.2).
    """

    name: str = parameter(
        help="label in results and messages", must="a name, one line of text that is not blank", static=True
    )
    temperature: Float[Array, ""] = parameter(help="T", unit="temperature", positive=True, converter=to_array)
    spectral_density: AbstractSpectralDensity = parameter(help="J(omega)")
    coupling: Float[Array, " L"] = parameter(
        help='g_l: "driven" by the drive, "static" (all 1) or numbers',
        type=_Couplings(),
        converter=_to_couplings,
    )

    @property
    def driven(self) -> bool:
        """Whether the couplings follow the drive."""
        return self.coupling is None


def has_friction(baths: Sequence[Bath]) -> bool:
    """Whether one of them is (in part) memoryless; momenta then have no finite variance. Runs on the host."""
    return any(float(bath.spectral_density.expansion().viscosity) > 0.0 for bath in baths)


def is_mixed(bath: Bath) -> bool:
    """Whether a bath has both friction without memory and poles; False inside a trace, where nobody knows."""
    if bath.spectral_density.remembers is not None:
        return False
    expansion = bath.spectral_density.expansion()
    if expansion.poles.shape[0] == 0 or isinstance(expansion.viscosity, Tracer):
        return False
    return float(expansion.viscosity) > 0.0
