"""What a search found round by round, kept while it runs: whether it has converged can be seen."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from ..jobs import Store
from .rates import AbstractRates, Rates
from .search import Target, gradient_norms, ranking
from .tradeoffs import AbstractTradeoff, Merits

Curve = tuple[NDArray[np.float64], NDArray[np.float64]]
ROUND, RATES, NORMS, STAGE = "round", "rates", "gradient_norm", "stage"
LATE = 4
"""The rounds at the end of a search that tell whether it stagnates."""
GROWING, STAGNANT, CLOSER = 1e-3, 1e-4, 0.02
"""A search goes on growing where the last round adds more than the first to the hypervolume, relative; it
stagnates where the late ones add less than the second and come no nearer to the bound than the third."""
WIDE = 2e-2
"""A certified gap above this is worth telling where a search stagnates."""

GROWS = (
    "the hypervolume still grew by {:.1%} in the last of {} rounds: the search has not converged; raise "
    "pareto.starts."
)
STAGNATES = (
    "the last {} of {} rounds found nothing better, and half of the points are {:.1%} or more from the "
    "certified bound: if another pareto.seed or more pareto.starts find nothing either, no drive reaches it."
)


class Recorder:
    """Notes what every round of one stage of a search found: is called by `search` after each of them.

    Args:
        stage: what the rounds belong to, such as "drives" or "exact".
        rates_of, space: those of the search.
        store: where the notes are kept, so that a search that goes on later knows the earlier rounds.
        show: called with the best candidate's parameters for each target, after every round.
    """

    def __init__(
        self,
        stage: str,
        rates_of: AbstractRates,
        space: Any,
        store: Store,
        show: Callable[[Any], None],
    ) -> None:
        self.stage, self.rates_of, self.space, self.show = stage, rates_of, space, show
        self.store = store.beside("rounds")
        self.rounds = {int(found[ROUND]): found for found in self.store.chunks()}

    def __call__(self, number: int, parameters: Any, rates: Rates, targets: Target) -> None:
        best = ranking(rates, targets)[:, 0]
        chosen = jax.tree.map(lambda leaf: np.asarray(leaf)[best], parameters)
        norms = gradient_norms(self.rates_of, self.space, targets, chosen)
        found = {ROUND: np.asarray(number), RATES: np.asarray(rates)[:, best], NORMS: norms}
        self.rounds[number] = found
        self.store.add(f"{number:03d}", found)
        self.show(chosen)

    def history(self, tradeoff: AbstractTradeoff, curve: Curve | None = None) -> "History":
        """All rounds until now; `curve` is the certified bound over the first merit, if there is one."""
        rounds = [self.rounds[number] for number in sorted(self.rounds)]
        merits = [tradeoff.read(tuple(found[RATES])) for found in rounds]
        return History(
            (self.stage,) * len(rounds),
            tuple(merits),
            tuple(found[NORMS] for found in rounds),
            tuple(hypervolume(gains(tradeoff, found)) for found in merits),
            tuple(_gap(tradeoff, found, curve) for found in merits),
        )


@dataclass(frozen=True)
class History:
    """What each of R rounds of a search had found at its end, for M aims.

    Attributes:
        stages: what each round belongs to, R words.
        merits: arrays (M,) by name: of the best candidate for each aim.
        gradient_norms: of the score in the parameters of those candidates, (M,) each.
        hypervolumes: of what is dominated, see `hypervolume`.
        gaps: median relative distance of the non-dominated ones from the certified bound, interpolated
            between the points where it was computed; not a number where there is no bound.
    """

    stages: tuple[str, ...] = ()
    merits: tuple[Mapping[str, NDArray[np.float64]], ...] = ()
    gradient_norms: tuple[NDArray[np.float64], ...] = ()
    hypervolumes: tuple[float, ...] = ()
    gaps: tuple[float, ...] = ()

    def then(self, later: "History") -> "History":
        """These rounds and those of a later stage."""
        return History(*(mine + vars(later)[name] for name, mine in vars(self).items()))

    def remarks(self) -> list[str]:
        """Whether the last stage was still improving at its end, or stagnated far from its bound."""
        own = [k for k, stage in enumerate(self.stages) if stage == self.stages[-1]]
        if len(own) <= LATE:
            return []
        volume, gap = (np.array(part)[own] for part in (self.hypervolumes, self.gaps))
        if volume[-1] > (1.0 + GROWING) * volume[-2]:
            return [GROWS.format(volume[-1] / volume[-2] - 1.0, len(own))]
        grown, closer = volume[-1] / volume[-1 - LATE] - 1.0, 1.0 - gap[-1] / gap[-1 - LATE]
        stagnates = gap[-1] > WIDE and grown < STAGNANT and closer < CLOSER
        return [STAGNATES.format(LATE, len(own), gap[-1])] if stagnates else []

    def columns(self, words: Sequence[str]) -> dict[str, tuple[NDArray[Any], dict[str, Any]]]:
        """What the rounds found by name, (R,) or (R, M), each with what netCDF should say of it.

        Args:
            words: every stage of the searches that are told of together; stages are positions in it.
        """
        stage = {
            "long_name": "stage of the search",
            "flag_values": np.arange(len(words), dtype=np.int8),
            "flag_meanings": " ".join(words),
        }
        best = [float(np.nanmax(found["output"])) for found in self.merits]
        names = sorted({name for found in self.merits for name in found})
        each = {NORMS: self.gradient_norms} | {name: [m[name] for m in self.merits] for name in names}
        return {
            STAGE: (np.array([words.index(name) for name in self.stages], dtype=np.int8), stage),
            "best_output": (np.array(best), {"long_name": "largest output"}),
            "hypervolume": (np.array(self.hypervolumes), {"long_name": "hypervolume that is dominated"}),
            "gap": (np.array(self.gaps), {"long_name": "median certified gap", "units": "1"}),
            **{name: (np.array(found, dtype=float), _named(name)) for name, found in each.items()},
        }


def _named(name: str) -> dict[str, str]:
    of = "norm of the gradient of the score of" if name == NORMS else f"{name.replace('_', ' ')} of"
    return {"long_name": f"{of} the best candidate for each aim"}


def hypervolume(gains: NDArray[np.float64]) -> float:
    """Volume between the origin and points (M, K) that are better the larger all their coordinates are.

    Points with a coordinate that is not positive or not a number dominate nothing. By slices across the last
    coordinate: exact, and fast for the few dozens of points and the two or three merits of a front.
    """
    gains = gains[np.all(np.isfinite(gains) & (gains > 0.0), axis=1)]
    if len(gains) == 0:
        return 0.0
    if gains.shape[1] == 1:
        return float(gains.max())
    ordered = gains[np.argsort(-gains[:, -1], kind="stable")]
    edges = np.append(ordered[:, -1], 0.0)
    areas = (hypervolume(ordered[: k + 1, :-1]) for k in range(len(ordered)))
    return float(sum(area * depth for area, depth in zip(areas, -np.diff(edges), strict=True)))


def gains(tradeoff: AbstractTradeoff, merits: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
    """(M, K) what is ranked; costs, which rank as negative numbers, by their inverse."""
    ranks = np.array([tradeoff.ranked(one) for one in _each(merits)])
    return np.where(ranks < 0.0, -1.0 / np.where(ranks < 0.0, ranks, -1.0), ranks)


def _gap(tradeoff: AbstractTradeoff, merits: Mapping[str, NDArray[np.float64]], curve: Curve | None) -> float:
    if curve is None:
        return np.nan
    place = merits[tradeoff.axes[0].name]
    bounds = np.interp(place, *curve, left=np.nan, right=np.nan)
    ranks = gains(tradeoff, merits)
    dominated = np.any(
        np.all(ranks[:, None] <= ranks[None], axis=2) & np.any(ranks[:, None] < ranks[None], axis=2), axis=1
    )
    gaps = [tradeoff.gap(one, float(bound)) for one, bound in zip(_each(merits), bounds, strict=True)]
    kept = np.array(gaps)[~dominated & np.isfinite(gaps)]
    return float(np.median(kept)) if len(kept) else np.nan


def _each(merits: Mapping[str, NDArray[np.float64]]) -> Sequence[Merits]:
    count = len(next(iter(merits.values())))
    return [{name: float(column[k]) for name, column in merits.items()} for k in range(count)]
