"""Operating modes and efficiencies, from the signs of the currents."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

ROUND_OFF = 1e-13
MODES = ("engine", "refrigerator", "accelerator", "heater", "work converter", "idle")


class Performance(NamedTuple):
    """What machines do and how well: NumPy arrays of one shape, one entry for each machine.

    Attributes:
        position: of the mode in `MODES`.
        efficiency: engine -P/(absorbed heat); refrigerator J_cold/P; work converter -P_out/P_in; NaN in other
            modes.
        efficiency_bound: largest value of `efficiency` that the second law allows in this mode, or NaN; of a
            refrigerator between more than two temperatures infinite, as heat from a hotter bath can do the
            work.
        carnot_efficiency: 1 - T_c/T_h.
    """

    position: NDArray[np.int8]
    efficiency: NDArray[np.float64]
    efficiency_bound: NDArray[np.float64]
    carnot_efficiency: NDArray[np.float64]

    @property
    def mode(self) -> Any:
        """Words of `MODES`: text for one machine, an array of texts for many."""
        return np.take(MODES, self.position)


def performance(temperatures: ArrayLike, local_powers: ArrayLike, heat_currents: ArrayLike) -> Performance:
    """Operating modes and efficiencies of one machine or of many, from the signs of the currents; NumPy.

    Currents below 1e-13 of the largest one count as zero.

    Args:
        temperatures: of the baths, (..., B).
        local_powers: powers supplied through each oscillator, (..., L).
        heat_currents: heat per time from each bath into the system, (..., B).

    Returns:
        Arrays of the shape (...).

    Source: theory (2.5) to (2.7).
    """
    temperature, powers, heat = (
        np.asarray(part, dtype=float) for part in (temperatures, local_powers, heat_currents)
    )
    hottest, coldest = temperature.max(axis=-1), temperature.min(axis=-1)
    scale = np.maximum(np.abs(powers).max(axis=-1), np.abs(heat).max(axis=-1))
    power, small = powers.sum(axis=-1), ROUND_OFF * scale
    absorbed = np.where(heat > 0.0, heat, 0.0).sum(axis=-1)
    supplied, extracted = (np.where(sign * powers > 0.0, powers, 0.0).sum(axis=-1) for sign in (1.0, -1.0))
    hot_heat, cold_heat = (
        np.where(temperature == extreme[..., None], heat, 0.0).sum(axis=-1) for extreme in (hottest, coldest)
    )
    isothermal = hottest == coldest
    with np.errstate(divide="ignore", invalid="ignore"):
        between = (temperature > coldest[..., None]) & (temperature < hottest[..., None])
        carnot, largest_cop = 1.0 - coldest / hottest, coldest / (hottest - coldest)
        largest_cop = np.where(between.any(axis=-1), np.inf, largest_cop)
        # the first mode that applies counts: mode, where it applies, efficiency, its bound
        rules = (
            ("idle", scale == 0.0, np.nan, np.nan),
            ("work converter", isothermal & (-extracted > small) & (power > 0.0), -extracted / supplied, 1.0),
            ("heater", isothermal, np.nan, np.nan),
            ("engine", power < -small, -power / absorbed, carnot),
            ("refrigerator", (cold_heat > small) & (power > 0.0), cold_heat / power, largest_cop),
            ("accelerator", hot_heat > small, np.nan, np.nan),
        )
    modes, holds, efficiencies, bounds = zip(*rules, strict=True)
    shape = np.shape(scale)
    holds = [np.broadcast_to(item, shape) for item in holds]

    def chosen(options: Sequence[ArrayLike], default: ArrayLike) -> NDArray[Any]:
        return np.select(holds, [np.broadcast_to(item, shape) for item in options], default)

    return Performance(
        chosen([np.int8(MODES.index(mode)) for mode in modes], np.int8(MODES.index("heater"))),
        chosen(efficiencies, np.nan),
        chosen(bounds, np.nan),
        carnot,
    )
