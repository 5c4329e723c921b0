"""Variance rates of the local powers at any coupling, as a double-harmonic sum by quadrature; for tests only.

Noise of bath a, ``<xi_a(w) xi_b(w')> = delta_ab delta(w + w') [S_a(w) + J_a(w)]/2pi``, with coth c_a and
S_a = J_a c_a, gives x_l(t) = sum_a int dw sum_n X^a_{l,n}(w) xi_a(w) exp(-i w_n t), likewise F_nu, and

    P_l(t) = -sum_nu dg_l/dt x_l F_nu = sum_ab int dw dw' p_l(t) xi_a(w) xi_b(w').

Wick's theorem pairs xi_a, xi_b of one power with those of the other (2 ways); the integral over tau leaves
w + w' = -m Omega, so that one noise is at w and the other at -w_m, and its response the conjugate of that at
w_m.  The mean of both orders of the powers keeps S S and J J (odd products cancel), and J(-w_m) = -J(w_m):

    D_lk = 2 Re sum_{a,b,m} int dw/2pi J_a(w) J_b(w_m) [c_a(w) c_b(w_m) - 1] p^{ab}_{l,m} conj(p^{ab}_{k,m}),
    p^{ab}_{l,m} = 1/2 sum_{nu,n,n'} i (n'-n) Omega g_{l,n'-n}
                   [x_{l,n} conj(F'_{nu,n'}) + F_{nu,n} conj(x'_{l,n'})],

where (x, F) is the response to xi_a at w and (x', F') to xi_b at w_m, whose harmonics count from w as well:
columns 0 and m of the same Floquet inverse.  (p symmetrises which noise excites x and which F.)  To second
order in the driven bath only x from a static bath and F = xi of the driven one remain: theory (3.16).

Independent of qtopt. Notation of `exact_floquet`, but any number of driven baths, with one drive.
"""

import numpy as np

from .model import StaticMachine, bath_poles, coth, kernel, spectral_density
from .quadrature import integrate
from .weak_quadrature import cut


class FloquetFluctuations:
    """Integrand of D (L x L rows) on w > 0, where one half of the even integrand lies."""

    def __init__(self, frequencies, baths, drive_frequency, harmonics, truncation):
        driven = [b for b in baths if isinstance(b["coupling"], str)]
        still = [b for b in baths if not isinstance(b["coupling"], str)]
        self.static, self.driven, self.baths = StaticMachine(frequencies, still), driven, driven + still
        self.size, self.blocks, self.middle = len(frequencies), 2 * truncation + 1, truncation
        index = np.arange(-truncation, truncation + 1)
        self.shifts = index * drive_frequency
        g = {n: np.asarray(v, dtype=complex) for n, v in harmonics.items()}
        g.update({-n: np.conj(v) for n, v in g.items() if n > 0})
        orders = index[:, None] - index
        # toeplitz[n, n', l] = g_{l, n-n'}
        toeplitz = np.array([[g.get(order, np.zeros(self.size)) for order in row] for row in orders])
        self.rate = 1j * orders[:, :, None] * drive_frequency * toeplitz  # -(dg_l/dt)_{n-n'}
        self.basis = self.static.basis.astype(float)
        moving = (toeplitz @ self.basis).reshape(self.blocks, -1)
        eye = np.eye(self.blocks)[:, :, None]
        steady = [(eye * r).reshape(self.blocks, -1) for r in self.static.rotated.astype(float)]
        self.couplings = [moving] * len(driven) + steady

    def inverse(self, wn):
        """M^{-1}, (nodes, (harmonic, rotated oscillator), (harmonic, rotated oscillator))."""
        count, blocks, size = wn.shape[0], self.blocks, self.size
        matrix = np.zeros((count, blocks, size, blocks, size), dtype=complex)
        for at in range(blocks):
            matrix[:, at, :, at, :] = self.static.inverse_response(wn[:, at])
        matrix = matrix.reshape(count, blocks * size, blocks * size)
        for bath, coupling in zip(self.driven, self.couplings, strict=False):
            matrix += np.conj(coupling.T) @ (kernel(bath, wn)[:, :, None] * coupling)
        return np.linalg.inv(matrix)

    def responses(self, wn):
        """x (nodes, bath a, harmonic m of the noise, harmonic, l); F with the driven bath nu instead of l."""
        inverse = self.inverse(wn)
        x, force = [], []
        for a, source in enumerate(self.couplings):
            response = np.swapaxes(inverse @ np.conj(source.T), 1, 2)  # (nodes, m, (n, rotated l))
            x.append(response.reshape(*response.shape[:2], self.blocks, self.size) @ self.basis.T)
            forces = []
            for nu, bath in enumerate(self.driven):
                own = np.eye(self.blocks) if nu == a else 0.0
                forces.append(own - kernel(bath, wn)[:, None, :] * (response @ self.couplings[nu].T))
            force.append(np.stack(forces, axis=-1))
        return np.stack(x, axis=1), np.stack(force, axis=1)

    def __call__(self, w):
        w = np.where(w == 0.0, 1e-40, w)
        wn = w[:, None] + self.shifts
        wn = np.where(wn == 0.0, 1e-40, wn)
        x, force = self.responses(wn)
        force = force.sum(axis=-1)  # all driven baths share the drive
        first = self._halves(x[:, :, self.middle, :, :], np.conj(force))
        second = self._halves(force[:, :, self.middle, :, None], np.conj(x))
        p = (first + second) / 2
        density = np.stack([spectral_density(b, wn) for b in self.baths], axis=1)  # (nodes, bath, m)
        thermal = np.stack([coth(wn / (2 * b["temperature"])) for b in self.baths], axis=1)
        at = (slice(None), slice(None), self.middle)
        excess = thermal[at][:, :, None, None] * thermal[:, None] - 1
        weight = density[at][:, :, None, None] * density[:, None] * excess  # (nodes, a, b, m)
        form = np.einsum("kabm,kabml,kabmj->ljk", weight, p, np.conj(p), optimize=True).real
        return form.reshape(-1, w.size)

    def _halves(self, left, right):
        """sum_{n,n'} rate[n', n, l] left[a, n, l] right[b, m, n', l], (nodes, a, b, m, l)."""
        left = np.broadcast_to(left, (*left.shape[:3], self.size))
        right = right if right.ndim == 5 else right[..., None]
        right = np.broadcast_to(right, (*right.shape[:4], self.size))
        moved = np.einsum("pnl,kanl->kapl", self.rate, left)
        return np.einsum("kapl,kbmpl->kabml", moved, right, optimize=True)


def fluctuations(frequencies, baths, drive_frequency, harmonics, truncation=8, rtol=1e-9, rounds=12):
    """(D (L, L), error (L, L) of the quadrature) of joint machines; vary truncation to see its effect.

    Arguments as in `weak_quadrature.reference`, but several baths may have coupling "driven".
    """
    size = len(frequencies)
    integrand = FloquetFluctuations(frequencies, baths, drive_frequency, harmonics, truncation)
    driven = [bath_poles(b) for b in integrand.driven]
    thermal = 2j * np.pi * np.array([b["temperature"] for b in baths])
    own = np.concatenate([integrand.static.poles, *driven, thermal])
    poles = (own[:, None] - integrand.shifts).ravel()
    limit = cut(own, [b["temperature"] for b in baths], integrand.shifts[-1])
    # Even in (w, m) -> (-w, -m); the driven baths shift the poles, so bisection must find them.
    value, error = integrate(integrand, 0.0, limit, poles, rtol, rounds=rounds, gain=np.inf)
    return 2 * value.reshape(size, size) / np.pi, 2 * error.reshape(size, size) / np.pi
