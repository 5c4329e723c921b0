"""Lower bounds on the uncertainty product of any periodic drive at a given extracted power."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ...jobs import Results, current, gathered
from ...numerics import best_ratio, largest_eigenvalue, neighbours
from ..rates import AbstractForms, FixedForms
from ._certificate import Certificate
from ._shaped_products import BALANCES, ShapedProducts, all_balances, mean_square_duals
from ._support import support_of

GRID, NEAR, ZOOMS = 768, 129, 2
CLOSE = 1e-2
"""Where a drive is as near as this to a bound, no tighter bound is looked for."""


COLUMNS = "product", "mean_square_product", "frequency"


class PrecisionCertifier:
    """Lower bounds on Q = D S/X^2 of every drive that extracts at least X = p.

    For every lambda > 0 this is a lower bound on ``lambda D + S/lambda``, two forms of each harmonic.
    Without a bound on the drive one harmonic has the smallest Q of all. Mean squares bound it at X >= p by
    Lagrange duality, with every harmonic at a frequency of its own; where |g_l| <= 1, the shapes of one
    drive frequency tighten that (`ShapedProducts`). The extrema over nu, Omega and lambda are fine searches,
    not proofs.

    Attributes:
        smallest_product: the smallest Q of any drive, however little it extracts.
        largest_power: no drive within the bound extracts more.
        fundamental_power: no drive extracts more by harmonics that lie in the range of drive frequencies.
        harmonic_frequency: nu = n Omega of the harmonic that reaches `smallest_product`.
        pattern: (L,) complex amplitudes g_n that reach it.

    Args:
        forms: of extracted power, its variance rate and entropy production.
        certified_as: "peak" or "rms".
        frequency_range: of the drive; harmonics are looked at up to the end of the table.

    Source: theory (11.1), (11.2), (11.4), (11.5), (11.6).
    """

    def __init__(self, forms: AbstractForms, certified_as: str, frequency_range: tuple[float, float]) -> None:
        self.forms, self.certified_as, self.frequency_range = forms, certified_as, frequency_range
        self.support = support_of(certified_as)
        self.weights = self.support.weights(forms.size)
        nu = _harmonic_frequencies(forms, frequency_range)
        _, _, best, balances = _best_harmonic(forms.read(nu))
        if not isinstance(forms, FixedForms):
            near = nu[best] * np.exp(np.linspace(-1.0, 1.0, NEAR) * np.log(nu[1] / nu[0]))
            nu = np.concatenate([nu, np.clip(near, nu[0], nu[-1])])
        self.read, found = forms.read(nu), None
        for _ in range(ZOOMS):
            found = _best_harmonic(self.read, balances)
            balances = found[3]
        assert found is not None
        ratio, state, best, _ = found
        self.smallest_product = float(1.0 / (4.0 * ratio**2))
        self.pattern = state / np.abs(state).max()
        self.harmonic_frequency = float(nu[best])
        self.largest_power = self._largest_power(np.ones(len(nu), dtype=bool))
        self.fundamental_power = self._largest_power(nu <= frequency_range[1])
        self.shaped = ShapedProducts(forms, self.support, frequency_range, self.harmonic_frequency)

    def at(self, power: np.ndarray, reached: np.ndarray | None = None) -> Certificate:
        """The bounds on Q at these extracted powers, (M,), all above 0.

        Args:
            power: what is asked for.
            reached: the smallest Q known of a drive; no tighter bound is looked for where it is (nearly) met.
        """
        power = np.asarray(power, dtype=float)
        reached = np.full(len(power), np.inf) if reached is None else np.asarray(reached, dtype=float)

        if len(power) == 0:
            return Certificate(power, power, power, power, self.constants)
        size = current().share_of(len(power))
        found = gathered(_Products(self), (power, reached), size, "bound", padded=False)
        return Certificate(power, *(found[name] for name in COLUMNS), constants=self.constants)

    def __reduce__(self) -> tuple[Any, ...]:
        return PrecisionCertifier, (self.forms, self.certified_as, self.frequency_range)

    @property
    def constants(self) -> dict[str, float]:
        """What holds for all powers, by name."""
        names = "smallest_product", "largest_power", "fundamental_power", "harmonic_frequency"
        return {name: getattr(self, name) for name in names}

    def _products(self, power: float, reached: float) -> tuple[float, float, float]:
        """(bound, bound from mean squares, drive frequency)."""
        if power >= self.largest_power:
            return np.inf, np.inf, np.nan
        plain = max(self._mean_square_product(power), self.smallest_product)
        if not self.support.shaped or reached <= (1.0 + CLOSE) * plain:
            return plain, plain, np.nan
        tight, where = self.shaped.product(power, plain)
        return max(plain, tight), plain, where

    def _mean_square_product(self, power: float) -> float:
        """Smallest over lambda, on a grid that is narrowed ZOOMS times; every harmonic has its own Omega."""
        low, high = all_balances(self.read)[[0, -1]]
        value = np.inf
        for _ in range(1 + ZOOMS):
            grid = np.geomspace(low, high, BALANCES)
            values, _ = mean_square_duals(self.read, grid, self.weights, power)
            low, high = neighbours(grid, np.argmin(values))
            value = values.min()
        return float((value / (2.0 * power)) ** 2)

    def _largest_power(self, chosen: np.ndarray) -> float:
        extracted = self.read[0, chosen]
        roots = np.sqrt(self.weights[:, :, None] * self.weights[:, None, :])
        return float(min(np.max(largest_eigenvalue(extracted / root)) for root in roots))


@dataclass(frozen=True)
class _Products:
    """The bounds at extracted powers (M,), where those Q (M,) are reached: one after the other."""

    certifier: PrecisionCertifier

    def __call__(self, part: tuple[np.ndarray, np.ndarray], _: None) -> Results:
        found = [self.certifier._products(float(p), float(q)) for p, q in zip(*part, strict=True)]
        return dict(zip(COLUMNS, np.array(found).T, strict=True))


def _harmonic_frequencies(forms: AbstractForms, frequency_range: tuple[float, float]) -> np.ndarray:
    low, high = frequency_range
    if isinstance(forms, FixedForms):
        return low * np.arange(1, forms.kept_harmonics + 1)
    return np.geomspace(low, high * forms.kept_harmonics, GRID)


def _best_harmonic(
    forms: np.ndarray, balances: np.ndarray | None = None
) -> tuple[float, np.ndarray, int, np.ndarray]:
    """(X over the cost, g_n, number of nu, finer lambda) of the best; by default lambda spans all ratios."""
    extracted, noise, entropy = forms
    balances = all_balances(forms) if balances is None else balances
    found = [best_ratio(extracted, balance * noise + entropy / balance) for balance in balances]
    best, place = max(
        ((i, int(np.argmax(ratio))) for i, (ratio, _) in enumerate(found)),
        key=lambda at: found[at[0]][0][at[1]],
    )
    step = balances[1] / balances[0]
    finer = balances[best] * step ** np.linspace(-1.0, 1.0, BALANCES)
    ratio, state = (part[place] for part in found[best])
    return max(float(ratio), 1e-300), state, place, finer
