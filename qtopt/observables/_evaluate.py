"""One machine, one drive: every number of the contract, on the host."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import equinox as eqx
import numpy as np
from jax import Array

from ..errors import InputError
from ..model import AbstractDrive, Machine, has_friction, logarithmic_negativity, normal_modes, pearson
from ..solvers import Fluctuations, WeakSteadyState
from ..solvers.exact import (
    ExactSteadyState,
    check_fluctuations as check_exact_fluctuations,
    fluctuations as exact_fluctuations,
    resolution_for,
    steady_state as exact_steady_state,
)
from ..solvers.weak import (
    LIMIT,
    RESOLUTION,
    check_fluctuations,
    fluctuations,
    heat_error,
    in_other_units,
    phase_space_covariance,
    steady_state,
    weak_validity,
    with_window_currents,
)
from ._currents import Currents, currents, with_slope
from ._operating_mode import performance
from ._verdicts import verdicts

_compiled = eqx.filter_jit(steady_state)


@eqx.filter_jit
def _negativity(machine: Machine) -> Array:
    return logarithmic_negativity(phase_space_covariance(machine))


@eqx.filter_jit
def _weak_program(machine: Machine, drive: AbstractDrive, noisy: bool) -> tuple[Any, Any, Any]:
    state, slope = with_slope(steady_state, machine, drive)
    found = fluctuations(machine, drive) if noisy else None
    return state, slope, found


@eqx.filter_jit
def _exact_program(
    machine: Machine, drive: AbstractDrive, resolution: Any, noisy: bool
) -> tuple[Any, Any, Any]:
    def solve(machine: Machine, drive: AbstractDrive) -> ExactSteadyState:
        return exact_steady_state(machine, drive, resolution)

    if not noisy:
        return solve(machine, drive), None, None
    state, slope = with_slope(solve, machine, drive)
    return state, slope, exact_fluctuations(machine, drive, resolution)


@dataclass(frozen=True)
class Evaluation:
    """Thermodynamics of one machine under one drive (hbar = k_B = m = 1).

    Field names are the keys of `qtopt evaluate --json`; see `WeakSteadyState` and `Performance` for what they
    mean. `pearson` is None for one oscillator; `truncation_error` bounds what dropped harmonics can change
    in the power. `weak_validity` belongs to the weak solver, `spectral_radius` (largest modulus of a Floquet
    multiplier) and `first_law_residual` to the exact one; the other solver leaves them None.

    Fluctuations are variance rates D, `tur` is Q = D S/X^2 of the power, `local_tur` of each local power,
    `heat_tur` of each heat current and `output_tur` of all extracting local powers together (converters).
    `violated_bounds` lists, for each current, the names of the `precision.BOUNDS` that it violates.
    `no_fluctuations` says why there are none. `logarithmic_negativity` (exact: its average over the period)
    is None beside strictly Ohmic baths, where momenta have no variance. `normal_modes` belong to the static
    machine: frequency, damping and cosine of the phase between the first two oscillators.
    """

    power: float
    local_powers: list[float]
    heat_currents: list[float]
    entropy_production_rate: float
    mode: str
    efficiency: float | None
    efficiency_bound: float | None
    carnot_efficiency: float
    covariance: list[list[float]]
    pearson: float | None
    weak_validity: float | None
    truncation_error: float
    spectral_radius: float | None = None
    first_law_residual: float | None = None
    power_fluctuations: float | None = None
    local_power_fluctuations: list[float] | None = None
    local_power_covariance: list[list[float]] | None = None
    heat_current_fluctuations: list[float] | None = None
    tur: float | None = None
    local_tur: list[float | None] | None = None
    heat_tur: list[float | None] | None = None
    output_tur: float | None = None
    violated_bounds: dict[str, list[str]] | None = None
    no_fluctuations: str | None = None
    logarithmic_negativity: float | None = None
    normal_modes: list[dict[str, float | None]] | None = None

    def warnings(self) -> list[str]:
        """What a reader should know before believing the numbers; empty when all is well."""
        found = []
        if self.weak_validity is not None and self.weak_validity > LIMIT:
            found.append(
                f"weak_validity is {self.weak_validity:.2g}, above {LIMIT}: the driven bath widens a "
                "resonance by more than the weak theory can bear; weaken it, or use the exact solver."
            )
        if self.truncation_error > 1e-6 * abs(self.power):
            found.append(
                f"harmonics of the drive beyond those kept can change the power by up to "
                f"{self.truncation_error:.1e}."
            )
        if self.first_law_residual is not None and self.first_law_residual > 1e-6:
            found.append(
                f"two expressions of the heat currents differ by {self.first_law_residual:.1e} of the "
                "largest: round-off limits this machine, or the points of time are too few."
            )
        return found

    def as_dict(self) -> dict[str, Any]:
        """Plain numbers under the keys of the contract; infinite validity becomes None."""
        values = dict(self.__dict__)
        if self.weak_validity is not None and not np.isfinite(self.weak_validity):
            values["weak_validity"] = None
        return values


def _check_resolution(machine: Machine, drive: AbstractDrive, heat: Array) -> None:
    """Refuse heat currents between static baths that float64 does not resolve.

    Raises:
        InputError: the heat currents are not known to 1e-6 of the largest.
    """
    again = _compiled(*in_other_units(machine, drive)).heat_currents
    error = float(heat_error(heat, again))
    if not error < RESOLUTION:
        raise InputError(
            "the heat currents between several static baths must be resolved to 1e-6, but with these rates "
            f"float64 gives them to {error:.0e} only: bring dampings and cut-offs closer together, or merge "
            "baths of one temperature."
        )


def evaluate(machine: Machine, drive: AbstractDrive, solver: Literal["weak", "exact"] = "weak") -> Evaluation:
    """Steady state of a machine with everything derived from it.

    Args:
        machine: the machine.
        drive: its drive.
        solver: "weak", second order in the driven bath, or "exact", any coupling strength.

    Raises:
        InputError: the machine is outside the weak theory (see `weak.steady_state`), a mode is undamped, or
            several static baths have rates that float64 cannot resolve; "exact": the machine is unstable.
    """
    return _exact(machine, drive) if solver == "exact" else _weak(machine, drive)


def _weak(machine: Machine, drive: AbstractDrive) -> Evaluation:
    reason = _reason(check_fluctuations, machine, drive)
    state, slope, noise = _weak_program(machine, drive, reason is None)
    numbers = (state.local_powers, state.heat_currents, state.covariance)
    if not all(np.all(np.isfinite(np.asarray(part))) for part in numbers):
        raise InputError(
            "every oscillator mode must be damped by a static bath, but the steady state of this machine is "
            "not finite: detune equal frequencies or couple another static bath."
        )
    if len(machine.static_baths) == 1:
        state = with_window_currents(machine, drive, state)
    else:
        _check_resolution(machine, drive, state.heat_currents)
    negativity = None
    if machine.size > 1 and not has_friction(machine.static_baths):
        negativity = float(_negativity(machine))
    return _evaluation(
        machine,
        drive,
        state,
        slope,
        noise,
        weak_validity=weak_validity(machine, drive),
        no_fluctuations=reason,
        logarithmic_negativity=negativity,
    )


def _exact(machine: Machine, drive: AbstractDrive) -> Evaluation:
    reason = _reason(check_exact_fluctuations, machine, drive)
    state, slope, noise = _exact_program(machine, drive, resolution_for(machine, drive), reason is None)
    state.check()
    negativity = None
    if machine.size > 1 and not has_friction(machine.baths):
        negativity = float(np.mean(state.negativity_in_time))
    return _evaluation(
        machine,
        drive,
        state,
        slope,
        noise,
        weak_validity=None,
        spectral_radius=float(state.spectral_radius),
        first_law_residual=float(state.first_law_residual),
        no_fluctuations=reason,
        logarithmic_negativity=negativity,
    )


def _reason(
    check: Callable[[Machine, AbstractDrive], None], machine: Machine, drive: AbstractDrive
) -> str | None:
    """Why there are no fluctuations, or None."""
    try:
        check(machine, drive)
    except InputError as error:
        return str(error)
    return None


def _evaluation(
    machine: Machine,
    drive: AbstractDrive,
    state: WeakSteadyState | ExactSteadyState,
    slope: WeakSteadyState | ExactSteadyState | None,
    noise: Fluctuations | None,
    **particular: Any,
) -> Evaluation:
    local_powers, heat, covariance = (
        np.asarray(part) for part in (state.local_powers, state.heat_currents, state.covariance)
    )
    result = performance(np.asarray(machine.temperatures), local_powers, heat)
    precise = {}
    if noise is not None and slope is not None:
        found = currents(state, slope, noise, drive.frequency)
        precise = _precision(found, noise, [bath.name for bath in machine.baths], result.mode)
    return Evaluation(
        power=float(state.power),
        local_powers=local_powers.tolist(),
        heat_currents=heat.tolist(),
        entropy_production_rate=float(state.entropy_production_rate),
        mode=result.mode,
        efficiency=result.efficiency,
        efficiency_bound=result.efficiency_bound,
        carnot_efficiency=result.carnot_efficiency,
        covariance=covariance.tolist(),
        pearson=float(pearson(state.covariance)) if machine.size > 1 else None,
        truncation_error=float(state.truncation_error),
        normal_modes=[
            {"frequency": mode.frequency, "damping": mode.damping, "antiphase": mode.antiphase}
            for mode in (normal_modes(machine) if machine.static_baths else [])
        ],
        **precise,
        **particular,
    )


def _precision(found: Currents, noise: Fluctuations, baths: list[str], mode: str) -> dict[str, Any]:
    """The fields of `Evaluation` that say how precise the currents are."""
    covariance, local = np.asarray(noise.local_power_covariance), np.asarray(found.local_powers.mean)
    output = None
    if mode == "work converter":
        out = local < 0.0
        entropy = float(found.power.entropy_production_rate)
        output = float(covariance[np.ix_(out, out)].sum() * entropy / local[out].sum() ** 2)
    heat = None if noise.heat_currents is None else np.asarray(noise.heat_currents).tolist()
    judged = verdicts(found, baths, mode)
    return {
        "power_fluctuations": float(noise.power),
        "local_power_fluctuations": np.diag(covariance).tolist(),
        "local_power_covariance": covariance.tolist(),
        "heat_current_fluctuations": heat,
        "tur": judged[0].product,
        "local_tur": [v.product for v in judged if v.kind == "local power"],
        "heat_tur": None if heat is None else [v.product for v in judged if v.kind == "heat"],
        "output_tur": output,
        "violated_bounds": {v.name: v.violated for v in judged},
    }
