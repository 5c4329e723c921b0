"""The front of drives with sum_l mean(g_l^2) <= L/2: exact, without a search for shapes (host code)."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import numpy as np

from ..drives import FourierDrive
from ._driving_grid import DrivingGrid, zoomed
from ._forms import Forms, largest_eigenvalue
from ._pure_states import Mixture, best_mixture, best_state
from ._purpose import Purpose

PRICES = 24
"""prices of entropy at which every frequency is looked at first"""
NEAR, MIXED_NEAR = 0.8, 0.99
"""Between the nodes one frequency, or two, may be better still if at a node this share of the best is reached."""
NARROW, NARROWINGS = 9, 2
"""prices between two of the table, and how often an interval of them is narrowed again"""
SMALLEST = 1e-12
"""entropy rate that the tables know, in units of the largest"""


class BestDrives(NamedTuple):
    """The strongest drives at M efficiencies.

    Attributes:
        output: (M,) what they yield, 0 where no drive is as efficient.
        frequency: (M,) Omega.
        order: (M, 2) the harmonics n that they have.
        amplitude: (M, 2, L) their complex g_n; the first is zero where one harmonic is enough.
    """

    output: np.ndarray
    frequency: np.ndarray
    order: np.ndarray
    amplitude: np.ndarray

    def drives(self, harmonics: int) -> FourierDrive:
        """A batch of M drives with this many harmonics, no fewer than the highest order."""
        count, _, size = self.amplitude.shape
        series = np.zeros((count, harmonics + 1, size), dtype=complex)
        for part in range(2):
            series[np.arange(count), self.order[:, part]] += self.amplitude[:, part]
        wave = 2.0 * np.swapaxes(series[:, 1:], 1, 2)
        return jax.vmap(FourierDrive)(self.frequency, np.zeros((count, size)), wave.real, wave.imag)


class _Best(NamedTuple):
    """Per unit of sum_n |g_n|^2 over all n: output, Omega, the two orders, their shares (M, 2), vectors (M, 2, L)."""

    output: np.ndarray
    frequency: np.ndarray
    order: np.ndarray
    share: np.ndarray
    state: np.ndarray


class MeanSquareFront:
    """The exact front of one machine under sum_l mean(g_l^2) <= L/2.

    With X_n and S_n the forms of output and entropy rate at n Omega, a drive's output is ``X = sum_n g_n^dagger X_n
    g_n``, likewise S, and an efficiency of at least eta means S <= kappa(eta) X. At one Omega the Lagrange dual

        X <= (L/2) min over lambda >= 0 of max_n (largest eigenvalue of X_n + lambda (kappa X_n - S_n))

    is reached: by one harmonic with one pattern of amplitudes and phases, or by two harmonics where two
    eigenvalues cross at the minimum (`best_state`, `best_mixture`). What one harmonic yields depends on nu = n
    Omega alone. So the front is the largest output of one nu, or of two that are harmonics of one Omega.

    The maxima over nu and Omega are fine searches, not proofs: every panel of the table has its nodes, with
    more of them around resonances, and a zoom follows from each that comes near the best.

    Args:
        forms: of the machine, with as many harmonics as the drives may have.
        purpose: engine or refrigerator.
        frequency: range of Omega; equal ends fix it.

    Source: this package (weak duality); physics notes, section 3.
    """

    def __init__(self, forms: Forms, purpose: Purpose, frequency: tuple[float, float]) -> None:
        self.forms, self.purpose = forms, purpose
        self.low, self.high = frequency
        self.fixed = self.low == self.high
        grid = DrivingGrid.of(forms, frequency)
        self.smallest = SMALLEST * np.abs(self._at(grid.nu)[1]).max()
        places, outputs = _peaks(grid, lambda nu: largest_eigenvalue(self._at(nu)[0]))
        self.strongest, self.strongest_output = places[np.argmax(outputs)], outputs.max()
        grid = grid.around(places)
        places, gains = _peaks(grid, self._gain)
        self.largest_gain = gains.max()
        self.grid = grid.around(places)
        # X - p S for prices p: with p = lambda/(1 + lambda kappa) the dual is its largest eigenvalue/(1 - p kappa).
        self.prices = max(self.largest_gain, 0.0) * (1.0 - np.geomspace(1.0, 1e-4, PRICES))
        self.table = _values(*self._at(self.grid.nu), self.prices)

    def efficiency_range(self) -> tuple[float, float] | None:
        """(efficiency of the drive with the largest output, largest efficiency); None without any output."""
        if self.strongest_output <= 0.0:
            return None
        output, entropy = self._at(self.strongest)
        state = np.linalg.eigh(output)[1][:, -1]
        gain, cost = (float((np.conj(state) @ form @ state).real) for form in (output, entropy))
        return float(self.purpose.efficiency(cost / gain)), float(
            self.purpose.efficiency(1.0 / self.largest_gain)
        )

    def best(self, efficiency: np.ndarray) -> BestDrives:
        """The strongest drives that are at least as efficient as asked for, (M,)."""
        slope = self.purpose.slope(efficiency)
        found = self._single(slope)
        if self.forms.harmonics > 1 and self.strongest_output > 0.0:
            mixed = self._mixed(slope, found.output)
            better = mixed.output > found.output * (1.0 + 1e-12)
            found = _Best(
                *(np.where(better.reshape(-1, *[1] * (a.ndim - 1)), a, b) for a, b in zip(mixed, found))
            )
        # What was found at a higher efficiency counts here too.
        falling = np.argsort(-np.asarray(efficiency), kind="stable")
        source = np.empty(len(falling), dtype=int)
        best = falling[0]
        for i in falling:
            best = i if found.output[i] > found.output[best] else best
            source[i] = best
        found = _Best(*(part[source] for part in found))
        budget = found.state.shape[-1] / 2.0
        # Orders n and -n share what a harmonic has.
        amplitude = np.sqrt(budget * found.share / 2.0)[..., None] * found.state
        return BestDrives(budget * np.maximum(found.output, 0.0), found.frequency, found.order, amplitude)

    def _single(self, slope: np.ndarray) -> _Best:
        """The best drives of one harmonic, the lowest whose Omega lies in the range."""
        bound, _ = _bound(self.table, self.prices, slope)
        count, size = len(slope), self.forms.size
        rows, first = np.arange(count), np.argmax(bound, axis=1)
        reached, _ = best_state(*self._at(self.grid.nu[first]), slope)
        row, node = np.nonzero((bound > 0.0) & (bound >= NEAR * reached[:, None]))
        output = np.full(bound.shape, -np.inf)
        output[row, node], _ = best_state(*self._at(self.grid.nu[node]), slope[row])
        near = np.isfinite(output) & (output >= NEAR * output.max(axis=1, keepdims=True))
        row, node = np.nonzero(near & self.grid.peaks(output))
        place, value = zoomed(
            lambda nu: best_state(*self._at(nu), np.broadcast_to(slope[row][:, None], nu.shape))[0],
            self.grid.nu[node], self.grid.left[node], self.grid.right[node],
        )  # fmt: skip
        nu, best = np.full(count, self.grid.nu[0]), np.full(count, -np.inf)
        chosen = _largest(row, value)
        nu[row[chosen]], best[row[chosen]] = place[chosen], value[chosen]
        state = np.zeros((count, 2, size), dtype=complex)
        best, state[:, 1] = best_state(*self._at(nu), slope)
        order = np.maximum(np.ceil(nu / self.high * (1.0 - 1e-12)), 1.0).astype(int)
        share = np.stack([np.zeros(count), np.ones(count)], axis=1)
        return _Best(
            best, np.clip(nu / order, self.low, self.high), np.stack([order, order], axis=1), share, state
        )

    def _mixed(self, slope: np.ndarray, single: np.ndarray) -> _Best:
        """The best drives of two harmonics where these may beat a single one; elsewhere none, -inf."""
        order = np.arange(1, self.forms.harmonics + 1)
        omega = self._shared(slope, single)
        output, entropy = self._at(omega[:, None] * order)
        values = _values(output, entropy, self.prices)
        bound, at = _bound(values.max(axis=1), self.prices, slope)
        leader, columns = np.argmax(values, axis=1), np.arange(len(omega))
        changing = _differ([leader[columns, np.clip(at + step, 0, PRICES - 1)] for step in (-1, 0, 1)])
        # Nothing is gained where the price does not matter.
        free = single >= self.strongest_output * (1.0 - 1e-12)
        possible = (bound > 0.0) & (bound >= MIXED_NEAR * single[:, None]) & ~free[:, None]
        row, column = np.nonzero((changing | self.fixed) & possible)
        if not self.fixed:
            kept = self._mixing(output[column], entropy[column], slope[row], at[row, column], single[row])
            row, column = row[kept], column[kept]
        found = best_mixture(output[column], entropy[column], slope[row])
        kept = (found.order[:, 0] != found.order[:, 1]) & (found.output >= MIXED_NEAR * single[row])
        row, column, pair, value = row[kept], column[kept], order[found.order[kept]], found.output[kept]
        # One zoom for each efficiency and pair of harmonics.
        _, label = np.unique(np.column_stack([row, pair]), axis=0, return_inverse=True)
        chosen = _largest(label.ravel(), value)
        row, column, pair = row[chosen], column[chosen], pair[chosen]

        def mixture(omega: np.ndarray) -> Mixture:
            """Of the pairs, at (P,) or (P, ZOOM) frequencies."""
            wide = (slice(None), *[None] * (omega.ndim - 1))
            return best_mixture(
                *self._at(omega[..., None] * pair[wide]), np.broadcast_to(slope[row][wide], omega.shape)
            )

        padded = np.concatenate([omega[:1], omega, omega[-1:]])
        place, value = zoomed(
            lambda at: mixture(at).output, omega[column], padded[column], padded[column + 2]
        )
        found = mixture(place)
        count, size = len(slope), self.forms.size
        none = np.full(count, -np.inf), np.full(count, self.low), np.ones((count, 2), dtype=int)
        best = _Best(*none, np.zeros((count, 2)), np.zeros((count, 2, size), dtype=complex))
        chosen = _largest(row, value)
        parts = (found.output, place, np.take_along_axis(pair, found.order, axis=1), found.share, found.state)
        for target, part in zip(best, parts, strict=True):
            target[row[chosen]] = part[chosen]
        return best

    def _mixing(
        self, output: np.ndarray, entropy: np.ndarray, slope: np.ndarray, at: np.ndarray, single: np.ndarray
    ) -> np.ndarray:
        """Which of P cases, forms (P, N, L, L), may mix two harmonics: one takes over from another at the best price."""
        ends = np.append(self.prices, np.inf)
        low, high = ends[np.maximum(at - 1, 0)], np.minimum(ends[at + 1], 1.0 / slope)
        rows, bound = np.arange(len(at)), np.zeros(len(at))
        changing = np.zeros(len(at), dtype=bool)
        for _ in range(NARROWINGS):
            prices = np.linspace(low, high, NARROW, axis=1)
            values = _values(output, entropy, prices[:, None, :])
            with np.errstate(divide="ignore", invalid="ignore"):
                dual = np.where(
                    prices * slope[:, None] < 1.0,
                    values.max(axis=1) / (1.0 - prices * slope[:, None]),
                    np.inf,
                )
            best = np.argmin(dual, axis=1)
            near = [np.clip(best + step, 0, NARROW - 1) for step in (-1, 0, 1)]
            changing = _differ([np.argmax(values, axis=1)[rows, i] for i in near])
            bound, low, high = dual[rows, best], prices[rows, near[0]], prices[rows, near[2]]
        return changing & (bound >= MIXED_NEAR * single)

    def _shared(self, slope: np.ndarray, single: np.ndarray) -> np.ndarray:
        """Frequencies Omega (W,) at which two harmonics might beat a single one, rising.

        At the price where the dual of all nu is smallest, what two harmonics of one Omega yield together is at
        most what the better of them is worth there. One that is cheap is worth more at the next higher price of
        the table, one that is dear at the next lower price.
        """
        if self.fixed:
            return np.array([self.low])
        scale = 1.0 - self.prices * slope[:, None]
        with np.errstate(divide="ignore", invalid="ignore"):
            dual = np.where(scale > 0.0, self.table.max(axis=0) / scale, np.inf)
        best = np.argmin(dual, axis=1)
        worth = np.zeros(len(self.grid.nu), dtype=bool)
        for step in (-1, 0, 1):
            price = np.clip(best + step, 0, PRICES - 1)
            least = MIXED_NEAR * single * scale[np.arange(len(slope)), price]
            worth |= np.any((self.table[:, price].T >= least[:, None]) & np.isfinite(single)[:, None], axis=0)
        omega = (self.grid.nu[worth, None] / np.arange(1, self.forms.harmonics + 1)).ravel()
        return np.unique(omega[(omega >= self.low) & (omega <= self.high)])

    def _at(self, nu: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Forms of output and entropy rate, (..., L, L), at driving frequencies nu (...)."""
        power, entropy = self.forms.read(nu)
        of_power, of_entropy = self.purpose.gain
        return of_power * power + of_entropy * entropy, entropy

    def _gain(self, nu: np.ndarray) -> np.ndarray:
        """Largest X/S of one harmonic at each nu."""
        output, entropy = self._at(nu)
        values, vectors = np.linalg.eigh(entropy)
        half = vectors / np.sqrt(np.maximum(values, self.smallest))[..., None, :]
        return largest_eigenvalue(np.conj(np.swapaxes(half, -1, -2)) @ output @ half)


