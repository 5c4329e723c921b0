"""From the values of a chunk of machines to their quantities."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from ..files import DrivenMachine
from ..model import AbstractDrive, Machine
from ..observables import (
    CURRENTS,
    OTHER_UNIT,
    Observation,
    Solved,
    averages,
    errors_of,
    known,
    no_fluctuations,
    quantities,
)
from ..schema import Place, placed_each
from ..solvers import RESOLVED, AbstractSolver, exponent_of, has_unit, in_unit, power_of, to_natural
from ._batch import Function, Layout, layout_for, over_machines
from ._status import judged

Values = NDArray[np.float64]
Results = dict[str, NDArray[Any]]


Chunk = tuple[NDArray[np.int64], Callable[[Values], Results]]
"""machines that one call solves: their positions in the grid, and what solves them"""


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
        leaves, structure = jax.tree.flatten(model)
        return _names(self, structure, tuple(jax.typeof(jnp.asarray(leaf)) for leaf in leaves))


@lru_cache
def _names(numbers: Numbers, structure: Any, shapes: Any) -> frozenset[str]:
    """Traced once for equal settings and machines of one structure."""
    return frozenset(jax.eval_shape(numbers, *jax.tree.unflatten(structure, shapes)))


class Programs:
    """Programs and chunks for one model, its scanned places and the values of every machine, (n, axes).

    Raises:
        InputError: the model is outside the theory of the solver.
    """

    def __init__(
        self,
        model: DrivenMachine,
        places: tuple[tuple[Place, ...], ...],
        solver: AbstractSolver,
        chunk: int | None = None,
        fluctuations: bool = True,
    ) -> None:
        solver.check(*model)
        self.model, self.places, self.solver, self.wanted = model, places, solver, chunk
        noisy = fluctuations and no_fluctuations(solver, *model) is None
        self.observation = Observation.of(solver.settled(*model), model[0], noisy)
        names = Numbers(self.observation).names(model)
        if has_unit(model.drive):
            names |= {f"{name}_error" for name in CURRENTS}
        self.quantities = [q for q in quantities(known(model[0], solver, names)) if q.scanned]

    def chunks(self, values: Values) -> Iterator[Chunk]:
        """All machines, in the order in which they are solved."""

        def each(function: Function) -> NDArray[Any]:
            layout = layout_for(1, len(values), self.wanted)
            mapped = over_machines(function, layout)
            starts = range(0, len(values), layout.chunk)
            parts = (self._models(values[s : s + layout.chunk]) for s in starts)
            return np.concatenate([mapped(*to_natural(*part, exponent_of(*part))) for part in parts])

        for solver, machines in self.solver.settled_each(len(values), self.model[1], each):
            layout = layout_for(solver.cost, len(machines), self.wanted)
            for start in range(0, len(machines), layout.chunk):
                yield machines[start : start + layout.chunk], self._program(solver, layout)

    def _models(self, values: Values) -> DrivenMachine:
        """The machines and drives with these values, as arrays that begin with an axis of machines."""
        return placed_each(self.model, self.places, values)

    def _program(self, solver: AbstractSolver, layout: Layout) -> Callable[[Values], Results]:
        seen = replace(self.observation, solver=solver)
        run, run_again = (
            over_machines(Numbers(observation), layout)
            for observation in (seen, replace(seen, noisy=False, entangled=False))
        )
        powers = {item.name: power_of(item.unit) for item in self.quantities}

        def each(function: Function, *inputs: Any) -> Any:
            return over_machines(function, layout)(*inputs)

        def solve(values: Values) -> Results:
            models = self._models(values)
            exponent = exponent_of(*models)
            own = to_natural(*models, exponent)
            solved = Solved.derive(solver, each, *own, run(*own))
            again = run_again(*in_unit(*own, OTHER_UNIT)) if has_unit(models.drive) else {}
            errors = errors_of(solved.numbers, again, powers)
            solved = replace(solved, numbers=solved.numbers | errors, exponent=exponent)
            solved.numbers["status"] = judged(solver, models, solved, self.quantities)
            resolved = solved["status"] == RESOLVED
            return {item.name: item.masked(solved, resolved) for item in self.quantities}

        return solve
