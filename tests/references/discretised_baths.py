"""Brute force: baths of discrete modes, H(t) of theory (1.2), integrated mode by mode; m = 1.

NumPy only, and nothing of the open-system theory: no kernels, no noise spectra, no steady state. Every bath
becomes N modes w_k, c_k with (pi/2) sum_k c_k^2/w_k delta(w - w_k) ~ J(w), so that with q = sum_l g_l(t) x_l

    H(t) = sum_l (p_l^2 + w_l^2 x_l^2)/2 + sum_k {P_k^2 + w_k^2 (X_k - c_k q/w_k^2)^2}/2
         = H_free - q sum_k c_k X_k + kappa q^2/2,      kappa = sum_k c_k^2/w_k^2,

is a closed quadratic system of D degrees of freedom. z = (x, X, p, P) obeys z(t) = S(t) z(0) with S
symplectic. One period is integrated by a splitting into H_free and the rest, later periods are products:
S(t + j period) = S(t) S(period)^j. From dH_nu/dt = -F_nu dq_nu/dt, F = sum_k c_k X_k - kappa q,

    P_l = avg <Pi_l>, Pi_l = -sum_nu gdot_l x_l F_nu,      J_nu = avg <F_nu dq_nu/dt>.

Every operator is a row times z(0): x_l(t) = a(t) z(0), F(t) = f(t) z(0). The work after j late periods is
W_l = z(0)^T B_l z(0)/2 with B_l = -int dt gdot_l (a^T f + f^T a), and for a Gaussian state with symmetrised
covariance sigma and [z_i, z_j] = i Omega_ij, by Wick's theorem with <z_i z_j> = sigma + i Omega/2,

    Cov(W_l, W_l') = tr(B_l sigma B_l' sigma)/2 + tr(B_l Omega B_l' Omega)/8.

It grows by D_ll' times the period in every late period: D_ll' = int dtau avg <{dPi_l(t+tau), dPi_l'(t)}>/2.
"""

from typing import Any, NamedTuple

import numpy as np

from .model import coth, spectral_density

# Blanes & Moan, J. Comput. Appl. Math. 142, 313 (2002): fourth order, six kicks, symmetric.
_A = (0.0792036964311957, 0.353172906049774, -0.0420650803577195)
_B = (0.209515106613362, -0.143851773179818)
_DRIFTS = (*_A, 1.0 - 2.0 * sum(_A), *_A[::-1])
_KICKS = (*_B, 0.5 - sum(_B), 0.5 - sum(_B), *_B[::-1])


class Setting(NamedTuple):
    """How finely to discretise and how long to wait.

    Attributes:
        modes: modes of each bath.
        scale: about half of the modes lie below this frequency.
        limit: largest frequency of a mode.
        points: steps (and samples) of a period; limit * period / points should stay below 2.
        wait: periods that pass before averages and work start.
        window: periods over which the work accumulates.
    """

    modes: int
    scale: float
    limit: float
    points: int
    wait: int
    window: int


class Rates(NamedTuple):
    """Late-time rates of M periods of K points.

    Attributes:
        local_powers: (L,) averages over the window with Hann weights, which hide the beats of single modes.
        heat_currents: (B,), in the order of the baths.
        covariance: (L, L) of <x_l x_l'>.
        fluctuations: (L, L) D_ll', growth of Cov(W_l, W_l') per time in the last period; its sum is D.
        growth: (M, L, L) the same in every period; it settles when the correlations of power have decayed.
        symplectic_error: largest entry of S^T Omega S - Omega after a period.
    """

    local_powers: np.ndarray
    heat_currents: np.ndarray
    covariance: np.ndarray
    fluctuations: np.ndarray
    growth: np.ndarray
    symplectic_error: float


def bath_modes(bath: dict[str, Any], count: int, scale: float, limit: float) -> tuple[np.ndarray, np.ndarray]:
    """(w_k, c_k), each (count,): Gauss-Legendre in theta, w = scale tan(theta), up to the limit.

    c_k^2 = (2/pi) w_k J(w_k) dw_k. Low frequencies, where energy flows, lie densest. What lies beyond the
    limit is left out with its counter-term: all it would do is add a mass (2/pi) int J/w^3 dw to q.
    """
    nodes, weights = np.polynomial.legendre.leggauss(count)
    top = np.arctan(limit / scale)
    theta = 0.5 * top * (1.0 + nodes)
    w = scale * np.tan(theta)
    spacing = 0.5 * top * weights * scale / np.cos(theta) ** 2
    return w, np.sqrt(2.0 / np.pi * w * spectral_density(bath, w) * spacing)


