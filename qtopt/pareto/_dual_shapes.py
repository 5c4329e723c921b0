"""Largest value of a form of bounded functions in which one harmonic gains and its odd multiples cost."""

import numpy as np

FLOOR = 1e-9
"""Added to every cost, relative to the gain, and its largest effect to the value: singular costs are no case."""
SMOOTHING = (0.3, 0.3, 0.1, 0.1, 0.03, 0.03, 0.01, 0.01, 0.003, 0.003, 0.001, 0.001)
SAMPLES, FINE = 64, 1024
"""Samples of half a period in the search of a shape, and in the value of the one found."""
HALVINGS = 5


def lone_values(forms: np.ndarray) -> np.ndarray:
    """Upper bound on ``sum_m 2 g_m^dagger A_m g_m`` over m = 1, 3, 5, ... for all real |g_l(t)| <= 1.

    A_1 = sigma v v^dagger - N_1 gains along one direction v, N_m = -A_m >= 0 costs. For any coefficients q_m in C^L let
    h_l(t) = Re[v_l e^{-it} - sum_m q_ml e^{-imt}]. Integrated against g, with the origin of time such that a =
    v^dagger g_1 >= 0,

        a <= sum_l mean|h_l| + Re sum_m q_m^dagger g_m <= Lambda + sqrt(xi) sqrt(C),
        Lambda = sum_l mean|h_l|,   xi = sum_m q_m^dagger N_m^-1 q_m,   C = sum_m g_m^dagger N_m g_m.

    The sum is 2 sigma a^2 - 2 C <= max_C 2 sigma (Lambda + sqrt(xi C))^2 - 2 C = 2 sigma Lambda^2/(1 - sigma xi)
    for sigma xi < 1: a bound for *every* q, and the smallest is the maximum over g itself wherever the
    maximisation at fixed a, a concave problem, has no gap. q = 0 gives 8/pi^2, a square wave; where multiples
    cost infinitely much, h tends to pulses and the bound to 1/2, a cosine. The search is Newton's
    for ``2 log Lambda - log(1 - sigma xi)``, |h| smoothed less and less.

    Args:
        forms: (B, m, L, L) Hermitian A_m; zero where nothing is known.

    Returns:
        (B,) bounds; zero where A_1 has no positive eigenvalue.

    Source: this package.
    """
    count, multiples, size = forms.shape[:3]
    values, vectors = np.linalg.eigh(forms[:, 0])
    gain, direction = values[:, -1], vectors[:, :, -1]
    active = np.flatnonzero(gain > 0.0)
    found = np.zeros(count)
    if len(active) == 0:
        return found
    gain, direction = gain[active], direction[active]
    costs = -forms[active] / gain[:, None, None, None]
    costs[:, 0] += direction[:, :, None] * np.conj(direction[:, None, :])
    strength, basis = np.linalg.eigh(costs)
    price = (basis / (np.maximum(strength, 0.0) + FLOOR)[..., None, :]) @ np.conj(np.swapaxes(basis, -1, -2))
    metric = np.concatenate(
        [
            np.concatenate([price.real, -price.imag], axis=-1),
            np.concatenate([price.imag, price.real], axis=-1),
        ],
        axis=-2,
    )
    # The metric of q ordered (multiple, real or imaginary, oscillator), block by block.
    q = _shapes(direction, metric)
    lam, xi = _l1_norms(direction, q), np.einsum("bmi,bmij,bmj->b", q, metric, q)
    plain = np.abs(direction).sum(axis=-1) * 2.0 / np.pi
    best = np.minimum(lam**2 / np.maximum(1.0 - xi, 1e-300), plain**2)
    found[active] = 2.0 * gain * (best + FLOOR * size)
    return found


def _basis(multiples: int, samples: int) -> np.ndarray:
    """(T, m, 2) cos(m t) and sin(m t), m odd, over half a period."""
    angle = np.pi * np.arange(samples)[:, None] / samples * (2 * np.arange(multiples) + 1)
    return np.stack([np.cos(angle), np.sin(angle)], axis=-1)


