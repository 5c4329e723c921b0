"""The weak-coupling periodic steady state of a driven machine."""

from typing import Any, NamedTuple

from jaxtyping import Array, Complex, Float

from ...model import AbstractDrive, FourierSeries, Machine
from ...numerics import require_x64, xp
from ...thermal import CothPoles
from ._check import check_machine
from ._conduction import conduction
from ._end import heat_beyond_the_end
from ._kernels import Kernels, along, covariance, kernels
from ._result import WeakSteadyState
from ._series import mean_square_of, series_of
from ._static_spectra import broken_equipartition


def steady_state(
    machine: Machine, drive: AbstractDrive, harmonics: int | None = None, poles: CothPoles | None = None
) -> WeakSteadyState:
    """Thermodynamics to second order in the driven bath, all orders in the static baths.

    Differentiable in every parameter of machine and drive, works under `jax.jit`, `jax.vmap` and `jax.grad`.
    Heat flows between static baths at different temperatures are included (zeroth order, and their change
    by the driven bath).

    Args:
        machine: one driven bath, static baths at any temperatures, any number of oscillators.
        drive: any drive with as many components as oscillators; on NumPy arrays and with one static bath also
            several, as one pytree that begins with an axis: then all results do.
        harmonics: harmonics kept; default `drive.default_harmonics`.
        poles: the rational coth, by default to machine precision.

    Raises:
        InputError: see `check_machine`.
        RuntimeError: float64 is disabled.

    Source: theory (3.11), (3.25).
    """
    require_x64()
    check_machine(machine, drive)
    series = series_of(drive, harmonics)
    table = kernels(machine, along(drive.frequency) * series.orders, poles)
    power, local_powers, driven_heat, static_heat = currents(table, series)
    if len(machine.static_baths) > 1:
        static_heat = static_heat + conduction(machine, drive.frequency, series, poles)
    others = iter(xp.moveaxis(static_heat, -1, 0))
    heat = xp.stack([driven_heat if bath.driven else next(others) for bath in machine.baths], axis=-1)
    kept = series.weights @ xp.abs(series.amplitudes) ** 2
    missing = xp.sum(xp.maximum(mean_square_of(drive) - kept, 0.0), axis=-1)
    last = xp.sum(table.work[..., -1, :, :, :], axis=-3)
    spread = covariance(machine, poles)
    return WeakSteadyState(  # pyright: ignore[reportCallIssue]  (the status is a property)
        power=power,
        local_powers=local_powers,
        heat_currents=heat,
        entropy_production_rate=-xp.sum(heat / machine.temperatures, axis=-1),
        covariance=xp.broadcast_to(spread, (*power.shape, *spread.shape)),
        systematic_error=heat_beyond_the_end(machine, drive)
        + broken_equipartition(machine) * xp.max(xp.abs(heat), axis=-1),
        truncation_error=missing
        * xp.sum(xp.abs(last + xp.conj(xp.swapaxes(last, -1, -2))), axis=(-2, -1))
        / 2.0,
    )


class KernelCurrents(NamedTuple):
    """What the kernels make of a drive: power, local powers, heat of the driven and of each static bath."""

    power: Float[Array, ""]
    local_powers: Float[Array, " L"]
    driven_heat: Float[Array, ""]
    static_heat: Float[Array, " S"]


def currents(table: Kernels, series: FourierSeries) -> KernelCurrents:
    """Currents from the kernels at the harmonics of a drive; formulas: `Kernels`.

    ``Re[conj(g_l) K_lm g_m]`` is taken apart into Re and Im of conj(g_l) g_m and of K_lm: far from resonance
    the reactive parts are 1e9 times the dissipative ones, and only what is antisymmetric of Im K_lm counts in
    sums over l and m. Complex products and sums over local powers would leave their round-off there.
    """
    weights = series.weights[:, None, None]
    a, b = series.amplitudes.real, series.amplitudes.imag
    even = weights * (a[..., :, None] * a[..., None, :] + b[..., :, None] * b[..., None, :])
    odd = weights * (a[..., :, None] * b[..., None, :] - b[..., :, None] * a[..., None, :])
    odd = odd * (1.0 - xp.eye(a.shape[-1]))  # a fused multiply-add leaves round-off on the diagonal

    def summed(kept: str, factor: Any, kernel: Array) -> Array:
        return xp.einsum(f"...nlm,...nslm->...{kept}", factor, kernel)

    def total(kernel: Complex[Array, "n S L L"]) -> Float[Array, " S"]:
        twisted = (kernel.imag - xp.swapaxes(kernel.imag, -1, -2)) / 2.0
        return summed("s", even, kernel.real) - summed("s", odd, twisted)

    local = summed("l", even, table.work.real) - summed("l", odd, table.work.imag)
    power, heat = total(table.work), total(table.heat)
    return KernelCurrents(xp.sum(power, axis=-1), local, xp.sum(heat, axis=-1), -(power + heat))
