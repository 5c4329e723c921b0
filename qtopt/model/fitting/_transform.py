"""Power spectra and correlation functions as spectral densities."""

from typing import Literal, get_args

import numpy as np
import scipy

from ...errors import InputError

Quantity = Literal["density", "spectrum", "classical spectrum", "correlation", "classical correlation"]
QUANTITIES: tuple[str, ...] = get_args(Quantity)
CORRELATIONS = ("correlation", "classical correlation")
FEWEST = 16
"""times of a correlation function"""
HANN = 2.0 * np.pi
"""Width at half height of the transform of the window, in units of 1/t_max."""


def as_density(
    columns: list[np.ndarray], quantity: str, temperature: float | None
) -> tuple[list[np.ndarray], tuple[str, ...]]:
    """omega, J and its error from columns that hold another quantity, with notes on how.

    Source: theory (12.10), (12.11).
    """
    if quantity == "density":
        return columns, ()
    assert temperature is not None
    notes = [f"J from a {quantity} at T = {temperature:g}"]
    if quantity in CORRELATIONS:
        *columns, note = _spectrum(*columns)
        notes.append(note)
    omega = columns[0]
    if quantity.startswith("classical"):
        ratio = omega / (2.0 * temperature)
    else:
        ratio = np.tanh(omega / (2.0 * temperature))
    return [omega, *(part * np.abs(ratio) for part in columns[1:])], tuple(notes)


def _spectrum(time: np.ndarray, correlation: np.ndarray, *error: np.ndarray):
    """S = 2 int_0^infinity C cos(omega t) dt by a cosine transform, with a Hann window up to the last row."""
    known = np.isfinite(time) & np.isfinite(correlation)
    order = np.argsort(time[known], kind="stable")
    t, c = time[known][order], correlation[known][order]
    t, first = np.unique(t[t >= 0.0], return_index=True)
    c = c[len(c) - np.sum(time[known] >= 0.0) :][first]
    if len(t) < FEWEST or t[0] > 1.5 * np.median(np.diff(t)):
        raise InputError(
            f"a correlation function must be given at {FEWEST} times or more from t = 0 on, but there are "
            f"{len(t)}{f' from t = {t[0]:g} on' if len(t) else ''}: add rows."
        )
    steps, how = np.diff(t), ""
    if t[0] > 0.0 or np.ptp(steps) > 1e-3 * np.median(steps):
        even = np.linspace(0.0, t[-1], round(t[-1] / float(np.median(steps))) + 1)
        c, t, how = scipy.interpolate.CubicSpline(t, c)(even), even, ", interpolated to equal steps"
    step, count = t[1], len(t) - 1
    window = np.cos(np.pi * t / (2.0 * t[-1])) ** 2
    omega = np.pi * np.arange(1, count // 2 + 1) / t[-1]
    spectrum = step * np.asarray(scipy.fft.dct(c * window, type=1))[1 : count // 2 + 1]
    note = (
        f"cosine transform of {count + 1} times with a Hann window cos^2(pi t/2 t_max), t_max = "
        f"{t[-1]:g}{how}: peaks are at least {HANN / t[-1]:.3g} wide, and omega ends at {omega[-1]:.4g}, "
        "half of what the steps resolve"
    )
    return omega, spectrum, note
