"""The static machine as linear differential equations with finitely many memory variables."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..numerics import gramian, solve
from ._machine import Machine
from .spectral_densities import Memory


class StateSpace(NamedTuple):
    """dz/dt = A z + sum_nu B_nu noise_nu with z = (x_1..x_L, v_1..v_L, memory variables).

    The noise of each copy is such that ``J_nu(w)/w |B-response|^2`` is white: the spectrum of the positions
    due to bath nu, divided by w coth, is ``(-iw - A)^-1 B_nu B_nu^T (iw - A^T)^-1``. With the outlets o_nu
    the transmission of heat from bath m to b is ``J_b J_m tr[Gamma_b chi Gamma_m chi^dagger] = |H|^2``,
    ``H = o_b (-iw - A)^-1 B_m``.

    Attributes:
        dynamics: (n, n) A.
        noise: for each static bath, (n, copies) B_nu.
        outlet: for each static bath, (copies, n) o_nu.
        position: (L, n) rows that give the positions of the oscillators, x = position z.
        velocity: (L, n) rows that give their velocities.
    """

    dynamics: Float[Array, "n n"]
    noise: tuple[Float[Array, "n c"], ...]
    outlet: tuple[Float[Array, "c n"], ...]
    position: Float[Array, "L n"]
    velocity: Float[Array, "L n"]


def state_space(machine: Machine, axes: Float[Array, "L L"] | None = None) -> StateSpace:
    """Static baths as memory variables: none (Ohmic), one (Drude), two (Lorentzian), ... for each copy.

    Of `Memory`, ``dr/dt = D r + b q + n eta``, the part that follows a constant coordinate is taken out,
    r = y - D^-1 b q. Then ``dy/dt = D y + D^-1 b dq/dt + n eta`` and ``F = output y``: no static force is
    left that would have to cancel.

    Args:
        machine: the machine; its driven baths do not count.
        axes: orthonormal columns along which the velocities are taken; by default one for each oscillator.

    Source: physics notes, section 4.
    """
    size = machine.size
    axes = jnp.eye(size) if axes is None else axes
    columns = [
        (bath.spectral_density.memory(), axes.T @ column)
        for bath in machine.static_baths
        for column in _copies(bath.coupling, machine.configuration)
    ]
    total = 2 * size + sum(memory.input.shape[0] for memory, _ in columns)
    dynamics = jnp.zeros((total, total)).at[:size, size : 2 * size].set(axes)
    dynamics = dynamics.at[size : 2 * size, :size].set(-axes.T * machine.frequencies**2)
    noises, outlets, start = [], [], 2 * size
    for memory, g in columns:
        dynamics, noise, outlet = _add_copy(dynamics, memory, g, start, size)
        noises.append(noise)
        outlets.append(outlet)
        start += memory.input.shape[0]
    copies = 1 if machine.configuration == "joint" else size
    groups = range(0, len(noises), copies)
    return StateSpace(
        dynamics,
        tuple(jnp.stack(noises[i : i + copies], axis=1) for i in groups),
        tuple(jnp.stack(outlets[i : i + copies]) for i in groups),
        jnp.zeros((size, total)).at[:, :size].set(jnp.eye(size)),
        jnp.zeros((size, total)).at[:, size : 2 * size].set(axes),
    )


def balanced_state_space(machine: Machine) -> StateSpace:
    """`state_space` in coordinates that keep all digits, whatever the rates.

    The unit of every variable is its classical thermal spread at T = 1, so that all share the energy equally
    and A is skew but for the friction. Velocities are taken along the directions that the baths damp, the
    strongest bath first: a large friction then never meets the weakly damped motions beside it, whose widths
    would cancel.
    """
    at = jax.lax.stop_gradient(machine)
    system, unit = state_space(machine, _damped_axes(at)), _thermal_spreads(at)
    return StateSpace(
        system.dynamics * unit / unit[:, None],
        tuple(noise / unit[:, None] for noise in system.noise),
        tuple(outlet * unit for outlet in system.outlet),
        system.position * unit,
        system.velocity * unit,
    )


def _thermal_spreads(machine: Machine) -> Float[Array, " n"]:
    """Of every variable, classically and at T = 1; 1 where there is none."""
    spreads = [1.0 / machine.frequencies, jnp.ones(machine.size)]
    for bath in machine.static_baths:
        memory = bath.spectral_density.memory()
        if memory.noise.shape[0] > 0:
            variance = 2.0 * jnp.diag(gramian(memory.dynamics, jnp.outer(memory.noise, memory.noise)))
            spread = jnp.sqrt(jnp.where(variance > 0.0, variance, 1.0))
            spreads += [spread] * (1 if machine.configuration == "joint" else machine.size)
    return jnp.concatenate(spreads)


def _damped_axes(machine: Machine) -> Float[Array, "L L"]:
    """Orthonormal axes, the first along the coupling of the strongest bath, and so on.

    Householder reflections with column pivoting; strength is the memory kernel at imaginary frequency.
    """
    size = machine.size
    typical = 1j * jnp.max(machine.frequencies)
    columns = jnp.stack(
        [
            jnp.sqrt(bath.spectral_density.memory_kernel(typical).real) * column
            for bath in machine.static_baths
            for column in _copies(bath.coupling, machine.configuration)
        ],
        axis=1,
    )
    axes = jnp.eye(size)
    for k in range(min(columns.shape)):
        rest = columns.at[:k].set(0.0)
        mirror = rest[:, jnp.argmax(jnp.sum(rest**2, axis=0))]
        mirror = mirror.at[k].add(jnp.copysign(jnp.sqrt(mirror @ mirror), mirror[k]))
        square = mirror @ mirror
        reflection = jnp.eye(size) - 2.0 * jnp.outer(mirror, mirror) / jnp.where(square > 0.0, square, 1.0)
        columns, axes = reflection @ columns, axes @ reflection
    return axes


def _copies(coupling: Array, configuration: str) -> list[Array]:
    if configuration == "joint":
        return [coupling]
    return list(jnp.diag(coupling))


def _add_copy(dynamics: Array, memory: Memory, g: Array, start: int, size: int) -> tuple[Array, Array, Array]:
    """Couple one copy of a bath with couplings g (L,); its memory variables begin at `start`."""
    velocity, own = slice(size, 2 * size), slice(start, start + memory.input.shape[0])
    friction = jnp.zeros(dynamics.shape[0]).at[velocity].set(jnp.sqrt(memory.viscosity) * g)
    dynamics = dynamics.at[velocity, velocity].add(-memory.viscosity * g[:, None] * g[None, :])
    if memory.input.shape[0] > 0:
        lag = solve(memory.dynamics, memory.input[:, None])
        dynamics = dynamics.at[velocity, own].add(g[:, None] * memory.output)
        dynamics = dynamics.at[own, velocity].add(lag * g)
        dynamics = dynamics.at[own, own].add(memory.dynamics)
    return dynamics, friction.at[own].set(memory.noise), friction.at[own].set(memory.outlet)
