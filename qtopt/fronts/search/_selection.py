"""Which candidates a search goes on with."""

from typing import Any

import jax
import numpy as np
from jaxtyping import Array, Float

from ...numerics import on_device
from ...programs import kept_program
from ..rates import Rates
from ._steps import Space, Target

ELSEWHERE = 0.3
"""Drives whose frequency logits differ by more have another frequency."""


def best_and_neighbours(space: Space, parameters: Any, rates: Rates, targets: Target) -> Any:
    """Four candidates for each target, target-major: its best, a variation, the best of either neighbour.

    "Best" is over the whole batch, whichever target a candidate was working for. Passing the neighbours'
    best on, even when it does not fit yet, lets a good family of drives travel along the front. The
    variation is the best one folded (`Space.folded`), or else the next best at another frequency. Runs on the
    host.
    """
    order = ranking(rates, targets)
    parameters = jax.tree.map(np.asarray, parameters)
    logit = parameters.frequency_logit
    best = order[:, 0]
    elsewhere = np.abs(logit[order] - logit[best][:, None]) > ELSEWHERE
    second = order[np.arange(len(order)), np.argmax(elsewhere, axis=1)]
    left, right = np.concatenate([best[:1], best[:-1]]), np.concatenate([best[1:], best[-1:]])
    chosen = np.stack([best, second, left, right], axis=1).ravel()
    batch = jax.tree.map(lambda leaf: leaf[chosen], parameters)
    for i, candidate in enumerate(best):
        variation = space.folded(jax.tree.map(lambda leaf, c=candidate: leaf[c], parameters))
        if variation is not None:
            for leaf, value in zip(jax.tree.leaves(batch), jax.tree.leaves(variation), strict=True):
                leaf[4 * i + 1] = value
    return on_device(batch)


def best_of_all(parameters: Any, rates: Rates, targets: Target) -> Any:
    """The best candidate for each target."""
    chosen = ranking(rates, targets)[:, 0]
    return on_device(jax.tree.map(lambda leaf: np.asarray(leaf)[chosen], parameters))


def ranking(rates: Rates, targets: Target) -> np.ndarray:
    """(M, B) candidates by rising score for each target; diverged ones last."""
    value = np.asarray(_scores(rates, targets))
    return np.argsort(np.where(np.isfinite(value), value, np.inf), axis=1, kind="stable")


@kept_program
def _scores(rates: Rates, targets: Target) -> Float[Array, "M B"]:
    columns: Target = jax.tree.map(lambda leaf: leaf[:, None], targets)
    return columns.score(*(rate[None, :] for rate in rates))
