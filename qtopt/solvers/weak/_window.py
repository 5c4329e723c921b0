"""Currents between the driven and one static bath, integrated over the frequencies that carry them.

The sums over poles in `kernels` are exact to the round-off of what they add up: zero-point fluctuations of
all frequencies. A machine colder and slower than all its rates exchanges 1e-10 of that. Here the difference
of the thermal factors stays in the integrand,

    (heat_1, heat_2) = sum_n int dw/2pi (w, -w_n) q_n(w),    w_n = w + n Omega,
    q_n = J_1(w) J_2(w_n) g_n^dagger chi Gamma_2 chi^dagger g_n [coth(w/2T_1) - coth(w_n/2T_2)],

so only a window of some temperatures around 0 and -n Omega counts. It takes thousands of nodes and the
eigenvalues of the machine: for single machines, on the host.

Source: theory (4.17), (4.18).
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from jax import Array
from numpy.typing import NDArray

from ...model import AbstractDrive, Machine, over_groups, state_space, susceptibility
from ...numerics import xp
from ...programs import kept_program
from ..base import written_for_numpy
from ._result import WeakSteadyState

ORDER = 16
"""nodes of a panel"""
ELLIPSE = 3.0
"""every pole is outside a panel's Bernstein ellipse of this size: the error falls as ELLIPSE^(-2 ORDER)"""
WINDOW = 60.0
"""in temperatures; what is beyond is smaller than exp(-WINDOW)"""
FAR = 100.0
"""in units of the largest frequency of the machine: where zero-point fluctuations are counted no more"""
NODES = 8192
"""of one call"""
TRUSTED = 1e-11
"""difference of two rules, relative to the current"""
RATIONAL_COTH = 2e-15
"""its relative error"""


def with_window_currents(machine: Machine, drive: AbstractDrive, state: WeakSteadyState) -> WeakSteadyState:
    """A weak steady state with P, heat_1 and heat_2 from the window where that is more accurate; on the host.

    Taken from the window: what two rules agree on to 1e-11, or where their difference is below the error that
    the rational coth makes of the zero-point fluctuations. Sums over poles are better for hot machines with
    narrow resonances. The largest of the three then follows from P + heat_1 + heat_2 = 0, and the largest
    local power takes up what P changes. 20 ms for two oscillators.

    Args:
        machine: one driven and one static bath.
        drive: any; `drive.default_harmonics` are kept.
        state: what `steady_state` says of them.

    Returns:
        The state with such powers, heat currents and entropy production rate.
    """
    order = slice(None) if machine.baths[0].driven else slice(None, None, -1)
    found, error, other_error = _window(machine, drive)
    summed = np.array([float(state.power), *np.asarray(state.heat_currents)[order]])
    better = (error <= TRUSTED * np.abs(found)) | (error < other_error)
    currents = np.where(better, found, summed)
    largest = np.argmax(np.abs(currents))
    currents[largest] -= np.sum(currents)
    power, heat = currents[0], currents[1:][order]
    local_powers = np.asarray(state.local_powers).copy()
    local_powers[np.argmax(np.abs(local_powers))] += power - np.sum(local_powers)
    return replace(
        state,
        power=xp.asarray(power),
        local_powers=xp.asarray(local_powers),
        heat_currents=xp.asarray(heat),
        entropy_production_rate=xp.asarray(-np.sum(heat / np.asarray(machine.temperatures))),
        systematic_error=xp.zeros(()) if better.all() else state.systematic_error,
    )


Rows = NDArray[np.float64]
"""(3,): of P, heat_1 and heat_2"""


def _window(machine: Machine, drive: AbstractDrive) -> tuple[Rows, Rows, Rows]:
    """The currents, how far two rules are apart, and the error of sums over poles of the rational coth."""
    with np.errstate(all="ignore"):
        return _window_of_finite(machine, drive)


