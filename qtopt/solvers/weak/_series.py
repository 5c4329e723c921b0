"""The harmonics of one drive, or of several side by side on NumPy arrays."""

from jaxtyping import Array, Float

from ...model import AbstractDrive, FourierSeries
from ...numerics import at_once


def series_of(drive: AbstractDrive, harmonics: int | None, lowest: int = 0) -> FourierSeries:
    """`AbstractDrive.series`; of P drives that begin with an axis the amplitudes are (P, n, L)."""
    if drive.frequency.ndim == 0:
        return drive.series(harmonics, lowest)
    found = at_once(lambda one: one.series(harmonics, lowest), drive, host=True)
    return FourierSeries(found.orders[0], found.weights[0], found.amplitudes)


def mean_square_of(drive: AbstractDrive) -> Float[Array, "*drives L"]:
    """`AbstractDrive.mean_square`, of each drive."""
    if drive.frequency.ndim == 0:
        return drive.mean_square()
    return at_once(lambda one: one.mean_square(), drive, host=True)
