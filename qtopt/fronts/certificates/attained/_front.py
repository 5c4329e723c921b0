"""The front of drives with sum_l mean(g_l^2) <= L/2: exact, without a search for shapes (host code)."""

import itertools
from typing import NamedTuple

import jax
import numpy as np

from ....model import FourierDrive
from ....numerics import top_eigenpair, zoomed
from ...rates import AbstractForms
from ._landscape import BestHarmonics, Landscape, largest_of_each
from ._pure_states import best_state
from ._two_harmonics import best_pairs

NEAR = 0.8
"""Between the nodes there may be more if at a node this share of the best is reached."""


class BestDrives(NamedTuple):
    """The strongest drives at M values of kappa.

    Attributes:
        output: (M,) what they yield, 0 where every drive costs more.
        drive_frequency: (M,) Omega.
        order: (M, 2) the harmonics n that they have.
        amplitude: (M, 2, L) their complex g_n; the first is zero where one harmonic is enough.
    """

    output: np.ndarray
    drive_frequency: np.ndarray
    order: np.ndarray
    amplitude: np.ndarray

    def drives(self, harmonics: int) -> FourierDrive:
        """A batch of M drives with this many harmonics, no fewer than the highest order."""
        count, _, size = self.amplitude.shape
        series = np.zeros((count, harmonics + 1, size), dtype=complex)
        for part in range(2):
            series[np.arange(count), self.order[:, part]] += self.amplitude[:, part]
        wave = 2.0 * np.swapaxes(series[:, 1:], 1, 2)
        return jax.vmap(FourierDrive)(self.drive_frequency, np.zeros((count, size)), wave.real, wave.imag)


class MeanSquareFront:
    """The exact front of one machine under sum_l mean(g_l^2) <= L/2.

    The Lagrange dual is reached: by one harmonic with one pattern of amplitudes and phases, or by two
    harmonics where two eigenvalues cross at its minimum. What one harmonic yields depends on nu = n Omega
    alone, so the front is the largest output of one nu, or of two harmonics of one Omega.

    The maxima over nu and Omega are fine searches, not proofs: every panel of the table has its nodes, with
    more of them around resonances, and a zoom follows from each that comes near the best.

    Args:
        forms: of the machine, with as many harmonics as the drives may have.
        frequency_range: lowest and highest Omega; equal ends fix it.

    Source: theory (9.17), (9.18).
    """

    def __init__(self, forms: AbstractForms, frequency_range: tuple[float, float]) -> None:
        self.land = Landscape(forms, frequency_range)

    def kappa_range(self) -> tuple[float, float] | None:
        """kappa of the drive with the largest output, and the smallest kappa; None without any output."""
        if self.land.largest_output <= 0.0:
            return None
        output, entropy = self.land.at(self.land.strongest)
        _, state = top_eigenpair(output)
        gain, cost = (float(np.real(np.conj(state) @ form @ state)) for form in (output, entropy))
        return cost / gain, 1.0 / self.land.largest_gain

    def best(self, kappa: np.ndarray) -> BestDrives:
        """The strongest drives that produce no more entropy than S = kappa X, for kappa (M,)."""
        found = self._singles(kappa)
        if self.land.kept_harmonics > 1:
            pairs = best_pairs(self.land, kappa, found)
            better = pairs.output > found.output * (1.0 + 1e-12)
            for target, part in zip(found, pairs, strict=True):
                target[better] = part[better]
        # What was found at a smaller kappa counts here too.
        source = np.arange(len(kappa))
        for i, j in itertools.pairwise(np.argsort(kappa, kind="stable")):
            if found.output[source[i]] > found.output[j]:
                source[j] = source[i]
        found = BestHarmonics(*(part[source] for part in found))
        budget = self.land.size / 2.0
        # The orders n and -n share what a harmonic has.
        amplitude = np.sqrt(budget * found.share / 2.0)[..., None] * found.state
        return BestDrives(
            budget * np.maximum(found.output, 0.0), found.drive_frequency, found.order, amplitude
        )

    def _singles(self, kappa: np.ndarray) -> BestHarmonics:
        """The best drives of one harmonic, the lowest whose Omega lies in the range."""
        land, grid = self.land, self.land.grid
        bound, _ = land.dual(land.worth, kappa)
        first = np.argmax(bound, axis=1)
        reached, _ = best_state(land.output[first], land.entropy[first], kappa)
        row, node = np.nonzero((bound > 0.0) & (bound >= NEAR * reached[:, None]))
        output = np.full(bound.shape, -np.inf)
        output[row, node], _ = best_state(land.output[node], land.entropy[node], kappa[row])
        least = np.maximum(NEAR * output.max(axis=1, keepdims=True), 0.0)
        row, node = np.nonzero(grid.peaks(output) & (output >= least))
        place, value = zoomed(
            lambda rows, nu: best_state(*land.at(nu), np.broadcast_to(kappa[row[rows], None], nu.shape))[0],
            grid.nu[node], grid.left[node], grid.right[node],
        )  # fmt: skip
        chosen = largest_of_each(row, value)
        row, nu = row[chosen], place[chosen]
        best = BestHarmonics.none(len(kappa), land.size, land.low)
        best.output[row], best.state[row, 1] = best_state(*land.at(nu), kappa[row])
        order = np.maximum(np.ceil(nu / land.high * (1.0 - 1e-12)), 1.0).astype(int)
        best.order[row] = order[:, None]
        best.drive_frequency[row] = np.clip(nu / order, land.low, land.high)
        return best
