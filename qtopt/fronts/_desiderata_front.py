"""The front of power, efficiency and constancy of engines."""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ..jobs import Store
from ..model import Machine
from ._front import FrontSettings, Progress
from ._precise_search import STEPS, OneMachine, PreciseFront, best_points, evaluated, search, starts
from ._purpose import Purpose, purpose_of
from ._search import PENALTY, drives_of
from ._search_space import SearchSpace
from .certificates import GRID, certify_precision, forms_of
from .rates import PrecisionModel, precision_model

STRONGEST = 0.7
"""The strongest drives have more than one harmonic and are less efficient than the strongest harmonic."""


class DesiderataTargets(NamedTuple):
    """Most power at an efficiency and a constancy of at least targets; scores (X, D, S).

    Attributes:
        slope: (B,) kappa = (eta_C/eta - 1)/T_c of the target efficiency.
        noise: (B,) largest D/X aimed at.
        power: (B,) extracted power that sets the scale.
    """

    slope: Float[Array, " B"]
    noise: Float[Array, " B"]
    power: Float[Array, " B"]

    def score(self, power: Array, noise: Array, entropy: Array) -> Array:
        """``-x/x_i + (PENALTY/2) [max(0, s/kappa_i - x)^2 + max(0, D/f_i - x)^2]/x_i^2``."""
        costly = jnp.maximum(entropy / self.slope - power, 0.0) / self.power
        noisy = jnp.maximum(noise / self.noise - power, 0.0) / self.power
        return -power / self.power + 0.5 * PENALTY * (costly**2 + noisy**2)


def desiderata_front(
    machine: Machine,
    settings: FrontSettings,
    checkpoint: Store | None = None,
    progress: Progress = lambda done, total, what: None,
) -> PreciseFront:
    """Engines that no other beats in power, efficiency and constancy (small D_P/(-P)) at once.

    Targets form a grid of efficiencies and of noise D/X; otherwise as `precision_front`, without certificate.
    Compare with `precision.CONSTANCY`, which ties the three together classically.

    Raises:
        InputError: see `pareto_front`.

    Source: physics notes, sections 6 and 8.
    """
    purpose = purpose_of(machine, "engine")
    space = SearchSpace(settings.bound, machine.size, settings.harmonics, settings.frequency)
    total = len(STEPS) + 3
    progress(0, total, "tabulating kernels")
    kept = space.kept_harmonics
    model = precision_model(machine, None, settings.frequency, kept, at_once=settings.chunk)
    progress(1, total, "certifying")
    certificate = certify_precision(model, settings.bound, settings.frequency, np.zeros(0))
    span = _efficiencies(model, purpose, settings.frequency[0])
    if span is None:
        progress(total, total, "no engine within the bound")
        return PreciseFront((), None)
    side = max(2, round(np.sqrt(settings.points)))
    efficiency = span[0] + (span[1] - span[0]) * np.linspace(0.0, 0.9, -(-settings.points // side))
    # Work comes in quanta nu: D/X > nu for a single harmonic, which sets the scale of the noise.
    noise = np.geomspace(0.7, 1.5, side) * certificate.driving_frequency
    grid = [(e, f) for e in efficiency for f in noise][: settings.points]
    slopes = purpose.slope(np.array([e for e, _ in grid]))
    scale = np.full(len(grid), certificate.fundamental_power)
    targets = DesiderataTargets(jnp.asarray(slopes), jnp.asarray([f for _, f in grid]), jnp.asarray(scale))
    begin = starts(space, certificate, settings, len(grid))
    found = search(
        model, space, targets, begin, STEPS, checkpoint, lambda i: progress(2 + i, total, "searching")
    )
    drives = drives_of(space, found)
    points = evaluated(OneMachine(machine), drives, jnp.zeros((len(grid), 0)), None)
    progress(total, total, "done")
    return PreciseFront(best_points(points, None), None)


def _efficiencies(model: PrecisionModel, purpose: Purpose, low: float) -> tuple[float, float] | None:
    """What is aimed at, from below the single harmonic that extracts most to the most efficient one.

    None if no harmonic, from `low` to the end of the table, extracts work.
    """
    forms = forms_of(model, np.geomspace(low, max(float(model.table.highest), low * 1.001), GRID))
    extracted, entropy = np.asarray(forms.extracted), np.asarray(forms.entropy)
    values, vectors = np.linalg.eigh(extracted)
    best = int(np.argmax(values[:, -1]))
    if values[best, -1] <= 0.0:
        return None
    pattern = vectors[best, :, -1]
    cost = (np.conj(pattern) @ entropy[best] @ pattern).real / values[best, -1]
    whiten = np.linalg.inv(np.linalg.cholesky(entropy))
    gain = np.linalg.eigvalsh(whiten @ extracted @ np.conj(np.swapaxes(whiten, -1, -2)))
    return STRONGEST * float(purpose.efficiency(cost)), float(purpose.efficiency(1.0 / gain[:, -1].max()))
