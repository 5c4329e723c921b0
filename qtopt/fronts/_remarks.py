"""What the reader of a front should know of its search."""

import math
from collections.abc import Iterable

from ._front import Front
from ._problem import FrontProblem
from .drive_sets import AbstractProtocols

AT_THE_END = 1e-2
"""Numbers nearer to an end of their range than this part of it, on a logarithmic scale, are at that end."""

UNCERTIFIED = (
    "no certificate: what no protocol exceeds is not known, only what this search found; compare several "
    "pareto.seed."
)


def search_remarks(problem: FrontProblem, front: Front) -> list[str]:
    """Whether the search converged, and which searched numbers ended at a bound of their range.

    Empty when all is well: then the front would not change by a wider range, as far as a search can tell.
    Fronts over protocols have no certificate, which it says, too.
    """
    drives = problem.drive_set
    found = [] if front.history is None else front.history.remarks()
    if isinstance(drives, AbstractProtocols):
        found.append(UNCERTIFIED)
    found += _ends("pareto.frequency_range", drives.frequency_range, front.values("frequency"))
    if problem.variation is not None:
        for name, limits in zip(problem.variation.names, problem.variation.ranges, strict=True):
            found += _ends(f"the range of {name} in pareto.vary", limits, front.values(name))
    return found


def _ends(what: str, limits: tuple[float, float], values: Iterable[float]) -> list[str]:
    """One sentence for each end of a range at which some of the values are."""
    values = list(values)
    return [
        f"{count} of {len(values)} points end at the {end} end of {what}, {limit:g}: better ones may lie "
        "beyond; widen it."
        for (end, count), limit in zip(at_ends(limits, values).items(), limits, strict=True)
        if count
    ]


def at_ends(limits: tuple[float, float], values: Iterable[float]) -> dict[str, int]:
    """How many values are at the lower and at the upper end of a range; none where it is one number."""
    low, high = map(math.log, limits)
    places = [(math.log(value) - low) / (high - low) for value in values] if high > low else []
    return {
        "lower": sum(place < AT_THE_END for place in places),
        "upper": sum(place > 1.0 - AT_THE_END for place in places),
    }
