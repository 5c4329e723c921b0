"""What every drive knows about itself."""

from abc import abstractmethod
from typing import ClassVar, NamedTuple, Self

import equinox as eqx
import jax
import numpy as np
from jax.core import Tracer
from jax.typing import ArrayLike
from jaxtyping import Array, Complex, Float
from numpy.typing import NDArray

from ...numerics import directional, on_host, to_array, xp
from ...schema import Curve, Shown, parameter, sketch
from ._target import BATHS, PAIRS, TARGET, Pairs

PICTURE_POINTS = 241
"""of a period, in the picture of a notebook"""


class FourierSeries(NamedTuple):
    """Harmonics of a drive and how often each counts in a sum over all positive and negative n.

    Attributes:
        orders: (n,) static whole numbers n.
        weights: (n,) static; of a one-sided series 1 for n = 0 and 2 for n and -n together.
        amplitudes: (n, L) Fourier coefficients g_{l,n}.
    """

    orders: NDArray[np.int64]
    weights: NDArray[np.float64]
    amplitudes: Complex[Array, "n L"]

    @staticmethod
    def one_sided(amplitudes: Complex[Array, "n L"], lowest: int = 0) -> "FourierSeries":
        """The harmonics n = lowest, lowest + 1, ... with these coefficients."""
        orders = lowest + np.arange(amplitudes.shape[0])
        return FourierSeries(orders, np.where(orders == 0, 1.0, 2.0), amplitudes)

    def two_sided(self) -> "FourierSeries":
        """The same with n and -n apart, in ascending order."""
        mirrored = self.orders[::-1][: np.count_nonzero(self.orders)]
        orders = np.concatenate([-mirrored, self.orders])
        negative = xp.conj(self.amplitudes[::-1][: len(mirrored)])
        return FourierSeries(orders, xp.ones(len(orders)), xp.concatenate([negative, self.amplitudes]))


class AbstractDrive(Shown, eqx.Module):
    """Periodic shapes g_l(t), l = 1..L, of period 2 pi/frequency, and what they move.

    Fourier convention: ``g_l(t) = sum_n g_{l,n} exp(-i n Omega t)``, ``g_{l,-n} = conj g_{l,n}``.
    A new family is one new file with one final subclass, whose numbers `qtopt.schema.parameter` declares and
    which `qtopt.register` enters under its `kind`.

    Attributes:
        frequency: Omega > 0, the drive frequency; the first field of every drive.
        target: what moves. "baths": the couplings of every driven bath that has no drive of its own (one
            dimensionless shape per oscillator); "baths.NAME": those of this bath; "frequencies":
            ``omega_l^2 (1 + g_l(t))``; "springs": one spring constant for each of `pairs`, added to the
            static one; "forces": f_l(t).
        pairs: the oscillators that driven springs join, counted from 1.

    Source: theory (1.1), (1.5), (13.1).
    """

    family: ClassVar[str] = "drive"
    on_host: ClassVar[bool] = False
    """Whether its formulas, written with `qtopt.numerics.xp`, also run on NumPy arrays, without compiling."""

    frequency: Float[Array, ""] = parameter(
        help="Omega, the drive frequency", unit="frequency", positive=True, converter=to_array, shared=True
    )
    target: str = parameter(
        help="what moves, in [[drives]]", type=TARGET, static=True, default=BATHS, kw_only=True
    )
    pairs: Pairs = parameter(
        help="the oscillators that driven springs join", type=PAIRS, static=True, default=(), kw_only=True
    )

    @property
    @abstractmethod
    def size(self) -> int:
        """Number of shapes: of oscillators L, or of pairs for springs."""

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

    def with_frequency(self, drive_frequency: ArrayLike) -> Self:
        """The same shape at another drive frequency Omega; it can be traced."""
        return eqx.tree_at(lambda drive: drive.frequency, self, to_array(drive_frequency))

    @abstractmethod
    def __call__(self, time: ArrayLike) -> Float[Array, "... L"]:
        """g_l(t) at times of any shape; the oscillators are the last axis."""

    @abstractmethod
    def harmonics(self, count: int) -> Complex[Array, "count+1 L"]:
        """Fourier coefficients g_{l,n} for n = 0..count."""

    def series(self, count: int | None = None, lowest: int = 0) -> FourierSeries:
        """The harmonics n = lowest .. count (default: `default_harmonics`); no mean where there is none."""
        count = self.default_harmonics if count is None else count
        lowest = min(max(self.lowest_harmonic, lowest), count)
        return FourierSeries.one_sided(self.harmonics(count)[lowest:], lowest)

    @abstractmethod
    def mean_square(self) -> Float[Array, " L"]:
        """Average of g_l(t)^2 over a period, all harmonics included."""

    def at_phases(self, phases: np.ndarray) -> tuple[Float[Array, "K L"], Float[Array, "K L"]]:
        """g_l and dg_l/dt at fixed fractions of the period, (K,) in [0, 1); whatever the frequency is."""
        period = 2.0 * np.pi / self.frequency
        times = period * phases
        host = self.on_host and on_host(*jax.tree.leaves(self))
        return directional(self.__call__, times, xp.ones_like(times), host)

    def _repr_html_(self) -> str:
        """The numbers, and the couplings over one period where they are numbers."""
        return super()._repr_html_() + self._picture()

    def _picture(self) -> str:
        if any(isinstance(leaf, Tracer) for leaf in jax.tree.leaves(self)) or np.ndim(self.frequency):
            return ""
        phases = np.linspace(0.0, 1.0, PICTURE_POINTS)
        values = np.asarray(self(2.0 * np.pi * phases / self.frequency))
        curves = [Curve(phases, values[:, l], f"g_{l + 1}(t)") for l in range(self.size)]
        return sketch(curves, "Omega t/2 pi", "coupling")
