"""Bounds on the uncertainty product that know the shapes of one drive frequency."""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float

from ...numerics import golden_section, largest_eigenvalue
from ..rates import AbstractForms, FixedForms
from ._support import AbstractSupport, MeanSquareSupport

RATES = 25
"""Values of lambda that are tried at once."""
STEPS, FEWER = 36, 20
"""Of the golden sections over alpha, for bounds that are reported and for those that only guide."""
CENTRE, REACH, POINTS, LEVELS = 1.0, 2.0, 9, 3
"""Shapes allow a larger alpha than mean squares do: log alpha is tried at POINTS so far above, and nearer and
nearer to the best."""
FREQUENCIES, BATCH = 33, 128
"""Drive frequencies, and pairs whose shapes are looked at together."""
ZOOMS, ZOOM = 3, np.array([-0.6, -0.3, 0.3, 0.6])
"""Levels of the search for the smallest bound, and its points in units of its step."""


class Duals(NamedTuple):
    """Largest duals for each lambda, (R,): the value, log alpha, and which of the weights y."""

    value: Float[Array, " R"]
    log_alpha: Float[Array, " R"]
    place: Float[Array, " R"]


def all_rates(forms: np.ndarray) -> np.ndarray:
    """lambda over all ratios sqrt(S/D) of forms (3, ..., L, L) and three decades beyond."""
    _, noise, entropy = np.trace(forms, axis1=-2, axis2=-1).real
    ratio = np.sqrt(entropy / noise)
    return np.geomspace(ratio.min() * 1e-3, ratio.max() * 1e3, 4 * RATES)


@eqx.filter_jit
def mean_square_duals(
    forms: Complex[Array, "3 G L L"],
    rates: Float[Array, " R"],
    weights: Float[Array, "T L"],
    power: float | Array,
    lowest: bool = False,
) -> Duals:
    """Largest ``alpha p - beta`` for each lambda, where alpha X - lambda D - S/lambda <= beta diag(y).

    Args:
        forms: of extracted power, its variance rate and entropy production, at G harmonic frequencies.
        rates: lambda.
        weights: y.
        power: p.
        lowest: whether alpha is of the order of the lowest cost, as for the harmonics of one Omega.
    """
    extracted, noise, entropy = (jnp.asarray(form) for form in forms)
    power = jnp.asarray(power)

    def at_rate(rate: Array) -> Duals:
        cost = rate * noise + entropy / rate
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

        value, log_alpha = jax.lax.map(split, jnp.asarray(weights))
        place = jnp.argmax(value)
        return Duals(value[place], log_alpha[place], place)

    return jax.lax.map(at_rate, jnp.asarray(rates))


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
        self, forms: AbstractForms, support: AbstractSupport, frequency: tuple[float, float], resonance: float
    ) -> None:
        self.forms, self.support, self.frequency = forms, support, frequency
        self.weights = support.weights(forms.size)
        low, high = frequency
        near = resonance / np.arange(1, forms.harmonics + 1)
        omega = np.concatenate([np.geomspace(low, high, FREQUENCIES), near[(near > low) & (near < high)][:8]])
        self.omega = np.array([low]) if isinstance(forms, FixedForms) else omega

    def product(self, power: float, enough: float = 0.0) -> tuple[float, float]:
        """(the bound on Q at X = power, its Omega).

        Args:
            power: p > 0.
            enough: a bound that holds anyway: smaller ones need not be told apart.
        """
        if isinstance(self.support, MeanSquareSupport):
            return enough, np.nan
        pairs = _Pairs(self, power, 2.0 * power * np.sqrt(enough))
        series = self.forms.series(self.omega)[:, :, 1:]
        rates = np.array([_rates(series[:, i]) for i in range(len(self.omega))])
        pairs.add(np.repeat(self.omega, rates.shape[1]), rates.ravel())
        steps = [
            0.5 * np.log(rates[0, 1] / rates[0, 0]),
            np.log(self.frequency[1] / self.frequency[0]) / 64.0,
        ]
        for _ in range(ZOOMS):
            omega, rate = pairs.smallest()
            pairs.add(np.full(len(ZOOM), omega), rate * np.exp(2.0 * steps[0] * ZOOM))
            if len(self.omega) > 1:
                moved = np.clip(omega * np.exp(2.0 * steps[1] * ZOOM), *self.frequency)
                pairs.add(moved, np.full(len(ZOOM), rate))
            steps = [step * 0.4 for step in steps]
        omega, _ = pairs.smallest()
        return float((max(pairs.value.min(), 0.0) / (2.0 * power)) ** 2), omega


