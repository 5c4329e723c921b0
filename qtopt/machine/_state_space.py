"""The static machine as linear differential equations with finitely many memory variables."""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from .._linear import solve
from ..baths import Memory
from ._machine import Machine


class StateSpace(NamedTuple):
    """dz/dt = A z + sum_nu B_nu noise_nu with z = (x_1..x_L, v_1..v_L, memory variables).

    The noise of each copy is such that ``J_nu(w)/w |B-response|^2`` is white: the spectrum of the positions
    due to bath nu, divided by w coth, is ``(-iw - A)^-1 B_nu B_nu^T (iw - A^T)^-1``.

    Attributes:
        dynamics: (n, n) A.
        noise: for each static bath, (n, copies) B_nu.
    """

    dynamics: Float[Array, "n n"]
    noise: tuple[Float[Array, "n c"], ...]


def state_space(machine: Machine) -> StateSpace:
    """Static baths as memory variables: none (Ohmic), one (Drude), two (Lorentzian), ... for each copy.

    Of `Memory`, ``dr/dt = D r + b q + n eta``, the part that follows a constant coordinate is taken out,
    r = y - D^-1 b q. Then ``dy/dt = D y + D^-1 b dq/dt + n eta`` and ``F = output y``: no static force is
    left that would have to cancel.

    Source: physics notes, section 4.
    """
    size = machine.size
    columns = [
        (bath.spectral_density.memory(), column)
        for bath in machine.static_baths
        for column in _copies(bath.coupling, machine.configuration)
    ]
    total = 2 * size + sum(memory.input.shape[0] for memory, _ in columns)
    dynamics = jnp.zeros((total, total)).at[:size, size : 2 * size].set(jnp.eye(size))
    dynamics = dynamics.at[size : 2 * size, :size].set(-jnp.diag(machine.frequencies**2))
    noises, start = [], 2 * size
    for memory, g in columns:
        dynamics, noise = _add_copy(dynamics, memory, g, start, size)
        noises.append(noise)
        start += memory.input.shape[0]
    copies = 1 if machine.configuration == "joint" else size
    grouped = [jnp.stack(noises[i : i + copies], axis=1) for i in range(0, len(noises), copies)]
    return StateSpace(dynamics, tuple(grouped))


def _copies(coupling: Array, configuration: str) -> list[Array]:
    if configuration == "joint":
        return [coupling]
    return list(jnp.diag(coupling))


def _add_copy(dynamics: Array, memory: Memory, g: Array, start: int, size: int) -> tuple[Array, Array]:
    """Couple one copy of a bath with couplings g (L,); its memory variables begin at `start`."""
    velocity, own = slice(size, 2 * size), slice(start, start + memory.input.shape[0])
    friction = jnp.sqrt(memory.viscosity) * g
    noise = jnp.zeros(dynamics.shape[0]).at[velocity].set(friction).at[own].set(memory.noise)
    dynamics = dynamics.at[velocity, velocity].add(-memory.viscosity * g[:, None] * g[None, :])
    if memory.input.shape[0] > 0:
        lag = solve(memory.dynamics, memory.input[:, None])
        dynamics = dynamics.at[velocity, own].add(g[:, None] * memory.output)
        dynamics = dynamics.at[own, velocity].add(lag * g)
        dynamics = dynamics.at[own, own].add(memory.dynamics)
    return dynamics, noise
