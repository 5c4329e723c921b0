"""What the weak theory needs of a machine and its drive."""

from ...errors import InputError
from ...model import AbstractDrive, Machine


def check_machine(machine: Machine, drive: AbstractDrive) -> None:
    """Refuse what is outside the theory.

    Raises:
        InputError: not exactly one driven bath, no static bath, or a drive for another number of oscillators.
    """
    if len(machine.driven_baths) != 1:
        raise InputError(
            f"the weak solver needs exactly one driven bath, but the machine has "
            f"{len(machine.driven_baths)}: make the others static or use the exact solver."
        )
    if not machine.static_baths:
        raise InputError(
            "the weak solver needs a static bath, which damps the oscillators, but the machine has none: "
            "make one static or use the exact solver."
        )
    if drive.size != machine.size:
        raise InputError(
            f"a drive must have one shape per oscillator ({machine.size}), but it has {drive.size}."
        )
