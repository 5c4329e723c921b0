"""Fluctuations of work at any coupling strength: Wick's theorem on the Gaussian periodic state."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from ...errors import InputError
from ...model import (
    AbstractDrive,
    Copy,
    Machine,
    System,
    blocks,
    copies_of,
    damped_system,
    is_mixed,
    over_groups,
)
from ...numerics import reciprocal, require_x64
from ...thermal import CothPoles, matsubara
from ..base import Fluctuations
from ._check import check_drive
from ._doubling import Calculus, diffusion, propagators
from ._periodic import Moments, closed_covariance, decaying_states, periodic_moments
from ._resolution import LARGEST_STEP
from ._time_grid import AbstractGrid, TimeGrid


def fluctuations(
    machine: Machine, drive: AbstractDrive, grid: AbstractGrid, poles: CothPoles
) -> Fluctuations:
    """The variance rates for settled settings; see `Exact.fluctuations`."""
    require_x64()
    check_fluctuations(machine, drive)
    assert isinstance(grid, TimeGrid)  # jumps are refused above
    coupling, slope = (part.T for part in drive.at_phases(grid.phases))
    calculus = Calculus(grid, drive.frequency)
    driven = tuple(i for i, bath in enumerate(machine.baths) if bath.driven)

    def solve(part: Machine, g: Array, rate: Array) -> Array:
        return _covariance(part, copies_of(part, g, rate), driven, calculus, poles)

    return Fluctuations(blocks(machine, over_groups(solve, machine, coupling, slope)), None)


def check_fluctuations(machine: Machine, drive: AbstractDrive) -> None:
    """Raise InputError where the exact fluctuations of work do not exist or are not implemented."""
    check_drive(machine, drive)
    if drive.steps:
        raise InputError(
            f"exact fluctuations need a smooth drive, but this one jumps between {drive.steps} steps: use a "
            "Fourier or bounded drive."
        )
    for bath in machine.driven_baths:
        memoryless = bath.spectral_density.memory().input.shape[0] == 0
        if memoryless or is_mixed(bath):
            what = "is strictly Ohmic" if memoryless else "has friction beside its poles"
            raise InputError(
                f"exact fluctuations need driven baths with memory, but {bath.name!r} {what}: give it a "
                "Drude cut-off or use the weak solver."
            )


class Coloured(NamedTuple):
    """Memory of the noise of all baths: correlations exp(-mu_i tau) of J exponentials, bath by bath.

    Attributes:
        rates: (J,) mu_i.
        strengths: (J,) a_i.
        bath: (J,) the bath it belongs to.
        states: (n, J, K) u_i, ``du_i/dt = (A - mu_i) u_i + b``.
    """

    rates: Float[Array, " J"]
    strengths: Float[Array, " J"]
    bath: Int[np.ndarray, " J"]
    states: Float[Array, "n J K"]


class Form(NamedTuple):
    """``P_l = z^T M_l z = sum_c factor_c (x z)(F_c z)`` of one oscillator, and the kicks by x and F_c.

    Attributes:
        factor: (C, K) -dg_l^c/dt.
        position, kick: (n, K) row x, and dz by an impulse on x_l.
        force, force_kick: (C, n, K) rows F_c, and dz by an impulse on q_c.
    """

    factor: Float[Array, "C K"]
    position: Float[Array, "n K"]
    kick: Float[Array, "n K"]
    force: Float[Array, "C n K"]
    force_kick: Float[Array, "C n K"]

    def matrix(self, left: Array, right: Array) -> Float[Array, "n n K"]:
        """``sum_c factor_c (left right_c^T + right_c left^T)/2`` for left (n, K), right (C, n, K)."""
        half = jnp.einsum("ck,ik,cjk->ijk", self.factor, left, right) / 2.0
        return half + jnp.swapaxes(half, 0, 1)


def _covariance(
    machine: Machine,
    copies: tuple[Copy, ...],
    driven: tuple[int, ...],
    calculus: Calculus,
    poles: CothPoles,
) -> Float[Array, "l l"]:
    """D_lk of oscillators that share these copies of baths."""
    equations = damped_system(machine.frequencies, machine.stiffness, copies)
    temperatures = jnp.stack([copy.bath.temperature for copy in copies])
    moments = periodic_moments(equations, temperatures, calculus, poles)
    noise = _coloured(equations, temperatures, moments, poles)
    covariance = jnp.sum(moments.covariance, axis=0)
    forms = [_form(equations, copies, driven, l) for l in range(machine.size)]
    adjoints = _adjoints(forms, equations, noise, calculus)
    sources = [_sources(form, equations, covariance, noise, calculus) for form in forms]
    half = jnp.stack([jnp.stack([_overlap(y, s) for s in sources]) for y in adjoints])
    # As in `steady_state`: no numbers from steps that do not resolve the fastest rate.
    norm = jnp.max(jnp.sqrt(jnp.sum(equations.dynamics**2, axis=(0, 1))) * calculus.shortest)
    return jnp.where(norm < LARGEST_STEP, half + half.T, jnp.nan)


def _coloured(equations: System, temperatures: Array, moments: Moments, poles: CothPoles) -> Coloured:
    rates = jnp.concatenate([matsubara(t, poles)[1:] for t in temperatures])
    weights = jnp.concatenate([t * poles.weight[1:] for t in temperatures])
    scaled = jnp.concatenate(equations.noise[:, :, None] - moments.noise_states, axis=1)
    bath = np.repeat(np.arange(len(temperatures)), poles.weight.shape[0] - 1)
    return Coloured(rates, -2.0 * weights * rates, bath, scaled / rates[:, None])


def _form(equations: System, copies: tuple[Copy, ...], driven: tuple[int, ...], l: int) -> Form:
    size, (total, _, points) = equations.positions.shape[0], equations.dynamics.shape
    axis = jnp.broadcast_to(equations.positions[:, l, None], (size, points))
    none = jnp.zeros((total, points))
    return Form(
        factor=jnp.stack([-copies[c].slope[l] for c in driven]),
        position=none.at[:size].set(axis),
        kick=none.at[size : 2 * size].set(axis),
        force=jnp.stack([equations.force[c] for c in driven]),
        force_kick=jnp.stack([equations.kick[c] for c in driven]),
    )


class WithStates(NamedTuple):
    """The right-hand sides for X and X_j, theory (5.24), or the adjoints Y and a_j q_j, theory (5.25)."""

    matrix: Float[Array, "n n K"]
    states: Float[Array, "n J K"]


def _sources(
    form: Form, equations: System, covariance: Array, noise: Coloured, calculus: Calculus
) -> WithStates:
    position = jnp.einsum("ijk,jk->ik", covariance, form.position)
    force = jnp.einsum("ijk,cjk->cik", covariance, form.force)
    matrix = form.matrix(position, force) - form.matrix(form.kick, form.force_kick) / 4.0
    x = jnp.einsum("ik,ijk->jk", form.position, noise.states)
    f = jnp.einsum("cik,ijk->cjk", form.force, noise.states)
    states = jnp.einsum("ck,ik,cjk->ijk", form.factor, position, f)
    states = (states + jnp.einsum("ck,cik,jk->ijk", form.factor, force, x)) / 2.0
    feed = _pairs(form.factor, x, f, noise, equations.noise.shape[0], calculus)
    return WithStates(matrix, states + jnp.einsum("bik,jbk->ijk", equations.noise, feed))


def _pairs(
    factor: Array, x: Array, f: Array, noise: Coloured, baths: int, calculus: Calculus
) -> Float[Array, "J B K"]:
    """``sum_{i of bath b} a_i X_ij``: X_ij elementwise in Fourier space, one j at a time."""
    count = calculus.grid.points
    order = 1j * calculus.frequency * jnp.arange(count // 2 + 1)
    members = jnp.asarray(noise.bath[None, :] == np.arange(baths)[:, None]) * noise.strengths

    def one(inputs: tuple[Array, Array, Array]) -> Array:
        rate, own_x, own_f = inputs
        source = jnp.einsum("ck,jk,ck->jk", factor, x, own_f) + jnp.einsum("ck,cjk,k->jk", factor, f, own_x)
        spectrum = jnp.fft.rfft(source / 2.0) * reciprocal(noise.rates[:, None] + rate + order)
        return jnp.fft.irfft(members @ spectrum, count)

    return jax.lax.map(one, (noise.rates, x, jnp.swapaxes(f, 0, 1)))


def _adjoints(forms: list[Form], equations: System, noise: Coloured, calculus: Calculus) -> list[WithStates]:
    """The backward equations, as forward ones in reversed time."""
    dynamics = jnp.swapaxes(_reversed(equations.dynamics), 0, 1)
    ladder = propagators(dynamics, calculus)
    observables = jnp.stack([_reversed(form.matrix(form.position, form.force)) for form in forms])
    step = diffusion(dynamics, observables, ladder, calculus)
    result = []
    for y in closed_covariance(ladder, step):
        parts = []
        for b in range(equations.noise.shape[0]):
            source = jnp.einsum("ijk,jk->ik", y, _reversed(equations.noise[b]))
            parts.append(decaying_states(dynamics, source, noise.rates[noise.bath == b], calculus, ladder))
        states = _reversed(jnp.concatenate(parts, axis=1)) * noise.strengths[:, None]
        result.append(WithStates(_reversed(y), states))
    return result


def _reversed(values: Float[Array, "... K"]) -> Float[Array, "... K"]:
    """f(-t) on the phases 1/K, .. 1."""
    return jnp.roll(values[..., ::-1], -1, axis=-1)


def _overlap(adjoints: WithStates, sources: WithStates) -> Float[Array, ""]:
    """``int_0^infinity dtau avg`` of one order of the two powers."""
    direct = jnp.sum(adjoints.matrix * sources.matrix, axis=(0, 1))
    through_noise = jnp.sum(adjoints.states * sources.states, axis=(0, 1))
    return 2.0 * jnp.mean(direct + 2.0 * through_noise)
