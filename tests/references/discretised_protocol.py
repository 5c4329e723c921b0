"""Brute force for any driven quadratic machine: baths of discrete modes, integrated mode by mode; m = 1.

As `discretised_baths`, with a stiffness V(t), forces f(t) and couplings of every bath of their own:

    H(t) = p^T p/2 + x^T V(t) x/2 - f(t)^T x + sum_k {P_k^2 + w_k^2 (X_k - c_k q_nu/w_k^2)^2}/2.

z(t) = S(t) z(0) + s(t). Each power is a sum of terms c(t) A B or c(t) A of operators A = a(t) z(0) + mean, so
that the work of late periods is z(0)^T B z(0)/2 + b^T z(0) + const, with the covariance

    Cov(W, W') = tr(B sigma B' sigma)/2 + tr(B Omega B' Omega)/8 + b^T sigma b'.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from .discretised_baths import _DRIFTS, _KICKS, bath_modes, covariance_of_forms
from .model import coth


class Machine(NamedTuple):
    """The machine as functions of time.

    Attributes:
        stiffness, stiffness_slope: t -> (L, L).
        couplings, coupling_slopes: t -> (B, L).
        force, force_slope: t -> (L,).
        baths: spectral densities and temperatures.
        frequency: Omega.
    """

    stiffness: Callable[[float], np.ndarray]
    stiffness_slope: Callable[[float], np.ndarray]
    couplings: Callable[[float], np.ndarray]
    coupling_slopes: Callable[[float], np.ndarray]
    force: Callable[[float], np.ndarray]
    force_slope: Callable[[float], np.ndarray]
    baths: list[dict[str, Any]]
    frequency: float


class Rates(NamedTuple):
    """Late-time rates; works: (B*L) couplings, L(L+1)/2 of the stiffness (upper triangle), L forces."""

    work: np.ndarray
    heat: np.ndarray
    covariance: np.ndarray
    fluctuations: np.ndarray


def discretised_protocol(machine, modes, scale, limit, points, wait, window):
    """Rates of the closed system after `wait` periods, over `window`; see `discretised_baths.Setting`."""
    count, baths = len(machine.force(0.0)), machine.baths
    found = [bath_modes(bath, modes, scale, limit) for bath in baths]
    w = np.concatenate([np.zeros(count), *(part for part, _ in found)])
    c = np.zeros((len(baths), len(w)))
    for nu, (_, part) in enumerate(found):
        c[nu, count + nu * modes : count + (nu + 1) * modes] = part
    kappa = np.array([np.sum((part / own) ** 2) for own, part in found])
    size, period = len(w), 2.0 * np.pi / machine.frequency
    step = period / points
    x, p = np.eye(2 * size)[:size], np.eye(2 * size)[size:]
    x, p = (np.concatenate([part, np.zeros((size, 1))], axis=1) for part in (x, p))  # the last column: s(t)

    def drift(length):
        angle = w * length
        sine = np.where(w > 0, np.sin(angle) / np.where(w > 0, w, 1.0), length)
        return np.cos(angle)[:, None], sine[:, None], (-w * np.sin(angle))[:, None]

    turns = {length: drift(length * step) for length in set(_DRIFTS)}
    rows = []
    for k in range(points):
        time = k * step
        g, slope = machine.couplings(time), machine.coupling_slopes(time)
        own = c @ x - kappa[:, None] * (g @ x[:count])
        rows.append((x[:count].copy(), own, slope @ x[:count] + g @ p[:count]))
        for stage, length in enumerate(_DRIFTS):
            cosine, over, back = turns[length]
            x, p = cosine * x + over * p, back * x + cosine * p
            time += length * step
            if stage < len(_KICKS):
                g, h = machine.couplings(time), _KICKS[stage] * step
                pull = g.T @ (c @ x - kappa[:, None] * (g @ x[:count])) - machine.stiffness(time) @ x[:count]
                p[:count] += h * pull
                p[:count, -1] += h * machine.force(time)
                p[count:] += h * c[:, count:].T @ (g @ x[:count])
    turn, shift = np.concatenate([x, p])[:, :-1], np.concatenate([x, p])[:, -1]
    positions, forces, velocities = (np.stack(part) for part in zip(*rows, strict=True))

    temperatures = np.repeat([bath["temperature"] for bath in baths], modes)
    momentum = 0.5 * w[count:] * coth(w[count:] / (2.0 * temperatures))
    sigma = np.concatenate([np.ones(count), momentum / w[count:] ** 2, np.ones(count), momentum])
    upper = list(zip(*np.triu_indices(count), strict=True))
    times = step * np.arange(points)
    slopes = np.stack([machine.coupling_slopes(t) for t in times])
    bends = np.stack([machine.stiffness_slope(t) for t in times])
    pushes = np.stack([machine.force_slope(t) for t in times])
    carried, mean = np.eye(2 * size), np.zeros(2 * size)
    forms = offsets = 0.0
    variances, work, heat, covariance = [], [], [], []
    for number in range(wait + window):
        if number >= wait:
            parts = []
            for operator in (positions, forces, velocities):
                linear = operator[..., :-1]
                parts.append((linear @ carried, operator[..., -1] + linear @ mean))
            (xa, xm), (fa, fm), (va, vm) = parts
            terms = [
                (-slopes[:, nu, l], xa[:, l], xm[:, l], fa[:, nu], fm[:, nu])
                for nu in range(len(baths))
                for l in range(count)
            ]
            terms += [
                ((0.5 if l == m else 1.0) * bends[:, l, m], xa[:, l], xm[:, l], xa[:, m], xm[:, m])
                for l, m in upper
            ]
            new_forms, new_offsets, values = [], [], []
            for factor, a, am, b, bm in terms:
                half = a.T @ (step * factor[:, None] * b)
                new_forms.append(half + half.T)
                new_offsets.append(step * (factor * am) @ b + step * (factor * bm) @ a)
                values.append(np.mean(factor * (np.einsum("kz,z,kz->k", a, sigma, b) + am * bm)))
            for l in range(count):
                new_forms.append(np.zeros_like(new_forms[0]))
                new_offsets.append(-step * pushes[:, l] @ xa[:, l])
                values.append(np.mean(-pushes[:, l] * xm[:, l]))
            forms, offsets = forms + np.stack(new_forms), offsets + np.stack(new_offsets)
            pairs = [[covariance_of_forms(b, d, sigma) for d in forms] for b in forms]
            variances.append(np.array(pairs) + offsets * sigma @ offsets.T)
            work.append(values)
            heat.append(np.mean(np.einsum("kbz,z,kbz->kb", fa, sigma, va) + fm * vm, axis=0))
            covariance.append(np.einsum("klz,z,kmz->lm", xa, sigma, xa) / points)
        carried, mean = turn @ carried, turn @ mean + shift
    growth = np.diff(variances, axis=0) / period
    return Rates(np.mean(work, axis=0), np.mean(heat, axis=0), np.mean(covariance, axis=0), growth[-1])
