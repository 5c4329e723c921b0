"""What the exact solver and the time domain need of a machine and its drive."""

from ...errors import InputError
from ...model import AbstractDrive, Machine, is_mixed
from ..base import check_size


def check_drive(machine: Machine, drive: AbstractDrive) -> None:
    """Refuse drives that do not fit the machine.

    Raises:
        InputError: a drive for another number of oscillators; one that jumps and couples a memoryless bath.
    """
    check_size(machine, drive)
    for bath in machine.driven_baths:
        memoryless = bath.spectral_density.memory().input.shape[0] == 0
        if drive.steps and (memoryless or is_mixed(bath)):
            part = "memoryless" if memoryless else "memoryless in part"
            raise InputError(
                f"a drive that jumps must couple a bath with memory, but bath {bath.name!r} is {part}, "
                "where a jump costs infinite power: use a Drude cut-off or a smooth drive."
            )