def _shapes(direction: np.ndarray, metric: np.ndarray) -> np.ndarray:
    """(B, m, 2L) coefficients q, real parts first, of small ``Lambda^2/(1 - xi)``."""
    count, multiples, double = metric.shape[:3]
    size, dimension = double // 2, multiples * double
    basis = _basis(multiples, SAMPLES)
    flat = basis.reshape(SAMPLES, -1)
    pairs = (flat[:, :, None] * flat[:, None, :]).reshape(SAMPLES, -1)
    start = _driven(direction, basis)
    q = np.zeros((count, multiples, 2, size))
    scale = np.abs(direction).sum(axis=-1)[:, None, None] / size
    diagonal = np.arange(multiples)
    for smoothing in SMOOTHING:
        epsilon = smoothing * scale

        def level(trial: np.ndarray, epsilon: np.ndarray = epsilon) -> tuple[np.ndarray, ...]:
            h = start - np.einsum("tmc,bmcl->btl", basis, trial, optimize=True)
            r = np.sqrt(h**2 + epsilon**2)
            pull = (metric @ trial.reshape(count, multiples, double, 1))[..., 0]
            xi = np.sum(pull * trial.reshape(count, multiples, double), axis=(1, 2))
            norm = r.mean(axis=1).sum(axis=-1)
            score = np.where(xi < 1.0, 2.0 * np.log(norm) - np.log(np.maximum(1.0 - xi, 1e-300)), np.inf)
            return score, h, r, pull, xi, norm

        score, h, r, pull, xi, norm = level(q)
        room = 1.0 - xi
        slope = -2.0 * np.einsum("btl,tmc->bmcl", h / r, basis, optimize=True) / SAMPLES / norm[:, None, None, None]
        slope = slope.reshape(count, dimension) + 2.0 * pull.reshape(count, dimension) / room[:, None]
        weight = epsilon**2 / r**3 / norm[:, None, None]
        bend = 2.0 * (np.swapaxes(weight, 1, 2) @ pairs) / SAMPLES
        curvature = np.zeros((count, multiples, 2, size, multiples, 2, size))
        for l in range(size):
            curvature[:, :, :, l, :, :, l] = bend[:, l].reshape(count, multiples, 2, multiples, 2)
        blocks = curvature.reshape(count, multiples, double, multiples, double)
        blocks[:, diagonal, :, diagonal, :] += np.swapaxes(2.0 * metric / room[:, None, None, None], 0, 1)
        curvature = blocks.reshape(count, dimension, dimension)
        outer = 2.0 * pull.reshape(count, dimension) / room[:, None]
        curvature += outer[:, :, None] * outer[:, None, :]
        curvature[:, np.arange(dimension), np.arange(dimension)] += 1e-12
        step = -np.linalg.solve(curvature, slope[:, :, None])[..., 0].reshape(q.shape)
        length = np.ones(count)
        for _ in range(HALVINGS):
            better = level(q + length[:, None, None, None] * step)[0] <= score
            if better.all():
                break
            length = np.where(better, length, 0.5 * length)
        better = level(q + length[:, None, None, None] * step)[0] <= score
        q = q + np.where(better, length, 0.0)[:, None, None, None] * step
    return q.reshape(count, multiples, double)


def _driven(direction: np.ndarray, basis: np.ndarray) -> np.ndarray:
    """(B, T, L) of Re[v_l e^{-it}]."""
    real, imaginary = direction.real[:, None, :], direction.imag[:, None, :]
    return real * basis[None, :, 0, 0, None] + imaginary * basis[None, :, 0, 1, None]


def _l1_norms(direction: np.ndarray, q: np.ndarray) -> np.ndarray:
    """(B,) upper bounds on sum_l mean|h_l|.

    The trapezoidal rule with steps s misses at most s^2/8 mean|h''|, and the mean is below the root mean square.
    """
    count, multiples = q.shape[:2]
    basis = _basis(multiples, FINE)
    coefficients = -q.reshape(count, multiples, 2, -1)
    coefficients[:, 0, 0] += direction.real
    coefficients[:, 0, 1] += direction.imag
    h = np.einsum("tmc,bmcl->btl", basis, coefficients, optimize=True)
    order = (2.0 * np.arange(multiples) + 1.0)[:, None, None]
    bend = np.sqrt(np.sum((order**2 * coefficients) ** 2, axis=(1, 2)) / 2.0)
    return (np.abs(h).mean(axis=1) + (np.pi / FINE) ** 2 / 8.0 * bend).sum(axis=-1)
