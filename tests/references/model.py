"""Baths and the static machine for the quadrature references: theory, sections 1 and 3."""

import numpy as np


def coth(x):
    """coth(x) without overflow."""
    decay = -2 * np.abs(x)
    return np.sign(x) * (1 + np.exp(decay)) / -np.expm1(decay)


def coth_difference(a, b, b_minus_a):
    """coth(a) - coth(b) = sinh(b - a)/(sinh a sinh b), without cancellation or overflow.

    For 0 < a < b this is 2 exp(-2a) (1 - exp(-2(b - a))) / ((1 - exp(-2a)) (1 - exp(-2b))); b - a is passed
    separately because the caller knows it better than by subtraction.
    """
    same = a * b > 0
    x, y = np.abs(a), np.abs(b)
    gap = np.where(same, b_minus_a, 0.0)
    product = np.expm1(-2 * x) * np.expm1(-2 * y)
    like = -2 * np.sign(gap) * np.exp(-2 * np.minimum(x, y)) * np.expm1(-2 * np.abs(gap)) / product
    return np.where(same, like, coth(a) - coth(b))


def spectral_density(bath, w):
    """J(w), odd."""
    kind = bath["kind"]
    if kind == "ohmic":
        return bath["damping"] * w
    if kind == "drude":
        return bath["damping"] * w / (1 + (w / bath["cutoff"]) ** 2)
    if kind == "lorentzian":
        peak, width = bath["peak"], bath["width"]
        return bath["strength"] * width * w / (((peak - w) * (peak + w)) ** 2 + (width * w) ** 2)
    raise ValueError(f"unknown bath kind {kind!r}")


def kernel(bath, w):
    """K(w) = chi_B(0) - chi_B(w); Im K = -J."""
    kind = bath["kind"]
    if kind == "ohmic":
        return -1j * bath["damping"] * w
    if kind == "drude":
        return -1j * bath["damping"] * w / (1 - 1j * w / bath["cutoff"])
    peak, width = bath["peak"], bath["width"]
    # d/w1^2 - d/D = -d (w^2 + i width w)/(w1^2 D),  D = w1^2 - w^2 - i width w
    return -bath["strength"] * w * (w + 1j * width) / peak**2 / ((peak - w) * (peak + w) - 1j * width * w)


def bath_poles(bath):
    """Poles of J, mirrored into the upper half plane."""
    if bath["kind"] == "drude":
        return np.array([1j * bath["cutoff"]])
    if bath["kind"] == "lorentzian":
        roots = np.roots([1.0, 1j * bath["width"], -(bath["peak"] ** 2)])
        return roots.real + 1j * np.abs(roots.imag)
    return np.array([], dtype=complex)


def solve(matrix, right):
    """np.linalg.solve, also in extended precision (which LAPACK lacks): elimination with partial pivoting."""
    if matrix.dtype == np.complex128:
        return np.linalg.solve(matrix, right)
    size = matrix.shape[1]
    work = np.concatenate([matrix, right], axis=2)
    nodes = np.arange(work.shape[0])
    for k in range(size):
        pivot = k + np.abs(work[:, k:, k]).argmax(axis=1)
        row = work[nodes, pivot]
        work[nodes, pivot] = work[:, k]
        work[:, k] = row
        work[:, k + 1 :] -= (work[:, k + 1 :, k] / work[:, k, k][:, None])[:, :, None] * work[:, None, k]
    solution = work[:, :, size:]
    for k in range(size - 1, -1, -1):
        solution[:, k] -= (work[:, k, k + 1 : size, None] * solution[:, k + 1 :]).sum(axis=1)
        solution[:, k] /= work[:, k, k][:, None]
    return solution


def adapted_basis(couplings, order):
    """Orthogonal matrix whose first columns span the couplings in this order, and the couplings in it.

    Gram-Schmidt, twice, in extended precision; components that must vanish are exact zeros.
    """
    size = couplings.shape[1]
    columns, rotated = [], np.zeros_like(couplings)
    for vector, source in [(couplings[i], i) for i in order] + [(unit, None) for unit in np.eye(size)]:
        rest = vector.astype(couplings.dtype)
        for _ in range(2):
            for column in columns:
                rest = rest - (column @ rest) * column
        if len(columns) < size and (rest @ rest) > 1e-20 * (vector @ vector):
            columns.append(rest / np.sqrt(rest @ rest))
        if source is not None and columns:
            rotated[source, : len(columns)] = np.array(columns) @ vector
    return np.stack(columns, axis=1), rotated


