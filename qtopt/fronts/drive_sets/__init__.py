"""Sets of drives that a front searches."""

from ...registry import register
from ._drive_set import (
    AbstractDriveSet as AbstractDriveSet,
    AbstractDriveSpace as AbstractDriveSpace,
    DriveParameters as DriveParameters,
)
from ._peak import Peak as Peak
from ._protocols import AbstractProtocols as AbstractProtocols, Protocols as Protocols
from ._rms import Rms as Rms
from ._variation import Variation as Variation, Varied as Varied

for _kind in (Peak, Rms):
    register(_kind)
