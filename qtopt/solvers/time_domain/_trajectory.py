"""What a simulation returns, and how it follows from the moments."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ...model import BATHS, FORCES, FREQUENCIES, SPRINGS, Actuator, local_shares
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
        local_powers: (T, L) work per time supplied through each oscillator, of couplings
            ``-sum_b dg_l/dt <x_l F_b>``; zero between the steps of a drive that jumps.
        heat_currents: (T, B) heat per time out of each bath, ``<F_b dq_b/dt>``; at all times the energy of
            the oscillators, ``<v^T v + x^T V x>/2 - f^T <x>``, changes by ``sum_b heat_currents + sum_l
            local_powers``.
        jump_works: (T, B, L) work done up to now by the jumps of the coupling to bath b through oscillator l,
            ``-(g_after - g_before) <x_l F_b>`` with the mean of the force; it leaves the oscillators' energy
            as it is and goes to the bath, whose heat lacks ``-sum_l jump_works``. Zero for smooth drives.
        potential_jump_works: (T, L) work done up to now by the jumps of frequencies and springs; this one
            changes the oscillators' energy.
        works: (T, A) work per time supplied through each shape of the drives, as `qtopt.model.actuators`
            orders them.
    """

    times: Float[Array | np.ndarray, " T"] = result("since the coupling was switched on", "1 / omega_A")
    means: Float[Array | np.ndarray, "T 2L"] = result("of positions and velocities", moments=1)
    covariances: Float[Array | np.ndarray, "T 2L 2L"] = result("of positions and velocities", moments=2)
    populations: Float[Array | np.ndarray, "T L"] = result("quanta in each oscillator")
    local_powers: Float[Array | np.ndarray, "T L"] = result("power through each oscillator", POWER)
    heat_currents: Float[Array | np.ndarray, "T B"] = result("heat from each bath", POWER)
    jump_works: Float[Array | np.ndarray, "T B L"] = result("work of all jumps until then", "hbar omega_A")
    potential_jump_works: Float[Array | np.ndarray, "T L"] = result("of the potential", "hbar omega_A")
    works: Float[Array | np.ndarray, "T A"] = result("power through each shape of the drives", POWER)

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
    mean: Float[Array, " n"],
    second: Float[Array, "n n"],
    correlation: Float[Array, "n C"],
) -> tuple[Float[Array, " A"], Float[Array, " C"]]:
    """Powers through the shapes of the drives and heat out of the copies of baths at one time.

    Args:
        equations: of the machine.
        time: at which the shapes are taken.
        mean: <z>.
        second: <z z^T>, means included.
        correlation: <z eta> without its white part ``T b``.
    """
    now, at, copies = equations.system(time), equations.course(time), equations.moving(time).copies
    size, baths = equations.machine.size, len(equations.machine.baths)
    correlation = correlation + equations.temperatures * now.noise.T
    overlap = second[:size] @ now.force.T + now.direct * correlation[:size]
    slopes = jnp.stack([copy.slope[:, 0] for copy in copies], axis=1)
    by_bath = -jnp.sum((slopes * overlap).reshape(size, -1, baths), axis=1)
    heat = jnp.einsum("ci,ij,cj->c", now.force, second, now.velocity)
    heat = heat + now.direct * jnp.einsum("ci,ic->c", now.velocity, correlation)
    couplings = jnp.stack([copy.coupling[:, 0] for copy in copies])
    friction = jnp.stack([copy.memory.viscosity for copy in copies])
    ends = heat_beyond_the_poles(friction, equations.temperatures, (couplings @ couplings.T) ** 2)
    works, e = [], 0
    for actuator in equations.acting:
        if actuator.target == BATHS:
            works.append(jnp.sum(by_bath[:, list(actuator.baths)], axis=1))
        elif actuator.target == FORCES:
            works.append(-at.slopes[:, e, 0] * mean[:size])
        else:
            works.append(
                _of_potential(equations, actuator, at.slopes[:, e : e + 1], at.spring_slopes, second)
            )
        e += actuator.target != SPRINGS
    return jnp.concatenate(works), heat - ends


def _of_potential(
    equations: Equations,
    actuator: Actuator,
    shapes: Float[Array, "L E 1"],
    springs: Float[Array, "P 1"] | None,
    second: Float[Array, "n n"],
) -> Float[Array, " a"]:
    """``dV_lm/dt <x_l x_m>/2`` of frequencies or springs: theory (13.4); jumps in place of slopes: (13.5)."""
    if actuator.target == FREQUENCIES:
        squares = jnp.diag(second)[: equations.machine.size]
        return 0.5 * equations.machine.frequencies**2 * shapes[:, 0, 0] * squares
    assert springs is not None
    return springs[:, 0] * jnp.stack([second[l, m] for l, m in actuator.pairs])


def jump_works(
    equations: Equations, before: Float[Array, ""], after: Float[Array, ""], second: Float[Array, "n n"]
) -> tuple[Float[Array, "C L"], Float[Array, " L"]]:
    """Work of a jump through every oscillator: of each copy of a bath, and of the potential.

    The shapes are taken at two times around it.
    """
    size = equations.machine.size
    force = (equations.system(before).force + equations.system(after).force) / 2.0
    old, new = equations.moving(before).copies, equations.moving(after).copies
    change = jnp.stack([b.coupling[:, 0] - a.coupling[:, 0] for a, b in zip(old, new, strict=True)])
    jump = jax.tree.map(jnp.subtract, equations.course(after), equations.course(before))
    works, e = [], 0
    for actuator in equations.acting:
        if actuator.target in (FREQUENCIES, SPRINGS):
            shape = jump.shapes[:, e : e + 1]
            works.append(_of_potential(equations, actuator, shape, jump.springs, second))
        else:
            works.append(jnp.zeros(actuator.size))
        e += actuator.target != SPRINGS
    shares = jnp.asarray(local_shares(equations.acting, size))
    return -change * (force @ second[:, :size]), shares @ jnp.concatenate(works)