def _rates(forms: np.ndarray) -> np.ndarray:
    """RATES values of lambda around all ratios sqrt(S/D) of the forms (3, N, L, L)."""
    return np.geomspace(*(all_rates(forms)[[0, -1]] * np.array([30.0, 1.0 / 30.0])), RATES)


class _Pairs:
    """Bounds on lambda D + S/lambda at pairs of Omega and lambda, in columns."""

    def __init__(self, home: ShapedProducts, power: float, enough: float) -> None:
        self.home, self.power, self.enough = home, power, enough
        self.forms = np.zeros((0, 3, home.forms.harmonics, home.forms.size, home.forms.size), dtype=complex)
        self.omega, self.rate, self.value, self.log_alpha = (np.zeros(0) for _ in range(4))
        self.place = np.zeros(0, dtype=int)
        self.settled = np.zeros(0, dtype=bool)

    def add(self, omega: np.ndarray, rate: np.ndarray) -> None:
        """More pairs, which begin with what mean squares say."""
        where, first = np.unique(omega, return_inverse=True)
        series = np.swapaxes(self.home.forms.series(where)[:, :, 1:], 0, 1)
        for i, here in enumerate(series):
            own = rate[first == i]
            count, padded = len(own), np.concatenate([own, np.full(RATES - len(own), own[-1])])
            found = mean_square_duals(here, padded, self.home.weights, self.power, lowest=True)
            columns = {
                "forms": np.repeat(here[None], count, axis=0),
                "omega": np.full(count, where[i]),
                "rate": own,
            }
            columns |= {name: np.asarray(column)[:count] for name, column in found._asdict().items()}
            columns["settled"] = np.zeros(count, dtype=bool)
            for name, new in columns.items():
                setattr(self, name, np.concatenate([getattr(self, name), new]))
        self._improve()

    def smallest(self) -> tuple[float, float]:
        """(Omega, lambda) of the smallest bound."""
        best = int(np.argmin(self.value))
        return float(self.omega[best]), float(self.rate[best])

    def _improve(self) -> None:
        """Until the smallest bound is one whose alpha and y are searched, or is no better than `enough`.

        What suits one pair nearly suits its neighbours: tried there, it lifts most of them out of the way.
        """
        while (
            not self.settled[row := int(np.argmin(self.value))] and self.value[row] < self.enough_or_settled
        ):
            shift, place = self._settle(row)
            waiting = np.flatnonzero(~self.settled & (self.value < self.enough_or_settled))
            for rows in np.split(waiting, range(BATCH, len(waiting), BATCH)):
                found = self._values(rows, self.log_alpha[rows, None] + shift, np.full((len(rows), 1), place))
                self.value[rows] = np.maximum(self.value[rows], found[:, 0])

    @property
    def enough_or_settled(self) -> float:
        """Larger bounds do not matter."""
        return max(self.value[self.settled].min(initial=np.inf), self.enough)

    def _settle(self, row: int) -> tuple[float, int]:
        """Improve one pair; (how much log alpha moved, number of the weights y)."""
        rows, places, centre, half = np.array([row]), np.arange(len(self.home.weights)), CENTRE, REACH
        for _ in range(LEVELS):
            shift, place = (
                part.ravel()
                for part in np.meshgrid(centre + half * np.linspace(-1.0, 1.0, POINTS), places, indexing="ij")
            )
            values = self._values(rows, self.log_alpha[row] + shift[None], place[None])[0]
            best = int(np.argmax(values))
            self.value[row] = max(self.value[row], values[best])
            centre, places, half = float(shift[best]), place[best : best + 1], 2.0 * half / (POINTS - 1)
        self.settled[row] = True
        return centre, int(places[0])

    def _values(self, rows: np.ndarray, log_alpha: np.ndarray, place: np.ndarray) -> np.ndarray:
        """(Q, J) ``alpha p - C(mu)`` of Q pairs, for J choices of alpha and y each."""
        extracted, noise, entropy = np.swapaxes(self.forms[rows], 0, 1)
        rate = self.rate[rows, None, None, None]
        cost = rate * noise + entropy / rate
        y = self.home.weights[place][:, :, None]
        alpha = np.exp(log_alpha)
        form = alpha[..., None, None, None] * extracted[:, None] - cost[:, None]
        mu = largest_eigenvalue(form / np.sqrt(y[..., :, None] * y[..., None, :]))
        mu = np.concatenate([np.zeros((*alpha.shape, 1)), mu], axis=-1)
        return alpha * self.power - self.home.support.largest(mu.reshape(-1, mu.shape[-1])).reshape(
            alpha.shape
        )
