"""What a scan stores: one line for each quantity."""

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import jax.numpy as jnp
from jax import Array

from ..model import pearson
from ..observables import MODES, Current, periodic_product, uncertainty_product
from ..solvers import STATUSES, Fluctuations

POWER = "hbar omega_A^2"
UNDEFINED = -1
"""mode where there is no result"""
OSCILLATOR, OTHER, BATH = "oscillator", "other_oscillator", "bath"


class Solved(NamedTuple):
    """What the solvers return for one machine.

    Attributes:
        state: the steady state.
        slope: its derivative in the drive frequency at a fixed shape; None without fluctuations.
        fluctuations: None where they are not known or not wanted.
        frequency: of the drive.
        negativity: logarithmic negativity, None where it is not known.
    """

    state: Any
    slope: Any
    fluctuations: Any
    frequency: Any
    negativity: Any


class Quantity(NamedTuple):
    """One variable of the data.

    Attributes:
        name: of the variable.
        dims: its dimensions besides the axes of the scan.
        units: hbar = k_B = m = 1, frequencies in units of omega_A.
        long_name: one line.
        of: how it comes out of the solvers' results; None: made from other quantities on the host.
        look: how the figure draws it: "signed" (zero matters), "positive" (over decades), "plain", "flags",
            or None (not drawn).
        line: a value that the figure marks.
        flags: names of the integer values, from `first_flag` on.
        first_flag: the smallest of them.
        always: whether it means something where the status is not 0 too.
    """

    name: str
    dims: tuple[str, ...]
    units: str
    long_name: str
    of: Callable[[Solved], Array] | None = None
    look: Literal["signed", "positive", "plain", "flags"] | None = None
    line: float | None = None
    flags: tuple[str, ...] = ()
    first_flag: int = 0
    always: bool = False


_COMMON = (
    Quantity("power", (), POWER, "power", lambda s: s.state.power, "signed", 0.0),
    Quantity(
        "local_powers", (OSCILLATOR,), POWER, "power through", lambda s: s.state.local_powers, "signed", 0.0
    ),
    Quantity("heat_currents", (BATH,), POWER, "heat from", lambda s: s.state.heat_currents, "signed", 0.0),
    Quantity(
        "entropy_production_rate", (), "k_B omega_A", "entropy production rate",
        lambda s: s.state.entropy_production_rate, "positive",
    ),
    Quantity("efficiency", (), "1", "efficiency", look="plain"),
    Quantity("efficiency_bound", (), "1", "largest efficiency that the second law allows"),
    Quantity("carnot_efficiency", (), "1", "Carnot efficiency"),
    Quantity(
        "mode", (), "1", "mode", look="flags", flags=("undefined", *MODES), first_flag=UNDEFINED, always=True
    ),
    Quantity(
        "covariance", (OSCILLATOR, OTHER), "hbar / (m omega_A)", "position covariance",
        lambda s: s.state.covariance,
    ),
    Quantity(
        "truncation_error", (), POWER, "error of the power", lambda s: s.state.truncation_error
    ),
    Quantity("status", (), "1", "status", flags=STATUSES, always=True),
)  # fmt: skip

_SEVERAL_OSCILLATORS = (
    Quantity("pearson", (), "1", "Pearson coefficient", lambda s: pearson(s.state.covariance), "signed", 0.0),
)

_MODES = (
    Quantity("slowest_mode_frequency", (), "omega_A", "frequency of the longest-lived mode"),
    Quantity("slowest_mode_damping", (), "omega_A", "damping of the longest-lived mode"),
)

_SLOWEST_PHASE = Quantity(
    "slowest_mode_phase", (), "1", "cosine of the phase between two oscillators in the longest-lived mode"
)

_NEGATIVITY = Quantity("logarithmic_negativity", (), "1", "logarithmic negativity", lambda s: s.negativity)

_WEAK = (Quantity("weak_validity", (), "1", "weak validity (linewidth ratio)", None, "positive"),)

_EXACT = (
    Quantity(
        "spectral_radius", (), "1", "spectral radius", lambda s: s.state.spectral_radius, "plain", always=True
    ),
    Quantity("first_law_residual", (), "1", "first-law residual", lambda s: s.state.first_law_residual),
)

