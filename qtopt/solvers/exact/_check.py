"""What the exact solver and the time domain need of a machine and its drive."""

from ...model import AbstractDrive, Machine
from ..base import check_jumps, check_size


def check_drive(machine: Machine, drive: AbstractDrive) -> None:
    """Refuse drives that do not fit the machine.

    Raises:
        InputError: a drive for another number of oscillators; one that jumps and couples a memoryless bath.
    """
    check_size(machine, drive)
    check_jumps(machine, drive)
