"""Bounds on the output of drives with |g_l(t)| <= 1 at a given efficiency."""

from collections.abc import Callable
from functools import cached_property
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float

from ...jobs import over_devices, over_processes
from ...numerics import best_ratio, golden_section, largest_eigenvalue
from ..rates import AbstractForms
from ._certificate import AbstractCertifier, Certificate, Slopes
from .peak import LONE_SHARE, ShapeBounds

GRID, PEAKS = 1024, 16
"""Drive frequencies by logarithm, and resonances near which there are as many."""
FINALISTS, ZOOM, ZOOMS = 33, 33, 8
"""Frequencies of the grid looked at closely, and those of each level between neighbours of the best."""
BLOCK = 8
"""Efficiencies handled in one call by all processes: a fixed shape, so that calls reuse compiled programs."""
Columns = tuple[np.ndarray, ...]
"""Each begins with the axis of efficiencies."""


class UsefulForms(NamedTuple):
    """Forms of output and entropy rate at one or many drive frequencies: (..., H, L, L).

    Only harmonics that can yield output are there: entropy forms are positive, so a harmonic whose output
    form has no positive eigenvalue cannot enter the dual and is zero.
    """

    output: Complex[Array, "*batch H L L"]
    entropy: Complex[Array, "*batch H L L"]


