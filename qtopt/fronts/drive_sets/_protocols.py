"""Protocols: couplings, frequencies, springs and forces that are searched together."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ...files import SearchedDrive
from ...model import BATHS, FORCES, SPRINGS, AbstractDrive, BoundedDrive, Machine, Protocol, actuators
from ._drive_set import NOISE, AbstractDriveSpace
from ._peak import softening

WEAKEST, STRONGEST = 1.0, 5.0
"""Amplitudes of the strokes of a random cycle, from nearly cosines to squares."""
CLOSED = 0.8
"""Most of its amplitude by which a valve of a random cycle is closed on average."""
FAR = 4.0
"""u at which a shape is at its bound, but for less than a thousandth of the range."""
LATE = 0.06
"""Of a period: how far the strokes of a random cycle are from their places (standard deviation)."""


class Series(NamedTuple):
    """The series u of one drive with A shapes and N harmonics; batches carry leading axes.

    Attributes:
        mean: (A,).
        cosine: amplitudes, (A, N).
        sine: amplitudes, (A, N).
    """

    mean: Float[Array, "*batch A"]
    cosine: Float[Array, "*batch A N"]
    sine: Float[Array, "*batch A N"]


class ProtocolParameters(NamedTuple):
    """Unconstrained parameters of one protocol; batches carry leading axes.

    Attributes:
        series: of each drive.
        frequency_logit: logit of the drive frequency within the searched range, on a logarithmic scale.
    """

    series: tuple[Series, ...]
    frequency_logit: Float[Array, "*batch"]


class AbstractProtocols(AbstractDriveSpace):
    """Protocols of one family: there are no quadratic forms for them, hence no certificate.

    A subclass says which protocol some parameters stand for (`drive`) and where a search begins (`starts`).
    Parameters are a pytree whose leaves carry leading axes in batches; one of them is `frequency_logit`.
    """

    @abstractmethod
    def starts(self, seed: int, machine: Machine, count: int) -> Any:
        """Parameters of `count` protocols with which a search begins."""

    @property
    @abstractmethod
    def example(self) -> AbstractDrive:
        """The one that costs a solver most: at the lowest frequency, near the largest of its shapes."""

    def folded(self, parameters: Any) -> None:
        """None: the shapes of a cycle have no strongest harmonic in common."""


class Protocols(AbstractProtocols):
    """Protocols with low <= g(t) <= high for every shape of every drive at all times, by construction.

    Each shape is that of a `BoundedDrive`, as steep as in `Peak` at most.

    Attributes:
        drives: what moves, and how far.
        oscillators: L of the machine.

    Source: theory (13.1), (13.11).
    """

    harmonics: int = eqx.field(static=True)
    frequency_range: tuple[float, float] = eqx.field(static=True)
    drives: tuple[SearchedDrive, ...] = eqx.field(static=True)
    oscillators: int = eqx.field(static=True)

    def drive(self, parameters: ProtocolParameters) -> Protocol:
        frequency, parts = self.drive_frequency(parameters.frequency_logit), []
        for wanted, (mean, cosine, sine) in zip(self.drives, parameters.series, strict=True):
            scale = softening(cosine, sine)
            parts.append(
                BoundedDrive(
                    frequency, mean * scale, cosine * scale[:, None], sine * scale[:, None],
                    low=wanted.low, high=wanted.high, target=wanted.target, pairs=wanted.pairs,
                )
            )  # fmt: skip
        return Protocol(parts)

    @property
    def example(self) -> Protocol:
        ends = [FAR if abs(wanted.high) >= abs(wanted.low) else -FAR for wanted in self.drives]
        zeros = [tuple(map(jnp.asarray, self._zeros(wanted))) for wanted in self.drives]
        series = tuple(Series(mean + end, both, both) for end, (mean, both) in zip(ends, zeros, strict=True))
        return self.drive(ProtocolParameters(series, jnp.zeros(()))).with_frequency(self.frequency_range[0])

    def _zeros(self, wanted: SearchedDrive) -> tuple[np.ndarray, np.ndarray]:
        size = len(wanted.pairs) if wanted.target == SPRINGS else self.oscillators
        return np.zeros(size), np.zeros((size, wanted.harmonics or self.harmonics))

    def starts(self, seed: int, machine: Machine, count: int) -> ProtocolParameters:
        """Where a search begins: one in two is random, the others are cycles.

        In a cycle the valves to the baths open one after the other, the hottest first; frequencies and
        springs are largest or smallest while the first of them is open. Every stroke has a random strength
        and comes a little early or late. Source: theory, section 13.7.
        """
        random = np.random.default_rng(seed)
        places, signed = self._places(machine)
        low, high = np.log(self.frequency_range)
        frequencies = np.exp(random.uniform(low, high, count))
        series = []
        for wanted, place, either in zip(self.drives, places, signed, strict=True):
            zero, both = self._zeros(wanted)
            order = np.arange(1, both.shape[1] + 1)
            mean = 0.1 * random.normal(size=(count, *zero.shape))
            cosine, sine = (2.0 * random.normal(size=(count, *both.shape)) / order for _ in range(2))
            phase = 2.0 * np.pi * (place + LATE * random.normal(size=(count, 1)))
            phase = phase + 2.0 * np.pi * LATE / 2.0 * random.normal(size=(count, *zero.shape))
            strength = random.uniform(WEAKEST, STRONGEST, (count, 1))
            closed = random.uniform(0.0, CLOSED, (count, 1)) * strength * (wanted.target.startswith(BATHS))
            if either:
                strength = strength * random.choice([-1.0, 1.0], (count, 1))
            if wanted.target == FORCES:  # of no use to a cycle between baths
                strength = NOISE * strength
            cycle = (np.arange(count) % 2 == 0)[:, None]
            mean = np.where(cycle, NOISE * mean - closed, mean)
            first = (
                np.where(cycle, strength * np.cos(phase), 0.0),
                np.where(cycle, strength * np.sin(phase), 0.0),
            )
            cosine, sine = (
                np.where(cycle[..., None], NOISE * part, part) + one[..., None] * (order == 1)
                for part, one in zip((cosine, sine), first, strict=True)
            )
            series.append(Series(*map(jnp.asarray, (mean, cosine, sine))))
        return ProtocolParameters(tuple(series), self.logit_of(jnp.asarray(frequencies)))

    def _places(self, machine: Machine) -> tuple[Sequence[float], Sequence[bool]]:
        """When in the period the stroke of each drive has its middle, and whether its sign is open."""
        hottest = [
            max((float(machine.baths[b].temperature) for b in acting.baths), default=0.0)
            for acting in actuators(machine, self.example)
        ]
        valves = [i for i, wanted in enumerate(self.drives) if wanted.target.startswith(BATHS)]
        ranked = sorted(valves, key=lambda i: -hottest[i])
        places = [ranked.index(i) / len(ranked) if i in ranked else 0.0 for i in range(len(self.drives))]
        return places, [i not in ranked for i in range(len(self.drives))]
