"""Response of a driven machine to a force of one frequency, harmonic by harmonic.

The driven bath (1) meets the oscillators only through its coordinate q = sum_l g_l x_l and its force F, and the
static ones are in chi(w) = [diag(omega_l^2 - w^2) + sum_nu K_nu(w) g^nu g^nuT]^-1. Noise of unit amplitude at
w excites the harmonics w_n = w + n Omega, n = -N..N:

    x_m = chi(w_m) (delta_m0 g^mu + sum_k g_{m-k} F_k),     q_n = sum_m g_{n-m}^T x_m,
    F_n = delta_n0 delta_mu1 - K_1(w_n) q_n.

Without the oscillators, R_nk = sum_m g_{n-m}^T chi(w_m) g_{m-k} is a band twice as wide as the drive has
harmonics, and

    (1 + K_1 R) F = e_0         noise of the driven bath,
    (1 + R K_1) q = r           noise of static bath mu, r_n = g_n^T chi(w) g^mu, then F = -K_1 q:

one unknown for each harmonic, however many oscillators there are. Neither form subtracts large numbers, be the
coupling to the driven bath strong or weak. A cosine drive without mean joins even harmonics of F to odd ones of
x, or odd to even: the equations are then tridiagonal.

Source: physics notes, sections 4 and 5 (last paragraph).
"""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float
from numpy.typing import NDArray

from .._complex import reciprocal
from .._linear import inverses
from ..baths import SpectralDensity
from ._banded import BlockTridiagonal, solve_banded

Orders = NDArray[np.int64]


class Medium(NamedTuple):
    """L oscillators and their static baths in coordinates y = basis x (see `damping_basis`).

    Attributes:
        stiffness: (L, L) basis diag(omega_l^2) basis^T.
        couplings: (S, L) couplings of the static baths in these coordinates.
        spectra: S spectral densities.
    """

    stiffness: Float[Array, "L L"]
    couplings: Float[Array, "S L"]
    spectra: tuple[SpectralDensity, ...]

    def susceptibility(self, omega: Float[Array, "X K"]) -> Complex[Array, "L L X K"]:
        """chi(w); strong common damping acts on the first coordinate only, so nothing cancels."""
        kernels = [spectrum.memory_kernel(omega) for spectrum in self.spectra]
        size, square = self.stiffness.shape[0], omega**2

        def entry(i: int, j: int) -> Array:
            value = self.stiffness[i, j] - square if i == j else self.stiffness[i, j]
            return sum((k * (g[i] * g[j]) for k, g in zip(kernels, self.couplings, strict=True)), value)

        if size == 1:
            return reciprocal(entry(0, 0))[None, None]
        if size == 2:
            a, b, c = entry(0, 0), entry(0, 1), entry(1, 1)
            inverse_det = reciprocal(a * c - b * b)
            off = -b * inverse_det
            return jnp.stack([jnp.stack([c * inverse_det, off]), jnp.stack([off, a * inverse_det])])
        rows = [jnp.stack([entry(i, j).reshape(-1) for j in range(size)]) for i in range(size)]
        return inverses(jnp.stack(rows)).reshape(size, size, *omega.shape)


class Modulation(NamedTuple):
    """Harmonics of the driven coupling, in the coordinates of the medium.

    Attributes:
        orders: (D,) -1 and 1, or all from -H to H.
        amplitudes: (D, L) g_d.
        frequency: Omega.
    """

    orders: Orders
    amplitudes: Complex[Array, "D L"]
    frequency: Float[Array, ""]

    @property
    def reach(self) -> int:
        """H."""
        return int(self.orders[-1])

    @property
    def parity(self) -> bool:
        """Whether only odd harmonics couple q to x: then every second harmonic is left out."""
        return len(self.orders) == 2

    def force_orders(self, truncation: int, driven: bool) -> Orders:
        """Harmonics of F that noise of the driven or of a static bath excites."""
        every = np.arange(-truncation, truncation + 1)
        return every[(every % 2 == 0) == driven] if self.parity else every

    def position_orders(self, forces: Orders) -> Orders:
        """Harmonics of x beside those of F."""
        return np.arange(forces[0] - 1, forces[-1] + 2, 2) if self.parity else forces

    def of_forces(self, forces: Complex[Array, "s F K"]) -> list[Complex[Array, "s X K"]]:
        """F_{m+d} for every order d, m the harmonics of x; zero beyond the truncation."""
        return self._windows(forces, self.reach)

    def of_positions(self, positions: Complex[Array, "... X K"]) -> list[Complex[Array, "... F K"]]:
        """x_{n+d} for every order d, n the harmonics of F."""
        return self._windows(positions, 0 if self.parity else self.reach)

    def _windows(self, values: Array, margin: int) -> list[Array]:
        padding = [(0, 0)] * values.ndim
        padding[-2] = (margin, margin)
        values, count = jnp.pad(values, padding), len(self.orders)
        length = values.shape[-2] - count + 1
        return [values[..., i : i + length, :] for i in range(count)]


class Response(NamedTuple):
    """The harmonics that noise of s baths excites, at K frequencies.

    Attributes:
        coordinate_orders: (F,) numbers n of the harmonics of q and F.
        coordinates: (s, F, K) q_n of the driven bath.
        position_orders: (X,) numbers m of the harmonics of x.
        positions: (s, L, X, K) x_m in the coordinates of the medium.
        moving: (s, L, X, K) ``sum_d i d Omega conj(g_d) F_{m+d}``, the force on x that the drive modulates.
    """

    coordinate_orders: Orders
    coordinates: Complex[Array, "s F K"]
    position_orders: Orders
    positions: Complex[Array, "s L X K"]
    moving: Complex[Array, "s L X K"]


