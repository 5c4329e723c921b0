"""One machine, one drive: every quantity that is known of it, on the host."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import jax
import numpy as np

from ..errors import InputError
from ..model import AbstractDrive, Machine, UndampedMode, state_space, undamped_modes
from ..numerics import at_once
from ..programs import kept_program
from ..solvers import (
    NOT_FINITE,
    UNDAMPED,
    AbstractSolver,
    AbstractSteadyState,
    Weak,
    check_damped,
    check_scales,
    computed,
    exponent_of,
    in_unit,
    on_numpy,
    power_of,
    to_natural,
    with_dampers,
)
from ._errors import OTHER_UNIT, breaks_second_law, errors_of, finite, not_finite, without_width
from ._evaluation import Evaluation
from ._quantities import UNDAMPED_MODES, quantities
from ._solved import (
    EIGENVALUES,
    EIGENVECTORS,
    Observation,
    Solved,
    averages,
    known,
    no_fluctuations,
)

T = TypeVar("T")


@kept_program
def _observed(observation: Observation, machine: Machine, drive: AbstractDrive) -> Any:
    return observation(machine, drive)


def _fetched(observation: Observation, machine: Machine, drive: AbstractDrive) -> Any:
    """What the compiled program finds, as arrays of NumPy: nothing that follows is compiled for it."""
    return jax.device_get(_observed(observation, machine, drive))


@kept_program
def _each(function: Any, *inputs: Any) -> Any:
    return jax.vmap(function)(*inputs)


def _each_on_host(function: Any, *inputs: Any) -> Any:
    """The same for a function of NumPy arrays."""
    return at_once(lambda one: function(*one), inputs, host=True)


def evaluate(
    machine: Machine, drive: AbstractDrive, solver: AbstractSolver | None = None, refined: bool = True
) -> Evaluation:
    """Evaluate a machine under a drive: its steady state and everything that is derived from it.

    Args:
        machine: the machine.
        drive: one shape for each of its oscillators.
        solver: by default `Weak()`, second order in the driven bath; `Exact()` for any coupling strength.
        refined: whether a slower quadrature gives small currents more digits, where the solver has one, and
            fluctuations get errors; many machines, such as those of a front, do without.

    Raises:
        InputError: the machine is outside the theory of the solver or has no steady state in it (a mode is
            undamped, the driven coupling amplifies), or float64 cannot resolve the rates of its baths.
    """
    case = _case(machine, drive, Weak() if solver is None else solver)
    return case.evaluation(_observed_twice([case], refined)[0], refined)


def evaluate_each(
    machine: Machine,
    drives: Sequence[AbstractDrive],
    solver: AbstractSolver | None = None,
    refined: bool = True,
) -> list[Evaluation | InputError]:
    """What `evaluate` says of one machine under each of several drives, or the error that it raises.

    Drives of one structure are solved side by side where the solver computes with NumPy: in half the time.
    """
    solver = Weak() if solver is None else solver
    cases = [_tried(_case, machine, drive, solver) for drive in drives]
    apart = [case for case in cases if not isinstance(case, InputError)]
    observed = iter(_observed_twice(apart, refined))
    return [
        case if isinstance(case, InputError) else _tried(case.evaluation, next(observed), refined)
        for case in cases
    ]


def _tried(function: Callable[..., T], *arguments: Any) -> T | InputError:
    """What a function returns, or the error that it raises about what the user gave."""
    try:
        return function(*arguments)
    except InputError as error:
        return error


Numbers = dict[str, Any]
Found = tuple[AbstractSteadyState, Numbers]


@dataclass(frozen=True)
class _Case:
    """A machine and a drive that can be evaluated, and how.

    Attributes:
        given: as the user gave them.
        exponent: of the natural unit.
        own, drive: in natural units.
        damped: the machine with baths for motions that none damps.
        modes: these motions.
        reason: why there are no fluctuations, or None.
        observation: with its solver settled.
    """

    given: tuple[Machine, AbstractDrive]
    exponent: Any
    own: Machine
    drive: AbstractDrive
    damped: Machine
    modes: Sequence[UndampedMode]
    reason: str | None
    observation: Observation

    @property
    def host(self) -> bool:
        """Whether it is solved by NumPy."""
        return on_numpy(self.observation.solver, self.damped, self.drive)

    def for_error(self, refined: bool) -> Observation:
        """How it is solved again: without what gets no error, unless that were a program more."""
        less = self.observation.for_error()
        if not self.host:
            return replace(self.observation, solver=less.solver)
        return less if refined else replace(less, noisy=False)

    def is_like(self, other: "_Case") -> bool:
        """Whether both can be solved side by side, if they are of one machine."""
        structures = jax.tree.structure(self.drive), jax.tree.structure(other.drive)
        plain = self.damped is self.own and other.damped is other.own
        return plain and self.observation == other.observation and structures[0] == structures[1]

    def evaluation(self, observed: tuple[Found, Found], refined: bool) -> Evaluation:
        """Everything that follows from both solutions; raises `InputError` as `evaluate` does."""
        (machine, drive), own, modes = self.given, self.own, self.modes
        numbers, again = self._numbers(*observed, refined)
        if self.damped is not own:
            numbers, again = _apart(numbers, own, modes), _apart(again, own, modes)
        numbers |= errors_of(numbers, again, {item.name: power_of(item.unit) for item in quantities()})
        if "first_law_residual" in numbers and _is_idle(numbers):
            numbers["first_law_residual"] = np.zeros(())  # nothing is exchanged that it could be relative to
        _check(numbers, self.exponent, machine, drive)
        if self.reason is not None:
            numbers["no_fluctuations"] = self.reason
        numbers[UNDAMPED_MODES] = [str(mode) for mode in modes if not mode.driven]
        solved = Solved(own, self.drive, numbers, self.exponent)
        found = known(machine, self.observation.solver, solved.numbers)
        values = {item.name: item.plain(solved) for item in quantities(found)}
        return Evaluation(machine, drive, self.observation.solver, values)

    def _numbers(self, first: Found, second: Found, refined: bool) -> tuple[Numbers, Numbers]:
        """What is found and derived of the machine, by name, and what is found of it in another unit."""
        solver, machine, drive = self.observation.solver, self.damped, self.drive
        state, more = first
        if int(state.status) in (UNDAMPED, NOT_FINITE):
            lost = [name for name, part in averages(state, solver).items() if not np.isfinite(part).all()]
            raise not_finite(sorted(lost), *self.given)
        solver.verify(machine, drive, state)
        if refined:
            state = solver.with_more_digits(machine, drive, state)
        # one machine is a batch of one while its numbers are derived
        one = (machine, drive, averages(state, solver) | more)
        one = jax.tree.map(lambda part: np.asarray(part)[None], one)
        derived = Solved.derive(solver, _each_on_host if self.host else _each, *one)
        numbers = {name: part[0] for name, part in derived.numbers.items()}
        state, more = second
        state.check()  # what one of two solutions does not resolve has no error
        if refined:
            state = solver.with_more_digits(*in_unit(machine, drive, OTHER_UNIT), state)
        return numbers, averages(state, solver) | more


def _case(machine: Machine, drive: AbstractDrive, solver: AbstractSolver) -> _Case:
    """The case, where the solver's theory has an answer; raises `InputError` as `evaluate` does."""
    solver.check(machine, drive)
    check_scales(machine, drive)
    modes = undamped_modes(machine, drive)
    check_damped(solver, modes)
    reason = no_fluctuations(solver, machine, drive)
    exponent = exponent_of(machine, drive)
    own, own_drive = to_natural(machine, drive, exponent)
    damped = with_dampers(own, modes)
    observation = Observation.of(solver.settled(damped, own_drive), damped, reason is None)
    return _Case((machine, drive), exponent, own, own_drive, damped, modes, reason, observation)


