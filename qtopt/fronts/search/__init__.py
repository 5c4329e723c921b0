"""Batched gradient search: many starts for every point of a front in one compiled program."""

from ._loop import (
    AfterRound as AfterRound,
    Goal as Goal,
    Round as Round,
    broad as broad,
    search as search,
)
from ._selection import (
    best_and_neighbours as best_and_neighbours,
    best_of_all as best_of_all,
    ranking as ranking,
)
from ._steps import (
    Explore as Explore,
    Newton as Newton,
    Refine as Refine,
    Target as Target,
    drives_of as drives_of,
    explored as explored,
    gradient_norms as gradient_norms,
    improved as improved,
    refined as refined,
)
