"""How weak is weak? What the driven bath and the machine do to each other's resonances."""

from functools import partial
from typing import Any

import numpy as np
from jaxtyping import Array, Complex, Float
from numpy.typing import NDArray

from ...model import AbstractDrive, Machine, state_space, susceptibility
from ...numerics import xp
from ...programs import kept_program
from ..base import computed, written_for_numpy

LIMIT = 0.1
"""Above this ratio the weak theory is questionable (at the example: 0.1 means errors of about 10 %)."""
SHIFT_LIMIT = 0.01
"""Above this relative shift of a resonance currents are off by several of it: theory (3.28)."""


def weak_validity(machine: Machine, drive: AbstractDrive, harmonics: int | None = None) -> float:
    """Largest ratio of the linewidth that the driven coupling adds to a resonance over its linewidth without.

    Resonances are those of the machine, eigenvalues lambda of its static dynamics, which the self-energy
    ``R(w) = sum_n conj(g_n) K_1(w + n Omega) g_n^T`` widens by ``Re(left_v^T R right_x)/(left^T right)`` at
    w = -Im lambda; and those of the driven bath, poles p of its response, which the machine widens by
    ``Re[K_1(w) sum_n g_n^T chi(w - n Omega) conj(g_n)]`` of their width at w = Re p. Runs on the host (NumPy
    eigenvalues); infinite when a resonance has no linewidth at all.

    Source: theory (3.24), (3.26), (3.27).
    """
    host = written_for_numpy(machine, drive)
    dynamics = computed(_static_dynamics, machine, drive) if host else _traced_dynamics(machine, drive)
    resonances = Resonances(*np.linalg.eig(np.asarray(dynamics)))
    of = partial(feedback, frequencies=xp.asarray(resonances.frequencies), harmonics=harmonics)
    found = computed(of, machine, drive) if host else _traced(of, machine, drive)
    return float(resonances.broadening(*map(np.asarray, found[:2])))


def feedback(
    machine: Machine, drive: AbstractDrive, frequencies: Float[Array, " n"], harmonics: int | None = None
) -> tuple[Complex[Array, "n L L"], Float[Array, ""], Float[Array, ""]]:
    """R(w) at these frequencies; the largest linewidth and shift that the machine gives to a driven bath.

    The linewidth is relative to that of the bath, the shift to its frequency. It works under jit and vmap.
    """
    energies = self_energies(machine, drive, frequencies, harmonics)
    return energies, *_bath_changes(machine, drive, harmonics)


def self_energies(
    machine: Machine,
    drive: AbstractDrive,
    frequencies: Complex[Array, " n"] | Float[Array, " n"],
    harmonics: int | None = None,
) -> Complex[Array, "n L L"]:
    """R(w) of the driven baths at real or complex frequencies: theory (3.22)."""
    orders, _, g = drive.series(harmonics).two_sided()
    shifted = frequencies[:, None] + orders * drive.frequency
    kernel = sum(bath.spectral_density.memory_kernel(shifted) for bath in machine.driven_baths)
    return xp.einsum("nl,jn,nm->jlm", xp.conj(g), kernel, g) * machine.sharing()


def _bath_changes(
    machine: Machine, drive: AbstractDrive, harmonics: int | None
) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """max_p |Re C| and max_p |Im p Im C|/|p|, over copies of driven baths.

    C = K_1(w) sum_n g_n^T chi(w - n Omega) conj(g_n) at w = Re p.
    """
    orders, _, g = drive.series(harmonics).two_sided()
    largest = furthest = xp.zeros(())
    for density in (bath.spectral_density for bath in machine.driven_baths):
        poles = density.expansion().poles
        at = poles.real
        if at.shape[0] == 0:
            continue
        shifted = at[:, None] - orders * drive.frequency
        chi = susceptibility(machine, shifted.ravel().astype(complex)).reshape(
            *g.shape[1:] * 2, *shifted.shape
        )
        # chi vanishes between groups of oscillators: the sum over m stays in the copy that l belongs to
        response = xp.einsum("cl,nl,lmpn,nm->cp", machine.membership() * 1.0, g, chi, xp.conj(g))
        gain = density.memory_kernel(at.astype(complex)) * response
        largest = xp.maximum(largest, xp.max(xp.abs(gain.real)))
        furthest = xp.maximum(furthest, xp.max(xp.abs(gain.imag * poles.imag) / xp.abs(poles)))
    return largest, furthest


def _static_dynamics(machine: Machine, drive: AbstractDrive) -> Float[Array, "n n"]:
    return state_space(machine).dynamics


_traced_dynamics = kept_program(_static_dynamics)


@kept_program
def _traced(function: Any, machine: Machine, drive: AbstractDrive) -> Any:
    return function(machine, drive)


class Resonances:
    """Eigenvalues and eigenvectors of static dynamics, (..., n, n); leading axes number machines.

    Attributes:
        frequencies: (..., n) at which motion exp(lambda t) = exp(-i w t) oscillates, w = -Im lambda.
        widths: (..., n) -Re lambda.
        left, right: (..., n, n) eigenvectors as rows and columns, with left right = 1.
    """

    def __init__(self, eigenvalues: NDArray[Any], right: NDArray[Any]) -> None:
        self.right, self.frequencies, self.widths = right, -np.imag(eigenvalues), -np.real(eigenvalues)
        try:
            self.left = np.linalg.inv(self.right)
        except np.linalg.LinAlgError:  # of one machine at least
            self.left = np.vectorize(_inverse, signature="(n,n)->(n,n)")(self.right)

    def broadening(
        self, energies: NDArray[np.complex128], of_bath: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """(...) largest ratio of added over own linewidth, from the results of `feedback`: theory (3.27)."""
        added = np.abs(self._added(energies).real)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.where(added > 0.0, added / np.maximum(self.widths, 0.0), 0.0)
        defective = np.isnan(self.left).any(axis=(-2, -1))
        return np.where(defective, np.inf, np.maximum(np.max(ratio, axis=-1), of_bath))

    def shift(self, energies: NDArray[np.complex128], of_bath: NDArray[np.float64]) -> NDArray[np.float64]:
        """(...) largest shift of a resonance over its frequency, from the results of `feedback`.

        Infinite as the validity is where eigenvectors are not independent.

        Source: theory (3.28).
        """
        shifts, rates = np.abs(self._added(energies).imag), np.hypot(self.frequencies, self.widths)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.where(shifts > 0.0, shifts / rates, 0.0)
        defective = np.isnan(self.left).any(axis=(-2, -1))
        return np.where(defective, np.inf, np.maximum(np.max(ratio, axis=-1), of_bath))

    def _added(self, energies: NDArray[np.complex128]) -> NDArray[np.complex128]:
        """(..., n) what the driven bath adds to each eigenvalue, with the sign turned, on the real axis."""
        size = energies.shape[-1]
        left, right = self.left[..., :, size : 2 * size], self.right[..., :size, :]
        return np.einsum("...jl,...jlm,...mj->...j", left, energies, right)


def _inverse(matrix: NDArray[Any]) -> NDArray[Any]:
    """The inverse; NaN where there is none."""
    try:
        return np.linalg.inv(matrix)
    except np.linalg.LinAlgError:
        return np.full_like(matrix, np.nan)
