"""How weak is weak? The linewidth that the driven bath adds to the static machine's resonances."""

import numpy as np

from ..drives import Drive
from ..machine import Machine, state_space

LIMIT = 0.1
"""Above this ratio the weak theory is questionable (at the example: 0.1 means errors of about 10 %)."""


def weak_validity(machine: Machine, drive: Drive, harmonics: int | None = None) -> float:
    """Largest ratio of the linewidth added by the driven bath to a resonance over its linewidth without it.

    First-order perturbation of each eigenvalue lambda = -iw of the static dynamics by the self-energy
    ``R(w) = sum_n conj(g_n) K_1(w + n Omega) g_n^T`` at the resonance w = Im lambda:
    ``delta lambda = -(left_v^T R right_x)/(left^T right)``, linewidth = -Re lambda. Runs on the host
    (NumPy eigenvalues); infinite when a resonance has no linewidth at all.

    Source: physics notes, section 9.
    """
    dynamics = np.asarray(state_space(machine).dynamics)
    size = machine.size
    values, right = np.linalg.eig(dynamics)
    try:
        left = np.linalg.inv(right)
    except np.linalg.LinAlgError:
        return float("inf")
    width = -np.real(values)
    frequencies = np.imag(values)
    count = drive.default_harmonics if harmonics is None else harmonics
    positive = np.asarray(drive.harmonics(count))
    order = np.arange(-count, count + 1)
    g = np.concatenate([np.conj(positive[:0:-1]), positive])
    shifted = frequencies[:, None] + order * float(drive.frequency)
    kernel = sum(np.asarray(bath.spectral_density.memory_kernel(shifted)) for bath in machine.driven_baths)
    self_energy = np.einsum("nl,jn,nm->jlm", np.conj(g), kernel, g)
    if machine.configuration == "independent":
        self_energy = self_energy * np.eye(size)
    shift = -np.einsum("jl,jlm,mj->j", left[:, size : 2 * size], self_energy, right[:size])
    added = np.abs(shift.real)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(added > 0.0, added / np.maximum(width, 0.0), 0.0)
    return float(np.max(ratio))
