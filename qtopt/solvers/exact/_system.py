"""The driven machine as linear differential equations with periodic coefficients."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ...errors import InputError
from ...model import AbstractDrive, Machine, Memory


class Copy(NamedTuple):
    """One copy of a bath: its memory variables and temperature, and its couplings at K points of time.

    Attributes:
        memory: the bath as memory variables.
        temperature: T.
        coupling: (L, K) g_l(t).
        slope: (L, K) dg_l/dt.
    """

    memory: Memory
    temperature: Float[Array, ""]
    coupling: Float[Array, "L K"]
    slope: Float[Array, "L K"]


class System(NamedTuple):
    """dz/dt = A(t) z + sum_b noise_b(t) eta_b for z = (y_1..y_L, v_1..v_L, memory), at K points of time.

    Positions are rotated, ``y = basis x``, v = dy/dt (see `damping_basis`).

    Bath b acts on its coordinate ``q_b = coordinate_b z`` with ``F_b = force_b z + direct_b eta_b``; its
    noise eta_b has the spectrum w coth(w/2T_b). Time is the last axis of everything.

    Attributes:
        basis: (L, L) orthogonal, y = basis x.
        dynamics: (n, n, K) A.
        noise: (B, n, K).
        noise_slope: (B, n, K), d noise/dt.
        velocity: (B, n, K) rows of dq_b/dt.
        force: (B, n, K) rows of F_b.
        direct: (B,) amplitude of eta_b in F_b.
        kick: (B, n, K) change of z when the energy gets -F_b as an impulse, for a bath with memory.
    """

    basis: Float[Array, "L L"]
    dynamics: Float[Array, "n n K"]
    noise: Float[Array, "B n K"]
    noise_slope: Float[Array, "B n K"]
    velocity: Float[Array, "B n K"]
    force: Float[Array, "B n K"]
    direct: Float[Array, " B"]
    kick: Float[Array, "B n K"]


def check_drive(machine: Machine, drive: AbstractDrive) -> None:
    """Refuse drives that do not fit the machine.

    Raises:
        InputError: a drive for another number of oscillators; one that jumps and couples a memoryless bath.
    """
    if drive.size != machine.size:
        raise InputError(
            f"a drive must have one shape per oscillator ({machine.size}), but it has {drive.size}."
        )
    for bath in machine.driven_baths:
        if drive.steps and bath.spectral_density.memory().input.shape[0] == 0:
            raise InputError(
                f"a drive that jumps must couple a bath with memory, but bath {bath.name!r} is memoryless, "
                "where a jump costs infinite power: use a Drude cut-off or a smooth drive."
            )


def system(
    frequencies: Float[Array, " L"], copies: tuple[Copy, ...], basis: Float[Array, "L L"] | None = None
) -> System:
    """Equations of motion of L oscillators and these copies of baths (physics notes, sections 1 and 4).

    ``dv_l/dt = -omega_l^2 x_l + sum_b g_l^b F_b``; a friction term of an Ohmic bath sees
    ``dq/dt = sum_l (dg_l/dt x_l + g_l v_l)``. The basis is `damping_basis` unless given.
    """
    size, count = copies[0].coupling.shape
    basis = damping_basis(copies) if basis is None else basis
    total = 2 * size + sum(copy.memory.input.shape[0] for copy in copies)
    x, v = slice(0, size), slice(size, 2 * size)
    dynamics = jnp.zeros((total, total, count))
    dynamics = dynamics.at[x, v].set(jnp.eye(size)[:, :, None])
    dynamics = dynamics.at[v, x].set(-(basis * frequencies**2 @ basis.T)[:, :, None])
    none = jnp.zeros((total, count))
    noises, slopes, velocities, forces, directs, kicks, start = [], [], [], [], [], [], 2 * size
    for memory, _, coupling, rate in copies:
        g, slope = rotated(basis, coupling), rotated(basis, rate)
        own = slice(start, start + memory.input.shape[0])
        start = own.stop
        velocity = none.at[x].set(slope).at[v].set(g)
        force = -memory.viscosity * velocity
        force = force.at[x].add(-memory.static * g).at[own].set(memory.output[:, None])
        dynamics = dynamics.at[v].add(g[:, None, :] * force)
        dynamics = dynamics.at[own, own].add(memory.dynamics[:, :, None])
        dynamics = dynamics.at[own, x].add(memory.input[:, None, None] * g)
        # The square root of zero has no derivative.
        direct = jnp.sqrt(memory.viscosity) if own.start == own.stop else jnp.zeros(())
        noises.append(none.at[v].set(direct * g).at[own].set(memory.noise[:, None]))
        slopes.append(none.at[v].set(direct * slope))
        velocities.append(velocity)
        forces.append(force)
        directs.append(direct)
        kicks.append(none.at[v].set(-memory.static * g).at[own].set(memory.input[:, None]))
    return System(
        basis,
        dynamics,
        jnp.stack(noises),
        jnp.stack(slopes),
        jnp.stack(velocities),
        jnp.stack(forces),
        jnp.stack(directs),
        jnp.stack(kicks),
    )


def machine_copies(
    machine: Machine, coupling: Float[Array, "L K"], slope: Float[Array, "L K"], only: Array | None = None
) -> tuple[Copy, ...]:
    """The baths of a machine at K points of time, driven ones with these couplings.

    `only` picks the static couplings of one oscillator (then L = 1).
    """
    copies = []
    for bath in machine.baths:
        g, rate = coupling, slope
        if not bath.driven:
            static = bath.coupling if only is None else bath.coupling[only][None]
            g, rate = jnp.broadcast_to(static[:, None], coupling.shape), jnp.zeros_like(slope)
        copies.append(Copy(bath.spectral_density.memory(), bath.temperature, g, rate))
    return tuple(copies)


def over_sets(
    solve: Callable[[Array | None, Array, Array, Array], Any],
    machine: Machine,
    coupling: Float[Array, "L K"],
    slope: Float[Array, "L K"],
) -> Any:
    """``solve(only, frequencies, coupling, slope)`` of each set of oscillators with common baths, stacked.

    One set of L oscillators (joint, `only` is None), or L sets of one (independent).
    """
    if machine.configuration == "joint":
        return jax.tree.map(lambda leaf: leaf[None], solve(None, machine.frequencies, coupling, slope))
    alone = (machine.frequencies[:, None], coupling[:, None], slope[:, None])
    return jax.vmap(solve)(jnp.arange(machine.size), *alone)


def damping_basis(copies: tuple[Copy, ...]) -> Float[Array, "L L"]:
    """Orthogonal basis whose first vector is the coupling of the strongest bath (a Householder reflection).

    Strong common damping then acts on one coordinate only. In the oscillators' own basis the narrow mode that
    it leaves is a small difference of large rates, which costs as many digits as the rates differ. A constant
    for derivatives: results do not depend on the basis.
    """
    size = copies[0].coupling.shape[0]
    mean = jnp.stack([jnp.mean(copy.coupling, axis=1) for copy in copies])
    strength = jnp.stack([copy.memory.viscosity + copy.memory.static for copy in copies])
    strongest = jnp.argmax(strength * jnp.sum(mean**2, axis=1))
    vector = jax.lax.stop_gradient(mean[strongest])
    length = jnp.sqrt(jnp.sum(vector**2))
    mirror = vector.at[0].add(jnp.where(vector[0] < 0.0, -length, length))
    square = jnp.sum(mirror**2)
    return jnp.eye(size) - 2.0 * mirror[:, None] * mirror[None, :] / jnp.where(square > 0.0, square, 1.0)


def rotated(basis: Float[Array, "L L"], values: Float[Array, "L K"]) -> Float[Array, "L K"]:
    """basis @ values, with round-off of vanishing components removed (their derivatives stay)."""
    rotated = basis @ values
    scale = jnp.max(jnp.abs(values))
    vanishing = jnp.abs(rotated) < 8.0 * jnp.finfo(float).eps * scale
    return rotated - jax.lax.stop_gradient(jnp.where(vanishing, rotated, 0.0))
