"""Opponent 1, the usual script: weak-coupling thermodynamics, one scipy.integrate.quad call a quantity.

Two oscillators (m = 1), one weak driven bath (Lorentzian or Drude), one static Ohmic bath; the formulas of
theory (3.5) to (3.9) as they stand. Written with the care such a script deserves: break points at every
resonance (real parts of the poles of chi and of the driven bath, both also shifted by -n Omega, and the zeros
of w and w_n), a finite central interval and two tails, n and -n taken together, scalar arithmetic.

The machine is a dict, see EXAMPLE. "harmonics" is the (N+1, 2) complex array g_n, n = 0..N, of
g(t) = sum_n g_n exp(-i n Omega t), g_{-n} = conj(g_n): a drive cos(Omega t) has g_1 = 1/2.
"""

from math import inf, pi, tanh
from statistics import median
from time import perf_counter

import numpy as np
from scipy.integrate import quad, quad_vec

EXAMPLE = {
    "frequencies": (1.0, 0.6),
    "driven": {"kind": "lorentzian", "strength": 1e-5, "peak": 1.25, "width": 0.01},
    # or        {"kind": "drude", "strength": 1e-3, "cutoff": 12.0}
    "driven_temperature": 1.0,
    "static_damping": 100.0,
    "static_temperature": 0.2,
    "coupling": "joint",  # or "independent": each oscillator has its own copy of both baths
}
EPSREL = 1.49e-8  # the default of quad; 1e-5 is only a fifth faster, the break points set the cost


def coth(x):
    return 1 / tanh(x)


def driven_bath(bath):
    """Memory kernel K_1(w), with J_1 = -Im K_1, and the real parts of its poles."""
    strength = bath["strength"]
    if bath["kind"] == "lorentzian":
        square, width = bath["peak"] ** 2, bath["width"]

        def kernel(w):
            return strength / square - strength / (square - w * w - 1j * width * w)

        peak = np.sqrt(square - width**2 / 4 + 0j).real
        return kernel, [peak, -peak]
    cutoff = bath["cutoff"]
    return lambda w: -1j * strength * w / (1 - 1j * w / cutoff), []


def susceptibility(machine):
    """chi(w) as the triple (AA, AB, BB), and the real parts of its poles."""
    square_a, square_b = (frequency**2 for frequency in machine["frequencies"])
    gamma = machine["static_damping"]
    if machine["coupling"] == "independent":

        def single(w):
            friction = -1j * gamma * w
            return 1 / (square_a - w * w + friction), 0j, 1 / (square_b - w * w + friction)

        rates = np.concatenate([np.roots((1, gamma, square)) for square in (square_a, square_b)])
        return single, list(-rates.imag)

    def joint(w):
        friction = -1j * gamma * w
        a, b = square_a - w * w, square_b - w * w
        determinant = a * b + friction * (a + b)  # expanded: the friction squared cancels
        return (b + friction) / determinant, -friction / determinant, (a + friction) / determinant

    total = square_a + square_b
    rates = np.roots((1, 2 * gamma, total, gamma * total, square_a * square_b))  # w = i rate
    return joint, list(-rates.imag)


def integrands(machine, chi, kernel, shift, g):
    """P, P_A, P_B, J_1, J_2 of one harmonic g at the shift n Omega, as functions of w."""
    g_a, g_b = complex(g[0]), complex(g[1])
    cross = g_a.conjugate() * g_b
    aa, bb, re, im = abs(g_a) ** 2, abs(g_b) ** 2, cross.real, cross.imag
    half_1, half_2 = 0.5 / machine["driven_temperature"], 0.5 / machine["static_temperature"]

    def flow(w):  # J_1(w) N_n(w) g^+ chi''(w_n) g
        w_n = w + shift
        c_aa, c_ab, c_bb = chi(w_n)
        absorbed = aa * c_aa.imag + bb * c_bb.imag + 2 * re * c_ab.imag
        return -kernel(w).imag * (coth(half_1 * w) - coth(half_2 * w_n)) * absorbed

    def local(w, own, sign, first, last):
        w_n = w + shift
        c, c_n = chi(w), chi(w_n)
        # Im[g_l* (chi g)_l] and Re[i K g_l* (chi'' g)_l], with g_l* g_l' = re + i sign im
        noise = -kernel(w).imag * coth(half_1 * w)
        memory = kernel(w_n) * coth(half_2 * w)
        response = own * c_n[first].imag + re * c_n[last].imag + sign * im * c_n[last].real
        absorbed = own * c[first].imag + re * c[last].imag
        back = memory.imag * absorbed + memory.real * sign * im * c[last].imag
        return shift * (noise * response - back)

    return (
        lambda w: shift * flow(w),
        lambda w: local(w, aa, 1, 0, 1),
        lambda w: local(w, bb, -1, 2, 1),
        lambda w: w * flow(w),
        lambda w: -(w + shift) * flow(w),
    )


