"""Bounds that no periodic drive exceeds, by weak duality."""

from ._certificate import (
    AbstractCertifier as AbstractCertifier,
    Certificate as Certificate,
    EfficiencyScale as EfficiencyScale,
)
from ._mean_square_output import MeanSquareCertifier as MeanSquareCertifier
from ._peak_output import PeakCertifier as PeakCertifier
from ._precision import PrecisionCertifier as PrecisionCertifier
from ._support import (
    SUPPORTS as SUPPORTS,
    AbstractSupport as AbstractSupport,
    MeanSquareSupport as MeanSquareSupport,
    PeakSupport as PeakSupport,
    certifier_of as certifier_of,
)
