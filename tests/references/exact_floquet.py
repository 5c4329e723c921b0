"""Exact Floquet frequency form, theory (5.18), by the same refined quadrature; for tests only.

Harmonics n = -N..N of the response to noise of bath nu at w, w_n = w + n Omega,
(C_nu)_{n,(l,n')} = g^(nu)_{l,n-n'}, driven bath 1:
    M = diag(w_l^2 - w_n^2) + sum_nu C_nu^dagger K_nu(w_n) C_nu,     X^nu = M^{-1} C_nu^dagger e_0,
    q^mu_nu = C_nu X^mu,   F^mu_nu = delta e_0 - K_nu(w_n) q^mu_nu,
    J_nu = int dw/2pi sum_mu S_mu Re sum_n F^mu_{nu,n} conj(-i w_n q^mu_{nu,n})
         = int dw/2pi sum_{mu,n} { w S_nu J_mu(w_n) |q^nu_{mu,n}|^2 - w_n J_nu(w_n) S_mu |q^mu_{nu,n}|^2 },
    P_l  = -int dw/2pi sum_mu S_mu Re sum_{n,n'} (-i (n'-n) Omega) g_{l,n'-n} X^mu_{l,n} conj(F^mu_{1,n'}).
The second form of J_nu follows from Im q^nu_{nu,0} = sum_{mu,n} J_mu(w_n) |q^nu_{mu,n}|^2 (unitarity, exact
at any truncation); the term mu = nu, n = 0 drops out, so strong baths do not cancel.  Both forms agree;
heat_form="work" selects the first (it chases its round-off: 20 s and more at strong damping).
Oscillators are rotated as in StaticMachine, so that strong damping does not spoil the weakly damped modes.
"""

import numpy as np

from .model import StaticMachine, bath_poles, coth, kernel, spectral_density
from .quadrature import integrate
from .weak_quadrature import cut, split_baths


class FloquetMachine:
    """Integrand rows (P_1..P_L, J in the order driven bath, static baths, period-averaged covariance)."""

    def __init__(self, frequencies, bath, static, drive_frequency, harmonics, truncation, heat_form):
        self.heat_form = heat_form
        self.static, self.bath, self.truncation = StaticMachine(frequencies, static), bath, truncation
        self.size, self.blocks = len(frequencies), 2 * truncation + 1
        self.baths = [bath, *static]
        self.index = np.arange(-truncation, truncation + 1)
        self.shifts = self.index * drive_frequency
        g = {n: np.asarray(v, dtype=complex) for n, v in harmonics.items()}
        g.update({-n: np.conj(v) for n, v in g.items() if n > 0})
        zero = np.zeros(self.size, dtype=complex)
        # toeplitz[n, n', l] = g_{l, n-n'}; C_nu: (harmonic, (harmonic', rotated oscillator))
        self.basis = self.static.basis.astype(float)
        toeplitz = np.array([[g.get(n - m, zero) for m in self.index] for n in self.index])
        orders = self.index[:, None] - self.index
        self.rate = 1j * orders[:, :, None] * drive_frequency * toeplitz  # -(gdot_l)_{n - m}
        eye = np.eye(self.blocks)
        self.couplings = [(toeplitz @ self.basis).reshape(self.blocks, -1)]
        self.couplings += [
            np.einsum("nm,l->nml", eye, r).reshape(self.blocks, -1) for r in self.static.rotated.astype(float)
        ]

    def responses(self, w, wn):
        """X (nodes, noise bath, harmonic, rotated oscillator) of the (2N+1)L linear equations."""
        size, blocks = self.size, self.blocks
        matrix = np.zeros((w.size, blocks, size, blocks, size), dtype=complex)
        for at in range(blocks):
            matrix[:, at, :, at, :] = self.static.inverse_response(wn[:, at])
        matrix = matrix.reshape(w.size, blocks * size, blocks * size)
        driven = self.couplings[0]
        matrix += np.conj(driven.T) @ (kernel(self.bath, wn)[:, :, None] * driven)
        sources = np.stack([np.conj(c[self.truncation]) for c in self.couplings], axis=1)
        solved = np.linalg.solve(matrix, np.broadcast_to(sources, (w.size, *sources.shape)))
        return np.swapaxes(solved, 1, 2)

    def __call__(self, w):
        w = np.where(w == 0.0, 1e-40, w)
        wn = w[:, None] + self.shifts
        x = self.responses(w, wn)
        noise = np.stack(
            [spectral_density(b, w) * coth(w / (2 * b["temperature"])) for b in self.baths], axis=1
        )
        flows, local = np.zeros((len(self.baths), w.size)), 0.0
        oscillators = x.reshape(w.size, len(self.baths), self.blocks, self.size) @ self.basis.T
        for nu, (bath, coupling) in enumerate(zip(self.baths, self.couplings, strict=True)):
            q = x @ coupling.T
            force = -kernel(bath, wn)[:, None, :] * q
            force[:, nu, self.truncation] += 1.0
            if self.heat_form == "work":
                flows[nu] += np.einsum("ks,ksn->k", noise, (force * np.conj(-1j * wn[:, None, :] * q)).real)
            else:
                absorbed = spectral_density(bath, wn)[:, None, :] * np.abs(q) ** 2
                absorbed[:, nu, self.truncation] = 0.0
                flows += w * (noise * absorbed.sum(axis=2)).T
                flows[nu] -= np.einsum("ks,ksn,kn->k", noise, absorbed, wn)
            if nu == 0:
                work = np.einsum(
                    "nml,ksml,ksn->ksl", self.rate, oscillators, np.conj(force), optimize=True
                ).real
                local = np.einsum("ks,ksl->lk", noise, work)
        covariance = np.einsum(
            "ks,ksnl,ksnm->lmk", noise, oscillators, np.conj(oscillators), optimize=True
        ).real
        return np.concatenate([local, flows, covariance.reshape(-1, w.size)])


def exact_floquet(
    frequencies, baths, drive_frequency, harmonics, truncation=6, rtol=1e-9, heat_form="transmission"
):
    """Exact power, local_powers, heat_currents and period-averaged covariance (joint baths), with errors.

    The error covers the quadrature only; vary truncation to see that of the harmonics.
    """
    at, bath, static = split_baths(baths)
    size = len(frequencies)
    machine = FloquetMachine(frequencies, bath, static, drive_frequency, harmonics, truncation, heat_form)
    own = np.concatenate([machine.static.poles, bath_poles(bath), [2j * np.pi * bath["temperature"]]])
    reach = machine.shifts[-1]
    poles = (own[:, None] - machine.shifts).ravel()
    limit = cut(own, [b["temperature"] for b in machine.baths], reach)
    # Even: twice the half-line.  The driven bath shifts the poles, so bisection must find them.
    value, error = integrate(machine, 0.0, limit, poles, rtol, rounds=12, gain=np.inf)

    def pack(x):
        order = list(range(size + 1, size + len(baths)))
        order.insert(at, size)
        return {
            "local_powers": x[:size],
            "heat_currents": x[order],
            "covariance": x[size + len(baths) :].reshape(size, size),
        }

    result = pack(value / np.pi)
    result["power"] = result["local_powers"].sum()
    result["errors"] = pack(error / np.pi)
    result["errors"]["power"] = result["errors"]["local_powers"].sum()
    return result
