"""Work and heat kernels: the weak-coupling theory as quadratic forms in the drive's harmonics."""

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
from jaxtyping import Array, Complex, Float

from ...model import Bath, Machine, at_points, blocks, damping_matrix, over_groups
from ...numerics import at_each, on_host, reciprocal, scaled, xp
from ...thermal import (
    AnalyticFactor,
    CothPoles,
    ScalarFactor,
    beyond_the_poles,
    contour,
    contour_integrals,
    coth_poles,
    matsubara,
    thermal_integral,
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
    friction = machine.driven_baths[0].spectral_density.expansion().poles.shape[0] == 0
    pair = _memoryless_kernels if friction else _memory_kernels
    host = on_host(flat, *jax.tree.leaves(machine))

    def of_part(part: Machine) -> tuple[Array, ...]:
        spectra = static_spectra(part)
        found = [at_each(pair(part, spectra, b, poles), flat, host) for b in range(len(part.static_baths))]
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


Pair = Callable[[Array], tuple[Array, Array]]
"""Harmonic frequencies (...) to two matrices (L, L, ...): work and heat kernel, or moments of orders 0, 1."""


def along(nu: Array) -> Array:
    """Frequencies (...) beside an axis of points: (..., 1), and one number as it is."""
    return nu[..., None] if nu.ndim else nu


def transposed(matrix: Array) -> Array:
    """The transpose in the first two axes."""
    return xp.swapaxes(matrix, 0, 1)


def _static_moments(machine: Machine, highest: int, poles: CothPoles | None) -> list[Complex[Array, "L L"]]:
    """The sums over baths of `_moments`."""
    poles = coth_poles() if poles is None else poles

    def of_part(part: Machine) -> list[Any]:
        spectra = static_spectra(part)
        moments = []
        for b, bath in enumerate(part.static_baths):
            found = _moments(
                bath.temperature, spectra, spectra.sample(_nodes(bath, poles), b), highest, b, poles
            )
            # J chi chi^* -> (viscosity/w^3 + tail/w^5) Gamma beyond the rational coth, whose end is taken off
            expansion, end = bath.spectral_density.expansion(), beyond_the_poles(bath.temperature, poles)[1]
            found[0] = found[0] - expansion.viscosity * end * damping_matrix(part, b)
            if highest == 2:
                found[2] = found[2] - tail_of(expansion) * end * damping_matrix(part, b)
            moments.append(found)
        return [sum(each, xp.zeros(())) for each in zip(*moments, strict=True)]

    return [blocks(machine, parts) for parts in over_groups(of_part, machine)]


def _nodes(bath: Bath, poles: CothPoles) -> Complex[Array, " K"]:
    """i mu_j: where the coth of this bath has its poles."""
    return 1j * matsubara(bath.temperature, poles)


def _moments(
    temperature: Array, spectra: StaticSpectra, nodes: Any, highest: int, b: int, poles: CothPoles
) -> list[Complex[Array, "L L"]]:
    """``int dw/2pi coth(w/2T_b) w^m (spectrum of bath b)^T`` for m = 0 .. highest; `nodes` are a sample."""
    halves = [
        _at_nodes(temperature, spectra, entries, poles) for entries in spectra.entries(nodes, highest, b)
    ]
    return [half.T + xp.conj(half) for half in halves]


def _at_nodes(
    temperature: Array, spectra: StaticSpectra, entries: Sequence[Array], poles: CothPoles
) -> Complex[Array, "L L"]:
    """``int dw/2pi coth(w/2T) f(w)`` for a matrix f, given by its entries (..., K) at the i mu_j of T."""
    return spectra.matrix(xp.stack(thermal_integral(temperature, list(entries), poles)))


def _memoryless_kernels(machine: Machine, spectra: StaticSpectra, b: int, poles: CothPoles) -> Pair:
    """nu -> work and heat kernels, K_1(w) = -i gamma w: all integrals are over functions analytic above."""
    driven, bath = machine.driven_baths[0], machine.static_baths[b]
    friction = driven.spectral_density.expansion().viscosity
    nodes = spectra.sample(_nodes(bath, poles), b)
    moments = _moments(bath.temperature, spectra, nodes, 2, b, poles)
    z = _nodes(driven, poles)
    spurious = _beyond_the_end(machine, b, poles)

    def at(nu: Array) -> tuple[Array, Array]:
        shift, (c0, c1, c2) = along(nu), (at_points(moment, nu) for moment in moments)
        psi0, psi1, psi2 = spectra.entries(spectra.sample(z + shift, b), 2, b)
        first = [y - shift * x for x, y in zip(psi0, psi1, strict=True)]
        second = [y - 2.0 * shift * x + shift**2 * p for p, x, y in zip(psi0, psi1, psi2, strict=True)]
        a0 = friction * transposed(_at_nodes(driven.temperature, spectra, first, poles))
        a1 = friction * transposed(_at_nodes(driven.temperature, spectra, second, poles))
        k0 = -1j * friction * (nu * c0 + c1)
        k1 = -1j * friction * (c2 + 2.0 * nu * c1 + nu**2 * c0)
        work, heat = spurious(nu)
        return nu * (2.0 * a0 + 1j * k0) - work, 2.0 * a1 - 1j * k1 - heat

    return at


def _memory_kernels(machine: Machine, spectra: StaticSpectra, b: int, poles: CothPoles) -> Pair:
    """nu -> work and heat kernels, K_1(w) = chi_B(0) - chi_B(w) with the poles of chi_B below the axis.

    The two parts of K_1 are summed apart: in the moments, chi_B(0), the two halves cancel exactly at large w.
    """
    driven, bath = machine.driven_baths[0], machine.static_baths[b]
    static = driven.spectral_density.expansion().static
    nodes = spectra.sample(_nodes(bath, poles), b)
    moments = _moments(bath.temperature, spectra, nodes, 1, b, poles)
    noise = _noise_part(driven, spectra, b, poles)
    memory = _memory_part(driven, bath.temperature, spectra, nodes, b, poles)
    spurious = _beyond_the_end(machine, b, poles)

    def at(nu: Array) -> tuple[Array, Array]:
        (a0, a1), (e0, e1), (c0, c1) = noise(nu), memory(nu), (at_points(moment, nu) for moment in moments)
        k0 = static * c0 - e0
        k1 = static * (c1 + nu * c0) - e1
        work, heat = spurious(nu)
        return nu * (2.0 * a0 + 1j * k0) - work, 2.0 * a1 - 1j * k1 - heat

    return at


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
    total = sum((e.viscosity * shape for e, shape in zip(expansions, shapes, strict=True)), xp.zeros(()))
    pull = sum((e.static * shape for e, shape in zip(expansions, shapes, strict=True)), machine.stiffness)
    own = expansions[b].viscosity * shapes[b]
    bend = total @ own @ total - total @ total @ own - own @ total @ total + pull @ own + own @ pull
    expansion = driven.spectral_density.expansion()
    first = expansion.viscosity * own
    second = expansion.viscosity * (bend + tail_of(expansions[b]) * shapes[b]) + tail_of(expansion) * own
    ends = [beyond_the_poles(t, poles) for t in (driven.temperature, bath.temperature)]
    still = xp.tensordot(ends[0] - ends[1], xp.stack([first, second]), axes=1)
    work = (ends[1][1] - 3.0 * ends[0][1]) * first
    heat = (6.0 * ends[0][1] - ends[1][1]) * first
    return lambda nu: (nu**2 * at_points(work, nu), at_points(still, nu) + nu**2 * at_points(heat, nu))


def _noise_part(driven: Bath, spectra: StaticSpectra, b: int, poles: CothPoles) -> Pair:
    """nu -> ``int dw/2pi S_1(w) w^m Psi_b(w + nu)^T`` for m = 0, 1: the driven bath's noise."""
    path = contour(driven.temperature, density_factor(driven), poles)

    def at(nu: Array) -> tuple[Array, Array]:
        ((first, second),) = contour_integrals([path], shifted(spectra, b, nu, (0, 1)))
        return transposed(spectra.matrix(xp.stack(first))), transposed(spectra.matrix(xp.stack(second)))

    return at


def density_factor(driven: Bath) -> ScalarFactor:
    """J(w) = [chi_B(w) - chi_B(-w)]/2i of a bath with memory, by its poles."""
    expansion = driven.spectral_density.expansion()
    half = expansion.residues / 2j
    return ScalarFactor(
        driven.spectral_density.density,
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


def _memory_part(
    driven: Bath, temperature: Array, spectra: StaticSpectra, nodes: Any, b: int, poles: CothPoles
) -> Pair:
    """nu -> ``int dw/2pi (w + nu)^m chi_B(w + nu) coth(w/2T_b) [Psi_b + Psi_b^dagger]^T`` for m = 0, 1.

    chi_B(w + nu) is analytic above the axis, where Psi is; its conjugate, beside Psi, has its poles there.
    """
    density = driven.spectral_density
    expansion = density.expansion()
    factor = AnalyticFactor(
        lambda w: spectra.sample(w, b),
        lambda at: spectra.entries(at, 1, b),
        lambda p, q: spectra.slopes(p, q, 1, b),
    )

    def at(nu: Array) -> tuple[Array, Array]:
        shift = along(nu)
        response = ScalarFactor.analytic(lambda w: density.response(w + shift))
        beyond = -expansion.poles - shift
        mirrored = ScalarFactor(
            lambda w: density.response(-w - shift), beyond, -expansion.residues, xp.zeros_like
        )
        paths = [contour(temperature, scalar, poles) for scalar in (response, mirrored)]
        own = jax.tree.map(lambda leaf: leaf[..., None, :], nodes) if nu.ndim else nodes
        upper, lower = (
            [spectra.matrix(xp.stack(part)) for part in parts]
            for parts in contour_integrals(paths, factor, own)
        )
        e0, e1 = (transposed(up) + xp.conj(low) for up, low in zip(upper, lower, strict=True))
        return e0, e1 + nu * e0

    return at
