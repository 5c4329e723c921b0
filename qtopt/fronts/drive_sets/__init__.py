"""Sets of drives that a front searches."""

from ._drive_set import (
    AbstractDriveSet as AbstractDriveSet,
    DriveParameters as DriveParameters,
)
from ._peak import (
    Peak as Peak,
)
from ._rms import (
    Rms as Rms,
)
from ._variation import (
    Variation as Variation,
    Varied as Varied,
)

DRIVE_SETS: dict[str, type[AbstractDriveSet]] = {kind.kind: kind for kind in (Peak, Rms)}