def _observed_twice(cases: Sequence[_Case], refined: bool) -> list[tuple[Found, Found]]:
    """What is found of each case of one machine, and what is found of it in another unit."""
    if not all(case.is_like(cases[0]) for case in cases[1:]):
        return [found for case in cases for found in _observed_twice([case], refined)]
    if not cases:
        return []
    case, own = cases[0], [(case.damped, case.drive) for case in cases]
    other = [in_unit(*pair, OTHER_UNIT) for pair in own]
    found, again = (
        _solved(case.observation, own, case.host),
        _solved(case.for_error(refined), other, case.host),
    )
    return list(zip(found, again, strict=True))


def _solved(
    observation: Observation, pairs: Sequence[tuple[Machine, AbstractDrive]], host: bool
) -> list[Found]:
    """What is found of one machine under several drives."""
    if host:
        return computed(observation.each, pairs[0][0], tuple(drive for _, drive in pairs))
    return [_fetched(observation, *pair) for pair in pairs]


def _is_idle(numbers: Numbers) -> bool:
    """Whether no current is known to differ from zero, though their errors are known."""
    return all(
        f"{name}_error" in numbers and bool(np.all(np.abs(numbers[name]) <= numbers[f"{name}_error"]))
        for name in ("local_powers", "heat_currents")
    )


def _apart(numbers: Numbers, machine: Machine, modes: Sequence[UndampedMode]) -> Numbers:
    """The numbers of a machine whose undamped motions had baths of their own, without these."""
    baths, still = len(machine.baths), [mode for mode in modes if not mode.driven]
    found = {
        name: part[:baths] if name.startswith("heat_current") else part for name, part in numbers.items()
    }
    heat, temperatures = np.asarray(found["heat_currents"]), np.asarray(machine.temperatures)
    found["entropy_production_rate"] = -np.sum(heat / temperatures)
    own = np.asarray(np.any([mode.shape != 0.0 for mode in still], axis=0))
    meaningless = np.logical_or(own[:, None], own)
    found["covariance"] = np.where(meaningless, np.nan, np.asarray(found["covariance"]))
    if "logarithmic_negativity" in found:
        found["logarithmic_negativity"] = np.where(own[:2].any(), np.nan, found["logarithmic_negativity"])
    found[EIGENVALUES], found[EIGENVECTORS] = np.linalg.eig(np.asarray(state_space(machine).dynamics))
    return found


def _check(numbers: Numbers, exponent: Any, machine: Machine, drive: AbstractDrive) -> None:
    """Raise `InputError` where numbers are not finite in the units of the user, or break the second law."""
    known = finite(numbers, quantities(), exponent)
    meaningless = bool(np.isnan(numbers["covariance"]).any())  # of undamped motions, see `_apart`
    lost = [name for name, holds in known.items() if not holds and not (meaningless and name == "covariance")]
    if lost:
        raise not_finite(lost, machine, drive)
    if without_width(numbers):
        raise InputError(
            "every resonance that the drive moves must have a linewidth in the weak theory, but float64 "
            "finds none for one of them: damp it more strongly, or use the exact solver."
        )
    if breaks_second_law(machine.temperatures, numbers):
        raise InputError(
            "the entropy production rate of a machine must not be negative, but round-off makes it so here: "
            "bring the rates of its baths, its frequencies and its temperatures closer together."
        )