def _window_of_finite(machine: Machine, drive: AbstractDrive) -> tuple[Rows, Rows, Rows]:
    """The same; NaN where a frequency that counts is beyond float64."""
    amplitudes = np.asarray(drive.harmonics(drive.default_harmonics))
    hot, cold = (float(bath.temperature) for bath in (machine.driven_baths[0], machine.static_baths[0]))
    modes = 1j * np.linalg.eigvals(np.asarray(state_space(machine).dynamics))
    own = np.asarray(machine.driven_baths[0].spectral_density.expansion().poles)
    own = np.concatenate([own, -own, [2j * np.pi * hot]])
    panels, shifts, harmonics = [xp.zeros((2, 0))], [xp.zeros(0)], [xp.zeros(0, dtype=int)]
    for n in np.flatnonzero(np.any(amplitudes != 0.0, axis=1)):
        nu = n * float(drive.frequency)
        poles = np.concatenate([own, modes - nu, [2j * np.pi * cold - nu]])
        far = max(FAR * np.abs(poles).max(), nu + WINDOW * max(hot, cold))
        if not np.isfinite(2.0 * far):
            return np.full(3, np.nan), np.full(3, np.nan), np.full(3, np.nan)
        mesh = _mesh(np.unique([-far, -nu, 0.0, far]), poles)
        panels.append(mesh)
        shifts.append(np.full(mesh.shape[1], nu))
        harmonics.append(np.full(mesh.shape[1], n))
    left, right = np.concatenate(panels, axis=1)
    where = left, right, np.concatenate(shifts), np.concatenate(harmonics)
    quanta = _quanta if written_for_numpy(machine, drive) else _traced_quanta
    fine, size, fluctuations = _integrals(partial(quanta, machine), amplitudes, *where, ORDER)
    rough, _, _ = _integrals(partial(quanta, machine), amplitudes, *where, ORDER - 2)
    return fine, np.abs(fine - rough) + 4.0 * np.finfo(float).eps * size, RATIONAL_COTH * fluctuations


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


def _integrals(
    rates: Callable[..., tuple[Array, Array]],
    amplitudes: NDArray[np.complex128],
    left: NDArray[np.float64],
    right: NDArray[np.float64],
    nu: NDArray[np.float64],
    n: NDArray[np.int64],
    order: int,
) -> tuple[Rows, Rows, Rows]:
    """The currents, the integrals of their moduli, and those with a sum of thermal factors."""
    nodes, weights = np.polynomial.legendre.leggauss(order)
    half = (right - left) / 2.0
    w = (((left + right) / 2.0)[:, None] + half[:, None] * nodes).ravel()
    nu, n = np.repeat(nu, order), np.repeat(n, order)
    measure = np.where(n == 0, 1.0, 2.0) / (2.0 * np.pi) * (half[:, None] * weights).ravel()
    total, size, fluctuations = xp.zeros(3), xp.zeros(3), xp.zeros(3)
    for start in range(0, len(w), NODES):
        part = slice(start, start + NODES)
        missing = NODES - len(w[part])
        at, shift = np.pad(w[part], (0, missing), mode="edge"), np.pad(nu[part], (0, missing), mode="edge")
        g = np.pad(amplitudes[n[part]], ((0, missing), (0, 0)), mode="edge")
        found = rates(at, shift, g)
        quanta, both = (np.asarray(rate)[: NODES - missing] * measure[part] for rate in found)
        energies = np.stack([nu[part], w[part], -(w[part] + nu[part])])
        total += np.sum(energies * quanta, axis=1)
        size += np.sum(np.abs(energies * quanta), axis=1)
        fluctuations += np.sum(np.abs(energies) * both, axis=1)
    return total, size, fluctuations


def _quanta(machine: Machine, w: Any, nu: Any, g: Any) -> tuple[Array, Array]:
    """(K,) q_n at nodes w, and its modulus with coth + coth; n Omega (K,) and g_n (K, L) of each node."""
    driven, static = machine.driven_baths[0], machine.static_baths[0]
    shifted = w + nu

    def taken(part: Machine, amplitudes: Array) -> Array:
        chi = susceptibility(part, shifted.astype(complex))
        return xp.abs(xp.einsum("lk,lmk,m->k", amplitudes, chi, part.static_baths[0].coupling)) ** 2

    density = (driven.spectral_density.density(w) * static.spectral_density.density(shifted)).real
    rate = density * xp.sum(over_groups(taken, machine, g.T), axis=0)
    beta, other_beta = 0.5 / driven.temperature, 0.5 / static.temperature
    x, y, gap = beta * w, other_beta * shifted, (other_beta - beta) * w + other_beta * nu
    both = 1.0 / xp.tanh(xp.abs(x)) + 1.0 / xp.tanh(xp.abs(y))
    return rate * _coth_difference(x, y, gap), xp.abs(rate) * both


_traced_quanta = kept_program(_quanta)


def _coth_difference(x: Array, y: Array, gap: Array) -> Array:
    """coth x - coth y of gap = y - x, also where both are 1 to all digits but their difference is known."""
    a, b = xp.abs(x), xp.abs(y)
    small = xp.exp(-2.0 * xp.minimum(a, b)) * -xp.expm1(-2.0 * xp.abs(gap)) * xp.sign(gap)
    alike = 2.0 * small / (xp.expm1(-2.0 * a) * xp.expm1(-2.0 * b))
    return xp.where(x * y > 0.0, alike, 1.0 / xp.tanh(x) - 1.0 / xp.tanh(y))
