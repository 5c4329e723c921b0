"""Bounds on the output of drives with |g_l(t)| <= 1 that know what the harmonics of a shape cost."""

from functools import partial
from itertools import count
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from ....jobs import current, over_devices
from ....numerics import beside, largest_eigenvalue, neighbours
from ....programs import kept_program
from ...rates import AbstractForms
from ._absorption import BandTable, band_table, reduced
from ._dual_shapes import lone_values
from ._shape_library import library_value

CHUNK, ELSEWHERE = 64, 2048
"""Pairs of kappa and frequency in one call of the compiled program: on a CPU, and on other devices."""
POINTS, FAR, CLOSE = 7, 0.3, 0.1
"""Multipliers 1/(1 - x)^2 - 1 tried at once, and how far in x from the one known: of another bound, of its
own."""
CANDIDATES = 16, 64, 128
"""Frequencies of the grid looked at for each kappa, the last number as often as others might still matter."""
AT_ONCE, APART, ROUNDS, PASSES = 4, 2.5, 12, 3
"""Shapes are searched at so many of them a round, so many steps of the grid apart."""
ZOOMS, OFFSETS = (8, 3, 2), np.array([-0.75, -0.5, -0.25, 0.0, 0.25, 0.5, 0.75])
"""Near how many of the best frequencies each level of a zoom looks, and where, in distances of the last."""
NARROWER = 0.25
"""Factor of the distances from one level to the next."""
FACTORS = np.array([0.5, 0.8, 1.25, 2.0])
"""Factors of the multiplier to try where the bound is largest."""
NEAR = 1e-3
"""Bounds that are larger than others by less than this need no better multipliers."""


class Chosen(NamedTuple):
    """A multiplier for each of C pairs of kappa and drive frequency, and what is left to bound, NumPy or jax.

    Attributes:
        rough: (C,) bound from the library of shapes.
        multiplier: (C,) lambda.
        price: (C,) absorbed, see `Reduced`.
        forms: (C, G, m, b, b) of G groups of oscillators that no form couples.
    """

    rough: Any
    multiplier: Any
    price: Any
    forms: Any

    def bound(self, rows: np.ndarray | slice = slice(None)) -> np.ndarray:
        """The bounds of some of the pairs with searched shapes, never above the rough ones."""
        forms = self.forms[rows]
        lone = lone_values(forms.reshape(-1, *forms.shape[2:])).reshape(forms.shape[:2])
        return np.minimum(self.price[rows] + lone.sum(axis=1), self.rough[rows])

    def where_less(self, other: "Chosen") -> "Chosen":
        """Every pair with the lower of two rough bounds."""
        less = self.rough < other.rough
        return Chosen(*(_where(less, *both) for both in zip(self, other, strict=True)))


