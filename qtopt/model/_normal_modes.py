"""Normal modes of the static machine: which motions are left, how fast and how long."""

from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from ._machine import Machine
from ._state_space import state_space


@dataclass(frozen=True)
class NormalMode:
    """One damped normal mode, exp(-damping t) cos(frequency t) (hbar = k_B = m = 1).

    Attributes:
        frequency: |Im lambda| of the eigenvalue lambda of the static dynamics; 0 when overdamped.
        damping: -Re lambda, the amplitude's decay rate.
        shape: (L,) complex amplitudes of the oscillators, the largest 1.
        antiphase: cosine of the phase between the first two oscillators, -1 in antiphase; None for one.
    """

    frequency: float
    damping: float
    shape: np.ndarray
    antiphase: float | None


def normal_modes(machine: Machine) -> list[NormalMode]:
    """Normal modes of oscillators and static baths, the longest-lived first; runs on the host (NumPy).

    Bath memories take part in the eigenvalue problem; a mode is listed once for a complex pair. Two
    oscillators that share a strong bath keep one weakly damped mode near
    ``sqrt((omega_A^2 + omega_B^2)/2)``, in antiphase, with damping
    ``(omega_A^2 - omega_B^2)^2/(16 omega^2 gamma)``.

    Raises:
        InputError: the squared frequencies and rates are not finite in float64.

    Source: theory (7.1), (7.2), (7.4).
    """
    with np.errstate(over="ignore", invalid="ignore"):
        dynamics = np.asarray(state_space(machine).dynamics)
    if not np.isfinite(dynamics).all():
        raise InputError(
            "the squared frequencies and rates of a machine must be finite in float64, but some are not: "
            "give them in a larger unit."
        )
    return normal_modes_of(*np.linalg.eig(dynamics), machine.size)


def normal_modes_of(values: np.ndarray, vectors: np.ndarray, oscillators: int) -> list[NormalMode]:
    """The same from the eigenvalues (n,) and eigenvectors (n, n) of the static dynamics of L oscillators."""
    modes = []
    for value, vector in sorted(zip(values, vectors.T, strict=True), key=lambda pair: -pair[0].real):
        if value.imag < 0.0:
            continue
        amplitude = vector[:oscillators]
        largest = amplitude[np.argmax(np.abs(amplitude))]
        shape = amplitude / largest if largest != 0.0 else amplitude
        antiphase = float(_antiphase(shape)) if oscillators > 1 else None
        modes.append(NormalMode(float(value.imag), float(-value.real), shape, antiphase))
    return modes


def longest_lived(values: np.ndarray, vectors: np.ndarray, oscillators: int) -> dict[str, np.ndarray]:
    """The longest-lived mode of each of many machines: frequency, damping, cosine of the phase, (...) each.

    Args:
        values: (..., n) eigenvalues of the static dynamics.
        vectors: (..., n, n) eigenvectors, the columns.
        oscillators: L; the phase is that between the first two, NaN for one.
    """
    chosen = np.argmax(np.where(np.imag(values) < 0.0, -np.inf, np.real(values)), axis=-1)[..., None]
    value = np.take_along_axis(values, chosen, axis=-1)[..., 0]
    shape = np.take_along_axis(vectors, chosen[..., None, :], axis=-1)[..., :oscillators, 0]
    phase = _antiphase(shape) if oscillators > 1 else np.full(value.shape, np.nan)
    return {"frequency": np.imag(value), "damping": -np.real(value), "phase": phase}


def _antiphase(shape: np.ndarray) -> np.ndarray:
    """Cosine of the phase between the first two amplitudes of (..., L); 0 where one of them is at rest."""
    size = np.abs(shape[..., 0] * shape[..., 1])
    cosine = np.real(np.conj(shape[..., 0]) * shape[..., 1])
    return np.divide(cosine, size, out=np.zeros_like(size), where=size > 0.0)
