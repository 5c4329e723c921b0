"""From the values of a chunk of machines to their quantities."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from ..errors import InputError
from ..files import Model
from ..model import AbstractDrive, Machine, has_friction, logarithmic_negativity, longest_lived, state_space
from ..observables import performances, with_slope
from ..schema import Place, placed_each
from ..solvers import RESOLVED, STATUSES, Fluctuations, WeakSteadyState
from ..solvers.exact import (
    ExactSteadyState,
    Resolution,
    default_points,
    fastest_rate,
    fluctuations as exact_fluctuations,
    levels_for,
    steady_state as exact_steady_state,
)
from ..solvers.weak import (
    RESOLUTION,
    Resonances,
    fluctuations as weak_fluctuations,
    heat_error,
    in_other_units,
    phase_space_covariance,
    self_energies,
    steady_state as weak_steady_state,
)
from ._batch import Layout, layout_for, over_machines
from ._quantities import UNDEFINED, Quantity, Solved, quantities_of

Values = NDArray[np.float64]
Results = dict[str, NDArray[Any]]
LEVEL_STEP = 4
"""exact: doublings are rounded up to multiples of this (small scans: twice this), so that few programs do"""
SMALLEST_GROUP = 512
"""exact: fewer machines join those that need more doublings; a program takes longer to compile"""


@dataclass(frozen=True)
class Chunk:
    """Machines that one call solves: their positions in the grid, and the program that suits them."""

    machines: NDArray[np.int64]
    solve: Callable[[Values], Results]


@dataclass(frozen=True)
class Numbers:
    """(machine, drive) -> what the device finds of one machine. Equal settings share compiled programs.

    Attributes:
        kind: "weak" or "exact".
        fluctuations: whether they are known and wanted.
        negativity: whether the logarithmic negativity is known.
        resolution: exact: of the period.
    """

    kind: Literal["weak", "exact"]
    fluctuations: bool
    negativity: bool
    resolution: Resolution | None = None

    def __call__(self, machine: Machine, drive: AbstractDrive) -> dict[str, Any]:
        weak = self.kind == "weak"
        slope, noise = None, None
        if self.fluctuations:
            state, slope = with_slope(self._steady_state, machine, drive)
            noise = self.noise(machine, drive)
        else:
            state = self._steady_state(machine, drive)
        negativity = _negativity(machine, state) if self.negativity else None
        solved = Solved(state, slope, noise, drive.frequency, negativity)
        quantities = quantities_of(self.kind, machine.size, noise, self.negativity)
        found = {item.name: item.of(solved) for item in quantities if item.of is not None}
        found |= {"temperatures": machine.temperatures, "dynamics": state_space(machine).dynamics}
        return found | (
            {"heat_error": _heat_error(machine, drive, state)} if weak else {"status": state.status}
        )

    def _steady_state(self, machine: Machine, drive: AbstractDrive) -> Any:
        if self.kind == "weak":
            return weak_steady_state(machine, drive)
        return exact_steady_state(machine, drive, self.resolution)

    def noise(self, machine: Machine, drive: AbstractDrive) -> Fluctuations:
        if self.kind == "weak":
            return weak_fluctuations(machine, drive)
        return exact_fluctuations(machine, drive, self.resolution)

    def known_fluctuations(self, model: Model) -> Fluctuations | None:
        """Fluctuations without their numbers; None where they are not wanted or this machine has none."""
        if not self.fluctuations:
            return None
        leaves, structure = jax.tree.flatten(model)
        return _shape_of(self, structure, tuple(jax.typeof(jnp.asarray(leaf)) for leaf in leaves))


@lru_cache
def _shape_of(numbers: Numbers, structure: Any, shapes: Any) -> Fluctuations | None:
    """Traced once for equal settings and machines of one structure."""
    try:
        return jax.eval_shape(numbers.noise, *jax.tree.unflatten(structure, shapes))
    except InputError:
        return None


def _pace(machine: Machine, drive: AbstractDrive) -> tuple[Array, Array]:
    """What the doublings of a machine depend on."""
    return fastest_rate(machine, drive), drive.frequency


class Solver:
    """Programs and chunks for one model, its scanned places and the values of every machine, (n, axes)."""

    def __init__(
        self,
        model: Model,
        places: tuple[tuple[Place, ...], ...],
        kind: Literal["weak", "exact"],
        chunk: int | None = None,
        fluctuations: bool = True,
    ) -> None:
        self.model, self.places, self.kind = model, places, kind
        self.wanted = chunk
        baths = model[0].baths if kind == "exact" else model[0].static_baths
        entangled = model[0].size > 1 and not has_friction(baths)
        resolution = Resolution(default_points(model[1]), 1) if kind == "exact" else None
        known = Numbers(kind, fluctuations, entangled, resolution).known_fluctuations(model)
        self.numbers = Numbers(kind, known is not None, entangled)
        self.quantities = quantities_of(kind, model[0].size, known, entangled)

    def chunks(self, values: Values) -> Iterator[Chunk]:
        """All machines, in the order in which they are solved."""
        for resolution, machines in self._groups(values):
            layout = layout_for(self.kind, len(machines), self.wanted)
            solve = self._exact(layout, resolution) if resolution else self._weak(layout)
            for start in range(0, len(machines), layout.chunk):
                yield Chunk(machines[start : start + layout.chunk], solve)

    def _groups(self, values: Values) -> Iterator[tuple[Resolution | None, NDArray[np.int64]]]:
        """Machines that share a program: all of them, or those that need about as many doublings."""
        if self.kind == "weak":
            yield None, np.arange(len(values))
            return
        layout = layout_for("weak", len(values), self.wanted)
        paces = over_machines(_pace, layout)
        starts = range(0, len(values), layout.chunk)
        parts = [paces(*self._models(values[start : start + layout.chunk])) for start in starts]
        rate, frequency = (np.concatenate(part) for part in zip(*parts, strict=True))
        points = default_points(self.model[1])
        step = LEVEL_STEP if len(values) >= SMALLEST_GROUP else 2 * LEVEL_STEP
        levels = -(-levels_for(rate, frequency, points) // step) * step
        waiting = np.zeros(len(levels), dtype=bool)
        for level in np.unique(levels):
            waiting |= levels == level
            if waiting.sum() >= SMALLEST_GROUP or level == levels.max():
                yield Resolution(points, int(level)), np.flatnonzero(waiting)
                waiting[:] = False

    def _models(self, values: Values) -> Model:
        """The machines and drives with these values, as arrays that begin with an axis of machines."""
        return placed_each(self.model, self.places, values)

    def _weak(self, layout: Layout) -> Callable[[Values], Results]:
        first = over_machines(self.numbers, layout)
        second = over_machines(self_energies, layout)

        def solve(values: Values) -> Results:
            models = self._models(values)
            found = first(*models)
            resonances = Resonances(found.pop("dynamics"))
            energies = second(*models, resonances.frequencies)
            resolved = found.pop("heat_error") < RESOLUTION
            status = np.where(resolved, RESOLVED, STATUSES.index("unresolved"))
            currents = (found["local_powers"], found["heat_currents"], found["covariance"])
            finite = [np.isfinite(part).reshape(len(values), -1).all(axis=1) for part in currents]
            found["status"] = np.where(np.logical_and.reduce(finite), status, STATUSES.index("undamped"))
            found["weak_validity"] = resonances.broadening(energies)
            return self._derived(found, resonances.rates, resonances.right)

        return solve

    def _exact(self, layout: Layout, resolution: Resolution) -> Callable[[Values], Results]:
        run = over_machines(replace(self.numbers, resolution=resolution), layout)

        def solve(values: Values) -> Results:
            found = run(*self._models(values))
            return self._derived(found, *np.linalg.eig(found.pop("dynamics")))

        return solve

    def _derived(self, found: Results, rates: NDArray[Any], vectors: NDArray[Any]) -> Results:
        """Modes and efficiencies; no numbers where the status says that there are none.

        Args:
            found: from the device.
            rates, vectors: eigenvalues and eigenvectors of the static dynamics.
        """
        known = found["status"] == RESOLVED
        result = performances(found.pop("temperatures"), found["local_powers"], found["heat_currents"])
        found |= result._asdict()
        slowest = longest_lived(rates, vectors, self.model[0].size)
        found |= {f"slowest_mode_{name}": part for name, part in slowest.items()}
        found["mode"] = np.where(known, result.mode, UNDEFINED)
        return {item.name: _masked(item, found[item.name], known) for item in self.quantities}


def _negativity(machine: Machine, state: WeakSteadyState | ExactSteadyState) -> Array:
    """Of the static machine, or (exact) on average over the period."""
    if isinstance(state, ExactSteadyState):
        return jnp.mean(state.negativity_in_time)
    return logarithmic_negativity(phase_space_covariance(machine))


def _heat_error(machine: Machine, drive: AbstractDrive, state: WeakSteadyState) -> Array:
    """Error of the weak heat currents, which several static baths can make large."""
    if len(machine.static_baths) == 1:
        return jnp.zeros(())
    other = weak_steady_state(*in_other_units(machine, drive))
    return heat_error(state.heat_currents, other.heat_currents)


def _masked(quantity: Quantity, values: NDArray[Any], known: NDArray[np.bool_]) -> NDArray[Any]:
    """Flags as small integers; NaN where a number is unknown or infinite."""
    if quantity.flags:
        return values.astype(np.int8)
    known = known.reshape(known.shape + (1,) * (values.ndim - 1)) | quantity.always
    return np.where(known & np.isfinite(values), values, np.nan)