class PeakCertifier(AbstractCertifier):
    """For |g_l| <= 1: upper bounds on the output X of every periodic drive, for each efficiency.

    The Lagrange dual, minimised over its multiplier lambda at each drive frequency, then maximised over the
    frequency (logarithmic grid and resonances, the best refined by ZOOMS levels): a fine search, not a
    proof. The support of the set of drives is bounded by mean squares, by the share of one harmonic
    (`quick`), and by what its odd multiples cost (`ShapeBounds`).

    Harmonics above those of `forms` are not looked at. They cannot yield output once the output form at the
    end of the table is negative; the form of a local power never is, and its bounds hold for the harmonics
    of the table only (theory (9.22)).

    Args:
        forms: of output and entropy production.
        slopes: of the trade-off.
        frequency: range of the drive frequency.

    Source: theory (9.14), (10.1), (10.3), (10.10).
    """

    def __init__(self, forms: AbstractForms, slopes: Slopes, frequency: tuple[float, float]) -> None:
        self.forms, self.slopes = forms, slopes
        self.grid = _frequency_grid(forms, *frequency)
        self.table = _useful_forms(forms, self.grid)

    def at(self, efficiency: np.ndarray) -> Certificate:
        """The bounds at these efficiencies, (M,)."""
        efficiency = np.asarray(efficiency, dtype=float)
        return self._shared(self._bounds, efficiency)

    def quick(self, efficiency: np.ndarray) -> Certificate:
        """As `at`, but `output` from the share of one harmonic alone: larger, and sooner known."""
        return self._shared(lambda part: self._quick(part)[:3], efficiency)

    def _shared(self, bounds: Callable[[np.ndarray], Columns], efficiency: np.ndarray) -> Certificate:
        """Of every efficiency by itself, shared among the processes."""
        efficiency = np.asarray(efficiency, dtype=float)
        output, wide, frequency = over_processes(bounds, efficiency)
        # A bound holds for all higher efficiencies too, so what was found there must be covered here.
        order = np.argsort(-efficiency, kind="stable")
        output[order], wide[order] = np.maximum.accumulate(output[order]), np.maximum.accumulate(wide[order])
        return Certificate(efficiency, output, wide, frequency)

    def _bounds(self, efficiency: np.ndarray) -> Columns:
        """(output, mean-square output, frequency)."""
        rough_output, wide, rough_frequency, rough = self._quick(efficiency)
        output, frequency = self._shapes.largest(self.slopes.slope(efficiency), rough)
        lower = output < rough_output
        return np.where(lower, output, rough_output), wide, np.where(lower, frequency, rough_frequency)

    @cached_property
    def _shapes(self) -> ShapeBounds:
        return ShapeBounds(self.forms, self.grid, self.table.output.shape[1])

    def _quick(self, efficiency: np.ndarray) -> Columns:
        """The same from the share of one harmonic, and the (M, G) rough bounds on the grid."""
        block, blocks = -(-BLOCK // jax.process_count()), []
        for start in range(0, len(efficiency), block):
            part = np.asarray(efficiency)[start : start + block]
            padded = np.concatenate([part, np.full(block - len(part), part[-1])])
            found = _certify_block(self.forms, self.table, self.grid, self.slopes.slope(padded))
            blocks.append([column[: len(part)] for column in found])
        return tuple(np.concatenate(column) for column in zip(*blocks, strict=True))

    def efficiency_range(self, tight: bool = False) -> tuple[float, float] | None:
        """See `AbstractCertifier`; the largest output is where `quick`, or (tight) `at`, is largest."""
        bounds = self.at if tight else self.quick
        output, entropy = (np.asarray(part) for part in self.table)
        useful = np.any(output, axis=(-2, -1))
        if not useful.any():
            return None
        ratio, _ = best_ratio(output[useful], entropy[useful])
        largest = float(self.slopes.efficiency(1.0 / ratio.max()))
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


def _certify_block(forms: AbstractForms, table: UsefulForms, grid: np.ndarray, slope: np.ndarray) -> Columns:
    """(output, mean-square output, frequency, rough bounds) for a block of slopes: scan, finalists, zoom."""
    slopes = jnp.asarray(slope)
    rough = np.asarray(_rough_duals(table, slopes))
    finalists = np.argsort(-rough, axis=1, kind="stable")[:, :FINALISTS]
    where, rows = grid[finalists], np.arange(len(slope))
    output, wide, peak = np.zeros(len(slope)), np.zeros(len(slope)), where[:, 0]
    low, high = grid.min(), grid.max()
    step = np.log(high / low) / GRID
    for level in range(1 if low == high else 1 + ZOOMS):
        near = where
        if level > 0:
            near = np.clip(peak[:, None] * np.exp(step * np.linspace(-1.0, 1.0, ZOOM)), low, high)
            step *= 4.0 / (ZOOM - 1)
        fine = _useful_forms(forms, near.ravel())
        split = jax.tree.map(lambda leaf, shape=near.shape: leaf.reshape(*shape, *leaf.shape[1:]), fine)
        limited, mean_square = (np.asarray(part) for part in _fine_duals(split, slopes))
        best = np.argmax(limited, axis=1)
        peak = np.where(limited[rows, best] >= output, near[rows, best], peak)
        output, wide = np.maximum(output, limited[rows, best]), np.maximum(wide, mean_square.max(axis=1))
    return output, wide, peak, rough


def _useful_forms(forms: AbstractForms, frequencies: np.ndarray) -> UsefulForms:
    """(G, H, L, L) forms, the useful harmonics moved to the front; H is a multiple of 4."""
    output, entropy = forms.series(frequencies)
    useful = largest_eigenvalue(output) > 0.0
    useful[:, 0] = False
    width = min(4 * max(1, -(-int(useful.sum(axis=1).max()) // 4)), useful.shape[1])
    order = np.argsort(~useful, axis=1, kind="stable")[:, :width]
    rows = np.arange(len(frequencies))[:, None]
    mask = useful[rows, order][:, :, None, None]
    return UsefulForms(jnp.asarray(output[rows, order] * mask), jnp.asarray(entropy[rows, order] * mask))


def _dual(forms: UsefulForms, slope: Array, u: Array, share: Array, limited: bool) -> Array:
    """Upper bound on the output at one frequency for multiplier lambda = u/(1 - u) and weights share (L,)."""
    output, entropy = forms
    scale = 1.0 / jnp.sqrt(share)
    form = output + u / (1.0 - u) * (slope * output - entropy)
    values = jnp.maximum(largest_eigenvalue(form * scale[:, None] * scale[None, :]), 0.0)
    best = jnp.max(values)
    if not limited:
        return best
    second = jnp.max(jnp.where(jnp.arange(values.shape[0]) == jnp.argmax(values), 0.0, values))
    return LONE_SHARE * best + (1.0 - LONE_SHARE) * second


@eqx.filter_jit
def _rough_duals(table: UsefulForms, slopes: Float[Array, " M"]) -> Float[Array, "M G"]:
    """Duals with equal weights at every frequency of a grid."""
    share = _equal(table)

    def one(slope: Array, forms: UsefulForms) -> Array:
        return golden_section(lambda u: _dual(forms, slope, u, share, True), 30)[0]

    def rows(table: UsefulForms, slopes: Array) -> Array:
        return jax.lax.map(lambda slope: jax.vmap(lambda f: one(slope, f))(table), slopes)

    return over_devices(rows, table, slopes)


def _equal(table: UsefulForms) -> Float[Array, " L"]:
    """Equal weights of the oscillators."""
    size = table.output.shape[-1]
    return jnp.full(size, 1.0 / size)


@eqx.filter_jit
def _fine_duals(
    table: UsefulForms, slopes: Float[Array, " M"]
) -> tuple[Float[Array, "M F"], Float[Array, "M F"]]:
    """(harmonic-limited, mean-square) duals; the frequencies differ from one efficiency to the next."""
    equal = _equal(table)

    def one(slope: Array, forms: UsefulForms, limited: bool) -> Array:
        def at(u: Array, share: Array) -> Array:
            return _dual(forms, slope, u, share, limited)

        value, u = golden_section(lambda u: at(u, equal), 44)
        return _better_weights(at, u, value, equal.shape[0])

    def row(inputs: tuple[Array, UsefulForms]) -> tuple[Array, Array]:
        slope, forms = inputs
        limited, mean_square = (
            jax.vmap(lambda f, kind=kind: one(slope, f, kind))(forms) for kind in (True, False)
        )
        return limited, mean_square

    return over_devices(lambda _, rows: jax.lax.map(row, rows), (), (slopes, table))


def _better_weights(at: Callable[[Array, Array], Array], u: Array, value: Array, size: int) -> Array:
    """Lower the dual over the weights of the oscillators, one at a time (any weights are valid)."""
    tilt = jnp.zeros(size)
    for _ in range(2):
        for l in range(size - 1):

            def moved(x: Array, l: int = l, tilt: Array = tilt) -> Array:
                return tilt.at[l].set(8.0 * (x - 0.5))

            found, x = golden_section(lambda x, u=u, moved=moved: at(u, jax.nn.softmax(moved(x))), 28)
            tilt = jnp.where(found < value, moved(x), tilt)
            value = jnp.minimum(value, found)
        found, v = golden_section(lambda u, tilt=tilt: at(u, jax.nn.softmax(tilt)), 36)
        u, value = jnp.where(found < value, v, u), jnp.minimum(value, found)
    return value
