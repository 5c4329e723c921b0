"""Largest value of a form of bounded functions in which one harmonic gains and its odd multiples cost."""

import numpy as np

FLOOR = 1e-9
"""Added to every cost, relative to the gain, and its largest effect to the value: singular costs are no case."""
SMOOTHING = (0.3, 0.3, 0.1, 0.1, 0.03, 0.03, 0.01, 0.01, 0.003, 0.003, 0.001, 0.001)
SAMPLES, FINE = 64, 1024
"""Samples of half a period in the search of a shape, and in the value of the one found."""
HALVINGS = 5
CELLS = np.concatenate([[0.0], np.geomspace(1e-3, 1e3, 45)])
LEVELS = np.geomspace(1e-5, 30.0, 16)
"""Of the weight of rivals relative to the gain of k, and of the weights W that bound them."""


def shape_values(
    forms: np.ndarray, rivals: np.ndarray, orders: np.ndarray, harmonic: np.ndarray
) -> np.ndarray:
    """Upper bound on ``2 sum_m g_mk^dagger A_m g_mk + 2 sum_j g_j^dagger P_j g_j`` for all real |g_l(t)| <= 1.

    m = 1, 3, 5, ...; A_1 = sigma v v^dagger - N_1 gains along one direction v, N_m = -A_m >= 0 costs.

    Without rivals P_j: for any coefficients q_m in C^L let h_l(t) = Re[v_l e^{-it} - sum_m q_ml e^{-imt}], t in
    units of the period of k. Integrated against g, with the origin of time such that a = v^dagger g_k >= 0,

        a <= sum_l mean|h_l| + Re sum_m q_m^dagger g_mk <= Lambda + sqrt(xi) sqrt(C),
        Lambda = sum_l mean|h_l|,   xi = sum_m q_m^dagger N_m^-1 q_m,   C = sum_m g_mk^dagger N_m g_mk.

    The sum is 2 sigma a^2 - 2 C <= max_C 2 sigma (Lambda + sqrt(xi C))^2 - 2 C = 2 sigma Lambda^2/(1 - sigma xi)
    for sigma xi < 1: a bound for *every* q. q = 0 gives 8/pi^2, a square wave; where multiples cost infinitely
    much, h tends to pulses and the bound to 1/2, a cosine. The search is Newton's for ``2 log Lambda - log(1 -
    sigma xi)``, |h| smoothed less and less; what it finds is the maximum over g as far as tests can tell.

    With rivals: see `_with_rivals`.

    Args:
        forms: (B, m, L, L) Hermitian A_m; zero where nothing is known.
        rivals: (B, H, L, L) P_j >= 0.
        orders: (B, H) their harmonics j, no odd multiples of k; 0 for none.
        harmonic: (B,) k.

    Returns:
        (B,) bounds; zero where A_1 has no positive eigenvalue.

    Source: this package.
    """
    size = forms.shape[-1]
    values, vectors = np.linalg.eigh(forms[:, 0])
    active = np.flatnonzero(values[:, -1] > 0.0)
    found = np.zeros(len(forms))
    if len(active) == 0:
        return found
    gain, direction = values[active, -1], vectors[active, :, -1]
    metric = _metric(forms[active] / gain[:, None, None, None], direction)
    q = _shapes(direction, metric)
    xi = np.einsum("bmi,bmij,bmj->b", q, metric, q)
    q[xi >= 1.0], xi[xi >= 1.0] = 0.0, 0.0
    norm, h = _l1_norms(direction, q)
    plain = np.abs(direction).sum(axis=-1) * 2.0 / np.pi
    best = np.minimum(norm**2 / (1.0 - xi), plain**2)
    crowd = np.flatnonzero(np.any(orders[active] > 0, axis=1))
    if len(crowd):
        who = active[crowd]
        scaled = rivals[who] / gain[crowd, None, None, None]
        best[crowd] = _with_rivals(h[crowd], xi[crowd], scaled, orders[who], harmonic[who])
    found[active] = 2.0 * gain * (best + FLOOR * size)
    return found


