"""Trade-offs of an output and its efficiency, which output and entropy production rate fix."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpy.typing import ArrayLike, NDArray

from ...errors import InputError
from ...model import AbstractDrive, Machine
from ...numerics import on_device
from ...observables import performance
from ..certificates import Certificate, MeanSquareCertifier, certifier_of
from ..drive_sets import AbstractDriveSet
from ..rates import FormRates
from ..search import Goal
from ._tradeoff import FREQUENCY, GAP, AbstractGuide, AbstractTradeoff, Axis, Currents, Merits

PENALTY = 40.0
"""Stiffness of the constraints in scores; any positive value gives Pareto-optimal points."""
CURVE_POINTS = 18
FIRST = 0.3, 0.9
"""Efficiencies aimed at while no machine of the kind is known, relative to the limit."""
FAINT, BEYOND = 1e-3, 0.2
"""The last aim lies beyond the most efficient machine with this part of the largest output, by this part of
what lies between it and the limit."""
LEAST = 1e-3
"""First aim, which excludes nothing, and smallest efficiency of the certified curve, relative to the largest
efficiency."""


class EfficiencyTarget(NamedTuple):
    """Most output at an efficiency of at least a target; scores (X, S).

    Attributes:
        kappa: of the target efficiency, see `AbstractEfficiencyTradeoff`, (B,).
        output: what sets the scale of the output (the certified bound), (B,).
        width: tolerated excess of kappa, about the distance between neighbouring targets, (B,).
    """

    kappa: Float[Array, " B"]
    output: Float[Array, " B"]
    width: Float[Array, " B"]

    def score(self, output: Array, entropy: Array) -> Array:
        """The score is ``-x/x_i + (PENALTY/2) max(0, (s - kappa_i x)/(w_i x_i))^2``; s is the entropy rate.

        It decreases in x and increases in s, so its minima are Pareto optimal in (x, -s) whatever PENALTY
        is, and in (eta, x) unless the same shape may be stronger; its curved contours reach the concave parts
        of a front, which weighted sums cannot.

        Source: theory (9.7), (9.8).
        """
        excess = jnp.maximum(entropy - self.kappa * output, 0.0) / (self.width * self.output)
        return -output / self.output + 0.5 * PENALTY * excess**2


@dataclass(frozen=True)
class AbstractEfficiencyTradeoff(AbstractTradeoff):
    """Something gained from the baths at the price of entropy: output against efficiency.

    Output X (what is gained per time) and entropy production rate S fix the efficiency: S = kappa X with a
    `kappa` that falls to 0 at the `limit` of the second law. So the front of output and efficiency is
    that of X and S, which both are quadratic forms of the drive in the weak theory, and every certificate of
    two forms holds.

    Source: theory (9.2), (9.3).
    """

    needs_forms: ClassVar[bool] = False
    columns: ClassVar[tuple[str, ...]] = (
        *("efficiency", "power", "entropy_production_rate", "frequency"),
        *("output", "bound", "gap"),
    )
    certified_name: ClassVar[str] = "certified_output"
    effort: ClassVar[tuple[int, int, int | None]] = (0, 10, 2)
    panels: ClassVar[tuple[Axis, ...]] = (GAP, FREQUENCY)

    @property
    @abstractmethod
    def limit(self) -> float:
        """Largest efficiency that the second law allows."""

    @property
    @abstractmethod
    def scale(self) -> float:
        """c of ``kappa = (limit/efficiency - 1)/c``, a temperature."""

    @abstractmethod
    def gained(self, currents: Currents) -> tuple[float, float] | None:
        """(efficiency, output) of one machine; None where it does not serve the trade-off."""

    def kappa(self, efficiency: ArrayLike) -> NDArray[np.float64]:
        """kappa = S/X at these efficiencies, theory (9.3)."""
        return (self.limit / np.asarray(efficiency, dtype=float) - 1.0) / self.scale

    def efficiency(self, kappa: ArrayLike) -> NDArray[np.float64]:
        """The inverse of `kappa`."""
        return self.limit / (1.0 + self.scale * np.asarray(kappa, dtype=float))

    def merits(self, currents: Currents) -> Merits | None:
        gained = self.gained(currents)
        return None if gained is None else {"efficiency": gained[0], "output": gained[1]}

    def read(self, rates: tuple[np.ndarray, ...]) -> Mapping[str, np.ndarray]:
        output, entropy = rates
        return {"efficiency": self.efficiency(entropy / output), "output": output}

    def ranked(self, merits: Merits) -> tuple[float, ...]:
        return merits["efficiency"], merits["output"]

    def guide(self, rates_of: FormRates, drive_set: AbstractDriveSet) -> AbstractGuide:
        return EfficiencyGuide(self, rates_of, drive_set)

    def goal_from(self, begun: Sequence[Merits], reached: Sequence[Merits]) -> Goal:
        """Aims from the efficiency that the strongest drive really has to the largest of those begun with.

        Aimed at the efficiencies of the other theory alone, drives that are strong but less efficient here
        would be traded for weaker ones in the first round.
        """
        efficiency, output = (np.array([m[name] for m in begun]) for name in ("efficiency", "output"))
        strongest = max(reached, key=lambda m: m["output"], default={"efficiency": np.inf})
        lowest = min(strongest["efficiency"], efficiency.min())
        aims = np.linspace(lowest, efficiency.max(), len(efficiency)) if reached else efficiency

        def again(rates: tuple[np.ndarray, ...], aims: np.ndarray) -> np.ndarray:
            found = self._strongest(rates)
            return aims if found is None else np.linspace(min(found, aims.max()), aims.max(), len(aims))

        def targets(aims: np.ndarray) -> EfficiencyTarget:
            return self.targets(aims, np.interp(aims, efficiency, output), 0)

        return Goal(aims, targets, again)

    def goal_of(self, rates: tuple[np.ndarray, ...], count: int) -> Goal:
        """Aims (M, 2): efficiencies, and the outputs that are known there, set again as better ones are.

        The efficiency of the first is only that of the strongest machine when the aims were set: none is
        asked of it, so that it goes to the largest output. The last tolerates so much that a machine which is
        no more efficient than those known keeps its output.

        Source: theory (13.14).
        """
        magnitude = float(np.nanmax(np.abs(rates[0])))
        begun = np.stack([self.limit * np.linspace(*FIRST, count), np.full(count, magnitude)], axis=1)
        free = self.kappa(LEAST * self.limit)

        def targets(aims: np.ndarray) -> EfficiencyTarget:
            found = self.targets(aims[:, 0], aims[:, 1], 0)
            width = found.width.at[-1].multiply(np.sqrt(PENALTY))
            return found._replace(kappa=found.kappa.at[0].set(free), width=width)

        return Goal(self._known(rates, begun), targets, self._known)

    def _known(self, rates: tuple[np.ndarray, ...], aims: np.ndarray) -> np.ndarray:
        """Aims from the strongest machine of a batch to the most efficient one, the last a little beyond.

        As they were where no machine serves the trade-off.
        """
        serve = np.isfinite(rates[0]) & (rates[0] > 0.0) & (rates[1] > 0.0)
        if not serve.any():
            return aims
        output, entropy = (rate[serve] for rate in rates)
        efficiency, least = self.efficiency(entropy / output), FAINT * output.max()
        lowest, highest = efficiency[np.argmax(output)], efficiency[output > least].max()
        asked = np.linspace(lowest, highest, max(len(aims) - 1, 1))
        asked = np.append(asked, highest + BEYOND * (self.limit - highest))[: len(aims)]
        known = [output[efficiency >= min(one, highest)].max() for one in asked]
        return np.stack([asked, np.array(known)], axis=1)

    def targets(self, aims: np.ndarray, output: np.ndarray, first: int) -> EfficiencyTarget:
        """Scores for efficiencies where the output is about this; neighbours are counted from `first` on.

        Every target tolerates what its own neighbours are away: kappa diverges at low efficiencies, and an
        average over all of them would leave high efficiencies without a constraint.
        """
        kappa = self.kappa(aims)
        first = first if len(kappa) > first + 1 else 0
        width = np.abs(np.gradient(kappa[first:])) if len(kappa) > 1 else 0.1 * kappa
        width = np.maximum(np.concatenate([np.full(first, width[0]), width]), 1e-6 * kappa.max())
        scale = np.maximum(output, 1e-12 * output.max())
        return EfficiencyTarget(*on_device((kappa, scale, width)))

    def _strongest(self, rates: tuple[np.ndarray, ...]) -> float | None:
        """Efficiency of the machine with the largest output in a batch; None where there is no output."""
        output, entropy = rates
        finite = np.where(np.isfinite(output), output, -np.inf)
        best = int(np.argmax(finite))
        return float(self.efficiency(entropy[best] / output[best])) if finite[best] > 0.0 else None


class EfficiencyGuide(AbstractGuide):
    """Certified outputs at every efficiency; under a mean-square bound they are the front itself.

    The first aims span the certified range. Its lower end is too low for some machines and too high for
    others, because a bound does not know what the best drive costs; so the aims are set again on the way,
    from the efficiency of the strongest machine found upwards.
    """

    def __init__(
        self, tradeoff: AbstractEfficiencyTradeoff, rates_of: FormRates, drive_set: AbstractDriveSet
    ) -> None:
        self.tradeoff, self.forms, self.drive_set = tradeoff, rates_of.forms, drive_set
        self.certifier = certifier_of(self.forms, tradeoff, drive_set.certified_as, drive_set.frequency_range)
        self.span = self.certifier.efficiency_range()

    def goal(self, count: int) -> Goal | None:
        if self.span is None:
            return None
        low, high = self.span
        aims = np.concatenate([[LEAST * high], _spread(low, high, count - 1)])
        return Goal(aims, self._targets, self._again)

    def drives(self, count: int) -> AbstractDrive | None:
        whole = self.drive_set.kind == self.drive_set.certified_as
        if self.span is None or not (whole and isinstance(self.certifier, MeanSquareCertifier)):
            return None
        return self.certifier.best(_spread(*self.span, count)).drives(self.drive_set.harmonics)

    def _targets(self, aims: np.ndarray) -> EfficiencyTarget:
        return self.tradeoff.targets(aims, self.certifier.quick(aims).bound, 1)

    def _again(self, rates: tuple[np.ndarray, ...], aims: np.ndarray) -> np.ndarray:
        assert self.span is not None
        high = self.span[1]
        found = self.tradeoff._strongest(rates)
        # A little lower, so that the strongest machine stays a target.
        lowest = LEAST * high if found is None else found - 0.01 * max(high - found, 0.0)
        return _spread(lowest, high, len(aims))

    def resonances(self, aims: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The bound of a target is reached at nu = n Omega by one pattern among the oscillators."""
        nus, patterns = [], []
        frequencies = self.certifier.quick(aims).drive_frequency
        tables = self.forms.series(frequencies)[:, :, 1:]
        kappas = self.tradeoff.kappa(aims)
        for frequency, kappa, output, entropy in zip(frequencies, kappas, *tables, strict=True):
            value, vectors = np.linalg.eigh(kappa * output - entropy)
            pattern = vectors[:, :, -1]
            yielded = np.einsum("nl,nlm,nm->n", np.conj(pattern), output, pattern).real
            best = int(np.argmax(np.where(value[:, -1] > 0.0, yielded, -np.inf)))
            nus.append((best + 1) * frequency if value[best, -1] > 0.0 else 0.0)
            patterns.append(pattern[best] / np.abs(pattern[best]).max())
        return np.array(nus), np.array(patterns)

    def certified(self, merits: Sequence[Merits]) -> tuple[np.ndarray, Certificate]:
        assert self.span is not None
        high = self.span[1]
        found = np.array([m["efficiency"] for m in merits])
        lowest = max(found[0] - 0.05 * (high - found[0]), LEAST * high)
        curve = np.concatenate([found, np.linspace(lowest, high, CURVE_POINTS)])
        bounds = self.certifier.at(curve)
        return bounds.bound[: len(found)], bounds.sorted()


def _spread(low: float, high: float, count: int) -> np.ndarray:
    """`count` efficiencies from `low`, evenly spaced, short of `high`."""
    return low + (high - low) * np.arange(count) / count


def between_temperatures(currents: Currents, mode: str) -> float | None:
    """The efficiency of a machine that works in this mode; None where it does not."""
    found = performance(currents.temperatures, currents.local_powers, currents.heat_currents)
    return float(found.efficiency) if found.mode == mode else None


def two_temperatures(machine: Machine, name: str) -> tuple[float, float]:
    """(hot, cold) of a machine whose baths are at exactly two temperatures; `name` of it for the errors.

    Raises:
        InputError: more or fewer than two temperatures.
    """
    values = sorted({float(bath.temperature) for bath in machine.baths})
    if len(values) != 2:
        raise InputError(
            f"a front of {name}s needs baths at exactly two temperatures, but they are at "
            f"{values}: change machine.baths[].temperature."
        )
    return values[1], values[0]