class Placed(NamedTuple):
    """Forms at P drive frequencies, and at which of these each of C pairs is.

    Attributes:
        series: (2, P, N+1, L, L) of output and entropy rate.
        gaining: (P, H) harmonics whose output form has a positive eigenvalue, 0 for none.
        place: (C,) of 0..P-1.
    """

    series: np.ndarray
    gaining: np.ndarray
    place: np.ndarray

    def pairs(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Forms of output and entropy rate, and what gains, of some of the pairs."""
        place = self.place[rows]
        return self.series[0][place], self.series[1][place], self.gaining[place]


class ShapeBounds:
    """Bounds of one machine on X for all drives with |g_l| <= 1, at one drive frequency after the other.

    `reduced` absorbs all harmonics of the dual's forms but the strongest one and its odd multiples, which
    `lone_values` bounds. If no form couples two oscillators (private baths), each is treated by itself, with
    its own harmonic.

    Shapes from a library give a rough bound in closed form (`library_value`). It chooses lambda, of a few
    between neighbours of the best before, and says where a search of shapes is worth it.

    Args:
        forms: of output and entropy production.
        grid: rising drive frequencies, most of them by logarithm.
        width: least number of harmonics that may gain.

    Source: theory (9.14), (10.6), (10.10).
    """

    def __init__(self, forms: AbstractForms, grid: np.ndarray, width: int) -> None:
        self.forms, self.grid, self.width = forms, grid, width
        self.low, self.high = grid.min(), grid.max()
        self.series = forms.series(grid)
        self.gaining = self._gaining(self.series[0])
        self.bands = band_table(forms.kept_harmonics)
        couples = ~np.eye(forms.size, dtype=bool)
        self.private = not np.any(self.series[..., couples])

    def largest(
        self, kappa: np.ndarray, weaker: np.ndarray, multiplier: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """(M,) largest bound over the drive frequency for each kappa, and where: a fine search.

        Args:
            kappa: (M,).
            weaker: (M, G) upper bounds at the frequencies of the grid.
            multiplier: (M, G) of these bounds, near which better ones are looked for.
        """
        found = _Found(self, kappa, np.array(weaker), np.array(multiplier))
        # Better multipliers lower the largest bound, so that others may become the largest.
        for step in range(PASSES):
            before = found.searched.sum()
            found.scan()
            if step == 0 and self.low < self.high:
                found.zoom()
            elif found.searched.sum() == before:
                break
            found.improve_multipliers()
        row, place = np.nonzero((found.known > found.best()[:, None]) & ~found.searched)
        found.add(row, self.grid[place], found.known[row, place], np.zeros(len(row)))
        return found.best(), found.where()

    def at(self, frequencies: np.ndarray) -> Placed:
        """The forms of pairs at any frequencies (C,)."""
        unique, place = np.unique(frequencies, return_inverse=True)
        series = self.forms.series(unique)
        return Placed(series, self._gaining(series[0]), place)

    def choose(
        self, kappa: np.ndarray, forms: Placed, near: np.ndarray, aside: float, levels: int = 1
    ) -> Chosen:
        """The best multipliers by the rough bound near others.

        Args:
            kappa: (C,).
            forms: of C pairs.
            near: (C,) multipliers 1/(1 - x)^2 - 1.
            aside: how far from these x the first level goes.
            levels: each looks between the neighbours of the best of the last one.
        """
        middle = np.clip(1.0 - 1.0 / np.sqrt(1.0 + near), aside, 0.9999 - aside)
        low, high, rows = middle - aside, middle + aside, np.arange(len(kappa))
        best = None
        for _ in range(levels):
            x = low[:, None] + (high - low)[:, None] * np.linspace(0.0, 1.0, POINTS)
            tried = self._tried(kappa, forms, 1.0 / (1.0 - x) ** 2 - 1.0)
            place = np.argmin(tried.rough, axis=1)
            now = Chosen(*(leaf[rows, place] for leaf in tried))
            best = now if best is None else now.where_less(best)
            low, high = neighbours(x, place)
        assert best is not None
        return best

    def tried(self, kappa: np.ndarray, forms: Placed, multiplier: np.ndarray) -> Chosen:
        """What is left for each of at most POINTS multipliers (C, K); its leaves begin with (C, K)."""
        missing = POINTS - multiplier.shape[1]
        filled = np.concatenate([multiplier, np.repeat(multiplier[:, -1:], missing, axis=1)], axis=1)
        found = self._tried(kappa, forms, filled)
        return Chosen(*(leaf[:, : multiplier.shape[1]] for leaf in found))

    def _tried(self, kappa: np.ndarray, forms: Placed, multiplier: np.ndarray) -> Chosen:
        count, parts = len(kappa), []
        size = CHUNK if current().platform == "cpu" else ELSEWHERE
        for start in range(0, count, size):
            rows = np.minimum(np.arange(start, start + size), count - 1)
            pairs = kappa[rows], *forms.pairs(rows), multiplier[rows]
            made = _choose(pairs, self.bands, self.private)
            parts.append([np.asarray(leaf)[: count - start] for leaf in made])
        return Chosen(*(np.concatenate(leaves) for leaves in zip(*parts, strict=True)))

    def _gaining(self, output: np.ndarray) -> np.ndarray:
        """(C, H) harmonics whose output form has a positive eigenvalue, 0 for none."""
        top = largest_eigenvalue(output)
        top[:, 0] = 0.0
        most = int((top > 0.0).sum(axis=1).max())
        width = min(max(self.width, 4 * -(-most // 4)), top.shape[1])
        order = np.argsort(top <= 0.0, axis=1, kind="stable")[:, :width]
        return np.where(np.take_along_axis(top, order, axis=1) > 0.0, order, 0)


class _Found:
    """Bounds found so far for M kappa.

    Attributes:
        known, searched: (M, G) bounds on the grid, and where shapes have been searched.
        near: (M, G) multipliers of these bounds, at first of the weaker ones.
        row, drive_frequency, value, multiplier, settled: columns of all bounds with searched shapes: which
            kappa, at which frequency, for which multiplier, and whether that one has been improved.
    """

    def __init__(self, home: ShapeBounds, kappa: np.ndarray, known: np.ndarray, near: np.ndarray) -> None:
        self.home, self.kappa, self.known, self.near = home, kappa, known, near
        self.searched, rows = np.zeros(known.shape, dtype=bool), len(kappa)
        self.row, self.settled = np.arange(rows), np.zeros(rows, dtype=bool)
        self.drive_frequency, self.value, self.multiplier = np.ones(rows), np.zeros(rows), np.zeros(rows)

    def add(
        self, row: np.ndarray, drive_frequency: np.ndarray, value: np.ndarray, multiplier: np.ndarray
    ) -> None:
        columns = {"row": row, "drive_frequency": drive_frequency, "value": value, "multiplier": multiplier}
        for name, new in {**columns, "settled": np.zeros(len(row), dtype=bool)}.items():
            setattr(self, name, np.append(getattr(self, name), new))

    def top(self) -> np.ndarray:
        """Where the largest bound of each kappa is."""
        order = np.lexsort((self.value, self.row))
        return order[np.append(np.flatnonzero(np.diff(self.row[order])), len(order) - 1)]

    def best(self) -> np.ndarray:
        """(M,) the largest bounds."""
        return self.value[self.top()]

    def where(self) -> np.ndarray:
        """(M,) frequencies of the largest bounds."""
        return self.drive_frequency[self.top()]

    def scan(self) -> None:
        """Search shapes on the grid wherever the known bounds exceed what was found."""
        home, seen = self.home, self.searched.copy()
        for number in count():
            waiting = ~seen & (self.known > (1.0 + NEAR) * self.best()[:, None])
            most = CANDIDATES[min(number, len(CANDIDATES) - 1)]
            order = np.argsort(np.where(waiting, -self.known, np.inf), axis=1, kind="stable")[:, :most]
            row, column = np.nonzero(np.take_along_axis(waiting, order, axis=1))
            if len(row) == 0:
                return
            place = order[row, column]
            seen[row, place] = True
            self._choose(row, place, FAR, 1)
            left = self.known[row, place] > (1.0 + NEAR) * self.best()[row]
            row, place = row[left], place[left]
            if len(row) == 0:
                continue
            chosen = self._choose(row, place, CLOSE, 2)
            apart = APART * spacing(home.grid)
            done = self._search_shapes(chosen, row, home.grid[place], self.known[row, place], apart)
            self.searched[row[done], place[done]] = True

    def _choose(self, row: np.ndarray, place: np.ndarray, aside: float, levels: int) -> Chosen:
        """`ShapeBounds.choose` on the grid; rough bounds and multipliers are known from then on."""
        chosen = self.home.choose(
            self.kappa[row],
            Placed(self.home.series, self.home.gaining, place),
            self.near[row, place],
            aside,
            levels,
        )
        less = chosen.rough < self.known[row, place]
        self.known[row[less], place[less]] = chosen.rough[less]
        self.near[row, place] = chosen.multiplier
        return chosen

    def _search_shapes(
        self, chosen: Chosen, row: np.ndarray, where: np.ndarray, rough: np.ndarray, apart: float
    ) -> np.ndarray:
        """Search shapes where the rough bounds (C,) exceed what was found; whether that was done, (C,).

        A few for each kappa a round, the largest rough bounds first, not too near to one another.
        """
        searched = np.zeros(len(row), dtype=bool)
        for _ in range(ROUNDS):
            waiting = ~searched & (rough > (1.0 + NEAR) * self.best()[row])
            picked: list[int] = []
            for i in np.flatnonzero(waiting)[np.argsort(-rough[waiting], kind="stable")]:
                others = [j for j in picked if row[j] == row[i]]
                near = any(abs(np.log(where[i] / where[j])) < apart for j in others)
                if len(others) < AT_ONCE and not near:
                    picked.append(int(i))
            if not picked:
                break
            now = np.array(picked)
            searched[now] = True
            self.add(row[now], where[now], np.minimum(chosen.bound(now), rough[now]), chosen.multiplier[now])
        return searched

    def zoom(self) -> None:
        """Nearer and nearer to the best frequencies, also to peaks that fall between two of the grid.

        Rough bounds lead to the peaks; shapes are searched at the end.
        """
        home, step, rows = self.home, spacing(self.home.grid), np.arange(len(self.kappa))[:, None]
        near = np.broadcast_to(home.grid, self.known.shape)
        rough, multiplier = np.where(is_peak(self.known), self.known, -np.inf), self.near
        for level, peaks in enumerate(ZOOMS):
            best = highest_at(near, rough, peaks, step)
            shape = (len(rows), peaks, len(OFFSETS))
            start = np.broadcast_to(multiplier[rows, best][:, :, None], shape).reshape(-1)
            near = np.clip(near[rows, best][:, :, None] * np.exp(step * OFFSETS), home.low, home.high)
            row, where = np.repeat(rows.ravel(), peaks * len(OFFSETS)), near.ravel()
            last = level == len(ZOOMS) - 1
            chosen = home.choose(self.kappa[row], home.at(where), start, FAR, 2 if last else 1)
            near, rough, multiplier = (
                x.reshape(len(rows), -1) for x in (near, chosen.rough, chosen.multiplier)
            )
            step *= NARROWER
        self._search_shapes(chosen, row, where, chosen.rough, step)

    def improve_multipliers(self) -> None:
        """Better multipliers where the bound is largest, until it is (nearly) largest where that was done."""
        home = self.home
        for _ in range(ROUNDS):
            settled = np.zeros(len(self.kappa))
            np.maximum.at(settled, self.row[self.settled], self.value[self.settled])
            top = self.top()
            top = top[self.value[top] > (1.0 + NEAR) * settled]
            if len(top) == 0:
                return
            kappa, forms = self.kappa[self.row[top]], home.at(self.drive_frequency[top])
            multiplier, factors = self.multiplier[top], FACTORS
            for _ in range(2):
                trial = multiplier[:, None] * factors
                found = home.tried(kappa, forms, trial)
                flat = Chosen(*(leaf.reshape(-1, *leaf.shape[2:]) for leaf in found))
                value = flat.bound().reshape(trial.shape)
                best = np.argmin(value, axis=1)[:, None]
                multiplier = np.take_along_axis(trial, best, axis=1)[:, 0]
                factors = factors**0.4
                self.value[top] = np.minimum(self.value[top], value.min(axis=1))
            self.settled[top] = True


def spacing(grid: np.ndarray) -> float:
    """Distance by logarithm of two frequencies of a grid, most of them by logarithm."""
    return float(np.log(grid.max() / grid.min())) / max(len(grid) - 1, 1)


def is_peak(value: np.ndarray) -> np.ndarray:
    """(M, F) whether no neighbour of a value on a grid is larger."""
    before, after = beside(value)
    return (value >= before) & (value >= after)


def highest_at(frequency: np.ndarray, value: np.ndarray, count: int, apart: float) -> np.ndarray:
    """(M, count) where the largest of values (M, F) are, the largest first, at frequencies so far apart.

    Where there are no more the first one stands again.
    """
    left, rows, found = np.broadcast_to(value, frequency.shape).copy(), np.arange(len(value))[:, None], []
    for _ in range(count):
        best = np.argmax(left, axis=1)[:, None]
        any_left = np.take_along_axis(left, best, 1) > -np.inf
        found.append(np.where(any_left, best, found[0] if found else best))
        place = frequency[rows, found[-1]]
        left[np.abs(np.log(frequency / place)) < apart * (1.0 + 1e-9)] = -np.inf
    return np.concatenate(found, axis=1)


def highest(frequency: np.ndarray, value: np.ndarray, count: int, apart: float) -> np.ndarray:
    """(M, count) frequencies of `highest_at`."""
    return np.take_along_axis(frequency, highest_at(frequency, value, count, apart), axis=1)


def _where(condition: np.ndarray, yes: np.ndarray, no: np.ndarray) -> np.ndarray:
    """`np.where` by rows."""
    return np.where(condition.reshape(-1, *(1,) * (yes.ndim - 1)), yes, no)


@kept_program
def _choose(pairs: tuple[Any, ...], bands: BandTable, private: bool) -> Chosen:
    """What is left for each of some multipliers; the leaves begin with (C, K).

    Args:
        pairs: kappa (C,), forms X and S (C, N+1, L, L), harmonics that may gain (C, H), and multipliers
            (C, K).
        bands: of `band_table`.
        private: whether each oscillator is treated by itself.
    """

    def one(bands: BandTable, pair: tuple[Any, ...]) -> Chosen:
        kappa, output, entropy, gaining, multipliers = pair

        def at(multiplier: Array) -> Chosen:
            form = output + multiplier * (kappa * output - entropy)
            groups = jnp.diagonal(form, axis1=1, axis2=2).T[:, :, None, None] if private else form[None]
            left = jax.vmap(lambda group: reduced(group, gaining, bands))(groups)
            price = jnp.sum(left.price)
            rough = price + jnp.sum(jax.vmap(library_value)(left.forms))
            return Chosen(rough, multiplier, price, left.forms)

        return jax.vmap(at)(multipliers)

    def batch(bands: BandTable, pairs: tuple[Any, ...]) -> Chosen:
        return jax.vmap(partial(one, bands))(pairs)

    return over_devices(batch, bands, pairs)
