"""How weak is weak? The linewidth that the driven bath adds to the static machine's resonances."""

from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float
from numpy.typing import NDArray

from ...model import AbstractDrive, Machine, state_space

LIMIT = 0.1
"""Above this ratio the weak theory is questionable (at the example: 0.1 means errors of about 10 %)."""


def weak_validity(machine: Machine, drive: AbstractDrive, harmonics: int | None = None) -> float:
    """Largest ratio of the linewidth added by the driven bath to a resonance over its linewidth without it.

    First-order perturbation of each eigenvalue lambda = -iw of the static dynamics by the self-energy
    ``R(w) = sum_n conj(g_n) K_1(w + n Omega) g_n^T`` at the resonance w = Im lambda:
    ``delta lambda = -(left_v^T R right_x)/(left^T right)``, linewidth = -Re lambda. Runs on the host
    (NumPy eigenvalues); infinite when a resonance has no linewidth at all.

    Source: theory (3.24).
    """
    resonances = Resonances(*np.linalg.eig(np.asarray(_static_dynamics(machine))))
    energies = _self_energies(machine, drive, jnp.asarray(resonances.frequencies), harmonics)
    return float(resonances.broadening(np.asarray(energies)))


def self_energies(
    machine: Machine, drive: AbstractDrive, frequencies: Float[Array, " n"], harmonics: int | None = None
) -> Complex[Array, "n L L"]:
    """R(w) of the driven baths at these frequencies; works under jit and vmap."""
    orders, _, g = drive.series(harmonics).two_sided()
    shifted = frequencies[:, None] + orders * drive.frequency
    kernel = sum(bath.spectral_density.memory_kernel(shifted) for bath in machine.driven_baths)
    return jnp.einsum("nl,jn,nm->jlm", jnp.conj(g), kernel, g) * machine.sharing()


_self_energies = eqx.filter_jit(self_energies)


@eqx.filter_jit
def _static_dynamics(machine: Machine) -> Float[Array, "n n"]:
    return state_space(machine).dynamics


class Resonances:
    """Eigenvalues and eigenvectors of static dynamics, (..., n, n); leading axes number machines."""

    def __init__(self, eigenvalues: NDArray[Any], right: NDArray[Any]) -> None:
        self.right, self.frequencies, self.widths = right, np.imag(eigenvalues), -np.real(eigenvalues)
        try:
            self.left = np.linalg.inv(self.right)
        except np.linalg.LinAlgError:  # of one machine at least
            self.left = np.vectorize(_inverse, signature="(n,n)->(n,n)")(self.right)

    def broadening(self, energies: NDArray[np.complex128]) -> NDArray[np.float64]:
        """(...) largest ratio of added over own linewidth, for self-energies (..., n, L, L)."""
        size = energies.shape[-1]
        left, right = self.left[..., :, size : 2 * size], self.right[..., :size, :]
        added = np.abs(np.einsum("...jl,...jlm,...mj->...j", left, energies, right).real)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.where(added > 0.0, added / np.maximum(self.widths, 0.0), 0.0)
        defective = np.isnan(self.left).any(axis=(-2, -1))
        return np.where(defective, np.inf, np.max(ratio, axis=-1))


def _inverse(matrix: NDArray[Any]) -> NDArray[Any]:
    """The inverse; NaN where there is none."""
    try:
        return np.linalg.inv(matrix)
    except np.linalg.LinAlgError:
        return np.full_like(matrix, np.nan)
