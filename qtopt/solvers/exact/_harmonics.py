"""Response of a driven machine to noise of one frequency, harmonic by harmonic.

The driven bath (1) meets the oscillators only through its coordinate q = sum_l g_l x_l and its force F, and
the static ones are in chi(w). Noise of unit amplitude at w excites harmonics w_n = w + n Omega, n = -N..N,
by theory (5.18). Without the oscillators, theory (5.19), the band R is twice as wide as the drive has
harmonics, and there is one unknown for each harmonic, however many oscillators there are. Neither form of the
equations subtracts large numbers, be the coupling to the driven bath strong or weak. A cosine drive without
mean joins even harmonics of F to odd ones of x, or odd to even: the equations are then tridiagonal.

Source: theory (5.18), (5.19).
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float
from numpy.typing import NDArray

from ...model import AbstractSpectralDensity
from ...numerics import inverses, reciprocal
from ._banded import BlockTridiagonal, eliminate

Orders = NDArray[np.int64]


class Medium(NamedTuple):
    """L oscillators and their static baths in coordinates y = basis x (see `damped_axes`).

    Attributes:
        stiffness: (L, L) basis diag(omega_l^2) basis^T.
        couplings: (S, L) couplings of the static baths in these coordinates.
        spectra: S spectral densities.
    """

    stiffness: Float[Array, "L L"]
    couplings: Float[Array, "S L"]
    spectra: tuple[AbstractSpectralDensity, ...]

    def inverse_response(self, omega: Float[Array, "X K"]) -> list[list[Complex[Array, "X K"]]]:
        """Entries of chi(w)^-1, symmetric. Strong common damping is in the first only: nothing cancels."""
        kernels = [spectrum.memory_kernel(omega) for spectrum in self.spectra]
        size, square = self.stiffness.shape[0], omega**2

        def entry(i: int, j: int) -> Array:
            value = self.stiffness[i, j] - square if i == j else self.stiffness[i, j]
            return sum((k * (g[i] * g[j]) for k, g in zip(kernels, self.couplings, strict=True)), value)

        upper = {(i, j): entry(i, j) for i in range(size) for j in range(i, size)}
        return [[upper[min(i, j), max(i, j)] for j in range(size)] for i in range(size)]


class Modulation(NamedTuple):
    """Harmonics of the driven coupling, in the coordinates of the medium.

    Attributes:
        orders: (D,) -1 and 1, or all from -H to H.
        amplitudes: (D, L) conj(g_d).
        frequency: Omega.
    """

    orders: Orders
    amplitudes: Complex[Array, "D L"]
    frequency: Float[Array, ""]

    def harmonics(self, truncation: int, noise_of_driven: bool) -> tuple[Orders, Orders]:
        """The harmonics of q and F, and those of x, that noise of the driven or of a static bath excites."""
        every = np.arange(-truncation, truncation + 1)
        if len(self.orders) != 2:
            return every, every
        even = every % 2 == 0
        return (every[even], every[~even]) if noise_of_driven else (every[~even], every[even])

    def windows(self, values: Complex[Array, "... a K"], count: int) -> list[Complex[Array, "... b K"]]:
        """values_{n+d} for every order d, n the `count` harmonics of the other kind; zero beyond the last."""
        margin = (count - values.shape[-2] + len(self.orders) - 1) // 2
        padding = [(0, 0)] * values.ndim
        padding[-2] = (margin, margin)
        values = jnp.pad(values, padding) if margin else values
        return [values[..., i : i + count, :] for i in range(len(self.orders))]

    def coordinate(self, positions: Complex[Array, "s L X K"], count: int) -> Complex[Array, "s F K"]:
        """The coordinate q_n = ``sum_d conj(g_d)^T x_{n+d}`` of the driven bath, theory (5.18)."""
        windows = self.windows(positions, count)
        return _total([_dot(g, window) for g, window in zip(self.amplitudes, windows, strict=True)])

    def force(self, forces: Complex[Array, "s F K"], count: int) -> Complex[Array, "s L X K"]:
        """The force ``sum_d conj(g_d) F_{m+d}`` on the oscillators, theory (5.18)."""
        windows = self.windows(forces, count)
        weights = self.amplitudes[:, :, None, None]
        return _total([g * window[:, None] for g, window in zip(weights, windows, strict=True)])


class Response(NamedTuple):
    """The harmonics that noise of s baths excites, at K frequencies.

    Attributes:
        forces: (s, F, K) F_n of the driven bath.
        coordinates: (s, F, K) its q_n.
        positions: (s, L, X, K) x_m in the coordinates of the medium.
    """

    forces: Complex[Array, "s F K"]
    coordinates: Complex[Array, "s F K"]
    positions: Complex[Array, "s L X K"]


def driven_response(
    medium: Medium,
    driven: AbstractSpectralDensity,
    modulation: Modulation,
    omega: Float[Array, " K"],
    truncation: int,
    noise_of_driven: bool,
) -> Response:
    """Harmonics -N..N excited by noise of the driven bath (s = 1), or of each static bath (s = S).

    Derivatives come from the equations themselves, not from their elimination: one more solve, in reverse
    mode of the transposed equations, which are those of the conjugate amplitudes with F and q exchanged.
    """
    orders, around = modulation.harmonics(truncation, noise_of_driven)
    kernel = driven.memory_kernel(omega + orders[:, None] * modulation.frequency)
    dressed = medium.inverse_response(omega + around[:, None] * modulation.frequency)
    chi = _inverse(dressed)

    size = (len(orders), len(medium.stiffness), len(around))

    def equations(unknowns: Array) -> Array:
        z = _unpacked(unknowns, *size)
        force = modulation.force(z.forces, len(around))
        x = [z.positions[:, l] for l in range(size[1])]
        inertia = [_total([m * xl for m, xl in zip(row, x, strict=True)]) for row in dressed]
        return _packed(
            z.forces + kernel * z.coordinates,
            z.coordinates - modulation.coordinate(z.positions, len(orders)),
            jnp.stack(inertia, axis=1) - force,
        )

    def solve(_, given: Array) -> Array:
        return _packed(*_solved(modulation, kernel, chi, _unpacked(given, *size), noise_of_driven))

    def solve_transposed(_, given: Array) -> Array:
        reversed_drive = modulation._replace(amplitudes=jnp.conj(modulation.amplitudes))
        of_f, of_q, of_x = _unpacked(given, *size)
        q, f, x = _solved(reversed_drive, kernel, chi, Response(of_q, of_f, of_x), noise_of_driven)
        return _packed(f, q, x)

    points = omega.shape[-1]
    sources = 1 if noise_of_driven else len(medium.spectra)
    none = jnp.zeros((sources, len(orders), points), dtype=complex)
    at_rest = jnp.zeros((sources, len(medium.stiffness), len(around), points), dtype=complex)
    if noise_of_driven:
        noise = _packed(none + (orders == 0)[:, None], none, at_rest)
    else:
        kick = medium.couplings[:, :, None, None] * (around == 0)[:, None]
        noise = _packed(none, none, at_rest + kick)
    return _unpacked(jax.lax.custom_linear_solve(equations, noise, solve, solve_transposed), *size)


def _packed(
    forces: Complex[Array, "s F K"],
    coordinates: Complex[Array, "s F K"],
    positions: Complex[Array, "s L X K"],
) -> Complex[Array, "s U K"]:
    """One array: jax cannot transpose a linear solve of which only some arrays depend on a parameter."""
    sources, points = forces.shape[0], forces.shape[-1]
    return jnp.concatenate([forces, coordinates, positions.reshape(sources, -1, points)], axis=1)


def _unpacked(unknowns: Complex[Array, "s U K"], f: int, l: int, x: int) -> Response:
    """Inverse of `_packed` for f harmonics of F and q, and x of l positions."""
    positions = unknowns[:, 2 * f :].reshape(unknowns.shape[0], l, x, -1)
    return Response(unknowns[:, :f], unknowns[:, f : 2 * f], positions)


def _total(parts: list[Array]) -> Array:
    return sum(parts[1:], parts[0])


def _dot(g: Complex[Array, " L"], vector: Complex[Array, "... L X K"]) -> Complex[Array, "... X K"]:
    return _total([g[l] * vector[..., l, :, :] for l in range(len(g))])


def _inverse(matrix: list[list[Complex[Array, "X K"]]]) -> Complex[Array, "L L X K"]:
    if len(matrix) == 1:
        return reciprocal(matrix[0][0])[None, None]
    if len(matrix) == 2:
        (a, b), (_, c) = matrix
        inverse_det = reciprocal(a * c - b * b)
        off = -b * inverse_det
        return jnp.stack([jnp.stack([c * inverse_det, off]), jnp.stack([off, a * inverse_det])])
    whole = jnp.stack([jnp.stack(row) for row in matrix])
    return inverses(whole.reshape(*whole.shape[:2], -1)).reshape(whole.shape)


def _solved(
    modulation: Modulation,
    kernel: Complex[Array, "F K"],
    chi: Complex[Array, "L L X K"],
    given: Response,
    for_forces: bool,
) -> Response:
    """The elimination: `given` is what the three equations have on their right."""
    count, around = kernel.shape[0], chi.shape[2]
    pulled = [_total([chi[:, l] * g[l] for l in range(len(g))]) for g in modulation.amplitudes]
    band = _band(modulation, pulled, count)
    start = _total([chi[:, l] * given.positions[:, None, l] for l in range(len(chi))])
    q = given.coordinates + modulation.coordinate(start, count)
    if for_forces:
        forces = _solve(_blocks(kernel * band), given.forces - kernel * q)
        coordinates = q + _apply(band, forces)
    else:
        columns = jnp.stack(_shifted(kernel, band.shape[0]))
        coordinates = _solve(_blocks(band * columns), q + _apply(band, given.forces))
        forces = given.forces - kernel * coordinates
    windows = modulation.windows(forces, around)
    moved = _total([p * window[:, None] for p, window in zip(pulled, windows, strict=True)])
    return Response(forces, coordinates, start + moved)


def _band(
    modulation: Modulation, pulled: list[Complex[Array, "L X K"]], count: int
) -> Complex[Array, "O F K"]:
    """R_{n,n+o} for all offsets o, O = 2 D - 1; `pulled` is chi(w_m) conj(g_d) for every order d."""
    terms: list[list[Array]] = [[] for _ in range(2 * len(pulled) - 1)]
    for e, column in enumerate(pulled):
        windows = modulation.windows(column, count)
        for d, (g, window) in enumerate(zip(modulation.amplitudes, windows, strict=True)):
            terms[d + e].append(_dot(g, window))
    return jnp.stack([_total(parts) for parts in terms])


def _shifted(values: Complex[Array, "... F K"], offsets: int) -> list[Complex[Array, "... F K"]]:
    """values_{n+o} for every offset o of a band; zero beyond the last."""
    reach, count = offsets // 2, values.shape[-2]
    padded = jnp.pad(values, [(0, 0)] * (values.ndim - 2) + [(reach, reach), (0, 0)])
    return [padded[..., i : i + count, :] for i in range(offsets)]


def _apply(band: Complex[Array, "O F K"], vector: Complex[Array, "s F K"]) -> Complex[Array, "s F K"]:
    return _total([r * v for r, v in zip(band, _shifted(vector, len(band)), strict=True)])


def _blocks(band: Complex[Array, "O F K"]) -> BlockTridiagonal:
    """1 + band, in blocks as large as the band reaches; what is missing at the end reads 0 = 0."""
    p = len(band) // 2
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
    found = eliminate(matrix, jnp.moveaxis(padded.reshape(sources, count, p, points), 0, 2))
    return jnp.moveaxis(found, 2, 0).reshape(sources, count * p, points)[:, :length]