class ClosedSystem:
    """Oscillators and all bath modes: D degrees of freedom, oscillators first; B baths."""

    def __init__(
        self,
        frequencies: list[float],
        baths: list[dict[str, Any]],
        drive_frequency: float,
        harmonics: dict[int, Any],
        setting: Setting,
    ) -> None:
        self.baths, self.drive_frequency, self.size = baths, drive_frequency, len(frequencies)
        self.harmonics = {n: np.asarray(g, dtype=complex) for n, g in harmonics.items()}
        modes = [bath_modes(bath, setting.modes, setting.scale, setting.limit) for bath in baths]
        self.frequencies = np.concatenate([frequencies, *(w for w, _ in modes)])
        self.bath_couplings = np.zeros((len(baths), self.frequencies.size))
        for nu, (_, c) in enumerate(modes):
            start = self.size + nu * setting.modes
            self.bath_couplings[nu, start : start + setting.modes] = c
        self.stiffness = np.array([np.sum((c / w) ** 2) for w, c in modes])

    def couplings(self, time: float) -> np.ndarray:
        """g_l^nu(t), (B, L)."""
        return self._rows(time, 0)

    def slopes(self, time: float) -> np.ndarray:
        """dg_l^nu/dt, (B, L)."""
        return self._rows(time, 1)

    def _rows(self, time: float, order: int) -> np.ndarray:
        """Derivative of this order: sum_n g_n (-i n Omega)^order exp(-i n Omega t) where a bath is driven."""
        driven = np.zeros(self.size)
        for n, g in self.harmonics.items():
            rate = -1j * n * self.drive_frequency
            driven += (2.0 if n else 1.0) * (g * rate**order * np.exp(rate * time)).real
        static = 0.0 if order else 1.0
        couplings = [bath["coupling"] for bath in self.baths]
        return np.array([driven if isinstance(c, str) else static * np.asarray(c) for c in couplings])

    def forces(self, positions: np.ndarray, couplings: np.ndarray) -> np.ndarray:
        """F_nu = sum_k c_k X_k - kappa_nu q_nu, (B, ...) of positions (D, ...)."""
        q = couplings @ positions[: self.size]
        return self.bath_couplings @ positions - self.stiffness[:, None] * q

    def kick(self, x: np.ndarray, p: np.ndarray, time: float, step: float) -> None:
        """p += step * force of the coupling at frozen positions: F_nu g_l on oscillators, c_k q on modes."""
        g, size = self.couplings(time), self.size
        p[:size] += step * g.T @ self.forces(x, g)
        p[size:] += self.bath_couplings[:, size:].T @ (step * g @ x[:size])

    def thermal(self, oscillators: float) -> np.ndarray:
        """Diagonal of sigma (2D,): every mode thermal at its bath's temperature, oscillators at their own."""
        modes = (self.frequencies.size - self.size) // len(self.baths)
        temperatures = np.concatenate(
            [np.full(self.size, oscillators), *(np.full(modes, b["temperature"]) for b in self.baths)]
        )
        momentum = 0.5 * self.frequencies * coth(self.frequencies / (2.0 * temperatures))
        return np.concatenate([momentum / self.frequencies**2, momentum])


class Rows(NamedTuple):
    """Operators as rows that act on z(0), at K points of one period, and the propagator of that period."""

    positions: np.ndarray  # (K, L, 2D)
    forces: np.ndarray  # (K, B, 2D)
    velocities: np.ndarray  # (K, B, 2D): dq_nu/dt
    propagator: np.ndarray  # (2D, 2D)


def one_period(system: ClosedSystem, points: int) -> Rows:
    """Integrate all 2D initial conditions over one period, blockwise so that a block stays in the cache."""
    size, both = system.size, 2 * system.frequencies.size
    rows = Rows(
        np.empty((points, size, both)),
        np.empty((points, len(system.baths), both)),
        np.empty((points, len(system.baths), both)),
        np.empty((both, both)),
    )
    for start in range(0, both, 64):
        _integrate(system, points, slice(start, min(start + 64, both)), rows)
    return rows


