"""Any driven quadratic machine by its Floquet form in frequency, theory (13.10), with refined quadrature.

NumPy only; nothing of the package. Noise of bath mu at w excites x_n at w_n = w + n Omega, n = -N..N:

    M X = C_mu^dagger e_0,   M = V_{n-n'} - w_n^2 delta + sum_nu C_nu^dagger K_nu(w_n) C_nu,
    (C_nu)_{n,(l,n')} = g^nu_{l,n-n'},   q_nu = C_nu X,   F_nu = delta_{nu mu} e_0 - K_nu q_nu,

with f(t) = sum_n f_n exp(-i n Omega t). Every average is int dw/2pi sum_mu S_mu(w) (...). Heat is counted in
quanta: w given by the noise, w_n taken by friction, J_nu(w_n) |q_{nu,n}|^2. What a bath gives to itself at
n = 0 drops out; the optical theorem stands for what is given.
"""

from typing import Any, NamedTuple

import numpy as np

from .model import coth, kernel, spectral_density

ORDER = 12


class Setting(NamedTuple):
    """A machine and its protocol, by Fourier coefficients {n: value}; n and -n are both given.

    Attributes:
        stiffness: {n: (L, L)} V_n.
        couplings: for each bath {n: (L,)} g_n.
        baths: kinds and numbers of spectral densities, with temperatures.
        force: {n: (L,)} f_n.
        frequency: Omega.
        truncation: N.
    """

    stiffness: dict[int, np.ndarray]
    couplings: list[dict[int, np.ndarray]]
    baths: list[dict[str, Any]]
    force: dict[int, np.ndarray]
    frequency: float
    truncation: int

    @property
    def size(self) -> int:
        """L."""
        return len(next(iter(self.stiffness.values())))


def series(mean, cosine=(), sine=()):
    """{n: coefficients} of mean + sum_n cosine_n cos(n Omega t) + sine_n sin(n Omega t)."""
    found = {0: np.asarray(mean, dtype=complex)}
    for n, (c, s) in enumerate(zip(cosine, sine, strict=True), start=1):
        found[n] = (np.asarray(c) + 1j * np.asarray(s)) / 2.0
        found[-n] = found[n].conj()
    return found


def _toeplitz(coefficients, truncation, shape):
    """Blocks (n, n') of the coefficients n - n', (2N+1, 2N+1, *shape)."""
    count = 2 * truncation + 1
    found = np.zeros((count, count, *shape), dtype=complex)
    for n, value in coefficients.items():
        for row in range(count):
            if 0 <= row - n < count:
                found[row, row - n] = value
    return found


