"""Largest value of a form of bounded functions in which one harmonic gains and its odd multiples cost."""

from functools import cache
from typing import Any, NamedTuple

import numpy as np

FLOOR = 1e-9
"""Added to every cost, relative to the gain, and its largest effect to the value: none is singular."""
SMOOTHING = np.repeat([0.3, 0.1, 0.03, 0.01, 0.003, 0.001], 2)
"""Of |h| in every step of the search, relative to the mean of h over the oscillators."""
SAMPLES, FINE = 64, 1024
"""Samples of half a period in the search of a shape, and in the value of the one found."""
HALVINGS = 5


def lone_values(forms: np.ndarray) -> np.ndarray:
    """Upper bound on ``2 sum_m g_m^dagger A_m g_m`` over m = 1, 3, 5, ... for all real |g_l(t)| <= 1.

    A_1 = sigma v v^dagger - N_1 gains along one direction v, N_m = -A_m >= 0 costs. Any coefficients q_m of
    a dual shape h give a bound; Newton's method looks for the smallest, |h| smoothed less and less. Drives
    found by ascent reach it.

    Args:
        forms: (B, m, L, L) Hermitian A_m; zero where nothing is known.

    Returns:
        (B,) bounds; zero where A_1 has no positive eigenvalue.

    Source: theory (10.6).
    """
    values, vectors = np.linalg.eigh(forms[:, 0])
    active = np.flatnonzero(values[:, -1] > 0.0)
    found = np.zeros(len(forms))
    if len(active) == 0:
        return found
    gain, direction = values[active, -1], vectors[active, :, -1]
    metric = _metric(forms[active] / gain[:, None, None, None], direction)
    q = _searched(direction, metric)
    room = 1.0 - np.einsum("bmi,bmij,bmj->b", q, metric, q)
    plain = np.abs(direction).sum(axis=-1) * 2.0 / np.pi
    bound = np.where(room > 0.0, _l1_norms(direction, q) ** 2 / np.where(room > 0.0, room, 1.0), np.inf)
    found[active] = 2.0 * gain * (np.minimum(bound, plain**2) + FLOOR * forms.shape[-1])
    return found


