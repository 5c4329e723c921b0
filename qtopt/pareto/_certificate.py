"""Certified upper bounds on the power of any periodic drive at a given efficiency."""

from typing import NamedTuple

import jax
import numpy as np

from ._forms import Forms
from ._search_space import Bound

LARGEST_HARMONIC_SHARE = 8.0 / np.pi**2
"""|g(t)| <= 1 implies |g_n| <= mean|cos| = 2/pi, so one harmonic holds at most 8/pi^2 of mean(g^2) <= 1."""
GRID = 1200
ZOOM = 65
GOLDEN = (np.sqrt(5.0) - 1.0) / 2.0


class Certificate(NamedTuple):
    """Upper bounds on extracted power at given efficiencies.

    Attributes:
        efficiency: (M,).
        power: (M,) no drive within the bound extracts more than this at this efficiency or a higher one.
        mean_square_power: (M,) the weaker bound from mean(g_l^2) <= 1 alone (equal to `power` for "rms").
        frequency: (M,) drive frequency at which `power` is reached.
    """

    efficiency: np.ndarray
    power: np.ndarray
    mean_square_power: np.ndarray
    frequency: np.ndarray


class EngineTemperatures(NamedTuple):
    """The two temperatures of an engine."""

    hot: float
    cold: float

    @property
    def carnot(self) -> float:
        """1 - T_c/T_h."""
        return 1.0 - self.cold / self.hot

    def slope(self, efficiency: np.ndarray) -> np.ndarray:
        """kappa in (entropy production rate) = kappa (extracted power): (eta_C/eta - 1)/T_c."""
        return (self.carnot / efficiency - 1.0) / self.cold


def certify(
    forms: Forms,
    temperatures: EngineTemperatures,
    bound: Bound,
    frequency: tuple[float, float],
    efficiency: np.ndarray,
) -> Certificate:
    """Upper bound on the extracted power -P of every periodic drive, for each efficiency.

    With X_n = -(power form), S_n = (entropy form) and kappa(eta) = (eta_C/eta - 1)/T_c, an efficiency of at
    least eta means sum_n g_n^dagger (kappa X_n - S_n) g_n >= 0. For every multiplier lambda >= 0 and
    weights y_l >= 0, ``diag(y) >= X_n + lambda (kappa X_n - S_n)`` for all n implies
    -P <= sum_l y_l mean(g_l^2): the Lagrange dual, minimised over lambda and y at each drive frequency, then
    maximised over the frequency (grid clustered by logarithm plus three levels of zoom).

    * "rms", sum_l mean(g_l^2) <= L/2: y_l are equal. The bound is the exact front, reached by an eigenvector
      (or two, at a kink), because the joint numerical range of two Hermitian forms is convex.
    * "peak", |g_l| <= 1: implies mean(g_l^2) <= 1 for each l (`mean_square_power`), and that no harmonic
      carries more than 8/pi^2 of it, so the best harmonic counts 8/pi^2 and the next the rest (`power`).

    Args:
        forms: quadratic forms of the machine.
        temperatures: hot and cold temperature.
        bound: "peak" or "rms".
        frequency: searched range of the drive frequency.
        efficiency: (M,) in (0, eta_C).

    Source: this package (weak duality); physics notes, sections 3 and 6.
    """
    slopes = temperatures.slope(efficiency)
    low, high = frequency
    grid = np.array([low]) if low == high else np.geomspace(low, high, GRID)
    extracted, entropy = _engine_forms(forms, grid)
    everywhere = np.broadcast_to
    shape = (len(slopes), *extracted.shape)
    power, mean_square = _dual(everywhere(extracted, shape), everywhere(entropy, shape), slopes, bound)
    best = np.argmax(power, axis=1)
    tops = power[np.arange(len(slopes)), best]
    wide = mean_square.max(axis=1)
    where = grid[best]
    if low != high:
        step = np.log(high / low) / (GRID - 1)
        for _ in range(3):
            zoomed = np.clip(where[:, None] * np.exp(step * np.linspace(-1, 1, ZOOM)), low, high)
            extracted, entropy = _engine_forms(forms, zoomed.ravel())
            split = (*zoomed.shape, *extracted.shape[1:])
            power, mean_square = _dual(extracted.reshape(split), entropy.reshape(split), slopes, bound)
            best = np.argmax(power, axis=1)
            found = power[np.arange(len(slopes)), best]
            where = np.where(found >= tops, zoomed[np.arange(len(slopes)), best], where)
            tops, wide = np.maximum(tops, found), np.maximum(wide, mean_square.max(axis=1))
            step *= 2.0 / (ZOOM - 1)
    return Certificate(efficiency, tops, wide, where)


def efficiency_range(
    forms: Forms, temperatures: EngineTemperatures, bound: Bound, frequency: tuple[float, float]
) -> tuple[float, float] | None:
    """(efficiency at the certified maximum power, largest efficiency of any engine), or None without engine.

    The largest efficiency belongs to one harmonic: the largest eigenvalue r of S^-1/2 X S^-1/2 gives
    ``eta = eta_C/(1 + T_c/r)``.
    """
    low, high = frequency
    grid = np.array([low]) if low == high else np.geomspace(low, high, GRID)
    extracted, entropy = _engine_forms(forms, grid)
    if not np.any(extracted):
        return None
    useful = np.any(extracted, axis=(-2, -1))
    factor = np.linalg.inv(np.linalg.cholesky(entropy[useful]))
    ratio = largest_eigenvalue(factor @ extracted[useful] @ np.conj(np.swapaxes(factor, -1, -2)))
    largest = temperatures.carnot / (1.0 + temperatures.cold / ratio.max())
    # Where the bound at efficiency eta first falls below the bound at any efficiency.
    tops = certify(forms, temperatures, bound, frequency, np.array([1e-3 * largest])).power[0]
    below, above = 0.0, largest
    for _ in range(3):
        trial = np.linspace(below, above, 10)[1:-1]
        reached = certify(forms, temperatures, bound, frequency, trial).power >= tops * (1.0 - 1e-6)
        count = int(np.argmin(reached)) if not reached.all() else len(trial)
        below, above = (trial[count - 1] if count else below), (trial[count] if count < len(trial) else above)
    return float(below), float(largest)


