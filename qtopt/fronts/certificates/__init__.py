"""Bounds that no periodic drive exceeds, by weak duality."""

from ._dual import (
    Certificate as Certificate,
    Certifier as Certifier,
    MeanSquareCertifier as MeanSquareCertifier,
    PeakCertifier as PeakCertifier,
    certifier_of as certifier_of,
    certify as certify,
)
from ._peak_precision import (
    PeakCertificate as PeakCertificate,
    certify_peak_precision as certify_peak_precision,
    peak_support as peak_support,
)
from ._precision import (
    GRID as GRID,
    PrecisionCertificate as PrecisionCertificate,
    certify_precision as certify_precision,
    forms_of as forms_of,
)
