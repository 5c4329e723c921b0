"""Quadrature reference of the weak-coupling theory (docs/theory.md, section 3), at any static temperatures.

Notation: driven bath 1 (J_1, K_1, T_1), static baths nu (J_nu, T_nu, coupling vector g_nu),
w_n = w + n Omega, c_1 = coth(w/2T_1), and with all static factors at w_n
    c_nu = coth(w_n/2T_nu),   u_nu = chi(w_n) g_nu,   t = g_nu^T u_mu,
    a_nu = |g_n^dagger u_nu|^2,   b_nu = |g_n^T u_nu|^2,   chi'' = sum_nu J_nu Re(u_nu u_nu^dagger).
Sums over all integers n; integrals over dw/2pi on the whole line:

    P    = sum_n n Omega int J_1 sum_nu (c_1 - c_nu) J_nu a_nu
    J_1  = sum_n         int w J_1 sum_nu (c_1 - c_nu) J_nu a_nu
    P_l  = sum_n n Omega int { J_1 c_1 Im[g*_{l,n} (chi g_n)_l]
                               + Im[K_1 g_{l,n} sum_nu c_nu J_nu u*_{nu,l} (g_n^dagger u_nu)] }
    J_nu = int w J_nu sum_mu J_mu |t|^2 (c_nu - c_mu)                          (zeroth order, at n = 0)
         + sum_n int w_n J_nu { J_1 (c_nu a_nu - c_1 b_nu)
             + sum_{mu != nu} J_mu 2 Re( t* K_1 [c_mu (g_n^T u_nu)(g_n^dagger u_mu)
                                                 - c_nu (g_n^T u_mu)(g_n^dagger u_nu)] ) }

For one static bath u_nu is a real vector times a phase, a = b, and theory (3.5) to (3.9) are recovered.
The last sum is the change of the static transmission by the self-energy R(w) = sum_n conj(g_n) K_1(w_n) g_n^T
of the driven bath; it needs two static baths, but not two temperatures.
sum_nu J_nu (a_nu - b_nu) = 0 gives energy balance.
"""

import numpy as np

from .model import StaticMachine, bath_poles, coth, coth_difference, kernel, spectral_density
from .quadrature import integrate

TWO_PI = 2 * np.pi
# Resonances may be 1e-6 wide and local powers far below their integrands: 80-bit where the platform has it.
PRECISION = np.longdouble


def split_baths(baths):
    """(index of the driven bath, driven bath, static baths)."""
    driven = [i for i, bath in enumerate(baths) if isinstance(bath["coupling"], str)]
    if len(driven) != 1 or baths[driven[0]]["coupling"] != "driven":
        raise ValueError("exactly one bath must have coupling 'driven'")
    return driven[0], baths[driven[0]], [b for i, b in enumerate(baths) if i != driven[0]]


def cut(poles, temperatures, reach):
    """Where the algebraic tail starts: far outside all poles and thermal scales."""
    return max(4 * (np.abs(poles).max() + reach), 40 * max(temperatures) + 2 * reach)


def zeroth_order(machine, rtol):
    """Covariance int sum_nu S_nu Re(u u^dagger); currents int w J_nu sum_mu J_mu |t|^2 (c_nu - c_mu)."""
    size, count = machine.size, len(machine.baths)
    half_beta = 1 / (2 * machine.temperatures)

    def integrand(w):
        _, u, density = machine.response(w)
        noise = density * coth(w[:, None] * half_beta)
        rows = [
            np.einsum("ks,ksl,ksm->lmk", noise, u.real, u.real).reshape(-1, w.size)
            + np.einsum("ks,ksl,ksm->lmk", noise, u.imag, u.imag).reshape(-1, w.size)
        ]
        transfer = np.abs(np.einsum("al,kbl->kab", machine.couplings, u)) ** 2
        current = np.zeros((count, w.size), w.dtype)
        for nu in range(count):
            for mu in range(count):
                if machine.temperatures[mu] != machine.temperatures[nu]:
                    x, y = w * half_beta[nu], w * half_beta[mu]
                    difference = coth_difference(x, y, w * (half_beta[mu] - half_beta[nu]))
                    current[nu] += w * density[:, nu] * density[:, mu] * transfer[:, nu, mu] * difference
        return np.concatenate([*rows, current])

    limit = cut(machine.poles, machine.temperatures, 0.0)
    value, error = integrate(
        integrand, 0.0, limit, machine.poles, rtol, PRECISION
    )  # even: twice the half-line
    parts = [(x[: size**2].reshape(size, size) / np.pi, x[size**2 :] / np.pi) for x in (value, error)]
    return parts[0][0], parts[1][0], parts[0][1], parts[1][1]


