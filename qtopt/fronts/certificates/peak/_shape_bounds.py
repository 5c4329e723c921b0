"""Bounds on the output of drives with |g_l(t)| <= 1 that know what the harmonics of a shape cost."""

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from ....jobs import over_devices
from ....numerics import largest_eigenvalue
from ...rates import AbstractForms
from ._absorption import BandTable, band_table, reduced
from ._dual_shapes import lone_values
from ._shape_library import library_value

CHUNK, BATCH = 256, 64
"""Pairs of slope and frequency in one call of the compiled program, and side by side in it."""
POINTS, LEVELS = 7, 3
"""Multipliers tried at once, between neighbours of the best before."""
CANDIDATES = 128
"""Frequencies of the grid looked at for each slope, as often as others might still matter."""
AT_ONCE, APART, ROUNDS, PASSES = 4, 2.5, 12, 3
"""Shapes are searched at so many of them a round, so many steps of the grid apart."""
ZOOMS, OFFSETS = 3, np.array([-0.6, -0.3, 0.3, 0.6])
FACTORS = np.array([0.5, 0.8, 1.25, 2.0])
"""Factors of the multiplier to try where the bound is largest."""
NEAR = 1e-3
"""Bounds that are larger than others by less than this need no better multipliers."""


class Pairs(NamedTuple):
    """C pairs of slope and drive frequency, NumPy or jax.

    Attributes:
        slope: (C,) kappa.
        output, entropy: (C, N+1, L, L) forms.
        gaining: (C, H) harmonics that may gain; 0 for none.
    """

    slope: Any
    output: Any
    entropy: Any
    gaining: Any


class Chosen(NamedTuple):
    """A multiplier for each of C pairs, and what it leaves to bound, NumPy or jax.

    Attributes:
        rough: (C,) bound from the library of shapes.
        multiplier: (C,) lambda.
        price: (C,) absorbed, see `Reduced`.
        forms: (C, G, m, b, b): of G groups of oscillators that no form couples.
    """

    rough: Any
    multiplier: Any
    price: Any
    forms: Any

    def bound(self, rows: np.ndarray) -> np.ndarray:
        """The bounds of some of the pairs with searched shapes, never above the rough ones."""
        forms = self.forms[rows]
        lone = lone_values(forms.reshape(-1, *forms.shape[2:])).reshape(forms.shape[:2])
        return np.minimum(self.price[rows] + lone.sum(axis=1), self.rough[rows])