class Floquet:
    """The integrand of all averages, at many noise frequencies."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        n, size = setting.truncation, setting.size
        self.orders = np.arange(-n, n + 1)
        self.count = 2 * n + 1
        self.v = _toeplitz(setting.stiffness, n, (size, size))
        self.c = [_toeplitz(g, n, (size,)) for g in setting.couplings]
        rate = -1j * setting.frequency
        self.dc = [_toeplitz({k: rate * k * v for k, v in g.items()}, n, (size,)) for g in setting.couplings]
        self.dv = _toeplitz({k: rate * k * v for k, v in setting.stiffness.items()}, n, (size, size))

    def matrix(self, w):
        """M(w), (K, L(2N+1), L(2N+1)), harmonics slowest."""
        size, count = self.setting.size, self.count
        shifted = w[:, None] + self.orders * self.setting.frequency
        whole = np.moveaxis(self.v, 1, 2).reshape(count * size, count * size)
        whole = np.repeat(whole[None], len(w), axis=0)
        index = np.arange(count * size)
        whole[:, index, index] -= np.repeat(shifted**2, size, axis=1)
        for bath, c in zip(self.setting.baths, self.c, strict=True):
            flat = c.reshape(count, count * size)
            whole += np.einsum("ni,kn,nj->kij", flat.conj(), kernel(bath, shifted), flat, optimize=True)
        return whole, shifted

    def __call__(self, w):
        """Rows: works of V (L*L), of couplings (B*L), heat (B), covariance (L*L); (rows, K)."""
        setting, size, count = self.setting, self.setting.size, self.count
        matrix, shifted = self.matrix(w)
        flat = [c.reshape(count, count * size) for c in self.c]
        right = np.stack([f[setting.truncation].conj() for f in flat], axis=1)
        x = np.linalg.solve(matrix, np.broadcast_to(right, (len(w), *right.shape)))
        x = np.moveaxis(x, 2, 0).reshape(len(flat), len(w), count, size)  # noise, K, n, l
        work_v: Any = 0.0
        work_c: Any = 0.0
        heat: Any = 0.0
        covariance: Any = 0.0
        density = np.stack([spectral_density(bath, shifted) for bath in setting.baths])
        for mu, bath in enumerate(setting.baths):
            noise = spectral_density(bath, w) * coth(w / (2.0 * bath["temperature"]))
            xm = x[mu]
            q = np.stack([np.einsum("nal,kal->kn", c, xm) for c in self.c])
            force = np.stack([-kernel(b, shifted) * q[nu] for nu, b in enumerate(setting.baths)])
            force[mu, :, setting.truncation] += 1.0
            moved = np.einsum("nalm,kam->knlm", self.dv, xm, optimize=True)
            work_v = work_v + noise * np.einsum("knlm,knl->lmk", moved, xm.conj(), optimize=True).real / 2.0
            pushed = [
                np.einsum("nal,kn,kal->lk", d, f.conj(), xm).real for d, f in zip(self.dc, force, strict=True)
            ]
            work_c = work_c - noise * np.stack(pushed)
            taken = density * np.abs(q) ** 2
            own = np.ones((len(setting.baths), count))
            own[mu, setting.truncation] = 0.0
            given = w * np.einsum("bkn,bn->k", taken, own)
            flow = -np.einsum("kn,bkn,bn->bk", shifted, taken, own)
            flow[mu] += given
            heat = heat + noise * flow
            covariance = covariance + noise * np.einsum("knl,knm->lmk", xm, xm.conj(), optimize=True).real
        parts = (work_v, work_c, heat, covariance)
        return np.concatenate([part.reshape(-1, len(w)) for part in parts])

    def mean(self):
        """The same rows for the motion that the forces cause, and x_n, (2N+1, L)."""
        setting, size, count = self.setting, self.setting.size, self.count
        matrix, shifted = self.matrix(np.zeros(1))
        right = np.zeros((count, size), dtype=complex)
        for n, value in setting.force.items():
            right[n + setting.truncation] = value
        x = np.linalg.solve(matrix[0], right.reshape(-1)).reshape(count, size)
        q = np.stack([np.einsum("nal,al->n", c, x) for c in self.c])
        force = -np.stack([kernel(b, shifted[0]) * q[nu] for nu, b in enumerate(setting.baths)])
        work_v = np.einsum("nalm,am,nl->lm", self.dv, x, x.conj()).real / 2.0
        work_c = -np.stack(
            [np.einsum("nal,n,al->l", d, f.conj(), x).real for d, f in zip(self.dc, force, strict=True)]
        )
        heat = np.real(np.einsum("bn,bn->b", force, (-1j * shifted[0] * q).conj()))
        rows = [work_v.ravel(), work_c.ravel(), heat, np.zeros(size * size)]
        work_f = -np.real((-1j * shifted[0][:, None] * right).conj() * x).sum(axis=0)
        return np.concatenate(rows), work_f, x


def integrate(function, edges, rtol, rounds=40):
    """Integral between the first and last edge by panels that are halved where two rules disagree."""
    fine, rough = (np.polynomial.legendre.leggauss(n) for n in (ORDER, ORDER - 4))
    left, right = edges[:-1], edges[1:]
    total, largest = 0.0, None
    for _ in range(rounds):
        values = []
        for nodes, weights in (fine, rough):
            half = (right - left)[:, None] / 2.0
            w = ((left + right)[:, None] / 2.0 + half * nodes).ravel()
            found = np.concatenate([function(w[i : i + 512]) for i in range(0, len(w), 512)], axis=1)
            values.append(
                np.einsum("rpo,po->rp", found.reshape(len(found), *half.shape[:1], -1), half * weights)
            )
        good, other = values
        size = np.abs(good.sum(axis=1) + total)
        largest = size if largest is None else np.maximum(largest, size)
        scale = largest.max() * 1e-3 + largest
        bad = np.any(np.abs(good - other) > rtol * scale[:, None] * 0.02, axis=0)
        total = total + good[:, ~bad].sum(axis=1)
        if not bad.any():
            return total
        middle = (left[bad] + right[bad]) / 2.0
        left, right = np.concatenate([left[bad], middle]), np.concatenate([middle, right[bad]])
    raise AssertionError("the quadrature does not converge")


def floquet_protocol(setting: Setting, rtol=1e-9, limit=1e7):
    """Powers by actuator, heat currents, covariance, means (x_n) of the periodic steady state."""
    machine, size, baths = Floquet(setting), setting.size, len(setting.baths)
    reach = setting.frequency * np.arange(-3, 4)
    natural = np.sqrt(np.abs(np.real(np.diag(setting.stiffness[0]))))
    own = np.concatenate([s * natural + r for s in (-1, 1) for r in reach])
    scales = np.geomspace(8.0, limit, 40)
    edges = np.unique(np.concatenate([own, reach, -scales, scales, [0.0]]))
    found = integrate(machine, edges, rtol) / (2.0 * np.pi)
    moved, work_f, x = machine.mean()
    found = found + moved
    ends = np.cumsum([size * size, baths * size, baths])
    work_v, work_c, heat, covariance = np.split(found, ends)
    return {
        "springs": work_v.reshape(size, size),
        "couplings": work_c.reshape(baths, size),
        "forces": work_f,
        "heat": heat,
        "covariance": covariance.reshape(size, size),
        "power": work_v.sum() + work_c.sum() + work_f.sum(),
        "mean": x,
    }
