"""How much results depend on the order of the fits of tabulated spectral densities."""

from dataclasses import dataclass
from typing import Any

import equinox as eqx
import numpy as np

from ..model import AbstractDrive, AbstractSpectralDensity, Machine, Tabulated
from ..solvers import AbstractSolver
from ._evaluate import evaluate
from ._evaluation import Evaluation

NAMES = ("power", "local_powers", "heat_currents", "efficiency", "tur", "local_tur")
"""P, J, eta and Q"""


@dataclass(frozen=True)
class FitError:
    """What the choice of the order means for one bath.

    Attributes:
        bath: its name.
        poles: of the fit that is used.
        orders: poles of the fits of neighbouring order.
        error: root mean square error of the fit in the range of frequencies that the machine uses, relative
            to J or, where J is smaller, to 1 % of its maximum.
        used: (lowest, highest) of that range.
        changes: by the name of the quantity, the largest change among the neighbours: a number, or one for
            each oscillator or bath.
    """

    bath: str
    poles: int
    orders: tuple[int, ...]
    error: float
    used: tuple[float, float]
    changes: dict[str, Any]

    def lines(self, values: dict[str, Any]) -> list[str]:
        """A readable block: every quantity with its change."""
        low, high = self.used
        orders = " and ".join(map(str, self.orders))
        found = [
            f"fit of bath {self.bath!r}: {self.poles} poles, rms error {self.error:.1e} for {low:.3g} < "
            f"omega < {high:.3g}; changes with {orders} poles:"
        ]
        return found + [_line(name, values, change) for name, change in self.changes.items()]


def _line(name: str, values: dict[str, Any], change: Any) -> str:
    """A quantity with its change."""
    pairs = zip(np.atleast_1d(values[name]), np.atleast_1d(change), strict=True)
    text = ", ".join(f"{value:.6g} ± {error:.1g}" for value, error in pairs)
    return f"  {name.replace('_', ' '):22} {text}"


def changes_between(found: Evaluation, other: Evaluation) -> list[str]:
    """Lines: P, heat currents, efficiency and Q of one machine, and how far those of another one are."""
    changes = {name: _change(name, found, [other]) for name in NAMES if found.values.get(name) is not None}
    return [_line(name, found.values, change) for name, change in changes.items() if change is not None]


def fit_errors(
    machine: Machine, drive: AbstractDrive, solver: AbstractSolver | None = None
) -> tuple[FitError, ...]:
    """How much P, the heat currents, the efficiency and Q change between fits of neighbouring order.

    Every tabulated bath is fitted again with fewer and with more poles, and the machine evaluated with each:
    the error bar that the description by poles puts on the physics.
    """
    found = evaluate(machine, drive, solver)
    used = used_range(machine, drive)
    results = []
    for i, bath in enumerate(machine.baths):
        if not isinstance(bath.spectral_density, Tabulated):
            continue
        table = bath.spectral_density
        neighbours = table.neighbours()
        others = [evaluate(_with(machine, i, other), drive, solver) for other in neighbours]
        orders = tuple(len(other.poles) for other in neighbours)
        error = table.error_between(*used)
        changes = {name: _change(name, found, others) for name in NAMES if found.values.get(name) is not None}
        kept = {name: change for name, change in changes.items() if change is not None}
        results.append(FitError(bath.name, len(table.fitted.poles), orders, error, used, kept))
    return tuple(results)


def used_range(machine: Machine, drive: AbstractDrive) -> tuple[float, float]:
    """The frequencies at which baths exchange quanta: up to max omega_l + N Omega, thermal ones up to 5 T."""
    highest = float(np.max(machine.frequencies)) + drive.default_harmonics * float(np.max(drive.frequency))
    return 0.0, max(highest, 5.0 * float(np.max(machine.temperatures)))


def _with(machine: Machine, index: int, density: AbstractSpectralDensity) -> Machine:
    """The machine with another spectral density of one bath."""
    return eqx.tree_at(lambda m: m.baths[index].spectral_density, machine, density)


def _change(name: str, found: Evaluation, others: list[Evaluation]) -> Any:
    """The largest change of a quantity; None where it is not defined everywhere."""
    value = np.asarray(found.values[name], dtype=float)
    theirs = [other.values.get(name) for other in others]
    if not theirs or any(part is None for part in theirs):
        return None
    change = np.max([np.abs(np.asarray(part, dtype=float) - value) for part in theirs], axis=0)
    return change.tolist() if np.all(np.isfinite(change)) else None