def integrate(function, points, edge, epsrel, epsabs):
    """Integral over the real axis: centre with break points, then the tails to the accuracy of the centre."""
    value = quad(function, -edge, edge, points=points, limit=1000, epsrel=epsrel, epsabs=epsabs)[0]
    epsabs = max(epsabs, epsrel * abs(value))
    left = quad(function, -inf, -edge, limit=1000, epsrel=epsrel, epsabs=epsabs)[0]
    right = quad(function, edge, inf, limit=1000, epsrel=epsrel, epsabs=epsabs)[0]
    return value + left + right


def contributions(machine, drive_frequency, harmonics):
    """For every harmonic: n, weight (n and -n contribute equally), integrands, break points."""
    kernel, bath_peaks = driven_bath(machine["driven"])
    chi, chi_peaks = susceptibility(machine)
    peaks = [0.0, *bath_peaks, *chi_peaks]
    for n, g in enumerate(harmonics):
        if g.any():
            shift = n * drive_frequency
            points = sorted({round(peak - move, 12) for peak in peaks for move in (0.0, shift)})
            yield n, (1 if n == 0 else 2) / (2 * pi), integrands(machine, chi, kernel, shift, g), points


def evaluate(machine, drive_frequency, harmonics, epsrel=EPSREL):
    """Power, local powers and heat currents (driven bath, static bath)."""
    hottest = max(machine["driven_temperature"], machine["static_temperature"])
    epsabs = 1e-4 * epsrel * machine["driven"]["strength"]
    total = np.zeros(5)
    for n, factor, functions, points in contributions(machine, drive_frequency, harmonics):
        edge = 2 * max(points[-1], -points[0]) + 5 * hottest
        for i, function in enumerate(functions):
            if n > 0 or i >= 3:
                total[i] += factor * integrate(function, points, edge, epsrel, epsabs)
    return {"power": total[0], "local_powers": total[1:3], "heat_currents": total[3:5]}


def evaluate_vector(machine, drive_frequency, harmonics, epsrel=EPSREL):
    """The same by one adaptive quadrature of all five integrands at once."""
    epsabs = 1e-4 * epsrel * machine["driven"]["strength"]
    total = np.zeros(5)
    for _, factor, functions, points in contributions(machine, drive_frequency, harmonics):
        value, _ = quad_vec(
            lambda w, functions=functions: np.array([function(w) for function in functions]),
            -inf, inf, points=points, epsrel=epsrel, epsabs=epsabs, limit=10000,
        )  # fmt: skip
        total += factor * value
    return {"power": total[0], "local_powers": total[1:3], "heat_currents": total[3:5]}


def _flat(result):
    return np.array([result["power"], *result["local_powers"], *result["heat_currents"]])


def main():
    for phase in (pi, 1.0):
        harmonics = np.array([[0, 0], [0.5, 0.5 * np.exp(-1j * phase)]])
        times = []
        for _ in range(15):
            start = perf_counter()
            value = _flat(evaluate(EXAMPLE, 0.45, harmonics))
            times.append(perf_counter() - start)
        error = np.abs(value / _flat(evaluate(EXAMPLE, 0.45, harmonics, epsrel=1e-12)) - 1).max()
        print(f"phase {phase:.4f}: (P, P_A, P_B, J_1, J_2)/d =", value / EXAMPLE["driven"]["strength"])
        print(f"  largest relative error against epsrel=1e-12: {error:.1e}")
        print(f"  median time {1e3 * median(times):.1f} ms")


if __name__ == "__main__":
    main()
