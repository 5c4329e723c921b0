"""Currents between the driven and one static bath, integrated over the frequencies that carry them.

The sums over poles in `kernels` are exact to the round-off of what they add up: zero-point fluctuations of
all frequencies. A machine colder and slower than all its rates exchanges 1e-10 of that. Here the difference
of the thermal factors stays in the integrand (physics notes, section 3),

    (J_1, J_2) = sum_n int dw/2pi (w, -w_n) q_n(w),    w_n = w + n Omega,
    q_n = J_1(w) J_2(w_n) g_n^dagger chi Gamma_2 chi^dagger g_n [coth(w/2T_1) - coth(w_n/2T_2)],

so only a window of some temperatures around 0 and -n Omega counts. It takes thousands of nodes and the
eigenvalues of the machine: for single machines, on the host.
"""

from dataclasses import replace
from functools import lru_cache

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike
from numpy.typing import NDArray

from ..baths import DrivenBath
from ..drives import Drive
from ..machine import Machine, state_space, susceptibility
from ..thermodynamics import SteadyState

ORDER = 16
"""nodes of a panel"""
ELLIPSE = 3.0
"""every pole is outside a panel's Bernstein ellipse of this size: the error falls as ELLIPSE^(-2 ORDER)"""
WINDOW = 60.0
"""in temperatures; what is beyond is smaller than exp(-WINDOW)"""
NODES = 8192
"""of one call: a multiple of ORDER"""
ACCURACY = 1e-9
"""of the largest current: the window is believed where two rules agree so well"""


def with_window_currents(machine: Machine, drive: Drive, state: SteadyState) -> SteadyState:
    """A weak steady state with power, heat currents and entropy production rate from the window; on the host.

    P = -(J_1 + J_2), and the largest local power takes up what P changes. 20 ms for two oscillators.

    Args:
        machine: one driven and one static bath.
        drive: any; `drive.default_harmonics` are kept.
        state: what `steady_state` says of them.

    Returns:
        The state with these currents; as it is, if the window could not be integrated to 1e-9 of the largest.
    """
    found, error = _window(machine, drive)
    if not np.all(error <= ACCURACY * np.max(np.abs(found))):
        return state
    heat = found if isinstance(machine.baths[0], DrivenBath) else found[::-1]
    power = -np.sum(heat)
    local_powers = np.asarray(state.local_powers).copy()
    largest = np.argmax(np.abs(local_powers))
    local_powers[largest] += power - np.sum(local_powers)
    return replace(
        state,
        power=jnp.asarray(power),
        local_powers=jnp.asarray(local_powers),
        heat_currents=jnp.asarray(heat),
        entropy_production_rate=jnp.asarray(-np.sum(heat / np.asarray(machine.temperatures))),
    )


