"""Bounds on the output of drives with |g_l(t)| <= 1 at a given efficiency."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ...jobs import Results, current, gathered
from ...numerics import best_ratio, largest_eigenvalue, on_device
from ..rates import AbstractForms
from ._certificate import AbstractCertifier, Certificate, EfficiencyScale
from .peak import LONE_SHARE, Lines, ShapeBounds, fine_duals, highest, is_peak, spacing

GRID, PEAKS = 2048, 16
"""Drive frequencies, at most half of them at resonances, and most peaks of the output that are resonances."""
FINALISTS, LOOKS, ZOOMS = 35, 16, (7, 5, *[1] * 6)
"""Frequencies looked at at once, how often on the grid at most, and near how many of the best of the last
level each further level looks."""
ROUGHLY, CLOSELY = 1e-3, 1e-7
"""A level that raises an output by no more than this part is the last: for aims of a search, for bounds."""
WIDER = 1.25
"""Distances to the next frequency that a level looks at on either side of the best ones."""
NEAREST = 2
"""Frequencies of the grid on either side whose useful harmonics are looked at between them."""
BLOCK = 8
"""Efficiencies handled in one call: a fixed shape, so that calls reuse compiled programs. Where there is no
CPU but a GPU, all of them are, filled up to a multiple."""
Columns = tuple[np.ndarray, ...]
"""Each begins with the axis of efficiencies."""
COLUMNS = "output", "mean_square_output", "frequency"


class PeakCertifier(AbstractCertifier):
    """Upper bounds on the output X of every periodic drive with |g_l| <= 1, for each efficiency.

    The Lagrange dual, minimised over its multiplier lambda at each drive frequency, then maximised over the
    frequency (logarithmic grid and resonances, the best refined by ZOOMS levels): a fine search, not a
    proof. The support of the set of drives is bounded by mean squares, by the share of one harmonic
    (`quick`), and by what its odd multiples cost (`ShapeBounds`). Rough bounds on the grid
    (`Lines`) say where to look.

    Harmonics above those of `forms` are not looked at. They cannot yield output once the output form at the
    end of the table is negative; the form of a local power never is, and its bounds hold for the harmonics
    of the table only (theory (9.22)).

    Args:
        forms: of output and entropy production.
        tradeoff: what an efficiency costs.
        frequency_range: lowest and highest drive frequency.

    Source: theory (9.14), (10.1), (10.3), (10.10), (10.14).
    """

    def __init__(
        self, forms: AbstractForms, tradeoff: EfficiencyScale, frequency_range: tuple[float, float]
    ) -> None:
        self.forms, self.tradeoff, self.frequency_range = forms, tradeoff, frequency_range
        self.grid = _frequency_grid(forms, *frequency_range)
        every = np.arange(forms.kept_harmonics + 1)[None, :]
        self.table, self.useful = _useful_forms(forms, self.grid, every)
        self.known: tuple[bytes, Certificate] | None = None  # what `quick` was asked last

    def at(self, efficiency: np.ndarray) -> Certificate:
        return self._shared("_bounds", efficiency)

    def quick(self, efficiency: np.ndarray) -> Certificate:
        """The bounds of `at` from the share of one harmonic alone."""
        asked = np.asarray(efficiency, dtype=float).tobytes()
        if self.known is None or self.known[0] != asked:
            self.known = asked, self._shared("_quick", efficiency)
        return self.known[1]

    def __reduce__(self) -> tuple[Any, ...]:
        return PeakCertifier, (self.forms, self.tradeoff, self.frequency_range)

    def _shared(self, bounds: str, efficiency: np.ndarray) -> Certificate:
        """The bounds at every efficiency by itself, shared out."""
        efficiency = np.asarray(efficiency, dtype=float)
        size = current().share_of(len(efficiency))
        found = gathered(_Bounds(self, bounds), efficiency, size, "bound", padded=False)
        output, wide, frequency = (found[name] for name in COLUMNS)
        # A bound holds for all higher efficiencies too, so what was found there must be covered here.
        order = np.argsort(-efficiency, kind="stable")
        output[order], wide[order] = np.maximum.accumulate(output[order]), np.maximum.accumulate(wide[order])
        return Certificate(efficiency, output, wide, frequency)

    def _bounds(self, efficiency: np.ndarray) -> Columns:
        """(output, mean-square output, frequency)."""
        kappa = self.tradeoff.kappa(efficiency)
        rough, multiplier = self._lines.bounds(kappa, LONE_SHARE)
        output, frequency = self._shapes.largest(kappa, rough, multiplier)
        lone, lone_frequency = self._looked_at(kappa, LONE_SHARE, rough, CLOSELY, output)
        wide, _ = self._looked_at(kappa, 1.0, self._lines.bounds(kappa, 1.0)[0], CLOSELY)
        lower = lone < output
        return np.where(lower, lone, output), wide, np.where(lower, lone_frequency, frequency)

    @cached_property
    def _private(self) -> bool:
        """Whether no form couples two oscillators: each has the bound of its own harmonics."""
        return not np.any(self.table[..., ~np.eye(self.forms.size, dtype=bool)])

    @cached_property
    def _shapes(self) -> ShapeBounds:
        return ShapeBounds(self.forms, self.grid, self.table.shape[1])

    def _quick(self, efficiency: np.ndarray) -> Columns:
        """The same from the share of one harmonic, less closely looked at; not a number for mean squares."""
        kappa = self.tradeoff.kappa(efficiency)
        output, frequency = self._looked_at(
            kappa, LONE_SHARE, self._lines.bounds(kappa, LONE_SHARE)[0], ROUGHLY
        )
        return output, np.full(len(output), np.nan), frequency

    @cached_property
    def _ratios(self) -> np.ndarray:
        """(G, H) largest output over entropy rate of the harmonics of the table, 0 without output."""
        useful = np.any(self.table[:, :, 0], axis=(-2, -1))
        found = np.zeros(useful.shape)
        found[useful], _ = best_ratio(self.table[useful, 0], self.table[useful, 1])
        return found

    @cached_property
    def _lines(self) -> Lines:
        finite = self._ratios[np.isfinite(self._ratios)]
        return Lines(self.table, float(finite.max(initial=0.0)), self._private)

    def _looked_at(
        self, kappa: np.ndarray, lone: float, rough: np.ndarray, settled: float, enough: ArrayLike = np.inf
    ) -> tuple[np.ndarray, np.ndarray]:
        """(output, frequency) by the share of one harmonic, (M,) each.

        Looks at frequencies of the grid (`_on_grid`), then closer and closer at the best of them: until a
        level raises an output by no more than its part `settled`, or the output is `enough`.
        """
        near, duals = self._on_grid(kappa, lone, rough)
        output, frequency = duals[:, 0].copy(), near[:, 0].copy()
        enough, step = np.broadcast_to(enough, len(kappa)), spacing(self.grid)
        rows = np.flatnonzero(output < enough) if step > 0.0 else np.arange(0)
        near, duals = near[rows], duals[rows]
        for peaks in ZOOMS:
            if len(rows) == 0:
                break
            offsets = step * np.linspace(-1.0, 1.0, FINALISTS // peaks + 2)[1:-1]
            near = highest(near, duals, peaks, step)[:, :, None] * np.exp(offsets)
            near = np.clip(near.reshape(len(rows), FINALISTS), self.grid.min(), self.grid.max())
            duals = self._duals(near, kappa[rows], lone, len(kappa))
            best, before = np.argmax(duals, axis=1)[:, None], output[rows]
            found, where = (np.take_along_axis(part, best, axis=1)[:, 0] for part in (duals, near))
            frequency[rows] = np.where(found >= before, where, frequency[rows])
            output[rows] = now = np.maximum(found, before)
            # Of the first level all tops may fall between two frequencies.
            open_ = ((now - before > settled * now) | (peaks == ZOOMS[0])) & (now < enough[rows])
            rows, near, duals = rows[open_], near[open_], duals[open_]
            step *= WIDER * 2.0 / (len(offsets) + 1)
        return output, frequency

    def _on_grid(self, kappa: np.ndarray, lone: float, rough: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Peaks on the grid, the largest first: frequencies (M, F), and bounds with the best weights.

        Of the rough bounds (M, G), each no smaller than what is found here, peaks are looked at, and then the
        largest until none that is left exceeds the largest one found (LOOKS times at most).
        """
        left, known = rough.copy(), np.full(rough.shape, -np.inf)
        order, rows = np.lexsort((-rough, ~is_peak(rough))), np.arange(len(kappa))
        for _ in range(LOOKS):
            places = order[:, np.arange(FINALISTS) % order.shape[1]]
            duals = self._duals(self.grid[places], kappa[rows], lone, len(kappa))
            known[rows[:, None], places] = np.minimum(duals, rough[rows[:, None], places])
            left[rows[:, None], places] = -np.inf
            rows = rows[left[rows].max(axis=1) > known[rows].max(axis=1)]
            if len(rows) == 0:
                break
            order = np.argsort(-left[rows], axis=1, kind="stable")
        known[~is_peak(known)] = -np.inf
        best = np.argsort(-known, axis=1, kind="stable")[:, :FINALISTS]
        return self.grid[best], np.take_along_axis(known, best, axis=1)

    def _duals(self, near: np.ndarray, kappa: np.ndarray, lone: float, most: int) -> np.ndarray:
        """(R, F) bounds with the best weights for kappa (R,), each at its own frequencies (R, F)."""
        blocks = []
        for frequencies, row in zip(_blocks(near, most), _blocks(kappa, most), strict=True):
            places = frequencies.ravel()  # all blocks are as wide as the table, and share a program
            forms, _ = _useful_forms(self.forms, places, self._near(places), self.table.shape[1])
            forms = forms.reshape(*frequencies.shape, *forms.shape[1:])
            forms, row, share = on_device((forms, row, np.asarray(lone)))
            blocks.append(np.asarray(fine_duals(forms, row, share, self._private)))
        return np.concatenate(blocks)[: len(near)]

    def _near(self, frequencies: np.ndarray) -> np.ndarray:
        """(F, W) harmonics that are useful at the nearest frequencies of the grid, 0 for none."""
        place = np.searchsorted(self.grid, frequencies)[:, None] + np.arange(-NEAREST, NEAREST)
        found = self.useful[np.clip(place, 0, len(self.grid) - 1)].reshape(len(frequencies), -1)
        found = np.sort(found, axis=1)[:, ::-1]
        found[:, 1:][found[:, 1:] == found[:, :-1]] = 0
        return np.sort(found, axis=1)[:, -max(1, int((found > 0).sum(axis=1).max())) :]

    def efficiency_range(self, tight: bool = False) -> tuple[float, float] | None:
        """See `AbstractCertifier`; the largest output is where `quick`, or (tight) `at`, is largest."""
        bounds = self.at if tight else self.quick
        if not np.any(self._ratios > 0.0):
            return None
        largest = float(self.tradeoff.efficiency(1.0 / self._ratios.max()))
        below, above, top = 0.0, largest, 0.0
        for _ in range(3):
            trial = np.linspace(below, above, BLOCK + 2)[1:-1]
            output = bounds(trial).bound
            top = max(top, output.max())
            reached = output >= top * (1.0 - 1e-4)
            count = len(trial) if reached.all() else int(np.argmin(reached))
            ends = np.concatenate([[below], trial, [above]])
            below, above = float(ends[count]), float(ends[count + 1])
        return below, largest


