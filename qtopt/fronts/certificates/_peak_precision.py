"""A tighter lower bound on the uncertainty product of drives with |g_l(t)| <= 1."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ..rates import PrecisionForms, PrecisionModel
from ._precision import forms_of, shares

FREQUENCIES, RATES, TILTS, GOLDEN, SAMPLES, SWEEPS = 33, 9, 9, 24, 128, 50
Support = Callable[[np.ndarray], np.ndarray]
"""(R, N+1) weights of the harmonics -> (R,) largest sum of weight x mean square"""


class PeakCertificate(NamedTuple):
    """Lower bounds on Q = D S/X^2 at given extracted powers, for drives with |g_l(t)| <= 1.

    Attributes:
        power: (M,) extracted power X.
        product: (M,) no such drive that extracts at least this much has a smaller Q.
        frequency: (M,) drive frequency at which the bound is smallest.
    """

    power: np.ndarray
    product: np.ndarray
    frequency: np.ndarray


def certify_peak_precision(
    model: PrecisionModel, frequency: tuple[float, float], power: np.ndarray
) -> PeakCertificate:
    """Lower bound on Q of every drive with |g_l(t)| <= 1 that extracts at least X = p, for each p.

    `certify_precision` knows only mean(g_l^2) <= 1 and lets every harmonic choose its own frequency. Here the
    harmonics are those of one Omega, and the shapes enter. At each Omega, for lambda, alpha > 0 and a split
    rho of the weight between oscillators, let mu_n be the largest eigenvalue of
    ``diag(rho)^-1/2 (alpha X_n - lambda D_n - S_n/lambda) diag(rho)^-1/2`` (mu_0 = 0). By weak duality

        lambda D + S/lambda >= alpha p - sum_l rho_l C(mu),   C(mu) = max_{|g| <= 1} sum_n mu_n u_n,

    u_n = 2|g_n|^2 (u_0 = mean(g)^2) the mean squares of one shape. A strong fundamental drags harmonics along
    (a square wave reaches u_1 = 8/pi^2 at most, a clipped cosine less), and these cost: mu_n < 0.

    The extrema over Omega, lambda, alpha, rho are fine searches, and C is found by minorisation from many
    shapes: arguments, not proofs.

    Args:
        model: tabulated forms, with harmonics up to `model.harmonics`.
        frequency: range of the drive frequency.
        power: (M,) extracted powers > 0.

    Source: this package (weak duality); physics notes, sections 3 and 6.
    """
    omega = np.unique(np.geomspace(frequency[0], frequency[1], FREQUENCIES))
    forms = [forms_of(model, w * np.arange(1, model.harmonics + 1)) for w in omega]
    products, where = [], []
    for p in power:
        # The bound from mean squares alone is cheap and never larger: it says where the other one is needed.
        cheap = np.array([_bound(f, float(p), _mean_square) for f in forms])
        best, at = np.inf, omega[0]
        for i in np.argsort(cheap):
            if cheap[i] >= best:
                break
            found = max(cheap[i], _bound(forms[i], float(p), peak_support))
            if found < best:
                best, at = found, omega[i]
        products.append(best)
        where.append(at)
    return PeakCertificate(np.asarray(power), np.array(products), np.array(where))


def _mean_square(weights: np.ndarray) -> np.ndarray:
    return np.maximum(weights.max(axis=-1), 0.0)


def peak_support(weights: np.ndarray) -> np.ndarray:
    """C = max over shapes |g(t)| <= 1 of ``sum_n w_n u_n``, for each row of weights.

    With a = the most negative weight, cut off where it no longer matters, the sum is
    ``sum_n (w_n + a) u_n - a mean(g^2)``; its convex part is replaced by its tangent, whose maximum is
    ``g = clip(h/a, -1, 1)``: every sweep rises. Harmonics beyond the last weight count as the last one; where
    that is positive only mean(g^2) <= 1 is used.

    Args:
        weights: (R, N+1), N <= SAMPLES/4.
    """
    top = np.maximum(weights.max(axis=-1), 1e-300)[:, None]
    cut = np.clip(-weights[:, -1:], 1e-9 * top, 2.0 * top)
    convex = np.zeros((len(weights), 1, SAMPLES // 2 + 1))
    convex[:, 0, : weights.shape[1]] = np.maximum(weights, -cut) + cut
    cut = cut[:, :, None]
    shapes = np.broadcast_to(_shapes(), (len(weights), *_shapes().shape))
    for _ in range(SWEEPS):
        slope = np.fft.irfft(np.fft.rfft(shapes) * convex, SAMPLES)
        shapes = np.clip(slope / cut, -1.0, 1.0)
    spectrum = 2.0 * np.abs(np.fft.rfft(shapes) / SAMPLES) ** 2
    spectrum[..., 0] /= 2.0
    values = np.sum(convex * spectrum, axis=-1) - cut[..., 0] * np.mean(shapes**2, axis=-1)
    return np.where(weights[:, -1] > 0.0, _mean_square(weights), np.maximum(values.max(axis=-1), 0.0))


def _shapes() -> np.ndarray:
    """Where the sweeps begin: a constant, low harmonics, pairs of them, and noise."""
    angle = 2.0 * np.pi * np.arange(SAMPLES) / SAMPLES
    single = [np.cos(n * angle) for n in range(1, 5)]
    pairs = [np.cos(angle) + np.cos(n * angle + shift) for n in (2, 3) for shift in (0.0, 1.5)]
    noise = np.random.default_rng(0).normal(size=(4, SAMPLES))
    return np.clip([np.ones(SAMPLES), *single, *pairs, *noise], -1.0, 1.0)


def _bound(forms: PrecisionForms, power: float, support: Support) -> float:
    """The bound at one drive frequency: smallest over lambda, on a grid that is narrowed twice."""
    noise, entropy = (np.trace(form, axis1=1, axis2=2).real for form in (forms.noise, forms.entropy))
    ratio = np.sqrt(entropy / noise)
    low, high = np.log(ratio.min() / 30.0), np.log(ratio.max() * 30.0)
    values = np.zeros(RATES)
    for _ in range(3):
        grid = np.linspace(low, high, RATES)
        values = np.array([_dual(forms, float(np.exp(rate)), power, support) for rate in grid])
        best = int(np.argmin(values))
        low, high = grid[max(best - 1, 0)], grid[min(best + 1, RATES - 1)]
    return float((max(values.min(), 0.0) / (2.0 * power)) ** 2)


def _dual(forms: PrecisionForms, rate: float, power: float, support: Support) -> float:
    """Largest ``alpha p - sum_l rho_l C(mu)`` over alpha (concave: golden section) and the splits rho."""
    split = shares(forms.extracted.shape[-1], TILTS)
    weight = np.sqrt(split[:, None, :, None] * split[:, None, None, :])
    gain, cost = forms.extracted / weight, (rate * forms.noise + forms.entropy / rate) / weight

    def value(log_alpha: np.ndarray) -> np.ndarray:
        alpha = np.exp(log_alpha)
        top = np.linalg.eigvalsh(alpha[:, None, None, None] * gain - cost)[..., -1]
        # One weight for all harmonics from the last one on, the largest of them.
        tail = top[:, SAMPLES // 4 - 1 :].max(axis=1, keepdims=True, initial=-np.inf)
        mu = np.concatenate([np.zeros((len(split), 1)), top[:, : SAMPLES // 4 - 1], tail], axis=1)
        return alpha * power - support(mu if np.isfinite(tail).all() else mu[:, :-1])

    scale = np.log(np.trace(rate * forms.noise[0] + forms.entropy[0] / rate).real / power)
    low, high = np.full(len(split), scale - 5.0), np.full(len(split), scale + 7.0)
    section = (np.sqrt(5.0) - 1.0) / 2.0
    inner, outer = high - section * (high - low), low + section * (high - low)
    at_inner, at_outer = value(inner), value(outer)
    for _ in range(GOLDEN):
        up = at_inner < at_outer
        low, high = np.where(up, inner, low), np.where(up, high, outer)
        fresh = np.where(up, low + section * (high - low), high - section * (high - low))
        found = value(fresh)
        inner, outer = np.where(up, outer, fresh), np.where(up, fresh, inner)
        at_inner, at_outer = np.where(up, at_outer, found), np.where(up, found, at_inner)
    return float(max(at_inner.max(), at_outer.max()))
