"""Sets of drives that a front searches, as unconstrained parameters."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float

from ...files import ParetoSection
from ...model import AbstractDrive
from ...numerics import on_device, xp
from ...programs import kept_program
from ._shapes import Shapes, differentiated

NOISE = 0.1
"""Strength of a random drive that is added to one that begins at a known harmonic."""
SOFTEST, STEEPEST = 0.8, 5.0
"""Amplitudes that a known harmonic begins with: where drives are bounded, from nearly cosines to squares."""
EDGE = 1e-3
"""Fraction of the searched range, by logarithm, that known frequencies keep from its ends, where the logit is
infinite: 1 becomes 0.997 and 0.05 becomes 0.05015 where the range is [0.05, 1]."""


class DriveParameters(NamedTuple):
    """Unconstrained parameters of one drive of L oscillators and N harmonics; batches carry leading axes.

    Attributes:
        mean: of each series, (L,).
        cosine: amplitudes, (L, N).
        sine: amplitudes, (L, N).
        frequency_logit: logit of the drive frequency within the searched range, on a logarithmic scale.
    """

    mean: Float[Array, "*batch L"]
    cosine: Float[Array, "*batch L N"]
    sine: Float[Array, "*batch L N"]
    frequency_logit: Float[Array, "*batch"]


class AbstractDriveSpace(eqx.Module):
    """Whatever a search may drive: a map from unconstrained parameters to drives.

    Attributes:
        harmonics: most searched harmonics N of each drive.
        frequency_range: lowest and highest drive frequency; equal ends fix it.
    """

    harmonics: eqx.AbstractVar[int]
    frequency_range: eqx.AbstractVar[tuple[float, float]]

    @abstractmethod
    def drive(self, parameters: Any) -> AbstractDrive:
        """The drive that parameters stand for."""

    @abstractmethod
    def folded(self, parameters: Any) -> Any:
        """The same drive at a multiple of its frequency, or None."""

    def drive_frequency(self, frequency_logit: Float[Array, "*batch"]) -> Float[Array, "*batch"]:
        """Omega = low (high/low)^sigmoid(frequency_logit): theory (9.11)."""
        low, high = self.frequency_range
        return low * (high / low) ** jax.nn.sigmoid(frequency_logit)

    def logit_of(self, drive_frequency: Float[Array, "*batch"]) -> Float[Array, "*batch"]:
        """The inverse of `drive_frequency`, kept away from the ends of the range."""
        low, high = self.frequency_range
        if low == high:
            return xp.zeros_like(drive_frequency)
        fraction = xp.log(drive_frequency / low) / xp.log(high / low)
        inside = xp.clip(fraction, EDGE, 1.0 - EDGE)
        return xp.log(inside / (1.0 - inside))


class AbstractDriveSet(AbstractDriveSpace):
    """All drives that a front allows: a map from parameters to drives that obey a bound by construction.

    A subclass says what drive some parameters stand for, and the reverse where it scales them. Nothing else
    depends on the bound, except certificates: they hold for the set that `certified_as` names, of which this
    one is a part.
    """

    family: ClassVar[str] = "drive set"
    kind: eqx.AbstractClassVar[str]
    """Name of the set in configuration files."""
    certified_as: eqx.AbstractClassVar[str]
    """"peak", all drives with |g_l(t)| <= 1, or "rms", all with sum_l mean(g_l^2) <= L/2."""
    separate: ClassVar[bool] = False
    """Whether the shape of each oscillator depends on its own parameters only."""
    harmonics: int = eqx.field(static=True, default=ParetoSection.harmonics)
    frequency_range: tuple[float, float] = eqx.field(static=True, default=ParetoSection().frequency_range)

    @abstractmethod
    def drive(self, parameters: DriveParameters) -> AbstractDrive:
        """The drive that parameters stand for, a series with fields `mean`, `cosine` and `sine`."""

    def shapes(self, parameters: DriveParameters, count: int) -> Shapes:
        """Harmonics 0..count of the drive that parameters stand for, with their derivatives in the shapes.

        By differentiation; a subclass that knows them in closed form says so.
        """
        mean, cosine, sine, logit = parameters

        def harmonics(numbers: Float[Array, "L K"]) -> Complex[Array, "n L"]:
            parts = numbers[:, 0], numbers[:, 1 : self.harmonics + 1], numbers[:, self.harmonics + 1 :]
            return self.drive(DriveParameters(*parts, logit)).harmonics(count)

        numbers = jnp.concatenate([mean[:, None], cosine, sine], axis=1)
        return differentiated(harmonics, numbers, self.separate)

    def unscaled(self, *series: np.ndarray) -> tuple[np.ndarray, ...]:
        """Mean, cosine and sine of the parameters whose drive has this series: by default the same."""
        return series

    def parameters(
        self, mean: np.ndarray, cosine: np.ndarray, sine: np.ndarray, drive_frequency: float
    ) -> DriveParameters:
        """The parameters that stand for the drive with this series: the inverse of `drive`.

        A frequency within EDGE of an end of the range, as a fraction of it by logarithm, moves to EDGE.
        """
        mean, cosine, sine = self.unscaled(mean, cosine, sine)
        at: Any = np.asarray(drive_frequency)
        return DriveParameters(*on_device((mean, cosine, sine, self.logit_of(at))))

    def parameters_of(self, drives: Sequence[AbstractDrive]) -> DriveParameters:
        """The parameters of some drives of the set, stacked."""
        each = (self.parameters(*_series(drive), float(drive.frequency)) for drive in drives)
        return jax.tree.map(lambda *leaves: jnp.stack(leaves), *each)

    def folded(self, parameters: DriveParameters) -> DriveParameters | None:
        """The same drive at k times the frequency, k its strongest harmonic; None if that leaves the range.

        A shape g(k theta) uses N/k of its N searched harmonics; at k Omega it has all to improve with.
        """
        drive = _drive(self, parameters)
        mean, *shape = _series(drive)
        k = int(np.argmax(np.sum(shape[0] ** 2 + shape[1] ** 2, axis=0))) + 1
        drive_frequency = k * float(drive.frequency)
        if k == 1 or drive_frequency > self.frequency_range[1]:
            return None
        kept = shape[0].shape[1] // k
        cosine, sine = np.zeros_like(shape[0]), np.zeros_like(shape[1])
        cosine[:, :kept], sine[:, :kept] = (part[:, k - 1 :: k] for part in shape)
        return self.parameters(mean, cosine, sine, drive_frequency)

    @property
    def kept_harmonics(self) -> int:
        """Harmonics that a search counts: those that the evaluation of a drive of this set counts."""
        series: Any = np.zeros((1, self.harmonics))
        mean, logit = series[:, 0], series[0, 0]
        example = DriveParameters(mean, series, series, logit)
        return eqx.filter_eval_shape(self.drive, example).default_harmonics

    def random(self, key: Array, frequencies: Float[Array, " B"], oscillators: int) -> DriveParameters:
        """Random shapes, one for each drive frequency, with amplitudes falling as 1/n."""
        keys = jax.random.split(key, 3)
        count = frequencies.shape[0]
        order = jnp.arange(1, self.harmonics + 1)
        shape = (count, oscillators, self.harmonics)
        return DriveParameters(
            0.1 * jax.random.normal(keys[0], (count, oscillators)),
            2.0 * jax.random.normal(keys[1], shape) / order,
            2.0 * jax.random.normal(keys[2], shape) / order,
            self.logit_of(frequencies),
        )

    def starts(
        self, seed: int, harmonic_frequency: Float[Array, " B"], pattern: Complex[Array, "B L"]
    ) -> DriveParameters:
        """Where a search begins: random drives, and one in two with a harmonic that is known to be good.

        The pattern of amplitudes and phases stands at harmonic k of the drive frequency nu/k, k as small as
        the range allows for every second of them and random for the others, with a random amplitude and some
        noise.

        Args:
            seed: of the random numbers.
            harmonic_frequency: nu of the good harmonic for each start; 0 where none is known.
            pattern: complex amplitudes g_n at nu.
        """
        return _starts(self, on_device(np.asarray(seed)), harmonic_frequency, pattern)


def _series(drive: AbstractDrive) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    mean, cosine, sine = (np.asarray(getattr(drive, name)) for name in ("mean", "cosine", "sine"))
    return mean, cosine, sine


@kept_program
def _drive(drive_set: AbstractDriveSet, parameters: DriveParameters) -> AbstractDrive:
    return drive_set.drive(parameters)


@kept_program
def _starts(
    drive_set: AbstractDriveSet, seed: Array, nu: Float[Array, " B"], pattern: Complex[Array, "B L"]
) -> DriveParameters:
    count, oscillators = pattern.shape
    low, high = drive_set.frequency_range
    shapes, spread, choice, phase, size = jax.random.split(jax.random.key(seed), 5)
    frequencies = jnp.exp(jax.random.uniform(spread, (count,), minval=jnp.log(low), maxval=jnp.log(high)))
    first = jnp.ceil(nu / high * (1.0 - 1e-9))
    last = jnp.clip(jnp.floor(nu / low * (1.0 + 1e-9)), first, drive_set.harmonics)
    index = jnp.arange(count)
    draw = jax.random.uniform(choice, (count,))
    k = jnp.where(index % 4 == 0, first, first + jnp.floor(draw * (last - first + 1.0)))
    informed = (index % 2 == 0) & (k <= drive_set.harmonics) & (nu > 0.0)
    at = jnp.where(informed, jnp.clip(nu / k, low, high), frequencies)
    random = drive_set.random(shapes, at, oscillators)
    turned = pattern * jnp.exp(2j * jnp.pi * jax.random.uniform(phase, (count, 1)))
    turned = turned * jax.random.uniform(size, (count, 1), minval=SOFTEST, maxval=STEEPEST)
    here = (jnp.arange(1, drive_set.harmonics + 1) == k[:, None])[:, None, :]

    def mixed(noise: Array, part: Array) -> Array:
        return jnp.where(informed[:, None, None], NOISE * noise + here * part[:, :, None], noise)

    # g_n = (cosine + i sine)/2
    mean = jnp.where(informed[:, None], NOISE * random.mean, random.mean)
    return DriveParameters(
        mean, mixed(random.cosine, turned.real), mixed(random.sine, turned.imag), random.frequency_logit
    )
