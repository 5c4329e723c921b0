"""Floquet exponents of a driven machine from its Hill matrix: theory, sections 1 and 5; for tests only.

z(t) = exp(lambda t) sum_k z_k exp(-i k Omega t) turns dz/dt = A(t) z into an eigenvalue problem of the
harmonics -N..N, in which a coupling g(t) is the Toeplitz matrix g_{k-m}.
"""

import numpy as np


def floquet_exponents(frequencies, bath, static, drive_frequency, harmonics, truncation=6):
    """All exponents (with their copies lambda + i n Omega); `harmonics` are (n+1, L) complex g_n, n >= 0.

    Baths are numbers as in `helpers/machines.py`; the driven one is `bath`.
    """
    size, index = len(frequencies), np.arange(-truncation, truncation + 1)
    count = len(index)
    one = np.eye(count)
    orders = index[:, None] - index
    g = np.concatenate([np.conj(harmonics[:0:-1]), harmonics])
    offset = len(harmonics) - 1
    inside = np.abs(orders) <= offset
    driven = [np.where(inside, g[np.clip(orders + offset, 0, 2 * offset), l], 0.0) for l in range(size)]
    baths = [(bath, driven), *((b, [c * one for c in b["coupling"]]) for b in static)]
    memory = sum({"ohmic": 0, "drude": 1, "lorentzian": 2}[b["kind"]] for b, _ in baths)
    a = np.zeros((2 * size + memory, count, 2 * size + memory, count), dtype=complex)
    rate = np.diag(-1j * index * drive_frequency)  # d/dt of a periodic function
    for l, frequency in enumerate(frequencies):
        a[l, :, size + l] = one
        a[size + l, :, l] = -(frequency**2) * one
    at = 2 * size
    for b, couplings in baths:
        for l, left in enumerate(couplings):
            for m, right in enumerate(couplings):
                if b["kind"] == "ohmic":
                    slope = rate @ right - right @ rate
                    a[size + l, :, m] -= b["damping"] * left @ slope
                    a[size + l, :, size + m] -= b["damping"] * left @ right
                elif b["kind"] == "drude":
                    a[size + l, :, m] -= b["damping"] * b["cutoff"] * left @ right
                else:
                    a[size + l, :, m] -= b["strength"] / b["peak"] ** 2 * left @ right
        if b["kind"] == "drude":
            a[at, :, at] = -b["cutoff"] * one
        if b["kind"] == "lorentzian":
            a[at, :, at + 1] = one
            a[at + 1, :, at], a[at + 1, :, at + 1] = -(b["peak"] ** 2) * one, -b["width"] * one
        for l, coupling in enumerate(couplings):
            if b["kind"] == "drude":
                a[size + l, :, at] = coupling
                a[at, :, l] = b["damping"] * b["cutoff"] ** 2 * coupling
            if b["kind"] == "lorentzian":
                a[size + l, :, at] = b["strength"] * coupling
                a[at + 1, :, l] = coupling
        at += {"ohmic": 0, "drude": 1, "lorentzian": 2}[b["kind"]]
    matrix = a.reshape(len(a) * count, -1) - np.kron(np.eye(len(a)), rate)
    return np.linalg.eigvals(matrix)
