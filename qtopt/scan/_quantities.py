"""What a scan stores: one line for each quantity."""

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

from jax import Array

from ..thermodynamics import MODES, pearson

POWER = "hbar omega_A^2"
STATUSES = ("resolved", "unstable", "unresolved", "undamped")
"""status codes 0 .. 3; the first three are those of `PeriodicState`"""
UNDEFINED = -1
"""mode where there is no result"""
OSCILLATOR, OTHER, BATH = "oscillator", "other_oscillator", "bath"


class Quantity(NamedTuple):
    """One variable of the data.

    Attributes:
        name: of the variable.
        dims: its dimensions besides the axes of the scan.
        units: hbar = k_B = m = 1, frequencies in units of omega_A.
        long_name: one line.
        of: how it comes out of the solver's result; None: made from other quantities on the host.
        look: how the figure draws it: "signed" (zero matters), "positive" (over decades), "plain", "flags",
            or None (not drawn).
        flags: names of the integer values, from `first_flag` on.
        first_flag: the smallest of them.
        always: whether it means something where the status is not 0 too.
    """

    name: str
    dims: tuple[str, ...]
    units: str
    long_name: str
    of: Callable[[Any], Array] | None = None
    look: Literal["signed", "positive", "plain", "flags"] | None = None
    flags: tuple[str, ...] = ()
    first_flag: int = 0
    always: bool = False


_COMMON = (
    Quantity("power", (), POWER, "power", lambda s: s.power, "signed"),
    Quantity("local_powers", (OSCILLATOR,), POWER, "power through", lambda s: s.local_powers, "signed"),
    Quantity("heat_currents", (BATH,), POWER, "heat from", lambda s: s.heat_currents, "signed"),
    Quantity(
        "entropy_production_rate", (), "k_B omega_A", "entropy production rate",
        lambda s: s.entropy_production_rate, "positive",
    ),
    Quantity("efficiency", (), "1", "efficiency", None, "plain"),
    Quantity("efficiency_bound", (), "1", "largest efficiency that the second law allows"),
    Quantity("carnot_efficiency", (), "1", "Carnot efficiency"),
    Quantity("mode", (), "1", "mode", None, "flags", ("undefined", *MODES), UNDEFINED, True),
    Quantity(
        "covariance", (OSCILLATOR, OTHER), "hbar / (m omega_A)", "position covariance", lambda s: s.covariance
    ),
    Quantity("pearson", (), "1", "Pearson coefficient", lambda s: pearson(s.covariance), "signed"),
    Quantity("truncation_error", (), POWER, "error of the power", lambda s: s.truncation_error),
    Quantity("status", (), "1", "status", None, None, STATUSES, 0, True),
)  # fmt: skip

_WEAK = (Quantity("weak_validity", (), "1", "weak validity (linewidth ratio)", None, "positive"),)

_EXACT = (
    Quantity(
        "spectral_radius", (), "1", "spectral radius", lambda s: s.spectral_radius, "plain", always=True
    ),
    Quantity("first_law_residual", (), "1", "first-law residual", lambda s: s.first_law_residual),
)


def quantities_of(solver: str, oscillators: int) -> tuple[Quantity, ...]:
    """What a scan with this solver stores for machines of this size."""
    every = (*_COMMON, *(_EXACT if solver == "exact" else _WEAK))
    return tuple(item for item in every if item.name != "pearson" or oscillators > 1)
