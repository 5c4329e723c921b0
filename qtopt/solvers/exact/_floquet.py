"""Response of any driven quadratic machine to noise of one frequency, or to its forces, harmonic by harmonic.

Unknowns of every harmonic are the positions and one number for each bath, w_b = q_b sqrt(1 + kappa_b^2), with
kappa_b = |K_b|/scale: a weak bath's coordinate, or a strong bath's force, measured by the inertia and the
stiffness beside it. No coefficient is large, so that neither limit loses digits. Baths, driven or static, are
treated alike.

Source: theory (13.10), (13.20), (13.21).
"""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float

from ...model import AbstractSpectralDensity, Moving
from ...numerics import stop_gradient
from ._pivoting import solve_banded


class Harmonics(NamedTuple):
    """Fourier coefficients, d = -H..H, of l oscillators that share their baths.

    Attributes:
        stiffness: (D, l, l) V_d.
        couplings: (D, B, l) g_d of every bath.
        force: (D, l) f_d.
        spectra: of the baths.
        frequency: Omega.
    """

    stiffness: Complex[Array, "D l l"]
    couplings: Complex[Array, "D B l"]
    force: Complex[Array, "D l"]
    spectra: tuple[AbstractSpectralDensity, ...]
    frequency: Float[Array, ""]

    @staticmethod
    def of(now: Moving, frequency: Float[Array, ""]) -> "Harmonics":
        """Those of a machine at 2 H + 1 equally spaced phases, which determine H harmonics."""
        couplings = jnp.stack([copy.coupling for copy in now.copies])
        points = couplings.shape[-1]
        stiffness = now.stiffness if now.stiffness.ndim == 3 else now.stiffness[:, :, None]
        force = jnp.zeros_like(couplings[0]) if now.force is None else now.force
        d = np.arange(points) - points // 2
        waves = np.exp(2j * np.pi / points * np.outer(d, np.arange(points))) / points

        def transformed(values: Array) -> Array:
            whole = jnp.broadcast_to(values, (*values.shape[:-1], points))
            return jnp.moveaxis(whole @ waves.T, -1, 0)

        spectra = tuple(copy.bath.spectral_density for copy in now.copies)
        return Harmonics(
            transformed(stiffness), transformed(couplings), transformed(force), spectra, frequency
        )

    @property
    def reach(self) -> int:
        """H."""
        return len(self.force) // 2


class Response(NamedTuple):
    """Harmonics n = -N..N that s sources excite, at K frequencies.

    Attributes:
        positions: (X, l, s, K) x_n.
        coordinates: (X, B, s, K) q_n of every bath; without what a bath's own noise gives to itself at n = 0.
        forces: (X, B, s, K) F_n.
    """

    positions: Complex[Array, "X l s K"]
    coordinates: Complex[Array, "X B s K"]
    forces: Complex[Array, "X B s K"]