def response(
    medium: Medium,
    driven: SpectralDensity,
    modulation: Modulation,
    omega: Float[Array, " K"],
    truncation: int,
    noise_of_driven: bool,
) -> Response:
    """Harmonics -N..N excited by noise of the driven bath (s = 1), or of each static bath (s = S)."""
    orders = modulation.force_orders(truncation, noise_of_driven)
    around = modulation.position_orders(orders)
    shifted = omega + orders[:, None] * modulation.frequency
    kernel = driven.memory_kernel(shifted)
    chi = medium.susceptibility(omega + around[:, None] * modulation.frequency)
    chi = chi * (np.abs(around) <= truncation)[:, None]
    band = _band(modulation, chi)
    start = jnp.zeros((len(medium.couplings), medium.couplings.shape[1], *chi.shape[2:]), dtype=complex)
    if noise_of_driven:
        rhs = jnp.zeros((1, *shifted.shape), dtype=complex).at[0, truncation_index(orders)].set(1.0)
        forces = _solve(_blocks(modulation, kernel[None] * band), rhs)
        start = start[:1]
    else:
        at = truncation_index(around)
        first = jnp.einsum("lpk,sp->slk", chi[:, :, at], medium.couplings)
        start = start.at[:, :, at].set(first)
        rhs = _coordinate(modulation, start)
        onward = jnp.stack(_shifted(kernel, modulation))
        coordinates = _solve(_blocks(modulation, band * onward), rhs)
        forces = -kernel * coordinates
    windows = modulation.of_forces(forces)
    conjugate = jnp.conj(modulation.amplitudes)
    received = _weighted(conjugate, windows)
    rates = 1j * modulation.orders * modulation.frequency
    positions = start + jnp.sum(chi * received[:, None], axis=2)
    if noise_of_driven:
        coordinates = _coordinate(modulation, positions)
    return Response(orders, coordinates, around, positions, _weighted(rates[:, None] * conjugate, windows))


def truncation_index(orders: Orders) -> int:
    """Where the harmonic 0 is."""
    return int(np.flatnonzero(orders == 0)[0])


def _weighted(weights: Complex[Array, "D L"], windows: list[Array]) -> Complex[Array, "s L X K"]:
    """``sum_d weights_d windows_d``."""
    parts = [w[:, None, None] * window[:, None] for w, window in zip(weights, windows, strict=True)]
    return sum(parts[1:], parts[0])


def _coordinate(modulation: Modulation, positions: Complex[Array, "s L X K"]) -> Complex[Array, "s F K"]:
    """``q_n = sum_d conj(g_d)^T x_{n+d}``."""
    windows = zip(jnp.conj(modulation.amplitudes), modulation.of_positions(positions), strict=True)
    parts = [jnp.sum(g[:, None, None] * window, axis=1) for g, window in windows]
    return sum(parts[1:], parts[0])


def _band(modulation: Modulation, chi: Complex[Array, "L L X K"]) -> Complex[Array, "O F K"]:
    """R_{n,n+o} of all offsets o = -2(D-1) .. 2(D-1) (in steps of the chain), O = 2 D - 1.

    ``R_{n,n+d+e} = sum conj(g_d)^T chi(w_{n+d}) conj(g_e)``.
    """
    conjugate = jnp.conj(modulation.amplitudes)
    count = len(modulation.orders)
    right = [jnp.sum(chi * g[:, None, None], axis=1) for g in conjugate]
    bands: list[Array | None] = [None] * (2 * count - 1)
    for e, column in enumerate(right):
        windows = modulation.of_positions(column)
        for d, window in enumerate(windows):
            term = jnp.sum(conjugate[d][:, None, None] * window, axis=0)
            previous = bands[d + e]
            bands[d + e] = term if previous is None else previous + term
    return jnp.stack([band for band in bands if band is not None])


def _shifted(kernel: Complex[Array, "F K"], modulation: Modulation) -> list[Complex[Array, "F K"]]:
    """K_{n+o} for every offset o of the band."""
    reach = len(modulation.orders) - 1
    padded = jnp.pad(kernel, [(reach, reach), (0, 0)])
    return [padded[i : i + kernel.shape[0]] for i in range(2 * reach + 1)]


def _blocks(modulation: Modulation, band: Complex[Array, "O F K"]) -> BlockTridiagonal:
    """1 + band in blocks as large as the reach of the band; harmonics that are missing at the end are 0 = 0."""
    p = len(modulation.orders) - 1
    if p == 1:
        lower, diagonal, upper = (part[:, None, None] for part in band)
        return BlockTridiagonal(lower, 1.0 + diagonal, upper)
    count = -(-band.shape[1] // p)
    band = jnp.pad(band, [(0, 0), (0, count * p - band.shape[1]), (0, 0)]).reshape(len(band), count, p, -1)
    row, column = np.arange(p)[:, None], np.arange(p)

    def block(shift: int) -> Array:
        offset = shift * p + column - row + p
        inside = (offset >= 0) & (offset <= 2 * p)
        picked = band[np.clip(offset, 0, 2 * p), :, row]
        return jnp.moveaxis(picked * inside[:, :, None, None], 2, 0)

    return BlockTridiagonal(block(-1), block(0) + np.eye(p)[:, :, None], block(1))


def _solve(matrix: BlockTridiagonal, rhs: Complex[Array, "s F K"]) -> Complex[Array, "s F K"]:
    count, p = matrix.diagonal.shape[:2]
    sources, length, points = rhs.shape
    padded = jnp.pad(rhs, [(0, 0), (0, count * p - length), (0, 0)])
    found = solve_banded(matrix, jnp.moveaxis(padded.reshape(sources, count, p, points), 0, 2))
    return jnp.moveaxis(found, 2, 0).reshape(sources, count * p, points)[:, :length]
