"""Work and heat kernels: the weak-coupling theory as quadratic forms in the drive's harmonics."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
from jaxtyping import Array, Complex, Float

from ...model import Bath, Machine, PoleExpansion, blocks, damping_matrix, over_groups
from ...numerics import in_parts, is_zero, on_host, reciprocal, scaled, spread, turned, xp
from ...thermal import (
    AnalyticFactor,
    Contour,
    CothPoles,
    ScalarFactor,
    at_pairs,
    beyond_the_poles,
    contour,
    coth_poles,
    matsubara,
    second_beyond_the_poles,
    thermal_integral,
    times,
    totals,
)
from ._end import tail_of
from ._static_spectra import Entries, StaticSpectra, static_spectra


class Kernels(NamedTuple):
    """Kernels at harmonic frequencies nu, for every static bath b of S (theory (3.11)).

    With g_n the n-th Fourier coefficients of the drive (``g_{-n} = conj g_n``) and nu = n Omega,

        P_l          =  sum_n sum_b Re[ conj(g_ln) (work_b(n Omega) g_n)_l ]
        heat, driven =  sum_n sum_b Re[ g_n^dagger heat_b(n Omega) g_n ]
        heat, b      = -sum_n Re[ g_n^dagger (work_b + heat_b)(n Omega) g_n ]   (exchange with the driven one)

    and kernels at -nu are complex conjugates. Shapes (..., S, L, L).
    """

    work: Complex[Array, "*shape S L L"]
    heat: Complex[Array, "*shape S L L"]


Pair = Callable[[Array], tuple[Array, Array]]
"""Harmonic frequencies (n,) to the work and the heat kernels (n, L, L) of one static bath."""

AT_ONCE = 2
"""harmonics whose kernels are computed side by side: what reverse mode keeps in memory grows with it"""


def kernels(machine: Machine, nu: Float[Array, "*shape"], poles: CothPoles | None = None) -> Kernels:
    """Work and heat kernels of a machine with one driven bath at harmonic frequencies nu (any shape).

    Each is a sum over the 80 poles of the rational coth plus the driven bath's poles: no frequency grid, any
    resonance width, differentiable in every parameter of the machine and in nu. Cost per nu: O(K L^2) for
    two oscillators or private baths, O(K L^3) for more, K = 80.

    Args:
        machine: exactly one driven bath; static baths at any temperatures.
        nu: n Omega, real.
        poles: the rational coth, by default to machine precision.

    Returns:
        Kernels of shapes (*nu.shape, S, L, L), in units of (frequency)^2 for work and heat.

    Source: theory (3.12), (3.13), (4.6).
    """
    poles = coth_poles() if poles is None else poles
    flat = xp.reshape(xp.asarray(nu, dtype=float), (-1,))
    memory = machine.driven_baths[0].spectral_density.has_memory()
    pair = _memory_kernels if memory else _memoryless_kernels
    host = on_host(flat, *jax.tree.leaves(machine))

    def of_part(part: Machine) -> tuple[Array, ...]:
        spectra = static_spectra(part)
        baths = range(len(part.static_baths))
        found = [in_parts(pair(part, spectra, b, poles), flat, AT_ONCE, host) for b in baths]
        return tuple(xp.stack(parts, axis=1) for parts in zip(*found, strict=True))

    shape = (*xp.shape(nu), len(machine.static_baths), machine.size, machine.size)
    return Kernels(*(blocks(machine, parts).reshape(shape) for parts in over_groups(of_part, machine)))


def covariance(machine: Machine, poles: CothPoles | None = None) -> Float[Array, "L L"]:
    """<x_l x_l'> of the static machine (zeroth order in the driven bath), frequency^-1.

    ``int dw/2pi sum_b coth(w/2T_b) J_b chi Gamma_b chi^dagger``; theory (3.3).
    """
    (xx,) = _static_moments(machine, 0, poles)
    return xx.real


def phase_space_covariance(machine: Machine, poles: CothPoles | None = None) -> Float[Array, "2L 2L"]:
    """<{r, r}>/2 of r = (x_1..x_L, p_1..p_L) in the static machine (zeroth order in the driven bath).

    ``<x_l p_m> = int dw/2pi i w S_lm`` and ``<p_l p_m> = int dw/2pi w^2 S_lm`` with the symmetrised position
    spectrum S. Beside a strictly Ohmic static bath <p^2> diverges; here it then ends with the rational coth.

    Source: theory (3.4).
    """
    positions, products, momenta = _static_moments(machine, 2, poles)
    mixed = (1j * products.T).real
    return xp.block([[positions.real, mixed], [mixed.T, momenta.real]])


def along(nu: Array) -> Array:
    """Frequencies (...) beside an axis of points: (..., 1), and one number as it is."""
    return nu[..., None] if nu.ndim else nu


def transposed(matrix: Array) -> Array:
    """The transpose in the first two axes."""
    return xp.swapaxes(matrix, 0, 1)


def _static_moments(machine: Machine, highest: int, poles: CothPoles | None) -> list[Complex[Array, "L L"]]:
    """``int dw/2pi coth(w/2T) w^m (spectrum of a bath)^T``, m = 0 .. highest, summed over baths."""
    poles = coth_poles() if poles is None else poles

    def of_part(part: Machine) -> list[Any]:
        spectra = static_spectra(part)
        moments = []
        for b, bath in enumerate(part.static_baths):
            nodes = spectra.at_nodes(bath.temperature, poles, highest, b)
            found = [spectra.matrix(moment).T for moment in nodes.moments()]
            # J chi chi^* -> (viscosity/w^3 + tail/w^5) Gamma beyond the rational coth, whose end is taken off
            expansion, end = (
                bath.spectral_density.expansion(),
                second_beyond_the_poles(bath.temperature, poles),
            )
            found[0] = found[0] - expansion.viscosity * end * damping_matrix(part, b)
            if highest == 2:
                found[2] = found[2] - tail_of(expansion) * end * damping_matrix(part, b)
            moments.append(found)
        return [sum(each, xp.zeros(())) for each in zip(*moments, strict=True)]

    return [blocks(machine, parts) for parts in over_groups(of_part, machine)]


def _nodes(bath: Bath, poles: CothPoles) -> Complex[Array, " K"]:
    """i mu_j: where the coth of this bath has its poles."""
    return 1j * matsubara(bath.temperature, poles)


def _memoryless_kernels(machine: Machine, spectra: StaticSpectra, b: int, poles: CothPoles) -> Pair:
    """K_1(w) = -i gamma w: all integrals are over functions analytic above."""
    driven, bath = machine.driven_baths[0], machine.static_baths[b]
    friction = driven.spectral_density.expansion().viscosity
    c0, c1, c2 = (c[..., None] for c in spectra.at_nodes(bath.temperature, poles, 2, b).moments())
    y = _nodes(driven, poles)
    spurious = _beyond_the_end(machine, b, poles)

    def at(nu: Array) -> tuple[Array, Array]:
        at_y = spectra.entries(spectra.sample(y + nu[:, None], b), 2, b)
        s0, s1, s2 = map(xp.stack, thermal_integral(driven.temperature, at_y, poles))
        a0, a1 = friction * (s1 - nu * s0), friction * (s2 - 2.0 * nu * s1 + nu**2 * s0)
        k0 = -1j * friction * (nu * c0 + c1)
        k1 = -1j * friction * (c2 + 2.0 * nu * c1 + nu**2 * c0)
        work, heat = spurious(nu[:, None, None])
        return (
            spectra.matrix(nu * (2.0 * a0 + 1j * k0)).T - work,
            spectra.matrix(2.0 * a1 - 1j * k1).T - heat,
        )

    return at


def _memory_kernels(machine: Machine, spectra: StaticSpectra, b: int, poles: CothPoles) -> Pair:
    """K_1(w) = chi_B(0) - chi_B(w) with the poles of chi_B below the axis.

    With Psi of the static bath and its adjoint; work and heat are transposed at the end,

        a_m = int dw/2pi S_1(w) w^m Psi(w + nu),
        e_m = int dw/2pi (w + nu)^m chi_B(w + nu) coth(w/2T_b) [Psi + Psi^dagger](w).

    chi_B(w + nu) is analytic above the axis, where Psi is; its conjugate, beside Psi, has its poles there.
    The two parts of K_1 are summed apart: in the moments, chi_B(0), the two halves cancel exactly at large w.
    """
    driven, bath = machine.driven_baths[0], machine.static_baths[b]
    expansion = driven.spectral_density.expansion()
    noise = contour(driven.temperature, density_factor(driven, expansion), poles)
    z = _nodes(bath, poles)
    nodes = spectra.at_nodes(bath.temperature, poles, 1, b)
    c0, c1 = (c[..., None] for c in nodes.moments())
    spurious = _beyond_the_end(machine, b, poles)

    def at(nu: Array) -> tuple[Array, Array]:
        shift, shape = nu[:, None], (len(nu), len(poles.k))
        density = driven.spectral_density.spread(shape)
        steps = shift if on_host(nu) else spread(nu, shape[1:])
        own = -expansion.poles - shift, -expansion.residues
        mirrored = ScalarFactor(lambda w: density.response(-w - steps), *own, xp.zeros_like)
        memory = contour(bath.temperature, mirrored, poles)

        at_y = spectra.entries(spectra.sample(noise.nodes + steps, b), 1, b)
        response = turned(density.response(z + steps), 2.0 * bath.temperature * poles.weight)
        e0, e1 = nodes.folded(response, turned(memory.at_nodes))
        s0, s1 = (-xp.stack(entries) for entries in totals(times(noise.at_nodes.imag, at_y)))
        p0, p1 = _at_poles(spectra, b, noise, memory, shift)
        a0, a1 = s0 + p0[..., 0], s1 + p1[..., 0]
        e0, e1 = e0 + spectra.adjoint(p0[..., 1]), e1 + spectra.adjoint(p1[..., 1])
        k0 = expansion.static * c0 - e0
        k1 = expansion.static * (c1 + nu * c0) - (e1 + nu * e0)
        work, heat = spurious(nu[:, None, None])
        return (
            spectra.matrix(nu * (2.0 * a0 + 1j * k0)).T - work,
            spectra.matrix(2.0 * (a1 - nu * a0) - 1j * k1).T - heat,
        )

    return at


def _at_poles(
    spectra: StaticSpectra, b: int, noise: Contour, memory: Contour, shift: Array
) -> list[Complex[Array, "E n 2"]]:
    """What the poles of the noise, and those of the memory, add to integrals with Psi and w Psi: entries."""
    above = xp.stack([noise.above + shift, memory.above], axis=1)
    nearest = xp.stack([noise.nearest + shift, memory.nearest], axis=1)
    weights = [
        xp.stack([xp.broadcast_to(one, other.shape), other], axis=1)
        for one, other in zip(noise.at_poles, memory.at_poles, strict=True)
    ]
    ends = spectra.sample(xp.stack([above, nearest]), b)
    p = jax.tree.map(lambda leaf: leaf[..., 0, :, :, :], ends)
    q = jax.tree.map(lambda leaf: leaf[..., 1, :, :, :], ends)
    at_ends = spectra.entries(p, 1, b), spectra.entries(q, 1, b), spectra.slopes(p, q, 1, b)
    return [1j * xp.stack(entries) for entries in totals(at_pairs(weights, *at_ends))]


def _beyond_the_end(machine: Machine, b: int, poles: CothPoles) -> Pair:
    """nu -> what only the ends of the two rational coths add to the kernels of static bath b.

    Two baths exchange heat up to |w| ~ T only, but the rational coth of each ends at its own multiple of T.
    There J = viscosity w + tail/w and chi = -1/(w^2 + iw Gamma - V), with all that pulls in V; the terms in
    1/w and 1/w^3 are kept, but for the commutator of two dampings, which nu multiplies.

    Source: theory (4.14), (4.15).
    """
    driven, bath = machine.driven_baths[0], machine.static_baths[b]
    expansions = [static.spectral_density.expansion() for static in machine.static_baths]
    shapes = [damping_matrix(machine, s) for s in range(len(expansions))]
    own = expansions[b].viscosity * shapes[b]
    expansion = driven.spectral_density.expansion()
    hot, cold = driven.temperature, bath.temperature
    gap = second_beyond_the_poles(hot, poles) - second_beyond_the_poles(cold, poles)
    still = gap * tail_of(expansion) * own
    if is_zero(expansion.viscosity):
        return lambda nu: (xp.zeros(()), still)
    total = sum((e.viscosity * shape for e, shape in zip(expansions, shapes, strict=True)), xp.zeros(()))
    pull = sum((e.static * shape for e, shape in zip(expansions, shapes, strict=True)), machine.stiffness)
    bend = total @ own @ total - total @ total @ own - own @ total @ total + pull @ own + own @ pull
    first = expansion.viscosity * own
    second = expansion.viscosity * (bend + tail_of(expansions[b]) * shapes[b])
    ends = [beyond_the_poles(t, poles) for t in (hot, cold)]
    still = still + xp.tensordot(ends[0] - ends[1], xp.stack([first, second]), axes=1)
    work = (ends[1][1] - 3.0 * ends[0][1]) * first
    heat = (6.0 * ends[0][1] - ends[1][1]) * first
    return lambda nu: (nu**2 * work, still + nu**2 * heat)


def density_factor(driven: Bath, expansion: PoleExpansion | None = None) -> ScalarFactor:
    """J(w) = [chi_B(w) - chi_B(-w)]/2i of a bath with memory, by its poles."""
    expansion = driven.spectral_density.expansion() if expansion is None else expansion
    half = expansion.residues / 2j
    return ScalarFactor(
        lambda w: driven.spectral_density.spread(w.shape).density(w),
        -expansion.poles,
        half,
        lambda w: xp.sum(half * reciprocal(w[:, None] - expansion.poles), axis=1),
    )


def shifted(spectra: StaticSpectra, b: int, nu: Array, orders: tuple[int, ...]) -> AnalyticFactor:
    """w -> entries of w^m Psi_b(w + nu), for each order m, without their polynomial parts."""
    shift = along(nu)
    highest, back = max(orders), (1.0, -shift, shift * shift)

    def expanded(powers: list[Entries]) -> tuple[Entries, ...]:
        return tuple(
            tuple(
                sum((scaled(powers[k][e], math.comb(m, k) * back[m - k]) for k in range(m)), powers[m][e])
                for e in range(len(powers[0]))
            )
            for m in orders
        )

    return AnalyticFactor(
        lambda w: spectra.sample(w + shift, b),
        lambda at: expanded(spectra.entries(at, highest, b)),
        lambda p, q: expanded(spectra.slopes(p, q, highest, b)),
    )