def aligned(g):
    """g times the phase that makes sum_l g_l^2 real: no result changes, no spurious imaginary part stays."""
    g = np.asarray(g, dtype=np.result_type(PRECISION, complex))
    square = np.sum(g**2)
    g = g * np.exp(-0.5j * np.arctan2(square.imag, square.real))
    imag = np.where(np.abs(g.imag) < 1e-15 * np.abs(g).max(), 0.0, g.imag)
    return g.real + 1j * imag


class DrivenTerm:
    """Integrand of the second-order rates of one harmonic n, rows (P, P_1..P_L, J_1, J_nu...)."""

    def __init__(self, machine, bath, shift, g):
        self.machine, self.bath, self.shift, self.g = machine, bath, shift, aligned(g)
        self.half_beta = 1 / (2 * PRECISION(bath["temperature"]))
        self.half_betas = 1 / (2 * machine.temperatures)

    def __call__(self, w, wn):
        """w, w_n = w + n Omega: both passed, because one of them is known to more digits than their sum."""
        w, wn = (np.where(x == 0.0, 1e-40, x) for x in (w, wn))
        density_1, kernel_1 = spectral_density(self.bath, w), kernel(self.bath, w)
        chi, u, density = self.machine.response(wn)
        x, y = (w * self.half_beta)[:, None], wn[:, None] * self.half_betas
        gap = w[:, None] * (self.half_betas - self.half_beta) + self.shift * self.half_betas
        bias = coth_difference(x, y, gap)  # c_1 - c_nu
        c_1, c = coth(x[:, 0]), coth(y)
        along, across = u @ self.g.real, u @ self.g.imag
        mean = np.abs(along) ** 2 + np.abs(across) ** 2  # (a + b)/2
        skew = 2 * (np.conj(along) * across).imag  # (a - b)/2, zero for one static bath
        if len(self.machine.baths) == 1:
            skew = np.zeros_like(skew)
        exchange = density_1 * np.einsum("ks,ks->k", density * bias, mean + skew)
        heat = wn[:, None] * density * density_1[:, None] * (-bias * mean + (c + c_1[:, None]) * skew)
        heat = heat + wn[:, None] * self._transmission(kernel_1, u, density, wn, c, along, across)
        local = self.shift * self._local(density_1, kernel_1.real, chi, u, density, wn, bias, c_1, c)
        return np.concatenate([[self.shift * exchange], local, [w * exchange], heat.T])

    def of_w(self, w):
        """Rows as a function of w."""
        return self(w, w + self.shift)

    def of_wn(self, wn):
        """Rows as a function of w_n."""
        return self(wn - self.shift, wn)

    def _static_difference(self, wn, nu, mu):
        """c_mu - c_nu."""
        gap = self.half_betas[nu] - self.half_betas[mu]
        return coth_difference(wn * self.half_betas[mu], wn * self.half_betas[nu], wn * gap)

    def _transmission(self, kernel_1, u, density, wn, c, along, across):
        """sum_mu J_nu J_mu 2 Re(t* K_1 [c_mu A - c_nu B]), A = (g^T u_nu)(g^dagger u_mu), B = A(nu <-> mu);
        c_mu A - c_nu B = (c_mu - c_nu) even + (c_mu + c_nu) odd,  even, odd = (A +- B)/2."""
        result = np.zeros_like(density)
        for nu in range(len(self.machine.baths)):
            for mu in range(nu):
                t = u[:, mu] @ self.machine.couplings[nu]
                even = along[:, nu] * along[:, mu] + across[:, nu] * across[:, mu]
                odd = 1j * (across[:, nu] * along[:, mu] - along[:, nu] * across[:, mu])
                mix = self._static_difference(wn, nu, mu) * even + (c[:, nu] + c[:, mu]) * odd
                flow = density[:, nu] * density[:, mu] * 2 * (np.conj(t) * kernel_1 * mix).real
                result[:, nu] += flow
                result[:, mu] -= flow
        return result

    def _local(self, density_1, kernel_real, chi, u, density, wn, bias, c_1, c):
        """P_l/(n Omega) = sum_l' { J_1 sum_nu J_nu (c_1 - c_nu) Re z Re U_nu - J_1 c_1 Im z chi'_ll'
        + Im z (K_1' Re W + J_1 Im W) + K_1' Re z Im W },
        z = g_l g*_l', U_nu = u_{nu,l'} u*_{nu,l}, W = sum_nu c_nu J_nu U_nu."""
        z = np.outer(self.g, np.conj(self.g))
        pair = np.conj(u)[:, :, :, None] * u[:, :, None, :]

        def weighted(factor, part):
            return np.einsum("ks,kslm->klm", factor * density, part)

        inner = density_1[:, None, None] * weighted(bias, pair.real) * z.real
        # sum_nu J_nu Im U_nu = 0: only differences of the static coth count
        excess = np.stack([self._static_difference(wn, 0, s) for s in range(c.shape[1])], axis=1)
        lost = weighted(excess, pair.imag)
        reactive = kernel_real[:, None, None] * weighted(c, pair.real) + density_1[:, None, None] * lost
        inner = inner + z.imag * (reactive - (density_1 * c_1)[:, None, None] * chi.real)
        inner = inner + z.real * kernel_real[:, None, None] * lost
        return inner.sum(axis=2).T


