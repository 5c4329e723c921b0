"""What the weak theory needs of a machine and its drive."""

import numpy as np
from jax.core import Tracer

from ...errors import InputError
from ...model import FORCES, FREQUENCIES, SPRINGS, AbstractDrive, Machine, Protocol, is_mixed
from ...schema import listed
from ..base import check_jumps, check_size


def check_baths(machine: Machine) -> None:
    """Refuse baths that are outside the theory, in the words of a configuration file.

    Raises:
        InputError: not exactly one driven bath, no static bath, or springs that push the oscillators apart.
    """
    if machine.springs is not None and not isinstance(machine.stiffness, Tracer):
        lowest = float(np.linalg.eigvalsh(np.asarray(machine.stiffness)).min())
        if lowest <= 0.0:
            raise InputError(
                '`machine.springs` must leave a binding potential for the solver "weak"; got one whose '
                f"lowest squared normal frequency is {lowest:.3g} (weaken the springs)"
            )
    driven = [bath.name for bath in machine.driven_baths]
    if not machine.static_baths:
        raise InputError(
            "`machine.baths` must have a static bath, which damps the oscillators; got only driven ones "
            '(set coupling = "static" for one, or solver.kind = "exact")'
        )
    if len(driven) != 1:
        names = f": {listed(driven, 'and')}" if driven else ""
        raise InputError(
            f'`machine.baths` must have exactly one driven bath for the solver "weak"; got {len(driven)}'
            f'{names} (make all but one static, or set solver.kind = "exact")'
        )


def check_machine(machine: Machine, drive: AbstractDrive) -> None:
    """Refuse what is outside the theory.

    Raises:
        InputError: not exactly one driven bath, no static bath, a driven bath with friction and memory, a
            drive for another number of oscillators, or one that jumps beside a strictly Ohmic driven bath.
    """
    check_baths(machine)
    if isinstance(drive, Protocol) or drive.target in (FREQUENCIES, SPRINGS, FORCES):
        raise InputError(
            "the weak solver needs one drive, of the couplings to one bath, but a protocol drives more "
            "(several baths, frequencies, springs or forces): use the exact solver."
        )
    check_size(machine, drive)
    check_jumps(machine, drive)
    (driven,) = machine.driven_baths
    if is_mixed(driven):
        raise InputError(
            f"the weak solver needs a driven bath that is either memoryless or has memory throughout, but "
            f"{driven.name!r} has friction beside its poles: use the exact solver."
        )