class StaticMachine:
    """Oscillators with their static baths: chi(w) = [diag(w_l^2 - w^2) + sum_nu K_nu(w) g_nu g_nu^T]^(-1).

    chi is formed in an orthonormal basis whose first axes are the coupling vectors, strongest bath first.
    There the large K_nu never touches the entries of the modes that the bath does not see, so the narrow
    antiphase resonance at strong damping keeps its relative accuracy (in the oscillator basis det cancels).
    """

    def __init__(self, frequencies, baths):
        self.frequencies = np.asarray(frequencies, dtype=np.longdouble)
        self.baths = baths
        self.size = self.frequencies.size
        self.couplings = np.array([bath["coupling"] for bath in baths], dtype=np.longdouble)
        self.temperatures = np.array([bath["temperature"] for bath in baths], dtype=np.longdouble)
        typical = self.frequencies.mean()
        strength = [abs(kernel(b, typical)) * (g @ g) for b, g in zip(baths, self.couplings, strict=True)]
        self.basis, self.rotated = adapted_basis(self.couplings, np.argsort(strength)[::-1])
        self.poles = self._poles()

    def inverse_response(self, w):
        """chi^{-1} in the rotated basis, (nodes, L, L)."""
        matrix = np.zeros((w.size, self.size, self.size), dtype=np.result_type(w, complex))
        matrix += self.basis.T @ (self.frequencies[:, None] ** 2 * self.basis)
        matrix -= (w**2)[:, None, None] * np.eye(self.size)
        for bath, r in zip(self.baths, self.rotated, strict=True):
            matrix += kernel(bath, w)[:, None, None] * np.outer(r, r)
        return matrix

    def response(self, w):
        """chi (nodes, L, L), u_nu = chi g_nu (nodes, S, L) and J_nu (nodes, S)."""
        right = np.concatenate([np.eye(self.size), self.rotated.T], axis=1)
        solved = self.basis @ solve(self.inverse_response(w), np.broadcast_to(right, (w.size, *right.shape)))
        chi = solved[:, :, : self.size] @ self.basis.T
        density = np.stack([spectral_density(bath, w) for bath in self.baths], axis=1)
        return chi, np.swapaxes(solved[:, :, self.size :], 1, 2), density

    def state_matrix(self):
        """A of zdot = A z, z = (x, p, memory): Drude ydot = -wc y + gamma wc qdot, F = -y;
        Lorentzian rddot + width rdot + w1^2 r = q, F = -(d/w1^2) q + d r."""
        size = self.size
        memory = {"ohmic": 0, "drude": 1, "lorentzian": 2}
        a = np.zeros((2 * size + sum(memory[b["kind"]] for b in self.baths),) * 2)
        a[:size, size : 2 * size] = np.eye(size)
        a[size : 2 * size, :size] = -np.diag(self.frequencies**2)
        at, x, p = 2 * size, slice(0, size), slice(size, 2 * size)
        for bath, g in zip(self.baths, self.couplings, strict=True):
            if bath["kind"] == "ohmic":
                a[p, p] -= bath["damping"] * np.outer(g, g)
            elif bath["kind"] == "drude":
                a[p, at] -= g
                a[at, at] = -bath["cutoff"]
                a[at, p] = bath["damping"] * bath["cutoff"] * g
            else:
                a[p, x] -= bath["strength"] / bath["peak"] ** 2 * np.outer(g, g)
                a[p, at] += bath["strength"] * g
                a[at, at + 1] = 1.0
                a[at + 1, x] = g
                a[at + 1, at : at + 2] = -(bath["peak"] ** 2), -bath["width"]
            at += memory[bath["kind"]]
        return a

    def _poles(self):
        """Poles of chi, of the static baths and of their coth, mirrored into the upper half plane."""
        rates = np.linalg.eigvals(self.state_matrix())
        if rates.real.max() > -1e-10 * min(1.0, float(self.frequencies.min())):
            raise ValueError("a mode is not damped by the static baths: the weak theory diverges")
        resonances = -rates.imag + 1j * np.abs(rates.real)
        thermal = 2j * np.pi * self.temperatures.astype(float)
        return np.concatenate([resonances, thermal] + [bath_poles(b) for b in self.baths])
