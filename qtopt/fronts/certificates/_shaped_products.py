"""Bounds on the uncertainty product that know the shapes of one drive frequency."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float

from ...numerics import golden_section, largest_eigenvalue, on_device
from ...programs import kept_program
from ..rates import AbstractForms
from ._support import AbstractSupport

BALANCES = 25
"""Values of lambda that are tried at once."""
STEPS, FEWER = 36, 20
"""Of the golden sections over alpha, for bounds that are reported and for those that only guide."""
CENTRE, REACH, POINTS, LEVELS = 1.0, 2.0, 9, 3
"""Shapes allow a larger alpha than mean squares do: log alpha is tried at POINTS so far above, and nearer and
nearer to the best."""
FREQUENCIES, RESONANT, BATCH = 33, 8, 128
"""Drive frequencies by logarithm, those with a good harmonic, and pairs that are looked at together."""
ZOOMS, ZOOM = 2, np.array([-0.6, -0.3, 0.0, 0.3, 0.6])
"""Levels of the search for the smallest bound, and its frequencies in units of their distance before."""


def all_balances(forms: np.ndarray) -> np.ndarray:
    """lambda over all ratios sqrt(S/D) of forms (3, ..., L, L) and three decades beyond."""
    _, noise, entropy = np.trace(forms, axis1=-2, axis2=-1).real
    ratio = np.sqrt(entropy / noise)
    return np.geomspace(ratio.min() * 1e-3, ratio.max() * 1e3, 4 * BALANCES)


def mean_square_duals(
    forms: np.ndarray, balances: np.ndarray, weights: np.ndarray, power: float, lowest: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Largest ``alpha p - beta`` with ``alpha X - lambda D - S/lambda <= beta diag(y)``, and its log alpha.

    Args:
        forms: of extracted power, its variance rate and entropy production, (3, G, L, L).
        balances: lambda, (R,).
        weights: y, (T, L).
        power: p.
        lowest: whether alpha is of the order of the lowest cost, as for the harmonics of one Omega.
    """
    numbers = on_device((forms, balances, weights, np.asarray(power)))
    value, log_alpha = _mean_square_duals(*numbers, lowest=lowest)
    return np.asarray(value), np.asarray(log_alpha)


@kept_program
def _mean_square_duals(
    forms: Complex[Array, "3 G L L"],
    balances: Float[Array, " R"],
    weights: Float[Array, "T L"],
    power: Float[Array, ""],
    lowest: bool,
) -> tuple[Float[Array, " R"], Float[Array, " R"]]:
    extracted, noise, entropy = forms

    def at_balance(balance: Array) -> tuple[Array, Array]:
        cost = balance * noise + entropy / balance
        traces = jnp.trace(cost, axis1=-2, axis2=-1).real
        scale = (jnp.min(traces) if lowest else jnp.max(traces)) / power

        def split(y: Array) -> tuple[Array, Array]:
            root = jnp.sqrt(y[:, None] * y[None, :])

            def negative(u: Array) -> Array:
                alpha = scale * u / (1.0 - u)
                beta = jnp.max(largest_eigenvalue((alpha * extracted - cost) / root))
                return jnp.maximum(beta, 0.0) - alpha * power

            value, u = golden_section(negative, FEWER if lowest else STEPS)
            return -value, jnp.log(scale * jnp.maximum(u, 1e-300) / (1.0 - u))

        value, log_alpha = jax.lax.map(split, weights)
        place = jnp.argmax(value)
        return value[place], log_alpha[place]

    return jax.lax.map(at_balance, balances)


class ShapedProducts:
    """Lower bounds on Q = D S/X^2 of drives at X >= p whose harmonics belong to one Omega and to shapes.

    At each Omega, for lambda, alpha > 0 and weights y, ``lambda D + S/lambda >= alpha p - C(mu)`` with mu_n
    the largest eigenvalue of ``diag(y)^-1/2 (alpha X_n - lambda D_n - S_n/lambda) diag(y)^-1/2`` and C the
    support of the set of drives. A strong fundamental drags harmonics along, and these cost: mu_n < 0.

    Any alpha and y give a bound, so that they are improved only where the smallest bound over Omega and
    lambda is. That minimum is a fine search, and C an argument, not a proof.

    Source: theory (11.6).
    """

    def __init__(
        self,
        forms: AbstractForms,
        support: AbstractSupport,
        frequency_range: tuple[float, float],
        resonance: float,
    ) -> None:
        self.forms, self.support, self.frequency_range = forms, support, frequency_range
        self.weights = support.weights(forms.size)
        low, high = frequency_range
        near = resonance / np.arange(1, forms.kept_harmonics + 1)
        near = near[(near > low) & (near < high)][:RESONANT]
        self.omega = np.unique(np.concatenate([np.geomspace(low, high, FREQUENCIES), near]))

    def product(self, power: float, enough: float) -> tuple[float, float]:
        """(the bound on Q at X = power, its Omega).

        Args:
            power: p > 0.
            enough: a bound that holds anyway: smaller ones need not be told apart.
        """
        pairs = _Pairs(self, power, 2.0 * power * np.sqrt(enough))
        series = self.series(self.omega)
        ends = np.array([all_balances(forms)[[0, -1]] for forms in series]) * np.array([30.0, 1.0 / 30.0])
        pairs.add(self.omega, series, np.geomspace(ends[:, 0], ends[:, 1], BALANCES, axis=1))
        low, high = self.frequency_range
        gap, step = np.log(high / low) / (FREQUENCIES - 1), np.log(ends[0, 1] / ends[0, 0]) / (BALANCES - 1)
        for _ in range(ZOOMS):
            omega, balance = pairs.smallest()
            near = np.unique(np.clip(omega * np.exp(gap * ZOOM), low, high))
            balances = balance * np.exp(step * np.linspace(-1.0, 1.0, BALANCES))
            pairs.add(near, self.series(near), np.tile(balances, (len(near), 1)))
            gap, step = 0.3 * gap, 2.0 * step / (BALANCES - 1)
        return float((max(pairs.value.min(), 0.0) / (2.0 * power)) ** 2), pairs.smallest()[0]

    def series(self, omega: np.ndarray) -> np.ndarray:
        """The forms (K, 3, N, L, L) of n Omega, n = 1..N."""
        return np.swapaxes(self.forms.series(omega)[:, :, 1:], 0, 1)


