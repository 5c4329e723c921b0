"""Certified lower bounds on the uncertainty product of any periodic drive at a given extracted power."""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ...jobs import over_processes
from ...numerics import golden_section
from ..rates import Bound, PrecisionForms, PrecisionModel, largest_eigenvalue, unpacked

GRID, RATES, TILTS, ZOOMS = 768, 25, 5, 2


class PrecisionCertificate(NamedTuple):
    """Lower bounds on Q = D S/X^2 at given extracted powers.

    Attributes:
        power: (M,) extracted power X.
        product: (M,) no drive within the bound that extracts at least this much has a smaller Q.
        smallest_product: the smallest Q of any drive, however little it extracts.
        largest_power: no drive within the bound extracts more.
        fundamental_power: no drive extracts more by harmonics that lie in the range of drive frequencies.
        driving_frequency: nu = n Omega of the harmonic that reaches `smallest_product`.
        pattern: (L,) complex amplitudes g_n that reach it.
    """

    power: np.ndarray
    product: np.ndarray
    smallest_product: float
    largest_power: float
    fundamental_power: float
    driving_frequency: float
    pattern: np.ndarray


def certify_precision(
    model: PrecisionModel, bound: Bound, frequency: tuple[float, float], power: np.ndarray
) -> PrecisionCertificate:
    """Lower bound on Q = D S/X^2 of every drive that extracts at least X = p, for each p.

    X, D and S are quadratic forms in each harmonic. For lambda > 0, ``2 sqrt(D S) <= lambda D + S/lambda``
    with equality at lambda^2 = S/D, so ``Q = min_lambda [(lambda D + S/lambda)/(2 X)]^2``.

    * Without a bound on the drive, the smallest Q is ``min_lambda 1/(4 kappa^2)`` with kappa the largest
      generalised eigenvalue of ``X_nu`` and ``lambda D_nu + S_nu/lambda`` over all nu: one harmonic does it.
    * With mean(g_l^2) <= 1 (which |g_l| <= 1 implies; "rms": sum_l mean(g_l^2) <= L/2), Lagrange duality
      bounds the smallest ``lambda D + S/lambda`` at X >= p from below: for alpha >= 0 and weights y_l >= 0,
      ``alpha X_nu - lambda D_nu - S_nu/lambda <= diag(y)`` for all nu implies it is at least
      ``alpha p - sum_l y_l mean(g_l^2)``. Maximised over alpha and y, then minimised over lambda.

    The extrema over nu and lambda are fine searches (logarithmic grids with zooms), not proofs.

    Args:
        model: tabulated forms.
        bound: "peak" or "rms".
        frequency: range of the drive frequency; its harmonics are looked at up to the end of the table.
        power: (M,) extracted powers > 0.

    Source: this package (weak duality); physics notes, sections 3 and 6.
    """
    top = float(model.table.highest)
    nu = np.geomspace(frequency[0], max(top, frequency[0] * 1.001), GRID)
    forms = forms_of(model, nu)
    rates, kappa, where = _unconstrained(forms)
    best = int(np.argmax(kappa))
    # Finer in nu around the best harmonic.
    near = np.clip(nu[where[best]] * np.exp(np.linspace(-1.0, 1.0, 129) * np.log(nu[1] / nu[0])), nu[0], top)
    forms = jax.tree.map(lambda a, b: np.concatenate([a, b]), forms, forms_of(model, near))
    nu = np.concatenate([nu, near])
    for _ in range(ZOOMS):
        step = rates[1] / rates[0]
        around = rates[int(np.argmax(kappa))] * step ** np.linspace(-1.0, 1.0, RATES)
        rates, kappa, where = _unconstrained(forms, around)
    best = int(np.argmax(kappa))
    pattern = _pattern(jax.tree.map(lambda leaf: leaf[where[best]], forms), rates[best])
    largest, smallest = _largest_power(forms, bound), float(1.0 / (4.0 * kappa[best] ** 2))

    def products(power: np.ndarray) -> np.ndarray:
        found = [_product(forms, bound, float(p)) if p < largest else np.inf for p in power]
        return np.maximum(found, smallest)

    return PrecisionCertificate(
        np.asarray(power),
        over_processes(products, np.asarray(power)),
        smallest,
        largest,
        _largest_power(jax.tree.map(lambda leaf: leaf[nu <= frequency[1]], forms), bound),
        float(nu[where[best]]),
        pattern,
    )


def forms_of(model: PrecisionModel, nu: np.ndarray) -> PrecisionForms:
    """The tabulated forms at driving frequencies nu, shapes (G, L, L), as NumPy arrays."""
    return jax.tree.map(np.asarray, _look_up(model, jnp.asarray(nu)))


