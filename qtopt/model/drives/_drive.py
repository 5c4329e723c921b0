"""What every drive knows about itself."""

from abc import abstractmethod
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Complex, Float

from ...schema import Shown


class AbstractDrive(Shown, eqx.Module):
    """Periodic couplings g_l(t), l = 1..L, of period 2 pi/frequency (dimensionless).

    Fourier convention: ``g_l(t) = sum_n g_{l,n} exp(-i n Omega t)``, ``g_{l,-n} = conj g_{l,n}``.
    A new family is one new file with one final subclass, whose numbers `qtopt.schema.parameter` declares and
    which `qtopt.register` enters under its `kind`.

    Source: theory (1.1), (1.5).
    """

    family: ClassVar[str] = "drive"

    frequency: eqx.AbstractVar[Float[Array, ""]]

    @property
    @abstractmethod
    def size(self) -> int:
        """Number of oscillators L."""

    @property
    @abstractmethod
    def default_harmonics(self) -> int:
        """Harmonics that a solver keeps unless told otherwise; exact for band-limited drives."""

    @property
    def lowest_harmonic(self) -> int:
        """1 where no drive of this kind has a mean, else 0: what solvers need not look at."""
        return 0

    @property
    def steps(self) -> int:
        """Equal steps of a period between which g_l(t) jumps and within which it is constant; 0 if smooth."""
        return 0

    @abstractmethod
    def __call__(self, time: ArrayLike) -> Float[Array, "... L"]:
        """g_l(t) at times of any shape; the oscillators are the last axis."""

    @abstractmethod
    def harmonics(self, count: int) -> Complex[Array, "count+1 L"]:
        """Fourier coefficients g_{l,n} for n = 0..count."""

    @abstractmethod
    def mean_square(self) -> Float[Array, " L"]:
        """Average of g_l(t)^2 over a period, all harmonics included."""

    def at_phases(self, phases: np.ndarray) -> tuple[Float[Array, "K L"], Float[Array, "K L"]]:
        """g_l and dg_l/dt at fixed fractions of the period, (K,) in [0, 1); whatever the frequency is."""
        period = 2.0 * jnp.pi / self.frequency
        times = period * phases
        return jax.jvp(self.__call__, (times,), (jnp.ones_like(times),))
