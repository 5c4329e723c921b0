"""The drives that a front searches, as unconstrained parameters."""

from typing import Literal, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ..model import BoundedDrive, FourierDrive

Bound = Literal["peak", "rms"]
STEEPNESS = 16.0


class DriveParameters(NamedTuple):
    """Unconstrained parameters of one drive; batches carry leading axes.

    Attributes:
        mean: (L,).
        cosine: (L, N).
        sine: (L, N).
        position: logit of the frequency within the searched range, on a logarithmic scale.
    """

    mean: Float[Array, "*batch L"]
    cosine: Float[Array, "*batch L N"]
    sine: Float[Array, "*batch L N"]
    position: Float[Array, "*batch"]


class SearchSpace(eqx.Module):
    """Maps parameters to drives that obey the bound by construction.

    "peak": |g_l(t)| <= 1 at all times, a `BoundedDrive` whose series u has a root-mean-square slope below
    STEEPNESS (switching no faster than about 1/100 of a period, so that 4 max(N, 16) harmonics suffice).
    "rms": sum_l mean(g_l^2) = L/2, a `FourierDrive` scaled onto the bound (a stronger drive at the same
    efficiency gives more power, so fronts lie on it).

    Attributes:
        bound: "peak" or "rms".
        oscillators: L.
        harmonics: searched harmonics N.
        frequency: (low, high); equal ends fix the frequency.
    """

    bound: Bound = eqx.field(static=True)
    oscillators: int = eqx.field(static=True)
    harmonics: int = eqx.field(static=True)
    frequency: tuple[float, float] = eqx.field(static=True)

    def drive(self, parameters: DriveParameters) -> BoundedDrive | FourierDrive:
        """The drive of one set of parameters."""
        mean, cosine, sine = parameters.mean, parameters.cosine, parameters.sine
        frequency = self.drive_frequency(parameters.position)
        order = jnp.arange(1, self.harmonics + 1)
        if self.bound == "peak":
            slope = jnp.sum(order**2 * (cosine**2 + sine**2), axis=-1) / 2.0
            scale = STEEPNESS / jnp.sqrt(STEEPNESS**2 + slope)
            return BoundedDrive(frequency, mean * scale, cosine * scale[:, None], sine * scale[:, None])
        square = jnp.sum(mean**2) + jnp.sum(cosine**2 + sine**2) / 2.0
        scale = jnp.sqrt(self.oscillators / 2.0 / square)
        return FourierDrive(frequency, mean * scale, cosine * scale, sine * scale)

    def parameters(
        self, mean: np.ndarray, cosine: np.ndarray, sine: np.ndarray, frequency: float
    ) -> DriveParameters:
        """Parameters of the drive with this series and frequency: the inverse of `drive`."""
        scale = np.ones(len(mean))
        if self.bound == "peak":
            order = np.arange(1, self.harmonics + 1)
            slope = np.sum(order**2 * (cosine**2 + sine**2), axis=-1) / 2.0
            scale = STEEPNESS / np.sqrt(np.maximum(STEEPNESS**2 - slope, 1e-3 * STEEPNESS**2))
        series = (mean * scale, cosine * scale[:, None], sine * scale[:, None])
        position = self.position(jnp.asarray(frequency))
        return DriveParameters(*jax.tree.map(jnp.asarray, (*series, position)))

    def folded(self, parameters: DriveParameters) -> DriveParameters | None:
        """The same drive at k times the frequency, k its strongest harmonic; None if that leaves the range.

        A shape g(k theta) uses N/k of its N searched harmonics; at k Omega it has all to improve with.
        """
        drive = _drive(self, parameters)
        shape = [np.asarray(drive.mean), np.asarray(drive.cosine), np.asarray(drive.sine)]
        strength = np.sum(shape[1] ** 2 + shape[2] ** 2, axis=0)
        k = int(np.argmax(strength)) + 1
        frequency = k * float(drive.frequency)
        if k == 1 or frequency > self.frequency[1]:
            return None
        cosine, sine = np.zeros_like(shape[1]), np.zeros_like(shape[2])
        kept = len(strength) // k
        cosine[:, :kept], sine[:, :kept] = shape[1][:, k - 1 :: k], shape[2][:, k - 1 :: k]
        return self.parameters(shape[0], cosine, sine, frequency)

    def drive_frequency(self, position: Float[Array, "*batch"]) -> Float[Array, "*batch"]:
        """Omega = low (high/low)^sigmoid(position)."""
        low, high = self.frequency
        return low * (high / low) ** jax.nn.sigmoid(position)

    def position(self, frequency: Float[Array, "*batch"]) -> Float[Array, "*batch"]:
        """Inverse of `drive_frequency`, kept away from the ends of the range."""
        low, high = self.frequency
        if low == high:
            return jnp.zeros_like(frequency)
        fraction = jnp.log(frequency / low) / jnp.log(high / low)
        return jax.scipy.special.logit(jnp.clip(fraction, 1e-3, 1.0 - 1e-3))

    @property
    def kept_harmonics(self) -> int:
        """Harmonics that the search counts: those that the drive's own evaluation counts."""
        return self.harmonics if self.bound == "rms" else 4 * max(self.harmonics, 16)

    def random(self, key: Array, frequencies: Float[Array, " B"]) -> DriveParameters:
        """Random shapes, one for each frequency, with amplitudes falling as 1/n."""
        keys = jax.random.split(key, 3)
        count = frequencies.shape[0]
        order = jnp.arange(1, self.harmonics + 1)
        shape = (count, self.oscillators, self.harmonics)
        return DriveParameters(
            0.1 * jax.random.normal(keys[0], (count, self.oscillators)),
            2.0 * jax.random.normal(keys[1], shape) / order,
            2.0 * jax.random.normal(keys[2], shape) / order,
            self.position(frequencies),
        )


_drive = eqx.filter_jit(SearchSpace.drive)