class _Pairs:
    """Bounds on lambda D + S/lambda for K drive frequencies with BALANCES values of lambda each, in columns.

    Attributes:
        omega, series: (K, ...) the frequencies and their forms.
        balance, value: (K BALANCES,) lambda, and the bound found.
        log_alpha: (K BALANCES,) what is best for mean squares.
        settled: (K BALANCES,) where alpha and y are searched.
    """

    def __init__(self, home: ShapedProducts, power: float, enough: float) -> None:
        self.home, self.power, self.enough = home, power, enough
        self.omega, self.balance, self.value, self.log_alpha = (np.zeros(0) for _ in range(4))
        self.series, self.settled = home.series(self.omega), np.zeros(0, dtype=bool)

    def add(self, omega: np.ndarray, series: np.ndarray, balances: np.ndarray) -> None:
        """More pairs (K, BALANCES), which begin with what mean squares say."""
        found = [
            mean_square_duals(forms, balance, self.home.weights, self.power, lowest=True)
            for forms, balance in zip(series, balances, strict=True)
        ]
        value, log_alpha = (np.concatenate(part) for part in zip(*found, strict=True))
        more = {"omega": omega, "series": series, "balance": balances.ravel(), "value": value}
        more |= {"log_alpha": log_alpha, "settled": np.zeros(balances.size, dtype=bool)}
        for name, new in more.items():
            setattr(self, name, np.concatenate([getattr(self, name), new]))
        self._improve()

    def smallest(self) -> tuple[float, float]:
        """(Omega, lambda) of the smallest bound."""
        best = int(np.argmin(self.value))
        return float(self.omega[best // BALANCES]), float(self.balance[best])

    def _improve(self) -> None:
        """Until the smallest bound is one whose alpha and y are searched, or one is no better than `enough`.

        What suits one pair nearly suits its neighbours: tried there, it lifts most of them out of the way.
        """
        limit = self.value[self.settled].min(initial=np.inf)
        while limit > self.enough and not self.settled[row := int(np.argmin(self.value))]:
            shift, place = self._settle(row)
            limit = min(limit, self.value[row])
            waiting = np.flatnonzero(~self.settled & (self.value < limit))
            for rows in np.split(waiting, range(BATCH, len(waiting), BATCH)):
                found = self._values(rows, np.full((len(rows), 1), shift), np.full((len(rows), 1), place))
                self.value[rows] = np.maximum(self.value[rows], found[:, 0])

    def _settle(self, row: int) -> tuple[float, int]:
        """Improve one pair; (how much log alpha moved, number of the weights y)."""
        places, centre, half = np.arange(len(self.home.weights)), CENTRE, REACH
        for _ in range(LEVELS):
            shifts = centre + half * np.linspace(-1.0, 1.0, POINTS)
            shift, place = np.repeat(shifts, len(places)), np.tile(places, POINTS)
            values = self._values(np.array([row]), shift[None], place[None])[0]
            best = int(np.argmax(values))
            self.value[row] = max(self.value[row], values[best])
            centre, places, half = float(shift[best]), place[best : best + 1], 2.0 * half / (POINTS - 1)
        self.settled[row] = True
        return centre, int(places[0])

    def _values(self, rows: np.ndarray, shift: np.ndarray, place: np.ndarray) -> np.ndarray:
        """(Q, J) ``alpha p - C(mu)`` of Q pairs, for J choices of alpha and y each."""
        extracted, noise, entropy = np.swapaxes(self.series[rows // BALANCES], 0, 1)
        balance = self.balance[rows, None, None, None]
        y = self.home.weights[place][:, :, None]
        alpha = np.exp(self.log_alpha[rows, None] + shift)
        form = (
            alpha[..., None, None, None] * extracted[:, None] - (balance * noise + entropy / balance)[:, None]
        )
        mu = largest_eigenvalue(form / np.sqrt(y[..., :, None] * y[..., None, :]))
        mu = np.concatenate([np.zeros((*alpha.shape, 1)), mu], axis=-1).reshape(-1, mu.shape[-1] + 1)
        return alpha * self.power - self.home.support.largest(mu).reshape(alpha.shape)
