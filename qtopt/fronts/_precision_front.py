"""The precision-power front of one output: smallest uncertainty product at an extracted power."""

from collections.abc import Sequence
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ..errors import InputError
from ..jobs import Store
from ..model import Machine
from ._front import FrontSettings, Progress
from ._precise_search import STEPS, OneMachine, PreciseFront, best_points, evaluated, search, starts
from ._search import drives_of
from ._search_space import SearchSpace
from ._variation import STEPS as VARIATION_STEPS, Variation, vary_numbers
from .certificates import certify_precision
from .rates import precision_model

SOFT = 1e-2
"""Below this X/sqrt(D S), where Q exceeds 1e4, the score rises gently: an output may have either sign."""
STIFFNESS = 400.0
"""Of the power's target; ln Q may change ten times as fast as ln X."""


class PreciseTargets(NamedTuple):
    """Smallest Q = D S/X^2 at an extracted power of at least a target; scores (X, D, S).

    Attributes:
        power: (B,) extracted power aimed at.
    """

    power: Float[Array, " B"]

    def score(self, power: Array, noise: Array, entropy: Array) -> Array:
        """``ln Q + (STIFFNESS/2) max(0, 1 - X/p_i)^2``; ln Q softened for X near and below zero."""
        shortfall = jnp.maximum(1.0 - power / self.power, 0.0)
        return _log_product(power, noise, entropy) + 0.5 * STIFFNESS * shortfall**2


def _log_product(power: Array, noise: Array, entropy: Array) -> Array:
    precision = power / jnp.sqrt(noise * entropy)
    low = precision < SOFT
    return -2.0 * jnp.where(
        low,
        jnp.log(SOFT) + (precision - SOFT) / SOFT,
        jnp.log(jnp.where(low, 1.0, precision)),
    )


def precision_front(
    machine: Machine,
    settings: FrontSettings,
    output: int,
    checkpoint: Store | None = None,
    progress: Progress = lambda done, total, what: None,
    powers: Sequence[float] | None = None,
    variation: Variation | None = None,
) -> PreciseFront:
    """Smallest uncertainty product Q = D S/P_l^2 of the work extracted through oscillator l, against it.

    Drive shapes, relative phases and Omega are searched by gradients, all targets and starts in one compiled
    program (Adam, then L-BFGS); half of the starts begin at the harmonic that `certify_precision` found best.
    With a `variation`, the drives found for `machine` are then searched again together with its numbers.

    Args:
        machine: one driven bath, static baths at one temperature.
        settings: what to search.
        output: oscillator l, from 0.
        checkpoint: where to keep the state between chunks.
        progress: called on the host as ``progress(done, total, message)`` after each chunk.
        powers: extracted powers to aim at; by default `settings.points` of them over two decades.
        variation: numbers of the machine to search too (temperatures, bath parameters).

    Returns:
        Each point with the certificate of its own machine. `PreciseFront.certificate` is None where numbers
        vary, since it holds for one machine.

    Raises:
        InputError: see `precision_model`; an output that is no oscillator; powers that are not positive.

    Source: physics notes, sections 3, 6 and 8.
    """
    if not 0 <= output < machine.size:
        raise InputError(
            f"the output must be one of the {machine.size} oscillators, but it is number {output + 1}."
        )
    if powers is not None and not (len(powers) > 0 and min(powers) > 0.0):
        raise InputError(f"extracted powers to aim at must be above 0, but they are {list(powers)}.")
    space = SearchSpace(settings.bound, machine.size, settings.harmonics, settings.frequency)
    total = len(STEPS) + (0 if variation is None else len(VARIATION_STEPS)) + 3
    progress(0, total, "tabulating kernels")
    model = precision_model(machine, output, settings.frequency, space.kept_harmonics, at_once=settings.chunk)
    progress(1, total, "certifying")
    certificate = certify_precision(model, settings.bound, settings.frequency, np.zeros(0))
    if certificate.fundamental_power <= 0.0:
        progress(total, total, "no work can be extracted")
        return PreciseFront((), certificate)
    spread = certificate.fundamental_power * np.geomspace(1e-2, 0.8, settings.points)
    targets = PreciseTargets(jnp.asarray(np.sort(spread if powers is None else powers)))
    count = targets.power.shape[0]

    def report(chunk: int) -> None:
        progress(2 + chunk, total, "searching")

    begin = starts(space, certificate, settings, count)
    found = search(model, space, targets, begin, STEPS, checkpoint, report)
    drives = drives_of(space, found)
    if variation is None:
        points = evaluated(OneMachine(machine), drives, jnp.zeros((count, 0)), output)
    else:
        second = None if checkpoint is None else checkpoint.beside("varied")
        both = vary_numbers(
            variation, space, output, targets, found, settings.seed, second, lambda i: report(len(STEPS) + i)
        )
        points = evaluated(variation.build, *both, output)
    points = best_points(points, output)
    progress(total - 1, total, "certifying")
    extracted = np.array([-p.output_power for p in points])
    if variation is None:
        certificate = certify_precision(model, settings.bound, settings.frequency, extracted)
        bounds = certificate.product
    else:
        certificate, bounds = None, []
        for point, power in zip(points, extracted, strict=True):
            own = variation.build(jnp.asarray(point.numbers))
            model = precision_model(own, output, settings.frequency, space.kept_harmonics)
            bounds.append(
                certify_precision(model, settings.bound, settings.frequency, power[None]).product[0]
            )
    points = [p._replace(certified_product=float(b)) for p, b in zip(points, bounds, strict=True)]
    progress(total, total, "done")
    return PreciseFront(tuple(points), certificate)
