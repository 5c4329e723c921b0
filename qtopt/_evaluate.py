"""One machine, one drive: every number of the contract, on the host."""

from dataclasses import dataclass
from typing import Any

import equinox as eqx
import numpy as np

from .drives import Drive
from .errors import InputError
from .machine import Machine
from .thermodynamics import SteadyState, performance
from .weak import LIMIT, steady_state, weak_validity

_compiled = eqx.filter_jit(steady_state)


@dataclass(frozen=True)
class Evaluation:
    """Thermodynamics of one machine under one drive (hbar = k_B = m = 1).

    Field names are the keys of `qtopt evaluate --json`; see `SteadyState` and `Performance` for what they
    mean. `pearson` is None for one oscillator; `truncation_error` bounds what dropped harmonics can change
    in the power.
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
    weak_validity: float
    truncation_error: float

    def warnings(self) -> list[str]:
        """What a reader should know before believing the numbers; empty when all is well."""
        found = []
        if self.weak_validity > LIMIT:
            found.append(
                f"weak_validity is {self.weak_validity:.2g}, above {LIMIT}: the driven bath widens a "
                "resonance by more than the weak theory can bear; weaken it, or use the exact solver."
            )
        if self.truncation_error > 1e-6 * abs(self.power):
            found.append(
                f"harmonics of the drive beyond those kept can change the power by up to "
                f"{self.truncation_error:.1e}."
            )
        return found

    def as_dict(self) -> dict[str, Any]:
        """Plain numbers under the keys of the contract; infinite validity becomes None."""
        values = dict(self.__dict__)
        if not np.isfinite(self.weak_validity):
            values["weak_validity"] = None
        return values


OTHER_UNIT = 1.37
RESOLUTION = 1e-6


def _check_resolution(machine: Machine, drive: Drive, heat: np.ndarray) -> None:
    """Heat between static baths loses digits when their rates differ widely; compare two units of frequency.

    Rates scale as unit^2, round-off does not: the difference measures the error.

    Raises:
        InputError: the heat currents are not known to 1e-6 of the largest.
    """
    other = eqx.tree_at(lambda d: d.frequency, drive, drive.frequency * OTHER_UNIT)
    again = np.asarray(_compiled(machine.in_units(OTHER_UNIT), other).heat_currents) / OTHER_UNIT**2
    error = np.abs(again - heat).max() / np.abs(heat).max() if np.any(heat) else 0.0
    if not error < RESOLUTION:
        raise InputError(
            "the heat currents between several static baths must be resolved to 1e-6, but with these rates "
            f"float64 gives them to {error:.0e} only: bring dampings and cut-offs closer together, or merge "
            "baths of one temperature."
        )


def evaluate(machine: Machine, drive: Drive) -> Evaluation:
    """Weak-coupling steady state of a machine with everything derived from it.

    Raises:
        InputError: the input is outside the weak theory (see `steady_state`), or the result is not finite
            because an oscillator mode is undamped; several static baths whose rates float64 cannot resolve.
    """
    state: SteadyState = _compiled(machine, drive)
    numbers = [np.asarray(leaf) for leaf in (state.local_powers, state.heat_currents, state.covariance)]
    if not all(np.all(np.isfinite(part)) for part in numbers):
        raise InputError(
            "every oscillator mode must be damped by a static bath, but the steady state of this machine is "
            "not finite: detune equal frequencies or couple another static bath."
        )
    local_powers, heat, covariance = numbers
    result = performance(np.asarray(machine.temperatures), local_powers, heat)
    if len(machine.static_baths) > 1:
        _check_resolution(machine, drive, heat)
    size = machine.size
    synchrony = covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1]) if size > 1 else None
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
        pearson=None if synchrony is None else float(synchrony),
        weak_validity=weak_validity(machine, drive),
        truncation_error=float(state.truncation_error),
    )
