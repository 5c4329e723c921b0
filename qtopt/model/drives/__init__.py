"""Periodic drive shapes g_l(t) as pytrees, one file for each family."""

from ...registry import register
from ._bounded import BoundedDrive as BoundedDrive
from ._drive import AbstractDrive as AbstractDrive, FourierSeries as FourierSeries
from ._fourier import FourierDrive as FourierDrive
from ._monochromatic import MonochromaticDrive as MonochromaticDrive
from ._piecewise import PiecewiseDrive as PiecewiseDrive
from ._protocol import Protocol as Protocol
from ._target import (
    BATHS as BATHS,
    FORCES as FORCES,
    FREQUENCIES as FREQUENCIES,
    PAIRS as PAIRS,
    SPRINGS as SPRINGS,
    TARGET as TARGET,
    Pairs as Pairs,
)

for _kind in (MonochromaticDrive, FourierDrive, PiecewiseDrive, BoundedDrive):
    register(_kind)