def _engine_forms(forms: Forms, frequencies: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(G, H, L, L) forms of extracted power and entropy, harmonics that can extract power only.

    Entropy forms are positive, so a harmonic whose extracted-power form has no positive eigenvalue cannot
    contribute to the dual and is replaced by zero.
    """
    table = jax.jit(jax.vmap(forms.at))(frequencies)
    extracted, entropy = -np.asarray(table.power), np.asarray(table.entropy)
    useful = largest_eigenvalue(extracted) > 0.0
    useful[:, 0] = False
    width = max(2, int(useful.sum(axis=1).max()))
    order = np.argsort(~useful, axis=1, kind="stable")[:, :width]
    rows = np.arange(len(frequencies))[:, None]
    mask = useful[rows, order][:, :, None, None]
    return extracted[rows, order] * mask, entropy[rows, order] * mask


def largest_eigenvalue(matrix: np.ndarray) -> np.ndarray:
    """Largest eigenvalue of Hermitian matrices (..., L, L)."""
    if matrix.shape[-1] == 1:
        return matrix[..., 0, 0].real
    if matrix.shape[-1] == 2:
        a, b = matrix[..., 0, 0].real, matrix[..., 1, 1].real
        return (a + b) / 2.0 + np.hypot((a - b) / 2.0, np.abs(matrix[..., 0, 1]))
    return np.linalg.eigvalsh(matrix)[..., -1]


def _dual(
    extracted: np.ndarray, entropy: np.ndarray, slopes: np.ndarray, bound: Bound
) -> tuple[np.ndarray, np.ndarray]:
    """(harmonic-limited, mean-square) duals of shape (M, G) from forms (M, G, H, L, L)."""
    size = extracted.shape[-1]
    budget = size / 2.0 if bound == "rms" else 1.0
    shares = np.full(size, 1.0 if bound == "rms" else 1.0 / size)
    kappa = slopes[:, None, None, None, None]
    gain = kappa * extracted - entropy

    def dual(u: np.ndarray, share: np.ndarray, limited: bool) -> np.ndarray:
        u = u[:, :, None, None, None]
        scale = 1.0 / np.sqrt(share)
        form = (extracted + u / (1.0 - u) * gain) * scale[..., :, None] * scale[..., None, :]
        top = np.sort(np.maximum(largest_eigenvalue(form), 0.0), axis=-1)[..., ::-1]
        if limited:
            share_of_best = LARGEST_HARMONIC_SHARE
            return budget * (share_of_best * top[..., 0] + (1.0 - share_of_best) * top[..., 1])
        return budget * top[..., 0]

    def minimised(limited: bool) -> np.ndarray:
        value, u = _golden(lambda u: dual(u, shares, limited), extracted.shape[:2])
        if bound == "rms" or size == 1:
            return value
        return _better_shares(dual, u, value, size, limited)

    if bound == "rms":
        value = minimised(False)
        return value, value
    return minimised(True), minimised(False)


def _better_shares(dual, u: np.ndarray, value: np.ndarray, size: int, limited: bool) -> np.ndarray:
    """Lower the dual over the per-oscillator weights (any weights are valid), one oscillator at a time."""
    tilt = np.zeros((*u.shape, size))

    def shares(tilts: np.ndarray) -> np.ndarray:
        weights = np.exp(tilts - tilts.max(axis=-1, keepdims=True))
        return (weights / weights.sum(axis=-1, keepdims=True))[:, :, None, :]

    for _ in range(2):
        for l in range(size - 1):

            def along(x: np.ndarray, l: int = l, u: np.ndarray = u, tilt: np.ndarray = tilt) -> np.ndarray:
                moved = tilt.copy()
                moved[..., l] = 8.0 * (x - 0.5)
                return dual(u, shares(moved), limited)

            found, x = _golden(along, u.shape, steps=24)
            better = found < value
            tilt[..., l] = np.where(better, 8.0 * (x - 0.5), tilt[..., l])
            value = np.minimum(value, found)
        found, v = _golden(lambda u: dual(u, shares(tilt), limited), u.shape, steps=24)
        u, value = np.where(found < value, v, u), np.minimum(value, found)
    return value


def _golden(function, shape: tuple[int, ...], steps: int = 48) -> tuple[np.ndarray, np.ndarray]:
    """Minimise a unimodal function of u in [0, 1) elementwise by golden-section search."""
    low, high = np.zeros(shape), np.full(shape, 1.0 - 1e-9)
    left, right = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
    f_left, f_right = function(left), function(right)
    for _ in range(steps):
        keep_low = f_left < f_right
        low, high = np.where(keep_low, low, left), np.where(keep_low, right, high)
        new = np.where(keep_low, high - GOLDEN * (high - low), low + GOLDEN * (high - low))
        f_new = function(new)
        left, right = np.where(keep_low, new, right), np.where(keep_low, left, new)
        f_left, f_right = np.where(keep_low, f_new, f_right), np.where(keep_low, f_left, f_new)
    ends = np.zeros(shape)
    f_ends = function(ends)
    value = np.minimum(np.minimum(f_left, f_right), f_ends)
    where = np.where(f_ends <= np.minimum(f_left, f_right), ends, np.where(f_left < f_right, left, right))
    return value, where
