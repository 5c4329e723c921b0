"""The static machine as linear differential equations with finitely many memory variables."""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from ..baths import Drude, Lorentzian, Ohmic
from ..errors import InputError
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
    """Static baths as memory variables: none (Ohmic), one (Drude), two (Lorentzian) for each copy.

    Drude: dy/dt = -omega_c y + gamma omega_c dq/dt, F = noise - y. Lorentzian:
    d^2r/dt^2 + gamma dr/dt + omega_1^2 r = q, F = noise - (d/omega_1^2) q + d r.

    Raises:
        InputError: a spectral density without a known memory form.

    Source: physics notes, section 4.
    """
    size = machine.size
    columns = [
        (bath.spectral_density, column)
        for bath in machine.static_baths
        for column in _copies(bath.coupling, machine.configuration)
    ]
    total = 2 * size + sum(_memory_size(density) for density, _ in columns)
    dynamics = jnp.zeros((total, total)).at[:size, size : 2 * size].set(jnp.eye(size))
    dynamics = dynamics.at[size : 2 * size, :size].set(-jnp.diag(machine.frequencies**2))
    noises, start = [], 2 * size
    for density, g in columns:
        dynamics, noise = _add_copy(dynamics, density, g, start, size)
        noises.append(noise)
        start += _memory_size(density)
    copies = 1 if machine.configuration == "joint" else size
    grouped = [jnp.stack(noises[i : i + copies], axis=1) for i in range(0, len(noises), copies)]
    return StateSpace(dynamics, tuple(grouped))


def _copies(coupling: Array, configuration: str) -> list[Array]:
    if configuration == "joint":
        return [coupling]
    return list(jnp.diag(coupling))


def _memory_size(density: object) -> int:
    if isinstance(density, Ohmic):
        return 0
    if isinstance(density, Drude):
        return 1
    if isinstance(density, Lorentzian):
        return 2
    raise InputError(
        f"a static bath must be Ohmic, Drude or Lorentzian to have memory variables, "
        f"but it is {type(density).__name__}."
    )


def _add_copy(dynamics: Array, density: object, g: Array, start: int, size: int) -> tuple[Array, Array]:
    """Couple one copy of a bath with couplings g (L,); its memory variables begin at `start`."""
    velocity = slice(size, 2 * size)
    noise = jnp.zeros(dynamics.shape[0])
    outer = g[:, None] * g[None, :]
    if isinstance(density, Ohmic):
        dynamics = dynamics.at[velocity, velocity].add(-density.damping * outer)
        noise = noise.at[velocity].set(jnp.sqrt(density.damping) * g)
    elif isinstance(density, Drude):
        dynamics = dynamics.at[velocity, start].add(-g)
        dynamics = dynamics.at[start, velocity].add(density.damping * density.cutoff * g)
        dynamics = dynamics.at[start, start].add(-density.cutoff)
        noise = noise.at[start].set(jnp.sqrt(density.damping) * density.cutoff)
    elif isinstance(density, Lorentzian):
        dynamics = dynamics.at[velocity, :size].add(-density.strength / density.peak**2 * outer)
        dynamics = dynamics.at[velocity, start].add(density.strength * g)
        dynamics = dynamics.at[start, start + 1].add(1.0)
        dynamics = dynamics.at[start + 1, :size].add(g)
        dynamics = dynamics.at[start + 1, start].add(-(density.peak**2))
        dynamics = dynamics.at[start + 1, start + 1].add(-density.width)
        noise = noise.at[start + 1].set(jnp.sqrt(density.width / density.strength))
    return dynamics, noise