class Equations(NamedTuple):
    """What `response` solves, at K frequencies and X = 2N + 1 harmonics.

    Attributes:
        harmonics: of the machine.
        shifted: (X, K) w_n.
        scale: (X, K) s_n, the size of stiffness and inertia; a constant for derivatives.
        kernels: (X, B, K) K_b(w_n).
    """

    harmonics: Harmonics
    shifted: Float[Array, "X K"]
    scale: Float[Array, "X K"]
    kernels: Complex[Array, "X B K"]

    @staticmethod
    def at(harmonics: Harmonics, omega: Float[Array, " K"], truncation: int) -> "Equations":
        """The equations at these noise frequencies."""
        orders = np.arange(-truncation, truncation + 1)[:, None]
        shifted = omega + orders * harmonics.frequency
        static = harmonics.stiffness[harmonics.reach].real
        scale = stop_gradient(jnp.max(jnp.abs(static)) + shifted**2)
        kernels = jnp.stack([spectrum.memory_kernel(shifted) for spectrum in harmonics.spectra], axis=1)
        return Equations(harmonics, shifted, scale, kernels)

    @property
    def shares(self) -> Float[Array, "X B K"]:
        """1/(1 + kappa^2): 1 for a weak bath, 0 for a strong one."""
        square = self.kernels.real**2 + self.kernels.imag**2
        return 1.0 / (1.0 + square / self.scale[:, None] ** 2)

    def of_noise(self) -> Response:
        """What unit noise of each bath excites, s = B."""
        reach, truncation = self.harmonics.reach, len(self.shifted) // 2
        baths, points = self.kernels.shape[1:]
        weak = self.shares[truncation]
        around = slice(truncation - reach, truncation + reach + 1)
        g = jnp.swapaxes(self.harmonics.couplings, 1, 2)[..., None]
        at_rest = jnp.zeros((len(self.shifted), g.shape[1], baths, points), dtype=complex)
        pushed = at_rest.at[around].set(g * weak)
        own = np.eye(baths)[:, :, None]
        # (1 - sigma)/K; the coordinates count from there.
        moved = own * (jnp.conj(self.kernels[truncation]) * weak / self.scale[truncation] ** 2)[:, None]
        none = jnp.zeros((len(self.shifted), baths, baths, points), dtype=complex)
        found = self._solved(pushed, none.at[truncation].set(-moved))
        return found._replace(forces=found.forces.at[truncation].add(own * weak[:, None]))

    def of_forces(self) -> Response:
        """What the forces excite, s = 1; at the noise frequency 0."""
        reach, truncation = self.harmonics.reach, len(self.shifted) // 2
        margin = truncation - reach
        pushed = jnp.pad(self.harmonics.force, [(margin, margin), (0, 0)])[:, :, None, None]
        baths = self.kernels.shape[1]
        return self._solved(pushed, jnp.zeros((len(self.shifted), baths, 1, 1), dtype=complex))

    def _solved(self, pushed: Complex[Array, "X l s K"], moved: Complex[Array, "X B s K"]) -> Response:
        given = [pushed / self.scale[:, None, None], moved]
        found = solve_banded(self._rows(), jnp.concatenate(given, axis=1))
        size = pushed.shape[1]
        coordinates = jnp.sqrt(self.shares)[:, :, None] * found[:, size:]
        return Response(found[:, :size], coordinates, -self.kernels[:, :, None] * coordinates)

    def _rows(self) -> Complex[Array, "X w D w K"]:
        """Theory (13.20), w = l + B: rows n, columns n + d; beyond the ends 0."""
        reach, count, roots = self.harmonics.reach, len(self.shifted), jnp.sqrt(self.shares)
        ones = jnp.ones((count, self.harmonics.force.shape[1], roots.shape[-1]))
        columns = jnp.concatenate([ones, self.kernels * roots], axis=1)
        placed = jnp.pad(columns, [(reach, reach), (0, 0), (0, 0)])
        each = self._toeplitz()[::-1]
        weights = jnp.concatenate([ones / self.scale[:, None], jnp.ones_like(roots)], axis=1)[:, :, None]
        rows = [weights * band[:, :, None] * placed[d : d + count, None] for d, band in enumerate(each)]
        kinetic = -(self.shifted**2 / self.scale)[:, None] * ones
        diagonal = jnp.concatenate([kinetic, roots], axis=1)
        rows[reach] = rows[reach] + np.eye(columns.shape[1])[:, :, None] * diagonal[:, None]
        return jnp.stack(rows, axis=2)

    def _toeplitz(self) -> Complex[Array, "D w w"]:
        """What depends on n - n' = d alone: V_d and g_d in the rows of positions, -g_d in the others."""
        g, baths = self.harmonics.couplings, self.harmonics.couplings.shape[1]
        upper = jnp.concatenate([self.harmonics.stiffness, jnp.swapaxes(g, 1, 2)], axis=2)
        lower = jnp.concatenate([-g, jnp.zeros((len(g), baths, baths))], axis=2)
        return jnp.concatenate([upper, lower], axis=1)
