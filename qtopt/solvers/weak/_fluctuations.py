"""Fluctuations of work and heat in the weak-coupling theory."""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from jaxtyping import Array, Complex, Float
from numpy.typing import NDArray

from ...errors import InputError
from ...model import AbstractDrive, Machine, at_points, blocks, damping_matrix, over_groups
from ...numerics import at_each, on_host, require_x64, xp
from ...thermal import (
    AnalyticFactor,
    CothPoles,
    contour,
    contour_integral,
    coth_poles,
    matsubara,
    rational_coth,
    thermal_integral,
)
from ..base import Fluctuations
from ._check import check_machine
from ._kernels import along, density_factor, shifted, transposed
from ._series import series_of
from ._static_spectra import Entries, StaticSpectra, static_spectra
from ._thermal_spectra import ThermalSpectra


def fluctuations(
    machine: Machine, drive: AbstractDrive, harmonics: int | None = None, poles: CothPoles | None = None
) -> Fluctuations:
    """Variance rates of work and heat to second order in the driven bath, all orders in the static ones.

    Work and heat come in quanta n Omega, w and w + n Omega, as in a bidirectional Poisson process. They are
    quadratic forms F_0, F_1 and F_2 in the harmonics of the drive (`noise_kernels`). No frequency grid: both
    coths are rational, and one of them is absorbed in spectra that are analytic in one half plane
    (`ThermalSpectra`). Cost per harmonic O(K^2 + K L^3), K = 80 poles. Differentiable.

    Heat fluctuations are given for one static bath and a driven bath with memory; otherwise
    `Fluctuations.heat_currents` is None: static baths exchange heat that the drive does not cause, and
    between two strictly Ohmic baths the integral needs frequencies beyond the rational coth.

    Args:
        machine: one driven bath, one or more static baths.
        drive: any drive with as many components as oscillators; or several, as of `steady_state`.
        harmonics: harmonics kept; default `drive.default_harmonics`.
        poles: the rational coth, by default to machine precision.

    Raises:
        InputError: see `steady_state`; or a drive that jumps, beside a driven bath whose force has no
            variance (J ~ 1/w or slower).
        RuntimeError: float64 is disabled.

    Source: theory (3.15) to (3.18).
    """
    require_x64()
    check_fluctuations(machine, drive)
    with_heat = _memory(machine) and len(machine.static_baths) == 1
    series = series_of(drive, harmonics, 0 if with_heat else 1)  # the mean coupling does no work
    frequency, g = along(drive.frequency), series.amplitudes
    nu = noise_orders(series.orders) * frequency
    forms = noise_kernels(machine, nu.ravel(), 2 if with_heat else 0, poles)
    overlap = xp.conj(g)[..., :, None] * g[..., None, :]
    parts = [xp.real(overlap * form.reshape(overlap.shape)) * series.weights[:, None, None] for form in forms]
    work = xp.einsum("...n,...nlm->...lm", (frequency * series.orders) ** 2, parts[0])
    if not with_heat:
        return Fluctuations(work, None)
    f0, f1, f2 = (xp.sum(part, axis=(-2, -1)) for part in parts)
    driven, static = (xp.sum(part, axis=-1) for part in (f2, nu**2 * f0 + 2.0 * nu * f1 + f2))
    return Fluctuations(
        work, xp.stack([driven if bath.driven else static for bath in machine.baths], axis=-1)
    )


def noise_kernels(
    machine: Machine,
    nu: Float[Array, " n"],
    highest: int = 0,
    poles: CothPoles | None = None,
    batch: int | None = None,
) -> tuple[Complex[Array, "n L L"], ...]:
    """F_m(nu), m = 0 .. highest, Hermitian: ``D_lk = sum_n (n Omega)^2 Re[conj(g_ln) (F_0)_lk g_kn]``.

    See `fluctuations`; nu != 0, one or `batch` after the other. F_1 and F_2 need a driven bath with memory.
    """
    poles = coth_poles() if poles is None else poles

    def of_part(part: Machine) -> list[Array]:
        kernel = _memory_kernels(part, poles, highest) if _memory(part) else _memoryless_kernels(part, poles)
        if on_host(nu, *jax.tree.leaves(machine)):
            few = xp.split(nu, range(SIDE_BY_SIDE, len(nu), SIDE_BY_SIDE))
            found = [at_each(kernel, part, host=True) for part in few]
            return [xp.concatenate(parts) for parts in zip(*found, strict=True)]
        return jax.lax.map(kernel, nu, batch_size=batch)

    return tuple(blocks(machine, parts) for parts in over_groups(of_part, machine))


def _memory(machine: Machine) -> bool:
    """Whether the driven bath has one."""
    return machine.driven_baths[0].spectral_density.has_memory()


SIDE_BY_SIDE = 128
"""harmonics at once on NumPy arrays: more of them leave the caches"""
NEAR_ZERO = 1e-6
"""The mean coupling takes part at this harmonic instead of 0, where nodes of the two coths would meet."""


def noise_orders(orders: NDArray[np.int64]) -> Float[Array, " n"]:
    """The harmonics n at which the noise kernels stand for these: `NEAR_ZERO` in place of 0."""
    return xp.where(orders == 0, NEAR_ZERO, orders)