@eqx.filter_jit
def _look_up(model: PrecisionModel, nu: Float[Array, " G"]) -> PrecisionForms:
    found = jax.lax.map(lambda value: model.table.at(value)[1], nu, batch_size=64)
    return PrecisionForms(*(unpacked(found[:, i]) for i in range(3)))


def _unconstrained(
    forms: PrecisionForms, rates: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(lambda, kappa(lambda), index of nu); by default lambda spans all ratios S/D of the forms."""
    x, d, s = forms
    rates = _rates(forms) if rates is None else rates
    kappa, where = [], []
    for rate in rates:
        cost = rate * d + s / rate
        whiten = np.linalg.inv(np.linalg.cholesky(cost))
        values = np.linalg.eigvalsh(whiten @ x @ np.conj(np.swapaxes(whiten, -1, -2)))[:, -1]
        where.append(int(np.argmax(values)))
        kappa.append(values[where[-1]])
    return rates, np.maximum(kappa, 1e-300), np.array(where)


def _rates(forms: PrecisionForms) -> np.ndarray:
    """lambda over all ratios sqrt(S/D) of the forms and three decades beyond."""
    noise, entropy = (np.trace(form, axis1=1, axis2=2).real for form in (forms.noise, forms.entropy))
    ratio = np.sqrt(entropy / noise)
    return np.geomspace(ratio.min() * 1e-3, ratio.max() * 1e3, 4 * RATES)


def _pattern(forms: PrecisionForms, rate: float) -> np.ndarray:
    whiten = np.linalg.inv(np.linalg.cholesky(rate * forms.noise + forms.entropy / rate))
    _, vectors = np.linalg.eigh(whiten @ forms.extracted @ np.conj(whiten.T))
    found = np.conj(whiten.T) @ vectors[:, -1]
    return found / np.abs(found).max()


def shares(size: int, tilts: int = TILTS) -> np.ndarray:
    """(T, L) ways to split the weight between oscillators; any split is valid."""
    tilt = np.linspace(-4.0, 4.0, tilts) if size > 1 else np.zeros(1)
    weights = [np.exp(t * (np.arange(size) == l)) for l in range(max(1, size - 1)) for t in tilt]
    return np.array([w / w.sum() for w in weights])


def _budget(bound: Bound, size: int) -> tuple[float, np.ndarray]:
    """The sum of y_l mean(g_l^2) is `budget` times the multiplier for each split."""
    return (size / 2.0, np.ones((1, size))) if bound == "rms" else (1.0, shares(size))


def _largest_power(forms: PrecisionForms, bound: Bound) -> float:
    budget, shares = _budget(bound, forms.extracted.shape[-1])
    values = [
        float(np.max(largest_eigenvalue(forms.extracted / np.sqrt(share[:, None] * share[None, :]))))
        for share in shares
    ]
    return budget * min(values)


def _product(forms: PrecisionForms, bound: Bound, power: float) -> float:
    """The bound at one power: minimum over lambda, on a grid that is narrowed ZOOMS times."""
    budget, shares = _budget(bound, forms.extracted.shape[-1])
    rates = _rates(forms)
    low, high = rates[0], rates[-1]
    for _ in range(1 + ZOOMS):
        grid = np.geomspace(low, high, RATES)
        values = np.asarray(
            _duals(forms, jnp.asarray(grid), jnp.asarray(shares), jnp.asarray(budget), jnp.asarray(power))
        )
        best = int(np.argmin(values))
        low, high = grid[max(best - 1, 0)], grid[min(best + 1, RATES - 1)]
    return float((values[best] / (2.0 * power)) ** 2)


@eqx.filter_jit
def _duals(
    forms: PrecisionForms, rates: Float[Array, " R"], shares: Float[Array, "T L"], budget: Array, power: Array
) -> Float[Array, " R"]:
    """Largest ``alpha p - budget y`` for each lambda, over the splits."""

    def at_rate(rate: Array) -> Array:
        cost = rate * forms.noise + forms.entropy / rate
        scale = jnp.trace(cost, axis1=-2, axis2=-1).real.max() / power

        def split(share: Array) -> Array:
            weight = jnp.sqrt(share[:, None] * share[None, :])

            def negative(u: Array) -> Array:
                alpha = scale * u / (1.0 - u)
                multiplier = jnp.max(largest_eigenvalue((alpha * forms.extracted - cost) / weight))
                return budget * jnp.maximum(multiplier, 0.0) - alpha * power

            return -golden_section(negative, 36)[0]

        return jnp.max(jax.lax.map(split, shares))

    return jax.lax.map(at_rate, rates)