@dataclass(frozen=True)
class _Bounds:
    """One of the two kinds of bounds of a certifier at efficiencies (M,)."""

    certifier: PeakCertifier
    kind: str

    def __call__(self, efficiency: np.ndarray, _: None) -> Results:
        return dict(zip(COLUMNS, getattr(self.certifier, self.kind)(efficiency), strict=False))


def _frequency_grid(forms: AbstractForms, low: float, high: float) -> np.ndarray:
    """GRID drive frequencies: some where n Omega is at a peak of the output, the others by logarithm."""
    if low == high:
        return np.array([low])
    base = np.geomspace(low, high, GRID // 2)
    output = forms.series(base)[0]
    nu = (base[:, None] * np.arange(1, output.shape[1])).ravel()
    gain = largest_eigenvalue(output[:, 1:]).ravel()
    order = np.argsort(nu)
    nu, gain = nu[order], gain[order]
    peak = (gain[1:-1] >= gain[:-2]) & (gain[1:-1] > gain[2:]) & (gain[1:-1] > 0.0)
    found = np.flatnonzero(peak) + 1
    best = nu[found[np.argsort(-gain[found])][:PEAKS]]
    extra = (best[None, :] / np.arange(1, output.shape[1])[:, None]).ravel()
    extra = extra[(extra > low) & (extra < high)][: GRID // 2]
    return np.sort(np.concatenate([np.geomspace(low, high, GRID - len(extra)), extra]))


def _blocks(rows: np.ndarray, most: int) -> list[np.ndarray]:
    """Rows in blocks of BLOCK, the last one repeated; without a CPU they are one, with room for `most`."""
    size = BLOCK if current().platform == "cpu" else BLOCK * -(-most // BLOCK)
    filled = np.concatenate([rows, np.repeat(rows[-1:], -len(rows) % size, axis=0)])
    return np.split(filled, len(filled) // size)


def _useful_forms(
    forms: AbstractForms, frequencies: np.ndarray, harmonics: np.ndarray, least: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """(G, H, 2, L, L) forms of output and entropy rate of the harmonics that are useful, and which, (G, H).

    Entropy forms are positive, so that a harmonic whose output form has no positive eigenvalue cannot enter
    the dual and is zero. H is `least` or more, and a multiple of 4, or there are no more.

    Args:
        forms: of these rates.
        frequencies: (G,) drive frequencies.
        harmonics: (G, W) that are looked at, 0 for none, or (1, W) at all of them.
        least: smallest H.
    """
    series = np.moveaxis(forms.read(frequencies[:, None] * harmonics), 0, 2)
    useful = (largest_eigenvalue(series[:, :, 0]) > 0.0) & (harmonics > 0)
    most = max(least, int(useful.sum(axis=1).max()))
    width = min(4 * -(-most // 4), forms.kept_harmonics + 1)
    order = np.argsort(~useful, axis=1, kind="stable")[:, :width]
    rows, missing = np.arange(len(frequencies))[:, None], width - order.shape[1]
    known, which = useful[rows, order], harmonics[rows % len(harmonics), order]
    found = series[rows, order] * known[:, :, None, None, None], which * known
    filled = [np.pad(part, ((0, 0), (0, missing), *[(0, 0)] * (part.ndim - 2))) for part in found]
    return filled[0], filled[1]
