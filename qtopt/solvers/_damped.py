"""Motions that nobody damps: refused where they matter, held apart where they do not."""

from collections.abc import Sequence

import equinox as eqx
import numpy as np

from ..errors import InputError
from ..model import Bath, Drude, Machine, UndampedMode
from .base import AbstractSolver

DAMPER = "damper {}"
"""name of a bath that holds such a motion apart"""


def check_damped(solver: AbstractSolver, modes: Sequence[UndampedMode]) -> None:
    """Refuse motions without a steady state that the drive moves.

    Raises:
        InputError: which motion of which oscillators, and what to do.
    """
    for mode in modes:
        if mode.driven and not solver.driven_baths_damp:
            alone = np.count_nonzero(mode.shape) == 1
            raise InputError(
                "every motion that the drive couples to a bath must be damped by a static bath, but "
                f"{mode} (frequency {mode.frequency:.6g}) is damped by none: "
                + ("" if alone else "detune these oscillators, ")
                + "couple a static bath to it, or use the exact solver."
            )


def with_dampers(machine: Machine, modes: Sequence[UndampedMode]) -> Machine:
    """The machine with one more bath, behind the others, for every motion that neither bath nor drive sees.

    Such a motion exchanges nothing with the rest, so that nothing else depends on its bath, and no heat comes
    from there; what is said of the motion itself (its covariance) is meaningless.
    """
    apart = [mode for mode in modes if not mode.driven]
    temperature = np.min([np.asarray(bath.temperature) for bath in machine.baths])
    baths = []
    for i, mode in enumerate(apart):
        frequency = np.max(np.asarray(machine.frequencies)[mode.shape != 0.0])
        density = Drude(np.asarray(frequency), np.asarray(8.0 * frequency))
        baths.append(Bath(DAMPER.format(i + 1), np.asarray(temperature), density, mode.shape))
    return eqx.tree_at(lambda m: m.baths, machine, (*machine.baths, *baths)) if baths else machine
