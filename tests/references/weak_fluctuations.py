"""Quadrature reference of the weak-coupling fluctuations, theory (3.15), at any static temperatures.

    D_lk = sum_n (n Omega)^2 int dw/2pi J_1(w) sum_nu [c_1 c_nu - 1] J_nu
           Re[g*_{l,n} u_{nu,l} u*_{nu,k} g_{k,n}]

with the notation of `weak_quadrature`; heat from bath 1 (bath 2) has w^2 (w_n^2) instead of (n Omega)^2
and the sum over l, k.
"""

import numpy as np

from .model import StaticMachine, bath_poles, coth, spectral_density
from .quadrature import integrate
from .weak_quadrature import PRECISION, TWO_PI, cut, split_baths


def fluctuations(frequencies, baths, drive_frequency, harmonics, rtol=1e-11):
    """(D (L, L), D of the driven bath's heat, D of the static baths' heat, error) for joint machines.

    Arguments as in `weak_quadrature.reference`.
    """
    _, bath, static = split_baths(baths)
    machine, size = StaticMachine(frequencies, static), len(frequencies)
    value, error = np.zeros(size**2 + 2), np.zeros(size**2 + 2)
    for n, g in harmonics.items():
        shift = n * drive_frequency
        integrand = _integrand(machine, bath, shift, np.asarray(g))
        own = np.append(bath_poles(bath), 2j * np.pi * bath["temperature"])
        limit = cut(
            np.concatenate([own, machine.poles]), np.append(machine.temperatures, bath["temperature"]), shift
        )
        # In w around the features of the driven bath, in w_n around the (sharp) ones of the static machine.
        pieces = [
            (
                lambda w, f=integrand, s=shift: f(w, w + s),
                -shift / 2,
                limit,
                np.concatenate([own, machine.poles - shift]),
            ),
            (
                lambda w, f=integrand, s=shift: f(w - s, w),
                shift / 2,
                -limit,
                np.concatenate([own + shift, machine.poles]),
            ),
        ]
        for piece in pieces:
            part, part_error = integrate(*piece, rtol, PRECISION)  # pyright: ignore
            value += (2 if n else 1) * part / TWO_PI
            error += (2 if n else 1) * part_error / TWO_PI
    return value[:-2].reshape(size, size), value[-2], value[-1], error.max()


def _integrand(machine, bath, shift, g):
    def at(w, wn):
        w, wn = (np.where(x == 0.0, 1e-40, x) for x in (w, wn))
        _, u, density = machine.response(wn)
        c_1 = coth(w / (2 * PRECISION(bath["temperature"])))
        excess = c_1[:, None] * coth(wn[:, None] / (2 * machine.temperatures)) - 1
        weight = spectral_density(bath, w)[:, None] * excess * density
        moved = u * np.conj(g)
        form = np.einsum("ks,ksl,ksm->lmk", weight, moved, np.conj(moved)).real
        total = form.sum(axis=(0, 1))
        return np.concatenate([shift**2 * form.reshape(-1, w.size), [w**2 * total, wn**2 * total]])

    return at
