"""What every trade-off says: what is gained, what it costs, how machines are judged and shown."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple, Self

import numpy as np

from ...errors import InputError
from ...model import AbstractDrive, Machine
from ..certificates import Certificate
from ..drive_sets import AbstractDriveSet
from ..rates import FormRates, Output
from ..search import Goal

Merits = Mapping[str, float]
"""Numbers of one machine under one drive by name, as in the columns of `front.csv`."""


class Currents(NamedTuple):
    """What a solver says of one machine under one drive, as NumPy numbers.

    Attributes:
        temperatures: of the baths, (B,).
        local_powers: P_l supplied through each oscillator, (L,).
        heat_currents: from each bath into the system, (B,).
        entropy_production_rate: S.
        variance: variance rate D of the output; not a number where the trade-off does not need it.
    """

    temperatures: np.ndarray
    local_powers: np.ndarray
    heat_currents: np.ndarray
    entropy_production_rate: float
    variance: float = np.nan


class Axis(NamedTuple):
    """How one merit is drawn.

    Attributes:
        name: of the merit, or of an attribute of `FrontPoint`.
        label: in words, with its symbol.
        symbol: in mathematical notation.
        log: whether the axis must be logarithmic; None: where the values span decades.
        is_power: whether the values are powers, which are drawn relative to the strength of the driven bath.
        line: a value of special meaning, drawn as a thin line.
        less_is_better: whether bounds are lower bounds.
    """

    name: str
    label: str
    symbol: str = ""
    log: bool | None = None
    is_power: bool = False
    line: float | None = None
    less_is_better: bool = False


GAP = Axis("gap", "certified gap", log=True)
FREQUENCY = Axis("frequency", r"frequency $\Omega$ ($\omega_A$)", r"$\Omega$", log=False)


class AbstractGuide(ABC):
    """What is known about one front from quadratic forms: where to search, and bounds on what is found."""

    @abstractmethod
    def goal(self, count: int) -> Goal | None:
        """What to ask of `count` points; None where no drive of the set serves the trade-off at all."""

    @abstractmethod
    def resonances(self, aims: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Harmonic frequencies nu, (M,), and patterns g_n, (M, L), that are good for these aims.

        Where none is known nu is 0.
        """

    def drives(self, count: int) -> AbstractDrive | None:
        """A batch of drives that reach the front, where it is known without a search."""
        return None

    def certified(self, merits: Sequence[Merits]) -> tuple[np.ndarray, Certificate | None]:
        """A bound for each of some points (not a number where there is none), and the certificate or None."""
        return np.full(len(merits), np.nan), None


@dataclass(frozen=True)
class AbstractTradeoff(ABC):
    """What a front trades off. A new one is a final subclass in one file.

    Instances hold the numbers of one machine that the trade-off needs (temperatures, the output oscillator)
    and are made by `of`. Rates that a search scores come in the order (X, S) or (X, D, S): the output, its
    variance rate where `needs_noise`, and the entropy production rate.
    """

    family: ClassVar[str] = "tradeoff"
    kind: ClassVar[str]
    """Name of the trade-off."""
    objectives: ClassVar[tuple[str, ...]]
    """What `[pareto] objectives` calls it, in any order."""
    machine_name: ClassVar[str]
    """What a machine that serves it is called, for sentences such as "no engine within the bound"."""
    needs_noise: ClassVar[bool] = False
    """Whether variance rates are needed."""
    needs_forms: ClassVar[bool] = True
    """Whether only quadratic forms say what to aim at, so that there is no `goal_of`."""
    may_vary: ClassVar[bool] = False
    """Whether numbers of the machine can be searched: a point's worth does not depend on them."""
    effort: ClassVar[tuple[int, int, int | None]] = (1, 7, None)
    """Rounds of a search, see `broad`."""
    columns: ClassVar[tuple[str, ...]]
    """Columns of `front.csv`: merits and attributes of `FrontPoint`; "bound" is called `certified_name`."""
    certified_name: ClassVar[str] = "bound"
    """Name of the column of certified bounds."""
    axes: ClassVar[tuple[Axis, Axis]]
    """The main panel of the figure."""
    panels: ClassVar[tuple[Axis, ...]] = (FREQUENCY,)
    """Further panels of the figure over the first of `axes`."""
    ends: ClassVar[tuple[str, str]]
    """What the first and the last point are called."""
    relative: ClassVar[str] = ""
    """Label of the first axis relative to `limit`, where it has one."""

    @classmethod
    @abstractmethod
    def of(cls, machine: Machine, oscillator: int = 0) -> Self:
        """The trade-off with the numbers of one machine.

        Args:
            machine: the machine.
            oscillator: the output, from 0, for trade-offs about the work of one oscillator.

        Raises:
            InputError: the machine does not suit the trade-off.
        """

    @abstractmethod
    def output(self, size: int) -> Output:
        """The output X as a combination of currents, for L = `size` oscillators."""

    @abstractmethod
    def merits(self, currents: Currents) -> Merits | None:
        """The numbers of one machine, among them "output"; None where it does not serve the trade-off."""

    @abstractmethod
    def read(self, rates: tuple[np.ndarray, ...]) -> Mapping[str, np.ndarray]:
        """The merits that `ranked` and the main panel need, as arrays by name, from rates of a search.

        Args:
            rates: (X, S) or (X, D, S), (B,) each.
        """

    @abstractmethod
    def ranked(self, merits: Merits) -> tuple[float, ...]:
        """What no other point may exceed in all: larger is better."""

    @abstractmethod
    def guide(self, rates_of: FormRates, drive_set: AbstractDriveSet) -> AbstractGuide:
        """What quadratic forms say about the front of one machine.

        Args:
            rates_of: (X, S) or (X, D, S) from tabulated forms.
            drive_set: the drives that the front allows.
        """

    @abstractmethod
    def goal_from(self, begun: Sequence[Merits], reached: Sequence[Merits]) -> Goal:
        """What to ask of drives that another theory found.

        Args:
            begun: the merits that the M drives have there.
            reached: the merits of those that serve the trade-off in the theory of the search.
        """

    def goal_of(self, rates: tuple[np.ndarray, ...], count: int) -> Goal:
        """What to ask of `count` points where nothing is known but the rates of some drives.

        Args:
            rates: (X, S) or (X, D, S), (B,) each, some perhaps not a number.
            count: of points.

        Raises:
            InputError: `needs_forms`.
        """
        raise InputError(
            f"a search of protocols must not trade off {list(self.objectives)}, which needs the quadratic "
            "forms of one weakly driven bath: choose other objectives, or leave out [[pareto.drives]]."
        )

    @property
    def limit(self) -> float | None:
        """Largest value of the first of `axes`, where the second law limits it."""
        return None

    def gap(self, merits: Merits, bound: float) -> float:
        """How far a point can be from the exact front, relative to its output."""
        return bound / merits["output"] - 1.0
