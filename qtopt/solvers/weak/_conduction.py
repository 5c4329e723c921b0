"""Heat that flows between static baths at different temperatures through the oscillators."""

from collections.abc import Callable
from typing import Any

import jax
from jaxtyping import Array, Float

from ...model import FourierSeries, Machine, PoleExpansion, StateSpace, balanced_state_space, over_groups
from ...numerics import added, at_once, directional, in_turn, on_host, xp
from ...thermal import CothPoles, beyond_the_poles, coth_poles, matsubara, thermal_integral
from ._static_spectra import ManyBathSpectra


def conduction(
    machine: Machine, frequency: Float[Array, ""], series: FourierSeries, poles: CothPoles | None = None
) -> Float[Array, " S"]:
    """Heat out of each static bath into the other static ones, to second order in the driven bath.

    Landauer form with transmissions ``T_bm = J_b J_m tr[Gamma_b chi Gamma_m chi^dagger]`` from m to b,

        heat_m = sum_b [F_bm(T_m) - F_mb(T_b)],    F_bm(T) = int dw/2pi w coth(w/2T) T_bm(w),

    to zeroth order, plus its first-order change when chi^-1 acquires the driven bath's self-energy
    ``R(w) = sum_n conj(g_n) K_1(w + n Omega) g_n^T``: a few complex memory variables for each harmonic,
    followed by forward-mode differentiation in their strength. The change makes T_mb and T_bm differ when
    the drive breaks time-reversal symmetry, so heat is redistributed even at a common temperature.

    Reciprocity, F_mb of R is F_bm of R^T, leaves one direction for each pair of baths. The zeroth order and
    the change by the symmetric part of R are then differences in temperature of one function, and vanish
    exactly at a common one; the antisymmetric part counts twice.

    Args:
        machine: two or more static baths.
        frequency: Omega.
        series: one-sided, of the drive.

    Returns:
        (S,) heat currents of the static baths.

    Source: theory (3.20) to (3.23).
    """
    poles = coth_poles() if poles is None else poles

    def of_part(part: Machine, g: Array) -> Array:
        return _conduction(part, frequency, series._replace(amplitudes=g.T), poles)

    return xp.sum(over_groups(of_part, machine, series.amplitudes.T), axis=0)


def _conduction(
    machine: Machine, frequency: Float[Array, ""], series: FourierSeries, poles: CothPoles
) -> Float[Array, " S"]:
    """`conduction` through oscillators that share their baths."""
    system = balanced_state_space(machine)

    def change(inputs: tuple[Array, Array]) -> Array:
        perturbed = _with_self_energy(machine, system, *inputs)

        def slope(along: Array) -> Array:
            flows = directional(lambda s: _exchange(machine, perturbed(s), poles), xp.zeros(2), along, host)
            return flows[1]

        even, odd = at_once(slope, xp.eye(2), host)
        return even[:, 1] - even[:, 0] + odd[:, 1] + odd[:, 0]

    host = on_host(frequency, series.amplitudes, *jax.tree.leaves(machine))
    changes = in_turn(change, (frequency * series.orders, series.amplitudes), host=host)
    bare = _exchange(machine, system, poles)
    flows = bare[:, 1] - bare[:, 0] + xp.tensordot(series.weights, changes, axes=1)
    heat: Any = xp.zeros(len(machine.static_baths))
    for (b, m), flow in zip(_pairs(machine), flows, strict=True):
        heat = added(added(heat, m, flow), b, -flow)
    return heat


def _pairs(machine: Machine) -> list[tuple[int, int]]:
    """Static baths b < m."""
    return [(b, m) for m in range(len(machine.static_baths)) for b in range(m)]


def _with_self_energy(
    machine: Machine, system: StateSpace, nu: Array, g: Array
) -> Callable[[Array], StateSpace]:
    """The system with ``conj(g) K_1(w + nu) g^T`` added to chi^-1, g (L,), two strengths apart.

    They belong to the symmetric part ``a K_1 a^T + b K_1 b^T`` and the antisymmetric one,
    ``i (a K_1 b^T - b K_1 a^T)``, of g = a + ib. With ``K_1(w') = -i viscosity w' - w' sum_p residue_p/[p (w'
    - p)]`` at w' = w + nu, each pole is one variable ``ds/dt = -i (p - nu) s + u`` behind
    ``u = a^T (v - i nu x)``, of spectrum ``-i w' a^T x``, and one behind the same with b.
    """
    expansion: PoleExpansion = machine.driven_baths[0].spectral_density.expansion()
    parts = xp.stack([g.real, g.imag])
    extra = 2 * expansion.poles.shape[0]
    rates = parts @ (system.velocity - 1j * nu * system.position)
    driven = xp.repeat(rates, expansion.poles.shape[0], axis=0)
    decay = xp.diag(xp.tile(-1j * (expansion.poles - nu), 2))

    def padded(rows: Array) -> Array:
        return xp.concatenate([rows, xp.zeros((rows.shape[0], extra))], axis=1)

    def build(strengths: Array) -> StateSpace:
        a, b = parts
        opposite = 1j * strengths[1] * xp.stack([-b, a])
        forces = system.velocity.T @ (strengths[0] * parts + opposite).T
        friction = system.dynamics - expansion.viscosity * forces @ rates
        memory = xp.kron(forces, expansion.residues / expansion.poles)
        return StateSpace(
            xp.block([[friction, memory], [driven, decay]]),
            tuple(padded(noise.T).T for noise in system.noise),
            tuple(padded(outlet) for outlet in system.outlet),
            padded(system.position),
            padded(system.velocity),
        )

    return build


def _exchange(machine: Machine, system: StateSpace, poles: CothPoles) -> Float[Array, "pairs 2"]:
    """F_bm at T_b and at T_m for every pair of static baths, for a given (possibly perturbed) dynamics.

    ``T_bm = o_b G B_m B_m^T G^dagger o_b^T = h + h^*`` with ``h = o_b G Y_m o_b^T``, analytic above the axis,
    and ``w h -> i o_b G A Y_m o_b^T`` without the constant, which cancels against the other half.
    """
    spectra = ManyBathSpectra.of(system, machine.stiffness)
    flows = []
    for b, m in _pairs(machine):
        (outlet,), (noise,) = system.outlet[b], system.noise[m].T
        temperatures = xp.stack([machine.static_baths[i].temperature for i in (b, m)])
        z = 1j * matsubara(temperatures[:, None], poles)
        source = system.dynamics @ (spectra.gramians[m] @ outlet)
        states = spectra.resolvent(z.ravel(), source[:, None])[:, :, 0]
        half = 1j * (states @ outlet).reshape(z.shape)
        absorbed = 2.0 * thermal_integral(temperatures, half, poles).real
        # w T_bm = sum_p c_p/w^p at large w.
        kicked = system.dynamics @ noise
        first, second, third = (outlet @ x for x in (noise, kicked, system.dynamics @ kicked))
        tail = xp.stack([first**2, second.real**2 + second.imag**2 - 2.0 * first * third.real])
        flows.append(absorbed - tail @ beyond_the_poles(temperatures, poles))
    return xp.stack(flows)
