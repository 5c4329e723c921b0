"""The weak solver beside the quadrature reference, with a tolerance that says what is meant."""

from typing import Any, NamedTuple

import numpy as np

from qtopt.solvers.weak import with_window_currents
from tests.helpers.machines import Case

# A current that is the small remainder of larger ones (J_1 when nearly all work goes straight to bath 2, say)
# is known to this fraction of the largest current. All others are held to their own size.
REMAINDER = 1e-9
WINDOW_REMAINDER = 2e-10
RELATIVE = 1e-8
# Two memoryless baths exchange zero-point fluctuations over all frequencies that the rational coth knows, 15
# decades; its relative error of 2e-15 leaves this fraction of gamma_1 gamma_2 in the heat between them, but
# nothing in the heat that is integrated over its window.
MEMORYLESS = 5e-14


class Deviation(NamedTuple):
    """Worst deviations of a case: each is <= 1 when the case passes."""

    currents: float
    covariance: float
    energy_balance: float
    entropy: float  # -S over its scale, beyond that of the reference
    text: str


def compare(case: Case, relative: float = RELATIVE, remainder: float = REMAINDER) -> Deviation:
    """Deviation over tolerance of P, P_l, J_nu and the covariance, and the two laws.

    The tolerance of x is the largest of relative |x|, 4 times the error that the reference claims, and
    remainder times the largest current; of heat between two memoryless baths also `MEMORYLESS`. Beside one
    static bath the currents that `evaluate` takes from their window are held to `WINDOW_REMAINDER` instead.
    A covariance element has sqrt(<x_l^2><x_m^2>) for its scale.
    """
    state, expected = case.solve(), case.reference()
    errors = expected["errors"]
    names = ("power", "local_powers", "heat_currents")
    largest = max(np.abs(expected[name]).max() for name in names)
    floors = [remainder * largest] * 2 + [max(remainder * largest, MEMORYLESS * _friction(case))]
    ratios = [
        _ratio(getattr(state, name), expected[name], errors[name], relative, floor)
        for name, floor in zip(names, floors, strict=True)
    ]
    if len(case.machine.static_baths) == 1:
        window = with_window_currents(case.machine, case.drive, state)
        floor = min(remainder, WINDOW_REMAINDER) * largest
        ratios += [
            _ratio(getattr(window, name), expected[name], errors[name], relative, floor) for name in names
        ]
    spread = np.sqrt(np.diag(expected["covariance"]))
    scale = 1e-12 * np.outer(spread, spread)
    covariance = _ratio(state.covariance, expected["covariance"], errors["covariance"], relative, scale)
    heat = np.asarray(state.heat_currents)
    balance = abs(float(heat.sum() + state.power)) / largest / 1e-12
    flows = np.abs(heat / np.asarray(case.machine.temperatures)).max()
    # A driven bath of strength 1 is not weak: its change of the heat between static baths may exceed that
    # heat, and the theory then has S < 0.
    lost = max(np.sum(expected["heat_currents"] / np.asarray(case.machine.temperatures)), 0.0)
    entropy = -(float(state.entropy_production_rate) + lost) / (1e-11 * flows + relative * lost)
    text = (
        f"{case}: P, P_l, J over tolerance {ratios}, covariance {covariance}, balance {balance}, -S {entropy}"
    )
    return Deviation(max(ratios), covariance, balance, entropy, text)


def _friction(case: Case) -> float:
    """gamma_1 times the sum of the gamma_nu of memoryless static baths."""
    friction = [0.0, 0.0]
    for bath in case.baths:
        if bath["kind"] == "ohmic":
            friction[bath["coupling"] != "driven"] += bath["damping"]
    return friction[0] * friction[1]


def _ratio(value: Any, expected: np.ndarray, error: np.ndarray, relative: float, floor: Any) -> float:
    tolerance = np.maximum(np.maximum(relative * np.abs(expected), 4.0 * error), np.maximum(floor, 1e-300))
    ratio = np.abs(np.asarray(value) - expected) / tolerance
    return float(np.where(np.isfinite(ratio), ratio, np.inf).max())


def assert_agreement(cases: list[Case], **tolerances: float) -> None:
    """All cases pass; the message lists those that do not."""
    failed = []
    for case in cases:
        deviation = compare(case, **tolerances)
        if max(deviation[:4]) > 1.0:
            failed.append(deviation.text)
    assert not failed, f"{len(failed)} of {len(cases)} cases:\n" + "\n".join(failed)