def _metric(forms: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """(B, m, 2L, 2L) of N_m^-1 for q_m as (real parts, imaginary parts); forms in units of sigma."""
    costs = -forms
    costs[:, 0] += direction[:, :, None] * np.conj(direction[:, None, :])
    strength, basis = np.linalg.eigh(costs)
    price = (basis / (np.maximum(strength, 0.0) + FLOOR)[..., None, :]) @ np.conj(np.swapaxes(basis, -1, -2))
    rows = [np.concatenate(row, axis=-1) for row in ((price.real, -price.imag), (price.imag, price.real))]
    return np.concatenate(rows, axis=-2)


@cache
def _basis(multiples: int, samples: int) -> np.ndarray:
    """(T, 2m) cos(m t) and sin(m t), m odd, over half a period."""
    angle = np.pi * np.arange(samples)[:, None] / samples * (2 * np.arange(multiples) + 1)
    return np.stack([np.cos(angle), np.sin(angle)], axis=-1).reshape(samples, 2 * multiples)


@cache
def _pairs(multiples: int, samples: int) -> np.ndarray:
    """(T, 2m * 2m) products of two functions of `_basis`."""
    basis = _basis(multiples, samples)
    return (basis[:, :, None] * basis[:, None, :]).reshape(samples, -1)


class _Level(NamedTuple):
    """What the search minimises, and what its derivatives need."""

    score: np.ndarray
    h: np.ndarray
    smooth: np.ndarray
    norm: np.ndarray
    pull: np.ndarray
    room: np.ndarray


def _level(h: np.ndarray, q: np.ndarray, metric: np.ndarray, epsilon: np.ndarray) -> _Level:
    """At shapes h (B, T, L) of coefficients q (B, m, 2, L)."""
    flat = q.reshape(*metric.shape[:-1])
    smooth = np.sqrt(h**2 + epsilon[:, None, None] ** 2)
    norm = smooth.mean(axis=1).sum(axis=-1)
    pull = (metric @ flat[..., None])[..., 0]
    room = 1.0 - np.sum(pull * flat, axis=(1, 2))
    score = np.where(room > 0.0, 2.0 * np.log(norm) - np.log(np.maximum(room, 1e-300)), np.inf)
    return _Level(score, h, smooth, norm, pull, room)


def _searched(direction: np.ndarray, metric: np.ndarray) -> np.ndarray:
    """(B, m, 2L) coefficients q of a small bound."""
    count, multiples, double = metric.shape[:3]
    basis = _basis(multiples, SAMPLES)
    real, imaginary = np.real(direction), np.imag(direction)
    start = real[:, None] * basis[:, 0, None] + imaginary[:, None] * basis[:, 1, None]
    q = np.zeros((count, multiples, 2, double // 2))
    scale = np.abs(direction).mean(axis=-1)

    def at(trial: np.ndarray, epsilon: np.ndarray, rows: Any = slice(None)) -> _Level:
        h = start[rows] - basis @ trial.reshape(len(trial), 2 * multiples, -1)
        return _level(h, trial, metric[rows], epsilon[rows])

    for smoothing in SMOOTHING:
        epsilon = smoothing * scale
        level = at(q, epsilon)
        step, length = _newton_step(level, metric, epsilon), np.ones((count, 1, 1, 1))
        worse = np.flatnonzero(at(q + step, epsilon).score > level.score)
        for _ in range(HALVINGS):
            if len(worse) == 0:
                break
            length[worse] /= 2.0
            score = at(q[worse] + length[worse] * step[worse], epsilon, worse).score
            worse = worse[score > level.score[worse]]
        length[worse] = 0.0
        q = q + length * step
    return q.reshape(count, multiples, double)


def _newton_step(level: _Level, metric: np.ndarray, epsilon: np.ndarray) -> np.ndarray:
    """(B, m, 2, L), without the concave part of the curvature (of the logarithm of the norm)."""
    count, multiples, double = metric.shape[:3]
    size, dimension = double // 2, multiples * double
    norm, room, basis = level.norm, level.room, _basis(multiples, SAMPLES)
    slope = (basis.T @ (level.h / level.smooth)).reshape(count, dimension)
    pull = 2.0 * level.pull.reshape(count, dimension) / room[:, None]
    slope = pull - 2.0 * slope / SAMPLES / norm[:, None]
    weight = epsilon[:, None, None] ** 2 / level.smooth**3 / norm[:, None, None]
    bend = 2.0 * (np.swapaxes(weight, 1, 2) @ _pairs(multiples, SAMPLES)) / SAMPLES
    curvature = np.zeros((count, multiples, 2, size, multiples, 2, size))
    for l in range(size):
        curvature[:, :, :, l, :, :, l] = bend[:, l].reshape(count, multiples, 2, multiples, 2)
    blocks = curvature.reshape(count, multiples, double, multiples, double)
    m = np.arange(multiples)
    blocks[:, m, :, m, :] += np.swapaxes(2.0 * metric / room[:, None, None, None], 0, 1)
    full = blocks.reshape(count, dimension, dimension) + pull[:, :, None] * pull[:, None, :]
    full[:, np.arange(dimension), np.arange(dimension)] += 1e-12
    return -np.linalg.solve(full, slope[:, :, None]).reshape(count, multiples, 2, size)


def _l1_norms(direction: np.ndarray, q: np.ndarray) -> np.ndarray:
    """(B,) upper bounds on sum_l mean|h_l|.

    What the trapezoidal rule can miss is added: theory (10.7).
    """
    count, multiples = q.shape[:2]
    coefficients = -q.reshape(count, multiples, 2, -1)
    coefficients[:, 0, 0] += np.real(direction)
    coefficients[:, 0, 1] += np.imag(direction)
    h = _basis(multiples, FINE) @ coefficients.reshape(count, 2 * multiples, -1)
    order = (2.0 * np.arange(multiples) + 1.0)[:, None, None]
    bend = np.sqrt(np.sum((order**2 * coefficients) ** 2, axis=(1, 2)) / 2.0)
    return (np.abs(h).mean(axis=1) + (np.pi / FINE) ** 2 / 8.0 * bend).sum(axis=-1)