def _metric(forms: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """(B, m, 2L, 2L) of N_m^-1 for q_m as (real parts, imaginary parts); forms in units of sigma."""
    costs = -forms
    costs[:, 0] += direction[:, :, None] * np.conj(direction[:, None, :])
    strength, basis = np.linalg.eigh(costs)
    price = (basis / (np.maximum(strength, 0.0) + FLOOR)[..., None, :]) @ np.conj(np.swapaxes(basis, -1, -2))
    rows = [np.concatenate(row, axis=-1) for row in ((price.real, -price.imag), (price.imag, price.real))]
    return np.concatenate(rows, axis=-2)


def _with_rivals(
    h: np.ndarray, xi: np.ndarray, rivals: np.ndarray, orders: np.ndarray, harmonic: np.ndarray
) -> np.ndarray:
    """(B,) bounds in units of 2 sigma, from dual shapes h (B, T, L) over half a period of k.

    The gains are r^2 = a^2 + sum_j g_j^dagger P_j g_j (P_j in units of sigma), and with the unit vector (e_0, e_j) along
    (a, P_j^1/2 g_j), r = e_0 a + Re sum_j e_j^dagger P_j^1/2 g_j. With F_l(t) = Re sum_j (P_j^1/2 e_j)_l e^{-ijt}/e_0,

        r <= e_0 (mean sum_l |h_l + F_l| + sqrt(xi C)),   |h + F| <= [(h + F)^2/W + W]/2   for any W(t) > 0.

    With W_l = sqrt(h_l^2 + s u_l^2), which repeats with half a period of k, the mean of h F/W vanishes, and that
    of F^2/W is a quadratic form of the e_j: only harmonics whose sum or difference is a multiple of 2k mix. So the
    mean is below [A_s + X B_s]/2 with X = 1/e_0^2 - 1, B_s the form's largest eigenvalue (by row sums), and

        r^2 - C <= max_X min_s [(A_s + X B_s)/2]^2/(1 + X - xi).

    In X these are convex, so cells of X are bounded by their ends; beyond the last, W is constant.
    """
    count, samples = h.shape[:2]
    scale = np.diagonal(rivals, axis1=-2, axis2=-1).real.max(axis=1)
    scale = np.maximum(scale, 1e-4 * scale.max(axis=1, keepdims=True)) + 1e-12
    total, difference = orders[:, :, None] + orders[:, None, :], np.abs(orders[:, :, None] - orders[:, None, :])
    present = (orders[:, :, None] > 0) & (orders[:, None, :] > 0)
    period = 2 * harmonic[:, None, None]
    best = np.full((count, len(CELLS) - 1), np.inf)
    for level in (*LEVELS, np.inf):
        flat = np.isinf(level)
        weight = np.sqrt(scale[:, None, :] * np.ones((1, samples, 1)) if flat else h**2 + level * scale[:, None, :])
        spectrum = np.abs(np.fft.rfft(1.0 / weight, axis=1)) / samples
        mean = spectrum[:, 0]
        mixing = np.max(spectrum / mean[:, None, :], axis=-1)
        root = np.sqrt(mean)
        strength = np.linalg.eigvalsh(rivals * root[:, None, :, None] * root[:, None, None, :])[..., -1]
        strength = np.sqrt(np.maximum(strength, 0.0))
        mixes = np.zeros(present.shape)
        for sums in (total, difference):
            at = np.minimum(sums // period, mixing.shape[1] - 1).reshape(count, -1)
            mixes += np.where(
                present & (sums % period == 0), np.take_along_axis(mixing, at, axis=1).reshape(sums.shape), 0.0
            )
        b = 0.5 * np.max(strength * np.einsum("bij,bj->bi", mixes, strength), axis=1)
        if flat:
            # W = w u: the best w at each X leaves sqrt((sum u)(sum mean h^2/u + X B)).
            square = np.sum(np.mean(h**2, axis=1) / np.sqrt(scale), axis=-1)
            width = np.sqrt(scale).sum(axis=-1)
            ends = width[:, None] * (square[:, None] + CELLS * b[:, None])
            beyond = np.maximum(ends[:, -1] / (1.0 + CELLS[-1] - xi), width * b)
        else:
            a = np.mean(h**2 / weight + weight, axis=1).sum(axis=-1)
            ends = ((a[:, None] + CELLS * b[:, None]) / 2.0) ** 2
        ends = ends / (1.0 + CELLS - xi[:, None])
        best = np.minimum(best, np.maximum(ends[:, 1:], ends[:, :-1]))
    return np.maximum(best.max(axis=1), beyond)


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


def _l1_norms(direction: np.ndarray, q: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(B,) upper bounds on sum_l mean|h_l|, and h (B, FINE, L) itself.

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
    return (np.abs(h).mean(axis=1) + (np.pi / FINE) ** 2 / 8.0 * bend).sum(axis=-1), h
