"""What a simulation returns, and how it follows from the moments."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ...thermal import heat_beyond_the_poles
from ..base import POWER, Readable, result
from ._equations import Equations


class Trajectory(Readable):
    """The oscillators against time (hbar = k_B = m = 1), T times, L oscillators, B baths.

    A strictly Ohmic bath has no finite momentum variance: it grows with the logarithm of the largest
    frequency. Here that is where the rational coth ends, far above every other rate, so that <v v>,
    populations and the heat of such a bath within the first instants depend on it; positions, powers and
    later heat currents do not.

    Attributes:
        times: (T,) since the coupling was switched on.
        means: (T, 2L) <z> for z = (x_1..x_L, v_1..v_L).
        covariances: (T, 2L, 2L) symmetrised, without the means.
        populations: (T, L) ``(<v_l^2> + omega_l^2 <x_l^2>)/(2 omega_l) - 1/2``, means included.
        local_powers: (T, L) work per time supplied through each oscillator, ``-sum_b dg_l/dt <x_l F_b>``;
            zero between the steps of a drive that jumps.
        heat_currents: (T, B) heat per time out of each bath, ``<F_b dq_b/dt>``; at all times the energy of
            the oscillators changes by ``sum_b heat_currents + sum_l local_powers``.
        jump_works: (T, B, L) work done up to now by the jumps of the coupling to bath b through oscillator l,
            ``-(g_after - g_before) <x_l F_b>`` with the mean of the force; it leaves the oscillators' energy
            as it is and goes to the bath, whose heat lacks ``-sum_l jump_works``. Zero for smooth drives.
    """

    times: Float[Array | np.ndarray, " T"] = result("since the coupling was switched on", "1 / omega_A")
    means: Float[Array | np.ndarray, "T 2L"] = result("of positions and velocities")
    covariances: Float[Array | np.ndarray, "T 2L 2L"] = result("of positions and velocities")
    populations: Float[Array | np.ndarray, "T L"] = result("quanta in each oscillator")
    local_powers: Float[Array | np.ndarray, "T L"] = result("power through each oscillator", POWER)
    heat_currents: Float[Array | np.ndarray, "T B"] = result("heat from each bath", POWER)
    jump_works: Float[Array | np.ndarray, "T B L"] = result("work of all jumps until then", "hbar omega_A")

    @property
    def power(self) -> Float[Array | np.ndarray, " T"]:
        """Work per time supplied by the drive, jumps left out."""
        return self.local_powers.sum(axis=1)


def joined(parts: Sequence[Trajectory]) -> Trajectory:
    """One trajectory from consecutive ones."""
    return jax.tree.map(lambda *leaves: np.concatenate(leaves), *parts)


def flows(
    equations: Equations,
    time: Float[Array, ""],
    second: Float[Array, "n n"],
    correlation: Float[Array, "n C"],
) -> tuple[Float[Array, " L"], Float[Array, " C"]]:
    """Powers through the oscillators and heat out of the copies of baths at one time.

    Args:
        equations: of the machine.
        time: at which the couplings are taken.
        second: <z z^T>, means included.
        correlation: <z eta> without its white part ``T b``.
    """
    now, copies = equations.system(time), equations.copies(time)
    size = equations.machine.size
    correlation = correlation + equations.temperatures * now.noise.T
    overlap = second[:size] @ now.force.T + now.direct * correlation[:size]
    slopes = jnp.stack([copy.slope[:, 0] for copy in copies], axis=1)
    heat = jnp.einsum("ci,ij,cj->c", now.force, second, now.velocity)
    heat = heat + now.direct * jnp.einsum("ci,ic->c", now.velocity, correlation)
    couplings = jnp.stack([copy.coupling[:, 0] for copy in copies])
    friction = jnp.stack([copy.memory.viscosity for copy in copies])
    ends = heat_beyond_the_poles(friction, equations.temperatures, (couplings @ couplings.T) ** 2)
    return -jnp.sum(slopes * overlap, axis=1), heat - ends


def jump_works(
    equations: Equations, before: Float[Array, ""], after: Float[Array, ""], second: Float[Array, "n n"]
) -> Float[Array, "C L"]:
    """Work of a jump through every oscillator, for each copy of a bath; couplings at two times around it."""
    size = equations.machine.size
    force = (equations.system(before).force + equations.system(after).force) / 2.0
    old, new = equations.copies(before), equations.copies(after)
    change = jnp.stack([b.coupling[:, 0] - a.coupling[:, 0] for a, b in zip(old, new, strict=True)])
    return -change * (force @ second[:, :size])