class ShapeBounds:
    """Bounds of one machine on X for all drives with |g_l| <= 1, at one drive frequency after the other.

    `reduced` absorbs all harmonics of the dual's forms but the strongest one and its odd multiples, which
    `lone_values` bounds. If no form couples two oscillators (private baths), each is treated by itself, with
    its own harmonic.

    Shapes from a library give a rough bound in closed form (`library_value`). It chooses lambda, of a few
    between neighbours of the best before, and says where a search of shapes is worth it.
    """

    def __init__(self, forms: AbstractForms, grid: np.ndarray, width: int) -> None:
        self.forms, self.grid, self.width = forms, grid, width
        self.output, self.entropy = forms.series(grid)
        self.gaining = self._gaining(self.output)
        self.bands = band_table(self.output.shape[1] - 1)
        couples = ~np.eye(self.output.shape[-1], dtype=bool)
        self.private = not (np.any(self.output[..., couples]) or np.any(self.entropy[..., couples]))

    def largest(self, slopes: np.ndarray, weaker: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(M,) largest bound over the drive frequency for each slope, and where: a fine search.

        Args:
            slopes: (M,).
            weaker: (M, G) upper bounds at the frequencies of the grid.
        """
        found, known = _Found(len(slopes)), np.array(weaker)
        searched = np.zeros(known.shape, dtype=bool)
        # Better multipliers lower the largest bound, so that others may become the largest.
        for step in range(PASSES):
            before = searched.sum()
            self._scan(found, slopes, known, searched)
            if step == 0 and self.grid.min() < self.grid.max():
                self._zoom(found, slopes)
            elif searched.sum() == before:
                break
            self._improve_multipliers(found, slopes)
        row, place = np.nonzero((known > found.best()[:, None]) & ~searched)
        found.add(row, self.grid[place], known[row, place], np.zeros(len(row)))
        return found.best(), found.where()

    def _scan(self, found: "_Found", slopes: np.ndarray, known: np.ndarray, searched: np.ndarray) -> None:
        """Search shapes on the grid wherever the `known` bounds exceed what was found; both are updated."""
        seen = searched.copy()
        for _ in range(-(-known.shape[1] // CANDIDATES)):
            waiting = ~seen & (known > (1.0 + NEAR) * found.best()[:, None])
            order = np.argsort(np.where(waiting, -known, np.inf), axis=1, kind="stable")[:, :CANDIDATES]
            row, column = np.nonzero(np.take_along_axis(waiting, order, axis=1))
            if len(row) == 0:
                return
            place = order[row, column]
            seen[row, place] = True
            pairs = Pairs(slopes[row], self.output[place], self.entropy[place], self.gaining[place])
            self._search_shapes(found, self._choose(pairs), row, place, known, searched)

    def _search_shapes(
        self,
        found: "_Found",
        chosen: Chosen,
        row: np.ndarray,
        place: np.ndarray,
        known: np.ndarray,
        searched: np.ndarray,
    ) -> None:
        """A few for each slope a round, the largest rough bounds first, not too near to one another."""
        known[row, place] = np.minimum(known[row, place], chosen.rough)
        rough, where = known[row, place], self.grid[place]
        apart = APART * np.log(self.grid.max() / self.grid.min()) / max(len(self.grid) // 2, 1)
        for _ in range(ROUNDS):
            waiting = ~searched[row, place] & (rough > (1.0 + NEAR) * found.best()[row])
            picked: list[int] = []
            for i in np.flatnonzero(waiting)[np.argsort(-rough[waiting], kind="stable")]:
                others = [j for j in picked if row[j] == row[i]]
                near = any(abs(np.log(where[i] / where[j])) < apart for j in others)
                if len(others) < AT_ONCE and not near:
                    picked.append(int(i))
            if not picked:
                return
            now = np.array(picked)
            searched[row[now], place[now]] = True
            value = np.minimum(chosen.bound(now), rough[now])
            found.add(row[now], where[now], value, chosen.multiplier[now])

    def _zoom(self, found: "_Found", slopes: np.ndarray) -> None:
        """Frequencies nearer and nearer to the best ones."""
        low, high = self.grid.min(), self.grid.max()
        step = 2.0 * np.log(high / low) / len(self.grid)
        row = np.repeat(np.arange(len(slopes)), len(OFFSETS))
        for _ in range(ZOOMS):
            where = np.clip(found.where()[:, None] * np.exp(step * OFFSETS), low, high).ravel()
            step *= 0.4
            chosen = self._choose(self._pairs(slopes[row], where))
            found.add(row, where, chosen.bound(np.arange(len(row))), chosen.multiplier)

    def _improve_multipliers(self, found: "_Found", slopes: np.ndarray) -> None:
        """Better multipliers where the bound is largest, until it is (nearly) largest where that was done."""
        for _ in range(ROUNDS):
            top = found.top()
            top = top[found.value[top] > (1.0 + NEAR) * found.settled_best()]
            if len(top) == 0:
                return
            slope, where = slopes[found.row[top]], found.frequency[top]
            multiplier, factors = found.multiplier[top], FACTORS
            for _ in range(2):
                trial = multiplier[:, None] * factors
                pairs = self._pairs(*(np.repeat(part, len(factors)) for part in (slope, where)))
                value = self._choose(pairs, trial.ravel()).bound(np.arange(trial.size)).reshape(trial.shape)
                best = np.argmin(value, axis=1)[:, None]
                multiplier = np.take_along_axis(trial, best, axis=1)[:, 0]
                factors = factors**0.4
                found.value[top] = np.minimum(found.value[top], value.min(axis=1))
            found.settled[top] = True

    def _pairs(self, slope: np.ndarray, where: np.ndarray) -> Pairs:
        """At any drive frequencies."""
        output, entropy = self.forms.series(where)
        return Pairs(slope, output, entropy, self._gaining(output))

    def _gaining(self, output: np.ndarray) -> np.ndarray:
        """(C, H) harmonics whose output form has a positive eigenvalue, 0 for none."""
        top = largest_eigenvalue(output)
        top[:, 0] = 0.0
        most = int((top > 0.0).sum(axis=1).max())
        width = min(max(self.width, 4 * -(-most // 4)), top.shape[1])
        order = np.argsort(top <= 0.0, axis=1, kind="stable")[:, :width]
        return np.where(np.take_along_axis(top, order, axis=1) > 0.0, order, 0)

    def _choose(self, pairs: Pairs, multiplier: np.ndarray | None = None) -> Chosen:
        """Multipliers by the rough bound, or the given ones."""
        count, parts = len(pairs.slope), []
        x = np.zeros(count) if multiplier is None else _position(multiplier)
        for start in range(0, count, CHUNK):
            rows = np.minimum(np.arange(start, start + CHUNK), count - 1)
            part = Pairs(*(np.asarray(leaf)[rows] for leaf in pairs))
            high, levels = (np.full(CHUNK, 0.9999), LEVELS) if multiplier is None else (x[rows], 1)
            made = _choose(part, x[rows], high, jnp.asarray(levels), self.bands, self.private)
            parts.append([np.asarray(leaf)[: count - start] for leaf in made])
        return Chosen(*(np.concatenate(leaves) for leaves in zip(*parts, strict=True)))


class _Found:
    """Bounds found so far, in columns: which slope, at which frequency, for which multiplier."""

    def __init__(self, count: int) -> None:
        self.row, self.settled = np.arange(count), np.zeros(count, dtype=bool)
        self.frequency, self.value, self.multiplier = np.ones(count), np.zeros(count), np.zeros(count)

    def add(self, row: np.ndarray, frequency: np.ndarray, value: np.ndarray, multiplier: np.ndarray) -> None:
        self.row, self.settled = np.append(self.row, row), np.append(self.settled, np.zeros(len(row), bool))
        self.frequency, self.value = np.append(self.frequency, frequency), np.append(self.value, value)
        self.multiplier = np.append(self.multiplier, multiplier)

    def top(self) -> np.ndarray:
        """Where the largest bound of each slope is."""
        order = np.lexsort((self.value, self.row))
        return order[np.append(np.flatnonzero(np.diff(self.row[order])), len(order) - 1)]

    def best(self) -> np.ndarray:
        """(M,) the largest bounds."""
        return self.value[self.top()]

    def settled_best(self) -> np.ndarray:
        """(M,) the largest bounds with an improved multiplier; 0 without."""
        best = np.zeros(len(self.top()))
        np.maximum.at(best, self.row[self.settled], self.value[self.settled])
        return best

    def where(self) -> np.ndarray:
        """(M,) frequencies of the largest bounds."""
        return self.frequency[self.top()]


@eqx.filter_jit
def _choose(pairs: Pairs, low: Any, high: Any, levels: Array, bands: BandTable, private: bool) -> Chosen:
    """The best multipliers by the rough bound, at `_position` low to high."""

    def one(bands: BandTable, pair: tuple[Pairs, Array, Array]) -> Chosen:
        (slope, output, entropy, gaining), low, high = pair

        def at(x: Array) -> Chosen:
            multiplier = 1.0 / (1.0 - x) ** 2 - 1.0
            form = output + multiplier * (slope * output - entropy)
            groups = jnp.diagonal(form, axis1=1, axis2=2).T[:, :, None, None] if private else form[None]
            left = jax.vmap(lambda group: reduced(group, gaining, bands))(groups)
            price = jnp.sum(left.price)
            rough = price + jnp.sum(jax.vmap(library_value)(left.forms))
            return Chosen(rough, multiplier, price, left.forms)

        def narrow(_: Array, state: tuple[Array, Array, Chosen]) -> tuple[Array, Array, Chosen]:
            low, high, best = state
            x = low + (high - low) * jnp.linspace(0.0, 1.0, POINTS)
            found = jax.vmap(at)(x)
            place = jnp.argmin(found.rough)
            new = jax.tree.map(lambda leaf: leaf[place], found)
            best = jax.tree.map(lambda a, b: jnp.where(new.rough < best.rough, a, b), new, best)
            return x[jnp.maximum(place - 1, 0)], x[jnp.minimum(place + 1, POINTS - 1)], best

        shapes = jax.eval_shape(at, low)
        none = jax.tree.map(lambda leaf: jnp.full(leaf.shape, jnp.inf, leaf.dtype), shapes)
        return jax.lax.fori_loop(0, levels, narrow, (low, high, none))[2]

    def batch(bands: BandTable, pairs: tuple[Pairs, Array, Array]) -> Chosen:
        return jax.lax.map(lambda pair: one(bands, pair), pairs, batch_size=BATCH)

    return over_devices(batch, bands, (pairs, low, high))


def _position(multiplier: np.ndarray) -> np.ndarray:
    """x in [0, 1) of the multiplier ``1/(1 - x)^2 - 1``, in which it is searched."""
    return 1.0 - 1.0 / np.sqrt(1.0 + multiplier)
