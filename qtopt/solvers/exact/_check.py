"""What the exact solver and the time domain need of a machine and its drive."""

from ...errors import InputError
from ...model import FORCES, AbstractDrive, Machine, Protocol, actuators
from ..base import check_jumps


def check_drive(machine: Machine, drive: AbstractDrive) -> None:
    """Refuse drives that do not fit the machine.

    Raises:
        InputError: a drive for another number of oscillators, or whose targets are not those of the machine;
            one that jumps and couples a memoryless bath, jumps beside smooth ones, or is a force.
    """
    acting = actuators(machine, drive)
    drives = drive.drives if isinstance(drive, Protocol) else (drive,)
    jumping = [part.steps > 0 for part in drives]
    if any(jumping) and not all(jumping):
        one, other = (acting[jumping.index(jumps)].label for jumps in (True, False))
        raise InputError(
            f"the drives of a protocol must be all smooth or all piecewise constant, but that of {one!r} "
            f"jumps and that of {other!r} does not."
        )
    if any(jumping) and any(actuator.target == FORCES for actuator in acting):
        raise InputError("driven forces must be smooth, but these jump: use a Fourier or bounded drive.")
    check_jumps(machine, drive)
