"""One machine, one drive: every number of the contract, on the host."""

from dataclasses import dataclass
from typing import Any, Literal

import equinox as eqx
import numpy as np
from jax import Array

from .drives import Drive
from .errors import InputError
from .exact import PeriodicState, check, resolution_for, steady_state as exact_steady_state
from .machine import Machine
from .thermodynamics import SteadyState, pearson, performance
from .weak import LIMIT, RESOLUTION, heat_error, in_other_units, steady_state, weak_validity

_compiled = eqx.filter_jit(steady_state)
_compiled_exact = eqx.filter_jit(exact_steady_state)


@dataclass(frozen=True)
class Evaluation:
    """Thermodynamics of one machine under one drive (hbar = k_B = m = 1).

    Field names are the keys of `qtopt evaluate --json`; see `SteadyState` and `Performance` for what they
    mean. `pearson` is None for one oscillator; `truncation_error` bounds what dropped harmonics can change
    in the power. `weak_validity` belongs to the weak solver, `spectral_radius` (largest modulus of a Floquet
    multiplier) and `first_law_residual` to the exact one; the other solver leaves them None.
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


def _check_resolution(machine: Machine, drive: Drive, heat: Array) -> None:
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


def evaluate(machine: Machine, drive: Drive, solver: Literal["weak", "exact"] = "weak") -> Evaluation:
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


def _weak(machine: Machine, drive: Drive) -> Evaluation:
    state = _compiled(machine, drive)
    numbers = (state.local_powers, state.heat_currents, state.covariance)
    if not all(np.all(np.isfinite(np.asarray(part))) for part in numbers):
        raise InputError(
            "every oscillator mode must be damped by a static bath, but the steady state of this machine is "
            "not finite: detune equal frequencies or couple another static bath."
        )
    if len(machine.static_baths) > 1:
        _check_resolution(machine, drive, state.heat_currents)
    return _evaluation(machine, state, weak_validity=weak_validity(machine, drive))


def _exact(machine: Machine, drive: Drive) -> Evaluation:
    state = check(_compiled_exact(machine, drive, resolution_for(machine, drive)))
    return _evaluation(
        machine,
        state,
        weak_validity=None,
        spectral_radius=float(state.spectral_radius),
        first_law_residual=float(state.first_law_residual),
    )


def _evaluation(
    machine: Machine, state: SteadyState | PeriodicState, **particular: float | None
) -> Evaluation:
    local_powers, heat, covariance = (
        np.asarray(part) for part in (state.local_powers, state.heat_currents, state.covariance)
    )
    result = performance(np.asarray(machine.temperatures), local_powers, heat)
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
        **particular,  # pyright: ignore[reportArgumentType]
    )
