"""Fluctuations of work at any coupling strength: Wick's theorem on the Gaussian periodic state."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Array, Float, Int

from ...errors import InputError
from ...model import (
    FORCES,
    FREQUENCIES,
    SPRINGS,
    AbstractDrive,
    Actuators,
    Course,
    Machine,
    Moving,
    System,
    actuators,
    blocks,
    course,
    damped_system,
    is_mixed,
    local_shares,
    moving,
    over_groups,
)
from ...numerics import in_turn, irfft, on_host, put, reciprocal, require_x64, rfft, xp
from ...thermal import CothPoles, matsubara
from ..base import Fluctuations
from ._averages import force_push
from ._check import check_drive
from ._doubling import Calculus, diffusion, propagators
from ._periodic import Moments, decaying_states, periodic_moments
from ._recurrences import periodic_covariances
from ._resolution import LARGEST_STEP
from ._time_grid import AbstractGrid, TimeGrid


def fluctuations(
    machine: Machine, drive: AbstractDrive, grid: AbstractGrid, poles: CothPoles
) -> Fluctuations:
    """The variance rates for settled settings; see `Exact.fluctuations`."""
    require_x64()
    check_fluctuations(machine, drive)
    assert isinstance(grid, TimeGrid)  # jumps are refused above
    calculus, acting = Calculus(grid, drive.frequency), actuators(machine, drive)
    whole = course(acting, *drive.at_phases(grid.phases), machine.size)

    def solve(part: Machine, shapes: Array, slopes: Array) -> Array:
        at = whole._replace(shapes=shapes, slopes=slopes)
        return _covariance(part, acting, at, calculus, poles)

    work = _over_all(machine, over_groups(solve, machine, whole.shapes, whole.slopes))
    shares = xp.asarray(local_shares(acting, machine.size))
    plain = len(acting) == 1 and acting[0].target != SPRINGS
    return Fluctuations(work if plain else shares @ work @ shares.T, None, work)


def _over_all(machine: Machine, parts: Float[Array, "C a a"]) -> Float[Array, "A A"]:
    """The covariance of all shapes from that of every group; 0 between groups."""
    if len(parts) == 1:
        return parts[0]
    count, size = machine.groups().shape
    several = parts.shape[-1] // size
    apart = xp.swapaxes(parts.reshape(count, several, size, several, size), 2, 3)
    return xp.swapaxes(blocks(machine, apart), 1, 2).reshape(several * machine.size, -1)


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
    """The power of one shape, ``z^T M z + push^T z`` with ``z^T M z = sum_c factor_c (x z)(F_c z)``.

    F is a force of a bath, or the position of an oscillator; forces that are driven are linear in z.

    Attributes:
        factor: (C, K) -dg_l^c/dt, or half the slope of the stiffness.
        position, kick: (n, K) row x, and dz by an impulse on x_l.
        force, force_kick: (C, n, K) rows F_c, and dz by an impulse on its coordinate.
        push: (n, K) -df_l/dt times the row x, or None.
    """

    factor: Float[Array, "C K"]
    position: Float[Array, "n K"]
    kick: Float[Array, "n K"]
    force: Float[Array, "C n K"]
    force_kick: Float[Array, "C n K"]
    push: Float[Array, "n K"] | None = None

    def matrix(self, left: Array, right: Array) -> Float[Array, "n n K"]:
        """``sum_c factor_c (left right_c^T + right_c left^T)/2`` for left (n, K), right (C, n, K)."""
        half = xp.einsum("ck,ik,cjk->ijk", self.factor, left, right) / 2.0
        return half + xp.swapaxes(half, 0, 1)


def _covariance(
    machine: Machine, acting: Actuators, at: Course, calculus: Calculus, poles: CothPoles
) -> Float[Array, "a a"]:
    """D of all shapes, of oscillators that share their baths."""
    now = moving(machine, acting, at)
    equations = damped_system(machine.frequencies, now.stiffness, now.copies)
    push = force_push(equations, now.force)
    moments = periodic_moments(equations, machine.temperatures, calculus, poles, push)
    noise = _coloured(equations, machine.temperatures, moments, poles)
    covariance = xp.sum(moments.covariance, axis=0)
    forms = _forms(machine, acting, at, now, equations)
    adjoints = _adjoints(forms, equations, noise, calculus)
    sources = [_sources(form, equations, covariance, noise, calculus) for form in forms]
    half = xp.stack([xp.stack([_overlap(y, s) for s in sources]) for y in adjoints])
    if push is not None:
        half = half + _linear(forms, equations, covariance, moments.mean, noise, calculus)
    # As in `steady_state`: no numbers from steps that do not resolve the fastest rate.
    norm = xp.max(xp.sqrt(xp.sum(equations.dynamics**2, axis=(0, 1))) * calculus.shortest)
    return xp.where(norm < LARGEST_STEP, half + half.T, xp.nan)


def _coloured(equations: System, temperatures: Array, moments: Moments, poles: CothPoles) -> Coloured:
    rates = xp.concatenate([matsubara(t, poles)[1:] for t in temperatures])
    weights = xp.concatenate([t * poles.weight[1:] for t in temperatures])
    scaled = xp.concatenate(equations.noise[:, :, None] - moments.noise_states, axis=1)
    bath = np.repeat(np.arange(len(temperatures)), poles.weight.shape[0] - 1)
    return Coloured(rates, -2.0 * weights * rates, bath, scaled / rates[:, None])


def _forms(machine: Machine, acting: Actuators, at: Course, now: Moving, equations: System) -> list[Form]:
    """The forms of all shapes, actuator after actuator."""
    size, (total, _, points) = machine.size, equations.dynamics.shape
    none, found, e = xp.zeros((total, points)), [], 0
    axes = xp.broadcast_to(equations.positions[:, :, None], (size, size, points))
    rows = [put(none, slice(size), axes[:, l]) for l in range(size)]
    kicks = [put(none, slice(size, 2 * size), axes[:, l]) for l in range(size)]

    def of_pair(factor: Array, l: int, m: int) -> Form:
        return Form(factor[None], rows[l], kicks[l], rows[m][None], kicks[m][None])

    for actuator in acting:
        if actuator.target == SPRINGS:
            assert at.spring_slopes is not None
            found += [of_pair(s, l, m) for (l, m), s in zip(actuator.pairs, at.spring_slopes, strict=True)]
            continue
        slopes, e = at.slopes[:, e], e + 1
        for l in range(size):
            if actuator.target == FREQUENCIES:
                found.append(of_pair(0.5 * machine.frequencies[l] ** 2 * slopes[l], l, l))
            elif actuator.target == FORCES:
                found.append(of_pair(xp.zeros(points), l, l)._replace(push=-slopes[l] * rows[l]))
            else:
                found.append(_of_coupling(actuator.baths, l, now, equations, rows[l], kicks[l]))
    return found


def _of_coupling(
    baths: tuple[int, ...], l: int, now: Moving, equations: System, row: Array, kick: Array
) -> Form:
    """The form of the couplings of oscillator l to some baths."""
    return Form(
        factor=xp.stack([-now.copies[c].slope[l] for c in baths]),
        position=row,
        kick=kick,
        force=xp.stack([equations.force[c] for c in baths]),
        force_kick=xp.stack([equations.kick[c] for c in baths]),
    )


def _linear(
    forms: list[Form],
    equations: System,
    covariance: Float[Array, "n n K"],
    mean: Float[Array, "n K"],
    noise: "Coloured",
    calculus: Calculus,
) -> Float[Array, "a a"]:
    """Half of what the linear parts of the powers (in the deviation from the mean) do: theory (13.9)."""
    rows = xp.stack([_slope_at(form, mean) for form in forms])
    count = calculus.grid.points
    order = 1j * calculus.frequency * xp.arange(count // 2 + 1)
    source = xp.einsum("njk,ank->ajk", noise.states, rows)
    followed = irfft(rfft(source) * reciprocal(noise.rates[:, None] + order), count)
    baths = equations.noise.shape[0]
    members = (noise.bath[None, :] == np.arange(baths)[:, None]) * noise.strengths
    feed = xp.einsum("nmk,amk->ank", covariance, rows)
    feed = feed + xp.einsum("bnk,bj,ajk->ank", equations.noise, members, followed)
    ladder = propagators(equations.dynamics, calculus)
    undamped = xp.zeros((len(forms), 1))
    later = decaying_states(equations.dynamics, feed, undamped, calculus, ladder)[:, :, 0]
    return xp.mean(xp.einsum("ank,bnk->abk", rows, later), axis=-1)


def _slope_at(form: Form, mean: Float[Array, "n K"]) -> Float[Array, "n K"]:
    """The derivative of the power of a shape in z, at the mean."""
    x = xp.sum(form.position * mean, axis=0)
    f = xp.sum(form.force * mean, axis=1)
    found = xp.einsum("ck,ck,ik->ik", form.factor, f, form.position)
    found = found + xp.einsum("ck,k,cik->ik", form.factor, x, form.force)
    return found if form.push is None else found + form.push


class WithStates(NamedTuple):
    """The right-hand sides for X and X_j, theory (5.24), or the adjoints Y and a_j q_j, theory (5.25)."""

    matrix: Float[Array, "n n K"]
    states: Float[Array, "n J K"]


def _sources(
    form: Form, equations: System, covariance: Array, noise: Coloured, calculus: Calculus
) -> WithStates:
    position = xp.einsum("ijk,jk->ik", covariance, form.position)
    force = xp.einsum("ijk,cjk->cik", covariance, form.force)
    matrix = form.matrix(position, force) - form.matrix(form.kick, form.force_kick) / 4.0
    x = xp.einsum("ik,ijk->jk", form.position, noise.states)
    f = xp.einsum("cik,ijk->cjk", form.force, noise.states)
    states = xp.einsum("ck,ik,cjk->ijk", form.factor, position, f)
    states = (states + xp.einsum("ck,cik,jk->ijk", form.factor, force, x)) / 2.0
    feed = _pairs(form.factor, x, f, noise, equations.noise.shape[0], calculus)
    return WithStates(matrix, states + xp.einsum("bik,jbk->ijk", equations.noise, feed))


def _pairs(
    factor: Array, x: Array, f: Array, noise: Coloured, baths: int, calculus: Calculus
) -> Float[Array, "J B K"]:
    """``sum_{i of bath b} a_i X_ij``: X_ij elementwise in Fourier space, one j at a time."""
    count = calculus.grid.points
    order = 1j * calculus.frequency * np.arange(count // 2 + 1)
    members = (noise.bath[None, :] == np.arange(baths)[:, None]) * noise.strengths

    force = xp.einsum("ck,cjk->jk", factor, f)

    def one(inputs: tuple[Array, Array, Array]) -> Array:
        rate, own_x, own_force = inputs
        source = x * own_force + force * own_x
        spectrum = rfft(source / 2.0) * reciprocal(noise.rates[:, None] + rate + order)
        return irfft(members @ spectrum, count)

    return in_turn(one, (noise.rates, x, force), host=on_host(x, force))


def _adjoints(forms: list[Form], equations: System, noise: Coloured, calculus: Calculus) -> list[WithStates]:
    """The backward equations, as forward ones in reversed time."""
    dynamics = xp.swapaxes(_reversed(equations.dynamics), 0, 1)
    ladder = propagators(dynamics, calculus)
    observables = xp.stack([_reversed(form.matrix(form.position, form.force)) for form in forms])
    step = diffusion(dynamics, observables, ladder, calculus)
    result = []
    rates = noise.rates.reshape(len(equations.noise), -1)
    for y in periodic_covariances(ladder.full, step):
        source = xp.einsum("ijk,bjk->bik", y, _reversed(equations.noise))
        parts = decaying_states(dynamics, source, rates, calculus, ladder)
        states = _reversed(xp.concatenate(parts, axis=1)) * noise.strengths[:, None]
        result.append(WithStates(_reversed(y), states))
    return result


def _reversed(values: Float[Array, "... K"]) -> Float[Array, "... K"]:
    """f(-t) on the phases 1/K, .. 1."""
    return xp.roll(values[..., ::-1], -1, axis=-1)


def _overlap(adjoints: WithStates, sources: WithStates) -> Float[Array, ""]:
    """``int_0^infinity dtau avg`` of one order of the two powers."""
    direct = xp.sum(adjoints.matrix * sources.matrix, axis=(0, 1))
    through_noise = xp.sum(adjoints.states * sources.states, axis=(0, 1))
    return 2.0 * xp.mean(direct + 2.0 * through_noise)