VARIANCE_RATE, SLOPE = "hbar^2 omega_A^3", "hbar omega_A"
CLASSICAL_BOUND = 2.0
"""of steady-state currents: D S/P^2 >= 2"""

_FLUCTUATIONS = (
    Quantity("power_fluctuations", (), VARIANCE_RATE, "variance rate of the work",
             lambda s: s.fluctuations.power),
    Quantity("local_power_fluctuations", (OSCILLATOR,), VARIANCE_RATE, "variance rate of the work through",
             lambda s: s.fluctuations.local_powers),
    Quantity("local_power_covariance", (OSCILLATOR, OTHER), VARIANCE_RATE, "covariance rate of local works",
             lambda s: s.fluctuations.local_power_covariance),
    Quantity("tur", (), "1", "uncertainty product of the power",
             lambda s: uncertainty_product(_power(s)), "positive", CLASSICAL_BOUND),
    Quantity("local_tur", (OSCILLATOR,), "1", "uncertainty product of",
             lambda s: uncertainty_product(_local_powers(s)), "positive", CLASSICAL_BOUND),
    Quantity("power_slope", (), SLOPE, "derivative in the drive frequency of the power",
             lambda s: _power(s).slope),
    Quantity("local_power_slopes", (OSCILLATOR,), SLOPE, "derivative in the drive frequency of the power of",
             lambda s: _local_powers(s).slope),
    Quantity("periodic_tur", (), "1", "periodic uncertainty product of the power",
             lambda s: periodic_product(_power(s))),
    Quantity("local_periodic_tur", (OSCILLATOR,), "1", "periodic uncertainty product of",
             lambda s: periodic_product(_local_powers(s))),
)  # fmt: skip

_HEAT_FLUCTUATIONS = (
    Quantity("heat_current_fluctuations", (BATH,), VARIANCE_RATE, "variance rate of the heat from",
             lambda s: s.fluctuations.heat_currents),
    Quantity("heat_tur", (BATH,), "1", "uncertainty product of the heat from",
             lambda s: uncertainty_product(_heat_currents(s)), "positive", CLASSICAL_BOUND),
    Quantity("heat_current_slopes", (BATH,), SLOPE, "derivative in the drive frequency of the heat from",
             lambda s: _heat_currents(s).slope),
    Quantity("heat_periodic_tur", (BATH,), "1", "periodic uncertainty product of the heat from",
             lambda s: periodic_product(_heat_currents(s))),
)  # fmt: skip


def _power(solved: Solved) -> Current:
    slope = jnp.sum(solved.slope.local_powers)
    return _current(solved, solved.state.power, solved.fluctuations.power, slope)


def _local_powers(solved: Solved) -> Current:
    variance = solved.fluctuations.local_powers
    return _current(solved, solved.state.local_powers, variance, solved.slope.local_powers)


def _heat_currents(solved: Solved) -> Current:
    variance = solved.fluctuations.heat_currents
    return _current(solved, solved.state.heat_currents, variance, solved.slope.heat_currents)


def _current(solved: Solved, mean: Array, variance_rate: Array, slope: Array) -> Current:
    return Current(mean, variance_rate, solved.state.entropy_production_rate, solved.frequency, slope)


def quantities_of(
    solver: str, oscillators: int, fluctuations: Fluctuations | None = None, entangled: bool = False
) -> tuple[Quantity, ...]:
    """What a scan stores.

    Args:
        solver: "weak" or "exact".
        oscillators: L.
        fluctuations: any of this machine, or None where they are not known.
        entangled: whether the logarithmic negativity is known.
    """
    found = (*_COMMON, *(_EXACT if solver == "exact" else _WEAK), *_MODES)
    if oscillators > 1:
        found += (*_SEVERAL_OSCILLATORS, _SLOWEST_PHASE)
    if entangled:
        found += (_NEGATIVITY,)
    if fluctuations is not None:
        found += _FLUCTUATIONS
        if fluctuations.heat_currents is not None:
            found += _HEAT_FLUCTUATIONS
    return found
