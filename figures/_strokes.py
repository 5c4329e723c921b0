"""Textbook Otto cycles as a set of protocols: isochores with one valve open, strokes with both closed."""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

import qtopt
from qtopt.fronts import AbstractProtocols

SHORTEST, STEEPEST = 0.05, 0.1
"""Of a period: the shortest stroke; of an isochore: the shortest edge of its valve."""


class Strokes(NamedTuple):
    """Unconstrained parameters of one cycle; batches carry leading axes.

    Attributes:
        durations: of the hot isochore, expansion, cold isochore, compression, (4,).
        edges: how long the valves take to open and close, (2,).
        ends: largest and smallest frequency, (2,).
        frequency_logit: of the frequency of the cycle.
    """

    durations: Float[Array, "*batch 4"]
    edges: Float[Array, "*batch 2"]
    ends: Float[Array, "*batch 2"]
    frequency_logit: Float[Array, "*batch"]


class FourStrokes(AbstractProtocols):
    """Four strokes of one oscillator between the baths "hot" and "cold", with every duration and ramp free.

    The squared frequency omega^2 (1 + g) rests while a valve is open and moves as a half cosine while both
    are closed; valves open and close as half cosines within their isochore. All are Fourier series smoothed
    by Jackson's kernel, which is nowhere negative: whatever the number N of harmonics, no shape leaves its
    bounds, and edges shorter than about 1/N of a period become about as long as that.

    Attributes:
        bounds: lowest and highest g of the frequency.
    """

    harmonics: int = eqx.field(static=True)
    frequency_range: tuple[float, float] = eqx.field(static=True)
    bounds: tuple[float, float] = eqx.field(static=True)

    def drive(self, parameters: Strokes) -> qtopt.Protocol:
        """The protocol of some parameters."""
        d = SHORTEST + (1.0 - 4.0 * SHORTEST) * jax.nn.softmax(parameters.durations)
        low, high = self.bounds
        top = low + (high - low) * jax.nn.sigmoid(parameters.ends[0])
        bottom = low + (top - low) * jax.nn.sigmoid(parameters.ends[1])
        edges = (STEEPEST + (0.5 - STEEPEST) * jax.nn.sigmoid(parameters.edges)) * d[::2]
        cold = d[0] + d[1]
        valves = (
            self._pulse(0.5 * edges[0], d[0] - 0.5 * edges[0], edges[0], edges[0]),
            self._pulse(cold + 0.5 * edges[1], cold + d[2] - 0.5 * edges[1], edges[1], edges[1]),
        )
        moved = self._pulse(-0.5 * d[3], d[0] + 0.5 * d[1], d[3], d[1])
        square = (bottom + (top - bottom) * moved[0], *((top - bottom) * part for part in moved[1:]))
        frequency = self.drive_frequency(parameters.frequency_logit)
        targets = ("baths.hot", "baths.cold", "frequencies")
        return qtopt.Protocol(
            [
                qtopt.FourierDrive(frequency, mean[None], cosine[None], sine[None], target=target)
                for target, (mean, cosine, sine) in zip(targets, (*valves, square), strict=True)
            ]
        )

    def _pulse(self, up: Array, down: Array, rise: Array, fall: Array) -> tuple[Array, Array, Array]:
        """Mean, cosine and sine of a pulse from 0 to 1 whose edges, half cosines, have these middles."""
        n, last = np.arange(1, self.harmonics + 1), self.harmonics + 2
        x = np.pi / last  # Jackson's kernel, equation (71) of Weisse et al., Rev. Mod. Phys. 78, 275 (2006)
        kernel = ((last - n) * np.cos(n * x) + np.sin(n * x) / np.tan(x)) / last

        def edge(at: Array, width: Array) -> tuple[Array, Array]:
            y = 2.0 * n * width  # the slope of a half cosine has the transform cos(pi y/2)/(1 - y^2)
            weight = kernel * 0.5 * jnp.pi * jnp.sinc(0.5 * (1.0 - y)) / (1.0 + y) / (jnp.pi * n)
            return -weight * jnp.sin(2.0 * jnp.pi * n * at), weight * jnp.cos(2.0 * jnp.pi * n * at)

        (c1, s1), (c2, s2) = edge(up, rise), edge(down, fall)
        return down - up, c1 - c2, s1 - s2

    def starts(self, seed: int, machine: qtopt.Machine, count: int) -> Strokes:
        """Random durations and ramps; most of the allowed frequencies are used."""
        random = np.random.default_rng(seed)
        durations, edges = (jnp.asarray(random.normal(size=(count, n))) for n in (4, 2))
        ends = np.array([2.0, -2.0]) + random.normal(size=(count, 2))
        low, high = np.log(self.frequency_range)
        logit = self.logit_of(jnp.asarray(np.exp(random.uniform(low, high, count))))
        return Strokes(durations, edges, jnp.asarray(ends), logit)

    @property
    def example(self) -> qtopt.Protocol:
        """The cycle of equal strokes at the lowest frequency."""
        return self.equal().with_frequency(self.frequency_range[0])

    def equal(self, ends: float = 20.0) -> qtopt.Protocol:
        """The cycle of equal strokes, with the whole range of frequencies."""
        return self.drive(
            Strokes(jnp.zeros(4), jnp.full(2, -20.0), ends * jnp.array([1.0, -1.0]), jnp.zeros(()))
        )