def _peaks(grid: DrivingGrid, function: Callable[[np.ndarray], np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """(where, value) of all local maxima of a function of nu."""
    node = np.flatnonzero(grid.peaks(function(grid.nu)))
    return zoomed(function, grid.nu[node], grid.left[node], grid.right[node])


def _values(output: np.ndarray, entropy: np.ndarray, prices: np.ndarray) -> np.ndarray:
    """(..., PRICES) largest eigenvalues of X - p S."""
    return largest_eigenvalue(output[..., None, :, :] - prices[..., None, None] * entropy[..., None, :, :])


def _differ(columns: list[np.ndarray]) -> np.ndarray:
    """Whether three columns differ, row by row."""
    return (columns[0] != columns[1]) | (columns[1] != columns[2])


def _bound(values: np.ndarray, prices: np.ndarray, slope: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(M, G) smallest dual over the prices, and at which of them, from the values (G, PRICES) of `_values`."""
    best = np.full((len(slope), len(values)), np.inf)
    at = np.zeros(best.shape, dtype=int)
    for i, price in enumerate(prices):
        scale = 1.0 - price * slope
        rows = np.flatnonzero(scale > 0.0)
        dual = values[:, i] / scale[rows, None]
        lower = dual < best[rows]
        best[rows], at[rows] = np.where(lower, dual, best[rows]), np.where(lower, i, at[rows])
    return best, at


def _largest(label: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Where each label has its largest value."""
    order = np.lexsort((value, label))
    last = np.flatnonzero(np.diff(label[order], append=np.iinfo(label.dtype).max))
    return order[last]
