"""Oscillators and baths as linear differential equations with finitely many memory variables."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import numpy as np
from jaxtyping import Array, Float

from ..numerics import added, gramian, put, solve, stop_gradient, xp, zeros
from ._bath import Bath
from ._machine import Machine
from .spectral_densities import Memory


class Copy(NamedTuple):
    """One copy of a bath with its couplings to L oscillators at K points of time.

    Attributes:
        bath: gives temperature and spectral density.
        coupling: (L, K) g_l(t).
        slope: (L, K) dg_l/dt.
    """

    bath: Bath
    coupling: Float[Array, "L K"]
    slope: Float[Array, "L K"]

    @property
    def memory(self) -> Memory:
        """The bath as memory variables."""
        return self.bath.spectral_density.memory()


class System(NamedTuple):
    """dz/dt = A(t) z + sum_b noise_b(t) eta_b for z = (y_1..y_L, v_1..v_L, memory), at K points of time.

    Positions y and velocities v are taken along `positions` and `velocities`. Copy b of a bath acts on its
    coordinate ``q_b = coordinate_b z`` with ``F_b = force_b z + direct_b eta_b``; its noise eta_b has the
    spectrum w coth(w/2T_b). Time is the last axis of everything.

    Attributes:
        positions: (L, L) orthogonal, y = positions x.
        velocities: (L, L) orthogonal, v = velocities dx/dt.
        dynamics: (n, n, K) A.
        noise: (B, n, K).
        noise_slope: (B, n, K), d noise/dt.
        outlet: (B, n, K) rows of what bath b absorbs, see `StateSpace`.
        velocity: (B, n, K) rows of dq_b/dt.
        force: (B, n, K) rows of F_b.
        direct: (B,) amplitude of eta_b in F_b.
        kick: (B, n, K) change of z when the energy gets -F_b as an impulse, for a bath with memory.
    """

    positions: Float[Array, "L L"]
    velocities: Float[Array, "L L"]
    dynamics: Float[Array, "n n K"]
    noise: Float[Array, "B n K"]
    noise_slope: Float[Array, "B n K"]
    outlet: Float[Array, "B n K"]
    velocity: Float[Array, "B n K"]
    force: Float[Array, "B n K"]
    direct: Float[Array, " B"]
    kick: Float[Array, "B n K"]


def copies_of(
    machine: Machine, couplings: Sequence[Float[Array, "L K"]], slopes: Sequence[Float[Array, "L K"]]
) -> tuple[Copy, ...]:
    """All baths at K points of time, group of oscillators by group; driven ones with these couplings.

    Args:
        machine: the machine.
        couplings, slopes: g and dg/dt for every bath; those of static baths do not count.
    """
    found = []
    for members in machine.membership()[:, :, None]:
        for bath, g, rate in zip(machine.baths, couplings, slopes, strict=True):
            if not bath.driven:
                g, rate = xp.broadcast_to(bath.coupling[:, None], g.shape), xp.zeros_like(rate)
            found.append(Copy(bath, g * members, rate * members))
    return tuple(found)


def still_copies(machine: Machine) -> tuple[Copy, ...]:
    """All baths at one time, driven ones without any coupling."""
    none = [xp.zeros((machine.size, 1))] * len(machine.baths)
    return copies_of(machine, none, none)


def system(
    stiffness: Float[Array, "L L *K"],
    copies: tuple[Copy, ...],
    positions: Float[Array, "L L"],
    velocities: Float[Array, "L L"],
    sliding: bool = False,
) -> System:
    """Equations of motion of L oscillators and these copies of baths.

    ``d^2 x/dt^2 = -V x + sum_b g^b F_b`` with the stiffness V, constant or at K points of time; a friction
    term of an Ohmic bath sees ``dq/dt = sum_l (dg_l/dt x_l + g_l dx_l/dt)``.

    With `sliding` the memory variables are counted from where they follow a constant coordinate, r = y - D^-1
    b q of `Memory`: ``dy/dt = D y + D^-1 b dq/dt + n eta`` and ``F = output y``. No static force is left that
    would have to cancel, but where couplings jump, so does y.

    Source: theory (1.18), (5.1), (5.2), (13.3).
    """
    size, count = len(positions), copies[0].coupling.shape[1] if copies else 1
    total = 2 * size + sum(copy.memory.input.shape[0] for copy in copies)
    x, v, start = slice(0, size), slice(size, 2 * size), 2 * size
    like = [stiffness, *(copy.coupling for copy in copies[:1])]
    dynamics = zeros((total, total, count), *like)
    turn = xp.eye(size) if positions is velocities else positions @ velocities.T
    dynamics = put(dynamics, (x, v), turn[:, :, None])
    dynamics = put(dynamics, (v, x), -_turned(stiffness, velocities, positions))
    none, rows = zeros((total, count), *like), []
    for copy in copies:
        memory = copy.memory
        own = slice(start, start + memory.input.shape[0])
        start = own.stop
        g, slope = (rotated(velocities, part) for part in (copy.coupling, copy.slope))
        coordinate = put(none, x, rotated(positions, copy.coupling))
        velocity = put(put(none, x, rotated(positions, copy.slope)), v, g)
        force = put(-memory.viscosity * velocity, own, memory.output[:, None])
        dynamics = added(dynamics, (own, own), memory.dynamics[:, :, None])
        if not sliding:
            force = force - memory.static * coordinate
            dynamics = added(dynamics, own, memory.input[:, None, None] * coordinate)
        elif own.start < own.stop:
            lag = solve(memory.dynamics, memory.input[:, None])[:, :, None]
            dynamics = added(dynamics, own, lag * velocity)
        dynamics = added(dynamics, v, g[:, None, :] * force)
        # The square root of zero has no derivative.
        friction = memory.viscosity > 0.0
        direct = xp.where(friction, xp.sqrt(xp.where(friction, memory.viscosity, 1.0)), 0.0)
        shaken = put(none, v, direct * g)
        rows.append(
            (
                put(shaken, own, memory.noise[:, None]),
                put(none, v, direct * slope),
                put(shaken, own, memory.outlet[:, None]),
                velocity,
                force,
                direct,
                put(put(none, v, -memory.static * g), own, memory.input[:, None]),
            )
        )
    parts = [xp.stack(part) for part in zip(*rows, strict=True)] if rows else _without_baths(dynamics)
    return System(positions, velocities, dynamics, *parts)


def _without_baths(dynamics: Float[Array, "n n K"]) -> list[Array]:
    """What `System` has of each bath, where there is none."""
    nothing = xp.zeros((0, *dynamics.shape[1:]))
    return [nothing, nothing, nothing, nothing, nothing, xp.zeros(0), nothing]


def _turned(
    stiffness: Float[Array, "L L *K"], velocities: Float[Array, "L L"], positions: Float[Array, "L L"]
) -> Float[Array, "L L K"]:
    """velocities V positions^T, with an axis of time."""
    if stiffness.ndim == 2:
        return (velocities @ stiffness @ positions.T)[:, :, None]
    return xp.einsum("ai,ijk,bj->abk", velocities, stiffness, positions)


def damped_system(
    frequencies: Float[Array, " L"], stiffness: Float[Array, "L L *K"], copies: tuple[Copy, ...]
) -> System:
    """`system` in the coordinates of `damped_axes`."""
    axes = damped_axes(frequencies, copies)
    return system(stiffness, copies, axes, axes)


def damped_axes(frequencies: Float[Array, " L"], copies: tuple[Copy, ...]) -> Float[Array, "L L"]:
    """Orthonormal rows, the first along the mean coupling of the strongest bath, and so on.

    Householder reflections with column pivoting; strength is the memory kernel at imaginary frequency. Strong
    common damping then acts on one coordinate only. In the oscillators' own axes the narrow mode that it
    leaves is a small difference of large rates, which costs as many digits as the rates differ. A constant
    for derivatives: results do not depend on the axes.
    """
    size = frequencies.shape[0]
    typical = 1j * xp.max(frequencies)
    columns = [
        xp.sqrt(copy.bath.spectral_density.memory_kernel(typical).real) * xp.mean(copy.coupling, axis=1)
        for copy in copies
    ]
    columns, axes = stop_gradient(xp.stack(columns, axis=1)), xp.eye(size)
    for k in range(min(columns.shape)):
        rest = put(columns, slice(k), 0.0)
        mirror = rest[:, xp.argmax(xp.sum(rest**2, axis=0))]
        mirror = added(mirror, k, xp.copysign(xp.sqrt(mirror @ mirror), mirror[k]))
        square = mirror @ mirror
        reflection = xp.eye(size) - 2.0 * xp.outer(mirror, mirror) / xp.where(square > 0.0, square, 1.0)
        columns, axes = reflection @ columns, reflection @ axes
    return axes


def rotated(axes: Float[Array, "L L"], values: Float[Array, "L K"]) -> Float[Array, "L K"]:
    """axes @ values, with round-off of vanishing components removed (their derivatives stay)."""
    found = axes @ values
    scale = xp.max(xp.abs(values))
    vanishing = xp.abs(found) < 8.0 * np.finfo(float).eps * scale
    return found - stop_gradient(xp.where(vanishing, found, 0.0))


class StateSpace(NamedTuple):
    """dz/dt = A z + sum_b B_b noise_b of the static machine, z = (positions, velocities, memory).

    The noise of each copy is such that ``J_b(w)/w |B-response|^2`` is white: the spectrum of the positions
    due to bath b, divided by w coth, is ``(-iw - A)^-1 B_b B_b^T (iw - A^T)^-1``. With the outlets o_b
    the transmission of heat from bath m to b is ``J_b J_m tr[Gamma_b chi Gamma_m chi^dagger] = |H|^2``,
    ``H = o_b (-iw - A)^-1 B_m``.

    Attributes:
        dynamics: (n, n) A.
        noise: for each static bath, (n, copies) B_b.
        outlet: for each static bath, (copies, n) o_b.
        position: (L, n) rows that give the positions of the oscillators, x = position z.
        velocity: (L, n) rows that give their velocities.
    """

    dynamics: Float[Array, "n n"]
    noise: tuple[Float[Array, "n c"], ...]
    outlet: tuple[Float[Array, "c n"], ...]
    position: Float[Array, "L n"]
    velocity: Float[Array, "L n"]


def state_space(machine: Machine, velocities: Float[Array, "L L"] | None = None) -> StateSpace:
    """Static baths as memory variables: none (Ohmic), one (Drude), two (Lorentzian), ... for each copy.

    Args:
        machine: the machine; its driven baths do not count.
        velocities: orthonormal rows along which the velocities are taken; by default one for each oscillator.

    Source: theory (1.20).
    """
    size, copies = machine.size, _static_copies(machine)
    one: Any = xp.eye(size)
    axes = one if velocities is None else velocities
    found, baths = system(machine.stiffness, copies, one, axes, True), len(machine.static_baths)
    whole = xp.zeros((size, found.dynamics.shape[0]))
    return StateSpace(
        found.dynamics[..., 0],
        tuple(found.noise[b::baths, :, 0].T for b in range(baths)),
        tuple(found.outlet[b::baths, :, 0] for b in range(baths)),
        put(whole, (slice(None), slice(size)), one),
        put(whole, (slice(None), slice(size, 2 * size)), axes.T),
    )


def balanced_state_space(machine: Machine) -> StateSpace:
    """`state_space` in coordinates that keep all digits, whatever the rates.

    The unit of every variable is its classical thermal spread at T = 1, so that all share the energy equally
    and A is skew but for the friction. Velocities are taken along the directions that the baths damp, the
    strongest bath first: a large friction then never meets the weakly damped motions beside it, whose widths
    would cancel.
    """
    at = jax.tree.map(stop_gradient, machine)
    copies = _static_copies(at)
    found, unit = state_space(machine, damped_axes(at.frequencies, copies)), _thermal_spreads(at, copies)
    return StateSpace(
        found.dynamics * unit / unit[:, None],
        tuple(noise / unit[:, None] for noise in found.noise),
        tuple(outlet * unit for outlet in found.outlet),
        found.position * unit,
        found.velocity * unit,
    )


def _static_copies(machine: Machine) -> tuple[Copy, ...]:
    return tuple(copy for copy in still_copies(machine) if not copy.bath.driven)


def _thermal_spreads(machine: Machine, copies: tuple[Copy, ...]) -> Float[Array, " n"]:
    """The spread of every variable, classically and at T = 1; 1 where there is none."""
    spreads = [1.0 / machine.frequencies, xp.ones(machine.size)]
    for memory in (copy.memory for copy in copies):
        if memory.noise.shape[0] > 0:
            variance = 2.0 * xp.diag(gramian(memory.dynamics, xp.outer(memory.noise, memory.noise)))
            spreads.append(xp.sqrt(xp.where(variance > 0.0, variance, 1.0)))
    return xp.concatenate(spreads)