def check_fluctuations(machine: Machine, drive: AbstractDrive) -> None:
    """Refuse what `steady_state` refuses, and drives whose work has no finite variance rate."""
    check_machine(machine, drive)
    if drive.steps and not machine.driven_baths[0].spectral_density.finite_force_variance:
        raise InputError(
            "power fluctuations of a drive that jumps need a driven bath whose J(omega) falls faster than "
            "1/omega, but this one falls more slowly and they diverge: use a Lorentzian bath or a smooth "
            "drive."
        )


def _thermal(machine: Machine, poles: CothPoles) -> tuple[StaticSpectra, ThermalSpectra]:
    spectra = static_spectra(machine)
    return spectra, ThermalSpectra.of(machine, spectra, poles)


def _stacked(factor: AnalyticFactor) -> AnalyticFactor:
    """The same with all orders and entries in one array: smaller programs, but slow in reverse mode."""

    def stack(parts: tuple[Entries, ...]) -> Array:
        return xp.stack([xp.stack(entries) for entries in parts])

    return AnalyticFactor(
        factor.sample, lambda at: stack(factor.value(at)), lambda a, b: stack(factor.slope(a, b))
    )


def _hermitian(half: Complex[Array, "L L"]) -> Complex[Array, "L L"]:
    return half + xp.conj(transposed(half))


def _memory_kernels(machine: Machine, poles: CothPoles, highest: int) -> Callable[[Array], list[Array]]:
    """nu -> F_0 (F_1, F_2) for a driven bath with memory."""
    driven = machine.driven_baths[0]
    spectra, thermal = _thermal(machine, poles)
    scalar = density_factor(driven)
    path = contour(driven.temperature, scalar, poles)
    orders = tuple(range(highest + 1))
    spurious = _spurious(machine, poles) if highest == 2 else None

    def at(nu: Array) -> list[Array]:
        total = [xp.zeros((machine.size, machine.size, *nu.shape), dtype=complex) for _ in orders]
        for b in range(len(machine.static_baths)):
            noisy = contour_integral(path, _stacked(shifted(thermal, b, nu, orders)))
            vacuum = _stacked(shifted(spectra, b, nu, orders)).at(scalar.upper_poles)
            halves = noisy - 1j * xp.sum(scalar.upper_residues * vacuum, axis=-1)
            total = [
                part + _hermitian(spectra.matrix(half)) for part, half in zip(total, halves, strict=True)
            ]
        if spurious is not None:
            total[2] = total[2] - at_points(spurious, nu)
        return total

    return at


def _memoryless_kernels(machine: Machine, poles: CothPoles) -> Callable[[Array], list[Array]]:
    """nu -> F_0 for J_1 = gamma w; ``int dw/2pi w chi''(w + nu) = 1/2`` is the commutator of x and p."""
    driven = machine.driven_baths[0]
    friction = driven.spectral_density.expansion().viscosity
    _, thermal = _thermal(machine, poles)
    z = 1j * matsubara(driven.temperature, poles)
    spurious = _spurious(machine, poles)

    def at(nu: Array) -> list[Array]:
        total = -0.5 * at_points(xp.eye(machine.size, dtype=complex), nu)
        for b in range(len(machine.static_baths)):
            (entries,) = shifted(thermal, b, nu, (1,)).at(z)
            noisy = xp.stack([thermal_integral(driven.temperature, entry, poles) for entry in entries])
            total = total + _hermitian(thermal.matrix(noisy))
        return [friction * total - at_points(spurious, nu)]

    return at


POINTS, FIRST, LAST = 160, 8.0, 20.0
"""ln-spaced points from 10^FIRST to 10^LAST times the temperatures: where the rational coth ends."""


def _spurious(machine: Machine, poles: CothPoles) -> Float[Array, "L L"]:
    """What frequencies beyond the rational coth add to ``int dw/2pi w^m J_1 (coth coth - 1) X``, m = 0 or 2.

    There ``w^m J_1 X_b -> c_b/w^2``, while the product of the rational coths leaves 1 (``c_b`` vanishes
    unless the integrand falls as slowly as that): ``c_b/pi int dw/w^2 [coth coth - 1]``, by the trapezoidal
    rule in ln w.
    """
    driven = machine.driven_baths[0]
    expansion = driven.spectral_density.expansion()
    strength = expansion.viscosity
    if expansion.poles.shape[0]:
        strength = xp.imag(xp.sum(expansion.residues))
    total: Any = xp.zeros((machine.size, machine.size))
    exponents = np.linspace(FIRST, LAST, POINTS) * np.log(10.0)
    for b, bath in enumerate(machine.static_baths):
        scale = xp.sqrt(driven.temperature * bath.temperature)
        omega = scale * np.exp(exponents)
        product = rational_coth(omega, driven.temperature, poles) * rational_coth(
            omega, bath.temperature, poles
        )
        tail = xp.sum((product - 1.0) / omega) * (exponents[1] - exponents[0]) / xp.pi
        total = total + tail * strength * bath.spectral_density.expansion().viscosity * damping_matrix(
            machine, b
        )
    return total
