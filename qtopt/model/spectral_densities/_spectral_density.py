"""What every bath spectrum knows about itself."""

from abc import abstractmethod
from typing import Any, ClassVar, NamedTuple, Self

import equinox as eqx
import jax
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Complex, Float, Inexact

from ...numerics import spread
from ...schema import Shown, in_units


class PoleExpansion(NamedTuple):
    """Memory kernel by its poles, ``K(w) = static - i viscosity w - sum_p residues_p / (w - poles_p)``.

    Here ``static`` is chi_B(0), ``viscosity`` the memoryless (Ohmic) part, and the poles lie in the lower
    half plane; ``sum_p residues_p / (w - poles_p)`` is the retarded bath response chi_B(w).

    Source: theory (1.15).
    """

    static: Float[Array, ""]
    viscosity: Float[Array, ""]
    poles: Complex[Array, " P"]
    residues: Complex[Array, " P"]


class Memory(NamedTuple):
    """The bath as m memory variables r behind its coordinate q, driven by one noise eta:

        dr/dt = dynamics r + input q + noise eta,
        force = -static q - viscosity dq/dt + output r + sqrt(viscosity) eta,

    where eta has the symmetrised spectrum w coth(w/2T). Then ``static + output (iw + dynamics)^-1 input -
    i viscosity w`` is K(w) and the noise of the force has the spectrum J(w) coth(w/2T). No dq/dt enters
    r, so couplings may jump. m = 0 for a memoryless bath.

    Through the row `outlet` leaves the heat that the bath absorbs: its response to dq/dt,
    ``outlet (-iw - dynamics)^-1 dynamics^-1 input``, has the squared modulus J(w)/w.

    Source: theory (1.18), (1.19), (1.21).
    """

    dynamics: Float[Array, "m m"]
    input: Float[Array, " m"]
    output: Float[Array, " m"]
    noise: Float[Array, " m"]
    outlet: Float[Array, " m"]
    static: Float[Array, ""]
    viscosity: Float[Array, ""]


class AbstractSpectralDensity(Shown, eqx.Module):
    """Spectrum J(omega) of a bath, and everything that follows from it, at complex frequencies.

    Conventions (hbar = k_B = m = 1): retarded functions are analytic for Im omega > 0, Im chi_B = J on the
    real axis, and K(omega) = chi_B(0) - chi_B(omega). A new spectrum is one new file with one final subclass,
    whose numbers `qtopt.schema.parameter` declares and which `qtopt.register` enters under its `kind`.

    `finite_force_variance` says whether J falls faster than 1/omega, so that <F^2> is finite.

    Source: theory (1.7) and (1.8).
    """

    family: ClassVar[str] = "spectral density"
    finite_force_variance: ClassVar[bool] = False
    remembers: ClassVar[bool | None] = None
    """Whether all of K has memory (True) or none of it (False); None: the expansion of each bath tells."""
    on_host: ClassVar[bool] = False
    """Whether its formulas, written with `qtopt.numerics.xp`, also run on NumPy arrays, without compiling."""
    proportional_to: ClassVar[tuple[str, str] | None] = None
    """A field that J is proportional to, and the symbol that figures give it."""

    @abstractmethod
    def density(self, omega: ArrayLike) -> Inexact[Array, "..."]:
        """The spectral density J(omega), odd and continued analytically to complex omega of any shape."""

    @abstractmethod
    def response(self, omega: ArrayLike) -> Complex[Array, "..."]:
        """The retarded bath response chi_B(omega) without its memoryless part, for omega of any shape."""

    @abstractmethod
    def memory_kernel(self, omega: ArrayLike) -> Complex[Array, "..."]:
        """The memory kernel K(omega) = chi_B(0) - chi_B(omega) = -i omega gamma(omega) of any shape."""

    @abstractmethod
    def memory_kernel_slope(self, a: ArrayLike, b: ArrayLike) -> Complex[Array, "..."]:
        """The divided difference [K(a) - K(b)]/(a - b) without cancellation, also at a = b: theory (1.17)."""

    def in_units(self, unit: float) -> Any:
        """The same spectrum with every frequency multiplied by `unit` (J by its square, as m = 1)."""
        return in_units(self, unit)

    def spread(self, shape: tuple[int, ...]) -> Self:
        """The same spectrum for frequencies of this shape, with every number at every point.

        Reverse mode is then shorter, see `qtopt.numerics.spread`; spectra with arrays stay as they are.
        """
        if any(np.ndim(leaf) for leaf in jax.tree.leaves(self)):
            return self
        return spread(self, shape)

    def prefactor(self) -> tuple[float | None, str]:
        """The number that J is proportional to, and its symbol; None where no field is one."""
        if self.proportional_to is None:
            return None, ""
        name, symbol = self.proportional_to
        return float(getattr(self, name)), symbol

    def source(self) -> str:
        """What the numbers come from beside the fields, such as a file: part of fingerprints."""
        return ""

    def remarks(self) -> tuple[str, ...]:
        """What a reader of results should know about it, such as how well it describes given data."""
        return ()

    @abstractmethod
    def expansion(self) -> PoleExpansion:
        """The kernel by its poles."""

    def has_memory(self) -> bool:
        """Whether K has poles; their number is known inside a trace, too."""
        return self.expansion().poles.shape[0] > 0 if self.remembers is None else self.remembers

    @abstractmethod
    def memory(self) -> Memory:
        """The bath as memory variables, for the exact solver and the time domain."""
