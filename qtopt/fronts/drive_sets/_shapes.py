"""The harmonics of drives with their first two derivatives in the numbers of a drive set."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float

from ...numerics import irfft, rfft


class Shapes(NamedTuple):
    """The harmonics g_n of the shapes of one drive, and how they follow its numbers, in B groups.

    What belongs to a group depends on the numbers of that group only: every oscillator is a group of its own
    where a drive set is `separate`, else all are in one. A group has R numbers and O oscillators.

    Attributes:
        harmonics: [Re g_0..N, Im g_0..N].
        slopes: their derivatives in the numbers of their group.
        bends: ``sum_i weight_i c_i''`` of given weights of the harmonics c.
    """

    harmonics: Float[Array, "B O a"]
    slopes: Float[Array, "B R O a"]
    bends: Callable[[Float[Array, "B O a"]], Float[Array, "B R R"]]


def differentiated(
    harmonics: Callable[[Float[Array, "L K"]], Complex[Array, "n L"]],
    numbers: Float[Array, "L K"],
    separate: bool,
) -> Shapes:
    """The shapes of any drive set by differentiation: one direction for each number.

    Where no oscillator knows the numbers of another, one direction serves all of them at once.

    Args:
        harmonics: of the drive with such numbers.
        numbers: those of the drive.
        separate: see `AbstractDriveSet`.
    """
    oscillators, size = numbers.shape
    if separate:
        seeds = jnp.broadcast_to(jnp.eye(size)[:, None], (size, oscillators, size))
    else:
        seeds = jnp.eye(numbers.size).reshape(-1, oscillators, size)

    def grouped(found: Float[Array, "*S L a"]) -> Float[Array, "B *S O a"]:
        return jnp.moveaxis(found, -2, 0)[..., None, :] if separate else found[None]

    def parts(numbers: Float[Array, "L K"]) -> Float[Array, "L a"]:
        found = harmonics(numbers).T
        return jnp.concatenate([found.real, found.imag], axis=1)

    c, tangent = jax.linearize(parts, numbers)

    def bends(weight: Float[Array, "B O a"]) -> Float[Array, "B R R"]:
        flat = weight.reshape(c.shape)
        _, turn = jax.linearize(jax.grad(lambda numbers: jnp.sum(flat * parts(numbers))), numbers)
        turned = jax.vmap(turn)(seeds)
        return jnp.moveaxis(turned, 1, 0) if separate else turned.reshape(1, numbers.size, -1)

    return Shapes(grouped(c), grouped(jax.vmap(tangent)(seeds)), bends)


class ScaledSeries(NamedTuple):
    """Shapes g_l = f(u_l) of scaled series u_l = s_l v_l, in the numbers of the series v.

    Every number multiplies one wave of 1, cos(k t) and sin(k t), so that derivatives of harmonics of g are
    harmonics of f'(u) and f''(u) that stand k and k' places further up and down.

    Attributes:
        series: u at P equal steps of one period.
        shape: f(u) there.
        slope: f'(u) there.
        bend: f''(u) there.
        factor: s and its first two derivatives in the numbers of its oscillator.

    Source: theory (9.26), (9.27).
    """

    series: Float[Array, "L P"]
    shape: Float[Array, "L P"]
    slope: Float[Array, "L P"]
    bend: Float[Array, "L P"]
    factor: tuple[Float[Array, " L"], Float[Array, "L K"], Float[Array, "L K K"]]

    def shapes(self, count: int) -> Shapes:
        """The shapes with harmonics 0..count."""
        points = self.series.shape[-1]
        scale, first, _ = self.factor
        size = (first.shape[-1] - 1) // 2
        lift = self.slope * self.series / scale[:, None]
        found = _spectrum(jnp.stack([self.shape, lift, self.slope * scale[:, None]]) / points)
        c, along = _first(found[:2], count)
        slopes = _beside(found[2], size, count, first[..., None] * along[:, None])

        def bends(weight: Float[Array, "L 1 a"]) -> Float[Array, "L K K"]:
            return self._bends(weight[:, 0], size)

        return Shapes(c[:, None], slopes[:, :, None], bends)

    def _bends(self, weight: Float[Array, "L a"], size: int) -> Float[Array, "L K K"]:
        points = self.series.shape[-1]
        scale, first, second = self.factor
        halves = jnp.where(jnp.arange(weight.shape[-1] // 2) == 0, 1.0, 0.5)
        real, imag = jnp.split(weight, 2, axis=-1)
        over = irfft(jax.lax.complex(halves * real, -halves * imag), points)
        steep, bent = over * self.slope, over * self.bend
        found = _spectrum(jnp.stack([bent, steep + bent * self.series]))
        twice = _numbers(_beside(found[0], size, size), size)
        mixed = _numbers(_first(found[1], size), size)
        ahead = self.series / scale[:, None]
        pull, twist = jnp.sum(steep * ahead, axis=-1), jnp.sum(bent * ahead**2, axis=-1)
        crossed = mixed[:, :, None] * first[:, None]
        return (
            scale[:, None, None] ** 2 * twice
            + crossed
            + jnp.swapaxes(crossed, 1, 2)
            + twist[:, None, None] * first[:, :, None] * first[:, None]
            + pull[:, None, None] * second
        )


def _spectrum(values: Float[Array, "*batch P"]) -> Float[Array, "*batch 2 m"]:
    """``sum_j values_j e^(i m t_j)``, real and imaginary parts, m = 0..P/2."""
    found = rfft(values)
    return jnp.stack([found.real, -found.imag], axis=-2)


def _first(spectrum: Float[Array, "*batch 2 m"], count: int) -> Float[Array, "*batch a"]:
    """Harmonics 0..count of a spectrum."""
    return spectrum[..., : count + 1].reshape(*spectrum.shape[:-2], -1)


def _beside(
    spectrum: Float[Array, "*batch 2 m"],
    size: int,
    count: int,
    more: Float[Array, "*batch K a"] | float = 0.0,
) -> Float[Array, "*batch K a"]:
    """Harmonics 0..count of a function times each of the waves 1, cos(k t), sin(k t), and more; k = 1..size.

    One look-up each of the harmonics above and below; XLA keeps a concatenation and computes it once.
    """
    half = spectrum.shape[-1] - 1
    signed = jnp.concatenate([spectrum, -spectrum], axis=-2).reshape(*spectrum.shape[:-2], -1) / 2.0
    order, wave = np.arange(count + 1), np.arange(size + 1)[:, None]

    def places(order: np.ndarray, *parts: tuple[bool, bool]) -> np.ndarray:
        """Where (imaginary, negative) parts of harmonics stand: that of P - m is the conjugate of m's."""
        within = order % (2 * half)
        mirrored = within > half
        found = np.where(mirrored, 2 * half - within, within)
        turns = (2 * (negative ^ (imaginary & mirrored)) + imaginary for imaginary, negative in parts)
        return np.concatenate([(half + 1) * turn + found for turn in turns], axis=1)

    real, imag, less_real, less_imag = (False, False), (True, False), (False, True), (True, True)
    above, below = order + wave, order - wave
    cosine = signed[..., places(above, real, imag)] + signed[..., places(below, real, imag)]
    sine = signed[..., places(above, imag, less_real)[1:]] + signed[..., places(below, less_imag, real)[1:]]
    more = jnp.broadcast_to(more, (*spectrum.shape[:-2], 2 * size + 1, 2 * count + 2))
    return jnp.concatenate([cosine + more[..., : size + 1, :], sine + more[..., size + 1 :, :]], axis=-2)


def _numbers(harmonics: Float[Array, "*batch a"], size: int) -> Float[Array, "*batch K"]:
    """Sums over a function times 1, cos(k t), sin(k t), from its harmonics 0..size: all but the sine of 0."""
    return jnp.delete(harmonics, size + 1, axis=-1, assume_unique_indices=True)