def _integrate(system: ClosedSystem, points: int, block: slice, rows: Rows) -> None:
    """Fill the columns of this block: x(t) for unit initial conditions."""
    both = 2 * system.frequencies.size
    start = np.eye(both)[:, block]
    x, p = start[: both // 2].copy(), start[both // 2 :].copy()
    step = 2.0 * np.pi / system.drive_frequency / points
    w = system.frequencies[:, None]
    angles = {drift: w * drift * step for drift in _DRIFTS}
    rotations = {drift: (np.cos(a), np.sin(a) / w, -w * np.sin(a)) for drift, a in angles.items()}
    for k in range(points):
        time = k * step
        g, slope = system.couplings(time), system.slopes(time)
        rows.positions[k, :, block] = x[: system.size]
        rows.forces[k, :, block] = system.forces(x, g)
        rows.velocities[k, :, block] = slope @ x[: system.size] + g @ p[: system.size]
        for stage, drift in enumerate(_DRIFTS):
            cosine, over, times = rotations[drift]
            x, p = cosine * x + over * p, times * x + cosine * p
            time += drift * step
            if stage < len(_KICKS):
                system.kick(x, p, time, _KICKS[stage] * step)
    rows.propagator[: both // 2, block], rows.propagator[both // 2 :, block] = x, p


def symplectic_form(degrees: int) -> np.ndarray:
    """Omega of [z_i, z_j] = i Omega_ij, z = (x, p), (2D, 2D)."""
    zero, one = np.zeros((degrees, degrees)), np.eye(degrees)
    return np.block([[zero, one], [-one, zero]])


def covariance_of_forms(left: np.ndarray, right: np.ndarray, sigma: np.ndarray) -> float:
    """Symmetrised Cov(z^T B z/2, z^T B' z/2) in a Gaussian state of diagonal covariance sigma.

    tr(B sigma B' sigma)/2 + tr(B Omega B' Omega)/8; B, B' symmetric (2D, 2D), sigma (2D,).
    """
    x, p = slice(0, sigma.size // 2), slice(sigma.size // 2, None)
    classical = sigma @ (left * right) @ sigma
    commutator = 2.0 * np.sum(left[x, p] * right[x, p].T)
    commutator -= np.sum(left[x, x] * right[p, p]) + np.sum(left[p, p] * right[x, x])
    return float(classical / 2.0 + commutator / 8.0)


def _advance(rows: Rows) -> Rows:
    """The same operators one period later."""
    later = [(r.reshape(-1, r.shape[-1]) @ rows.propagator).reshape(r.shape) for r in rows[:3]]
    return Rows(later[0], later[1], later[2], rows.propagator)


def work_forms(rows: Rows, slopes: np.ndarray, step: float) -> np.ndarray:
    """B_l of the work in one period, (L, 2D, 2D): -step sum_t gdot_l (a^T f + f^T a)."""
    forms = []
    for l in range(rows.positions.shape[1]):
        weighted = -step * np.einsum("kb,kbz->kz", slopes[:, :, l], rows.forces)
        half = rows.positions[:, l].T @ weighted
        forms.append(half + half.T)
    return np.stack(forms)


class Means(NamedTuple):
    """Expectation values at K points of time."""

    local_powers: np.ndarray  # (K, L)
    heat_currents: np.ndarray  # (K, B)
    covariance: np.ndarray  # (K, L, L)


def _means(rows: Rows, slopes: np.ndarray, sigma: np.ndarray) -> Means:
    """-sum_nu gdot_l <x_l F_nu>, <F_nu dq_nu/dt>, <x_l x_l'> in the state of diagonal covariance sigma."""
    spread = sigma * rows.positions
    overlap = np.einsum("klz,kbz->klb", spread, rows.forces, optimize=True)
    return Means(
        -np.einsum("kbl,klb->kl", slopes, overlap),
        np.einsum("kbz,kbz->kb", sigma * rows.forces, rows.velocities),
        np.einsum("klz,kmz->klm", spread, rows.positions, optimize=True),
    )


def _hann(values: list[np.ndarray]) -> np.ndarray:
    """Average of periods side by side, weighted with sin^2: exact for harmonics if there are two and more."""
    in_time = np.concatenate(values)
    weights = 2.0 * np.sin(np.pi * np.arange(len(in_time)) / len(in_time)) ** 2
    return np.einsum("k,k...->...", weights, in_time) / len(in_time)


def discretised_baths(
    frequencies: list[float],
    baths: list[dict[str, Any]],
    drive_frequency: float,
    harmonics: dict[int, Any],
    setting: Setting,
) -> Rates:
    """Late-time rates of the closed system (joint baths). Arguments as in `exact_floquet`, any driven baths.

    Choose the setting so that (wait + window) periods stay below the recurrence time of the modes.
    """
    system = ClosedSystem(frequencies, baths, drive_frequency, harmonics, setting)
    rows = one_period(system, setting.points)
    omega = symplectic_form(system.frequencies.size)
    error = float(np.abs(rows.propagator.T @ omega @ rows.propagator - omega).max())
    period = 2.0 * np.pi / drive_frequency
    step = period / setting.points
    slopes = np.stack([system.slopes(k * step) for k in range(setting.points)])
    sigma = system.thermal(baths[-1]["temperature"])
    for _ in range(setting.wait):
        rows = _advance(rows)
    forms, variances, means = np.zeros((len(frequencies), sigma.size, sigma.size)), [], []
    for _ in range(setting.window):
        forms += work_forms(rows, slopes, step)
        variances.append([[covariance_of_forms(b, c, sigma) for c in forms] for b in forms])
        means.append(_means(rows, slopes, sigma))
        rows = _advance(rows)
    growth = np.diff(variances, axis=0, prepend=0.0 * np.array(variances[:1])) / period
    local, heat, covariance = (_hann(list(values)) for values in zip(*means, strict=True))
    return Rates(local, heat, covariance, growth[-1], growth, error)
