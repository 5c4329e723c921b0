"""Operating modes and efficiencies, from the signs of the currents."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

ROUND_OFF = 1e-13


@dataclass(frozen=True)
class Performance:
    """What the machine does and how well.

    Attributes:
        mode: "engine", "refrigerator", "accelerator", "heater", "work converter" or "idle".
        efficiency: engine -P/(absorbed heat); refrigerator J_cold/P; work converter -P_out/P_in; else None.
        efficiency_bound: largest value of `efficiency` that the second law allows in this mode; else None.
        carnot_efficiency: 1 - T_c/T_h.
    """

    mode: str
    efficiency: float | None
    efficiency_bound: float | None
    carnot_efficiency: float


def performance(
    temperatures: Sequence[float] | ArrayLike, local_powers: ArrayLike, heat_currents: ArrayLike
) -> Performance:
    """Operating mode of a machine, on the host.

    Currents below 1e-13 of the largest one count as zero.

    Args:
        temperatures: (B,).
        local_powers: (L,) powers supplied through each oscillator.
        heat_currents: (B,) heat from each bath into the system.

    Source: physics notes, section 2.
    """
    temperature = np.asarray(temperatures, dtype=float)
    powers = np.asarray(local_powers, dtype=float)
    heat = np.asarray(heat_currents, dtype=float)
    hottest, coldest = temperature.max(), temperature.min()
    carnot = float(1.0 - coldest / hottest)
    scale = max(np.abs(powers).max(), np.abs(heat).max())
    power = powers.sum()
    if scale == 0.0:
        return Performance("idle", None, None, carnot)
    if hottest == coldest:
        supplied, extracted = powers[powers > 0.0].sum(), powers[powers < 0.0].sum()
        if -extracted > ROUND_OFF * scale and power > 0.0:
            return Performance("work converter", float(-extracted / supplied), 1.0, carnot)
        return Performance("heater", None, None, carnot)
    hot_heat, cold_heat = heat[temperature == hottest].sum(), heat[temperature == coldest].sum()
    if power < -ROUND_OFF * scale:
        return Performance("engine", float(-power / heat[heat > 0.0].sum()), carnot, carnot)
    if cold_heat > ROUND_OFF * scale and power > 0.0:
        return Performance(
            "refrigerator", float(cold_heat / power), float(coldest / (hottest - coldest)), carnot
        )
    return Performance("accelerator" if hot_heat > ROUND_OFF * scale else "heater", None, None, carnot)
