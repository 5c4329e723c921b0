"""From the values of a chunk of machines to their quantities."""

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from ..files import DrivenMachine, Pair
from ..jobs import Chunk, Results, current
from ..model import AbstractDrive, Machine
from ..observables import (
    CURRENTS,
    OTHER_UNIT,
    Observation,
    Quantity,
    Solved,
    averages,
    errors_of,
    known,
    no_fluctuations,
    quantities,
)
from ..schema import Place, placed_each
from ..solvers import RESOLVED, AbstractSolver, exponent_of, in_unit, power_of, to_natural
from ._batch import Function, chunk_size, layout_for, over_machines
from ._status import judged

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Numbers:
    """(machine, drive) -> what the device finds of one machine, by name. Equal ones share programs."""

    observation: Observation

    def __call__(self, machine: Machine, drive: AbstractDrive) -> dict[str, Any]:
        solver = self.observation.solver
        state, more = self.observation(machine, drive)
        return averages(state, solver) | more | {"status": solver.status(machine, drive, state)}

    def names(self, model: DrivenMachine) -> frozenset[str]:
        """The names of the numbers, without their values."""
        leaves, structure = jax.tree.flatten(model.pair)
        return _names(self, structure, tuple(jax.typeof(jnp.asarray(leaf)) for leaf in leaves))


@lru_cache
def _names(numbers: Numbers, structure: Any, shapes: Any) -> frozenset[str]:
    """Traced once for equal settings and machines of one structure."""
    return frozenset(jax.eval_shape(numbers, *jax.tree.unflatten(structure, shapes)))


@dataclass(frozen=True, eq=False)
class Machines:
    """The pure function of a scan: the values of n machines, (n, axes), to their quantities, (n, ...) each.

    Raises:
        InputError: the model is outside the theory of the solver.

    Attributes:
        model: machine and drive, whose numbers at `places` the values replace.
        places: for each axis.
        solver: of all machines.
        fluctuations: whether variance rates are wanted.
    """

    model: DrivenMachine
    places: tuple[tuple[Place, ...], ...]
    solver: AbstractSolver
    fluctuations: bool = True

    def __post_init__(self) -> None:
        self.solver.check(*self.model.pair)

    @cached_property
    def observation(self) -> Observation:
        """What is found of each machine."""
        noisy = self.fluctuations and no_fluctuations(self.solver, *self.model.pair) is None
        return Observation.of(self.solver.settled(*self.model.pair), self.model[0], noisy)

    @cached_property
    def quantities(self) -> list[Quantity]:
        """What is known of each machine."""
        names = Numbers(self.observation).names(self.model)
        names |= {f"{name}_error" for name in CURRENTS}
        return [q for q in quantities(known(self.model[0], self.solver, names)) if q.scanned]

    def __reduce__(self) -> tuple[Any, ...]:
        return Machines, (self.model, self.places, self.solver, self.fluctuations)

    def chunks(self, values: Values, missing: NDArray[np.bool_], wanted: int | None) -> list[Chunk]:
        """The machines that are missing with their settled solvers, in the order of solving."""
        engine, made = current(), []

        def each(function: Function) -> NDArray[Any]:
            size = chunk_size(engine, 1, len(values), wanted)
            parts = (self._models(part) for part in np.split(values, range(size, len(values), size)))
            mapped = over_machines(function, layout_for(size))
            return np.concatenate([mapped(*to_natural(*part, exponent_of(*part))) for part in parts])

        for solver, machines in self.solver.settled_each(len(values), self.model.pair[1], each):
            left, size = machines[missing[machines]], chunk_size(engine, solver.cost, len(machines), wanted)
            parts = np.split(left, range(size, len(left), size))
            made += [Chunk(part, values[part], (solver, size)) for part in parts if len(part)]
        return made

    def _models(self, values: Values) -> Pair:
        """The machines and drives with these values, as arrays that begin with an axis of machines."""
        return placed_each(self.model, self.places, values).pair

    def __call__(self, values: Values, setting: tuple[AbstractSolver, int]) -> Results:
        solver, size = setting
        layout = layout_for(max(size, len(values)))

        def each(function: Function, *inputs: Any) -> Any:
            return over_machines(function, layout)(*inputs)

        seen, models = replace(self.observation, solver=solver), self._models(values)
        exponent = exponent_of(*models)
        own = to_natural(*models, exponent)
        solved = Solved.derive(solver, each, *own, each(Numbers(seen), *own))
        other = replace(seen.for_error(), noisy=False)
        again = each(Numbers(other), *in_unit(*own, OTHER_UNIT))
        errors = errors_of(
            solved.numbers, again, {item.name: power_of(item.unit) for item in self.quantities}
        )
        solved = replace(solved, numbers=solved.numbers | errors, exponent=exponent)
        status = judged(solver, models, solved, self.quantities)
        solved.numbers["status"] = np.where(status == RESOLVED, again["status"], status)
        resolved = solved["status"] == RESOLVED
        return {item.name: item.masked(solved, resolved) for item in self.quantities}
