"""Bounds on the output of drives with |g_l(t)| <= 1 at a given efficiency."""

from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float

from ...jobs import Results, current, gathered, over_devices
from ...numerics import (
    at_once_elsewhere,
    best_ratio,
    golden_section,
    largest_eigenvalue,
    largest_packed,
    on_device,
    two_best,
)
from ...programs import kept_program
from ..rates import AbstractForms
from ._certificate import AbstractCertifier, Certificate, EfficiencyScale
from .peak import LONE_SHARE, ShapeBounds

GRID, PEAKS = 1024, 16
"""Drive frequencies by logarithm, and resonances near which there are as many."""
FINALISTS, ZOOM, ZOOMS = 33, 33, 8
"""Frequencies of the grid looked at closely, and those of each level between neighbours of the best."""
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
    (`quick`), and by what its odd multiples cost (`ShapeBounds`).

    Harmonics above those of `forms` are not looked at. They cannot yield output once the output form at the
    end of the table is negative; the form of a local power never is, and its bounds hold for the harmonics
    of the table only (theory (9.22)).

    Args:
        forms: of output and entropy production.
        tradeoff: what an efficiency costs.
        frequency_range: lowest and highest drive frequency.

    Source: theory (9.14), (10.1), (10.3), (10.10).
    """

    def __init__(
        self, forms: AbstractForms, tradeoff: EfficiencyScale, frequency_range: tuple[float, float]
    ) -> None:
        self.forms, self.tradeoff, self.frequency_range = forms, tradeoff, frequency_range
        self.grid = _frequency_grid(forms, *frequency_range)
        self.table = _useful_forms(forms, self.grid)
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
        rough_output, wide, rough_frequency, rough = self._quick(efficiency)
        output, frequency = self._shapes.largest(self.tradeoff.kappa(efficiency), rough)
        lower = output < rough_output
        return np.where(lower, output, rough_output), wide, np.where(lower, frequency, rough_frequency)

    @cached_property
    def _shapes(self) -> ShapeBounds:
        return ShapeBounds(self.forms, self.grid, self.table.shape[1])

    def _quick(self, efficiency: np.ndarray) -> Columns:
        """The same from the share of one harmonic, and the (M, G) rough bounds on the grid."""
        blocks = []
        size = BLOCK if current().platform == "cpu" else BLOCK * -(-len(efficiency) // BLOCK)
        for start in range(0, len(efficiency), size):
            part = np.asarray(efficiency)[start : start + size]
            padded = np.concatenate([part, np.full(size - len(part), part[-1])])
            found = _certify_block(self.forms, self.table, self.grid, self.tradeoff.kappa(padded))
            blocks.append([column[: len(part)] for column in found])
        return tuple(np.concatenate(column) for column in zip(*blocks, strict=True))

    def efficiency_range(self, tight: bool = False) -> tuple[float, float] | None:
        """See `AbstractCertifier`; the largest output is where `quick`, or (tight) `at`, is largest."""
        bounds = self.at if tight else self.quick
        useful = self.table[np.any(self.table[:, :, 0], axis=(-2, -1))]
        if len(useful) == 0:
            return None
        ratio, _ = best_ratio(useful[:, 0], useful[:, 1])
        largest = float(self.tradeoff.efficiency(1.0 / ratio.max()))
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
    """GRID drive frequencies by logarithm, and as many at resonances: n Omega at a peak of the output."""
    if low == high:
        return np.array([low])
    base = np.geomspace(low, high, GRID)
    output = forms.series(base)[0]
    nu = (base[:, None] * np.arange(1, output.shape[1])).ravel()
    gain = largest_eigenvalue(output[:, 1:]).ravel()
    order = np.argsort(nu)
    nu, gain = nu[order], gain[order]
    peak = (gain[1:-1] >= gain[:-2]) & (gain[1:-1] > gain[2:]) & (gain[1:-1] > 0.0)
    found = np.flatnonzero(peak) + 1
    best = nu[found[np.argsort(-gain[found])][:PEAKS]]
    extra = (best[None, :] / np.arange(1, output.shape[1])[:, None]).ravel()
    extra = extra[(extra > low) & (extra < high)][:GRID]
    return np.concatenate([base, extra, np.full(GRID - len(extra), high)])


def _certify_block(forms: AbstractForms, table: np.ndarray, grid: np.ndarray, kappa: np.ndarray) -> Columns:
    """(output, mean-square output, frequency, rough bounds) for a block of kappa: scan, finalists, zoom."""
    every = on_device(kappa)
    rough = np.asarray(_rough_duals(on_device(table), every))
    finalists = np.argsort(-rough, axis=1, kind="stable")[:, :FINALISTS]
    near, rows = grid[finalists], np.arange(len(kappa))
    output, wide, peak = np.zeros(len(kappa)), np.zeros(len(kappa)), near[:, 0]
    low, high = grid.min(), grid.max()
    step = np.log(high / low) / GRID
    for _ in range(1 if low == high else 1 + ZOOMS):
        fine = _useful_forms(forms, near.ravel())
        fine = on_device(fine.reshape(*near.shape, *fine.shape[1:]))
        limited, mean_square = np.asarray(_fine_duals(fine, every))
        best = np.argmax(limited, axis=1)
        peak = np.where(limited[rows, best] >= output, near[rows, best], peak)
        output, wide = np.maximum(output, limited[rows, best]), np.maximum(wide, mean_square.max(axis=1))
        near = np.clip(peak[:, None] * np.exp(step * np.linspace(-1.0, 1.0, ZOOM)), low, high)
        step *= 4.0 / (ZOOM - 1)
    return output, wide, peak, rough


def _useful_forms(forms: AbstractForms, frequencies: np.ndarray) -> np.ndarray:
    """(G, H, 2, L, L) forms of output and entropy rate, the useful harmonics moved to the front.

    Entropy forms are positive, so that a harmonic whose output form has no positive eigenvalue cannot enter
    the dual and is zero. H is a multiple of 4.
    """
    series = np.moveaxis(forms.series(frequencies), 0, 2)
    useful = largest_eigenvalue(series[:, :, 0]) > 0.0
    useful[:, 0] = False
    width = min(4 * max(1, -(-int(useful.sum(axis=1).max()) // 4)), useful.shape[1])
    order = np.argsort(~useful, axis=1, kind="stable")[:, :width]
    rows = np.arange(len(frequencies))[:, None]
    return series[rows, order] * useful[rows, order][:, :, None, None, None]


def _entries(forms: Complex[Array, "*shape H 2 L L"]) -> Float[Array, "2 LL *shape H"]:
    """Forms as real numbers in the order of `largest_packed`: each of them is one long array."""
    size = forms.shape[-1]
    values = jnp.where(np.triu(np.ones((size, size), dtype=bool)), forms.real, forms.imag)
    return jnp.moveaxis(values.reshape(*forms.shape[:-2], size * size), (-2, -1), (0, 1))


def _dual(forms: Float[Array, "2 LL H"], kappa: Array, u: Array, share: Array, lone: Array | float) -> Array:
    """Upper bound on the output at one frequency for multiplier lambda = u/(1 - u) and weights share (L,).

    A lone harmonic has at most the share `lone` of all: LONE_SHARE for bounded drives, 1 for mean squares.
    """
    output, entropy = forms
    form = output + u / (1.0 - u) * (kappa * output - entropy)
    weight = jnp.sqrt(share[:, None] * share[None, :]).reshape(-1, 1)
    best, second = two_best(largest_packed(form / weight))
    return lone * best + (1.0 - lone) * second


@kept_program
def _rough_duals(table: Complex[Array, "G H 2 L L"], kappa: Float[Array, " M"]) -> Float[Array, "M G"]:
    """Harmonic-limited duals with equal weights at every frequency of a grid."""
    size = table.shape[-1]

    def one(kappa: Array, forms: Array) -> Array:
        return golden_section(lambda u: _dual(forms, kappa, u, jnp.full(size, 1.0 / size), LONE_SHARE), 30)[0]

    def rows(table: Array, kappa: Array) -> Array:
        entries = _entries(table)
        return at_once_elsewhere(
            lambda own: jax.vmap(lambda forms: one(own, forms), in_axes=2)(entries), kappa
        )

    return over_devices(rows, table, kappa)


@kept_program
def _fine_duals(
    tables: Complex[Array, "M F H 2 L L"], kappa: Float[Array, " M"]
) -> tuple[Float[Array, "M F"], Float[Array, "M F"]]:
    """(harmonic-limited, mean-square) duals; the frequencies differ from one efficiency to the next."""

    def row(inputs: tuple[Array, Array]) -> tuple[Array, ...]:
        kappa, table = inputs
        best = partial(_best_dual, table.shape[-1], kappa)
        both = jax.vmap(jax.vmap(best, (None, 0)), (2, None))(_entries(table), jnp.array([LONE_SHARE, 1.0]))
        return both[:, 0], both[:, 1]

    return over_devices(lambda _, rows: at_once_elsewhere(row, rows), (), (kappa, tables))


def _best_dual(size: int, kappa: Array, forms: Float[Array, "2 LL H"], lone: Array) -> Array:
    """The dual minimised over u and over the weights of the oscillators, one at a time (all are valid)."""

    def at(u: Array, tilt: Array) -> Array:
        return _dual(forms, kappa, u, jax.nn.softmax(tilt), lone)

    def better(_: Any, state: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        value, u, tilt = state
        for l in range(size - 1):

            def moved(x: Array, l: int = l, tilt: Array = tilt) -> Array:
                return tilt.at[l].set(8.0 * (x - 0.5))

            found, x = golden_section(lambda x, u=u, moved=moved: at(u, moved(x)), 28)
            tilt = jnp.where(found < value, moved(x), tilt)
            value = jnp.minimum(value, found)
        found, v = golden_section(lambda u: at(u, tilt), 36)
        return jnp.minimum(value, found), jnp.where(found < value, v, u), tilt

    value, u = golden_section(lambda u: at(u, jnp.zeros(size)), 44)
    return jax.lax.fori_loop(0, 2, better, (value, u, jnp.zeros(size)))[0]