def _window(machine: Machine, drive: Drive) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Heat of the driven and of the static bath, (2,), and how far two estimates of it are apart."""
    amplitudes = np.asarray(drive.harmonics(drive.default_harmonics))
    used = np.flatnonzero(np.any(amplitudes != 0.0, axis=1))
    if used.size == 0:
        return np.zeros(2), np.zeros(2)
    hot, cold = (float(bath.temperature) for bath in (machine.driven_baths[0], machine.static_baths[0]))
    modes = 1j * np.linalg.eigvals(np.asarray(state_space(machine).dynamics))
    own = np.asarray(machine.driven_baths[0].spectral_density.expansion().poles)
    own = np.concatenate([own, -own, [2j * np.pi * hot]])
    panels, shifts, harmonics = [], [], []
    for n in used:
        nu = n * float(drive.frequency)
        ends = (min(-WINDOW * hot, -nu - WINDOW * cold), max(WINDOW * hot, -nu + WINDOW * cold))
        poles = np.concatenate([own, modes - nu, [2j * np.pi * cold - nu]])
        mesh = _mesh(np.unique([ends[0], -nu, 0.0, ends[1]]), poles)
        panels.append(mesh)
        shifts.append(np.full(mesh.shape[1], nu))
        harmonics.append(np.full(mesh.shape[1], n))
    left, right = np.concatenate(panels, axis=1)
    nu, n = np.concatenate(shifts), np.concatenate(harmonics)
    weight = np.where(n == 0, 1.0, 2.0) / (2.0 * np.pi)
    fine, size = _integrals(machine, amplitudes, left, right, nu, n, weight, ORDER)
    rough, _ = _integrals(machine, amplitudes, left, right, nu, n, weight, ORDER - 2)
    return fine, np.abs(fine - rough) + 4.0 * np.finfo(float).eps * size


def _mesh(ends: NDArray[np.float64], poles: NDArray[np.complex128]) -> NDArray[np.float64]:
    """(2, panels) between these ends, halved until every pole is outside the ellipse of every panel."""
    todo, done = np.stack([ends[:-1], ends[1:]]), []
    while todo.size:
        middle, half = (todo[0] + todo[1]) / 2.0, (todo[1] - todo[0]) / 2.0
        z = (poles - middle[:, None]) / half[:, None]
        near = np.any(np.abs(z + np.sqrt(z - 1.0) * np.sqrt(z + 1.0)) < ELLIPSE, axis=1)
        near &= half > 1e-15 * np.abs(middle)
        done.append(todo[:, ~near])
        cut = todo[:, near]
        todo = np.concatenate([[cut[0], middle[near]], [middle[near], cut[1]]], axis=1)
    return np.concatenate(done, axis=1)


@lru_cache
def _rule(order: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return np.polynomial.legendre.leggauss(order)


def _integrals(
    machine: Machine,
    amplitudes: NDArray[np.complex128],
    left: NDArray[np.float64],
    right: NDArray[np.float64],
    nu: NDArray[np.float64],
    n: NDArray[np.int64],
    weight: NDArray[np.float64],
    order: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The integrals of w q and -w_n q over all panels, and of their moduli, (2,) each."""
    nodes, weights = _rule(order)
    half = (right - left) / 2.0
    w = (((left + right) / 2.0)[:, None] + half[:, None] * nodes).ravel()
    nu, n = np.repeat(nu, order), np.repeat(n, order)
    measure = ((weight * half)[:, None] * weights).ravel()
    total, size = np.zeros(2), np.zeros(2)
    for start in range(0, len(w), NODES):
        part = slice(start, start + NODES)
        missing = NODES - len(w[part])
        at, shift = np.pad(w[part], (0, missing), mode="edge"), np.pad(nu[part], (0, missing), mode="edge")
        g = np.pad(amplitudes[n[part]], ((0, missing), (0, 0)), mode="edge")
        quanta = np.asarray(_quanta(machine, at, shift, g))[: NODES - missing] * measure[part]
        for i, energy in enumerate((w[part], -(w[part] + nu[part]))):
            total[i] += np.sum(energy * quanta)
            size[i] += np.sum(np.abs(energy * quanta))
    return total, size


@eqx.filter_jit
def _quanta(machine: Machine, w: ArrayLike, nu: ArrayLike, g: ArrayLike) -> Array:
    """(K,) q_n at nodes w, with n Omega and g_n of each node, (K,) and (K, L)."""
    driven, static = machine.driven_baths[0], machine.static_baths[0]
    w, shifted = jnp.asarray(w), jnp.asarray(w) + jnp.asarray(nu)
    chi = susceptibility(machine, shifted.astype(complex))
    copies = static.coupling[:, None] if machine.configuration == "joint" else jnp.diag(static.coupling)
    answer = jnp.einsum("kl,lmk,mc->kc", g, chi, copies)
    density = (driven.spectral_density.density(w) * static.spectral_density.density(shifted)).real
    thermal = _coth_difference(w / (2.0 * driven.temperature), shifted / (2.0 * static.temperature))
    return density * jnp.sum(jnp.abs(answer) ** 2, axis=1) * thermal


def _coth_difference(x: Array, y: Array) -> Array:
    """coth x - coth y, also where both are 1 to all digits but their difference is known."""
    a, b = jnp.abs(x), jnp.abs(y)
    gap = b - a
    small = jnp.exp(-2.0 * jnp.minimum(a, b)) * -jnp.expm1(-2.0 * jnp.abs(gap)) * jnp.sign(gap)
    alike = 2.0 * jnp.sign(x) * small / (jnp.expm1(-2.0 * a) * jnp.expm1(-2.0 * b))
    return jnp.where(x * y > 0.0, alike, 1.0 / jnp.tanh(x) - 1.0 / jnp.tanh(y))