def second_order(machine, bath, drive_frequency, harmonics, rtol):
    """(value, error) of the rows (P, P_l, J_1, J_nu), summed over harmonics; n < 0 doubles n > 0."""
    rows = 2 + machine.size + len(machine.baths)
    value, error = np.zeros(rows), np.zeros(rows)
    for n, g in sorted(harmonics.items()):
        if not np.any(g):
            continue
        shift = n * drive_frequency
        own = np.append(bath_poles(bath), 2j * np.pi * bath["temperature"])
        temperatures = np.append(machine.temperatures, bath["temperature"])
        term = DrivenTerm(machine, bath, shift, g)
        limit = cut(np.concatenate([own, machine.poles]), temperatures, shift)
        # In w around the features of the driven bath, in w_n around the (sharp) ones of the static machine.
        pieces = [
            (term.of_w, -shift / 2, limit, np.concatenate([own, machine.poles - shift])),
            (term.of_wn, shift / 2, -limit, np.concatenate([own + shift, machine.poles])),
        ]
        for piece in pieces:
            part, part_error = integrate(*piece, rtol, PRECISION)
            value += (2 if n else 1) * part / TWO_PI
            error += (2 if n else 1) * part_error / TWO_PI
    return value, error


def _joint(frequencies, baths, drive_frequency, harmonics, rtol):
    at, bath, static = split_baths(baths)
    size = len(frequencies)
    machine = StaticMachine(frequencies, static)
    covariance, covariance_error, landauer, landauer_error = zeroth_order(machine, rtol)
    value, error = second_order(machine, bath, drive_frequency, harmonics, rtol)

    def pack(x, zeroth, cov):
        heat_0 = np.insert(zeroth, at, 0.0)
        heat_2 = np.insert(x[size + 2 :], at, x[size + 1])
        return {
            "power": x[0],
            "local_powers": x[1 : size + 1],
            "heat_currents": heat_0 + heat_2,
            "heat_currents_zeroth": heat_0,
            "heat_currents_second": heat_2,
            "covariance": cov,
        }

    result = pack(value, landauer, covariance)
    result["errors"] = pack(error, landauer_error, covariance_error)
    return result


def reference(frequencies, baths, drive_frequency, harmonics, configuration="joint", rtol=1e-10):
    """Rates to second order in the driven bath, covariance to zeroth order, by refined quadrature.

    baths: dicts with kind, its parameters, temperature and coupling ("driven" or L static numbers);
    harmonics: {n >= 0: g_n}, g(t) = sum_n g_n exp(-i n Omega t), g_{-n} = conj(g_n).
    Returns a dict with power, local_powers, heat_currents (= heat_currents_zeroth + heat_currents_second),
    covariance, errors (same keys).
    "independent" sums single-oscillator machines, each with its own copies of all baths.
    """
    if configuration == "joint":
        return _joint(frequencies, baths, drive_frequency, harmonics, rtol)
    if configuration != "independent":
        raise ValueError(f"unknown configuration {configuration!r}")
    single = []
    for at, frequency in enumerate(frequencies):
        own = [b if isinstance(b["coupling"], str) else {**b, "coupling": [b["coupling"][at]]} for b in baths]
        drive = {n: np.asarray(g)[at : at + 1] for n, g in harmonics.items()}
        single.append(_joint([frequency], own, drive_frequency, drive, rtol))

    def add(parts):
        total = {
            key: sum(part[key] for part in parts)
            for key in ("power", "heat_currents", "heat_currents_zeroth", "heat_currents_second")
        }
        total["local_powers"] = np.array([part["power"] for part in parts])
        total["covariance"] = np.diag([part["covariance"][0, 0] for part in parts])
        return total

    result = add(single)
    result["errors"] = add([part["errors"] for part in single])
    return result
