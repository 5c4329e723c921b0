"""Which machines of a chunk have numbers that can be shown, and why others have none."""

from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from ..files import Pair
from ..model import may_be_undamped, undamped_modes
from ..observables import Quantity, Solved, breaks_second_law, finite, without_width
from ..solvers import (
    NOT_FINITE,
    RESOLVED,
    UNDAMPED,
    UNRESOLVED,
    AbstractSolver,
    coldest_allowed,
    is_too_slow,
)


def judged(
    solver: AbstractSolver, models: Pair, solved: Solved, quantities: list[Quantity]
) -> NDArray[np.int64]:
    """The status of n machines: that of the solver, and what the host sees beside it.

    Motions that no bath damps, from the structure of the machine (round-off can hide them); baths too cold
    for the rational coth, and drives too slow for float64; numbers that are not finite in
    the units of the user; broken second law; resonances without a linewidth in float64.

    Args:
        solver: which found them.
        models: machines and drives in the units of the user, (n, ...) each.
        solved: what was found.
        quantities: that are shown.
    """
    status = np.array(solved["status"])
    known = np.all(list(finite(solved.numbers, quantities, solved.exponent).values()), axis=0)
    temperatures = np.stack([np.asarray(bath.temperature) for bath in models.machine.baths], axis=-1)
    beyond = (temperatures.min(axis=-1) < coldest_allowed(*models)) | is_too_slow(*models)
    wrong = breaks_second_law(temperatures, solved.numbers)
    status = np.where((status == UNDAMPED) | ((status == RESOLVED) & ~known), NOT_FINITE, status)
    wrong |= without_width(solved.numbers)
    status = np.where((status == RESOLVED) & (wrong | beyond), UNRESOLVED, status)
    return np.where(_undamped(solver, models), UNDAMPED, status)


def _undamped(solver: AbstractSolver, models: Pair) -> NDArray[np.bool_]:
    found = np.zeros(len(np.asarray(models.machine.frequencies)), dtype=bool)
    for i in np.flatnonzero(may_be_undamped(models.machine)):
        machine, drive = _one(models, int(i))
        modes = undamped_modes(machine)
        if modes and solver.driven_baths_damp:
            modes = [mode for mode in undamped_modes(machine, drive) if not mode.driven]
        found[i] = bool(modes)
    return found


def _one(models: Pair, i: int) -> Any:
    return jax.tree.map(lambda part: part[i], models)
