"""Precise work: the uncertainty product of the work of one oscillator against that work."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Self

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ...errors import InputError
from ...model import Machine
from ...numerics import on_device
from ...observables import CLASSICAL_LIMIT
from ..certificates import Certificate, PrecisionCertifier
from ..drive_sets import AbstractDriveSet
from ..rates import FormRates, Output
from ..search import Goal
from ._tradeoff import AbstractGuide, AbstractTradeoff, Axis, Currents, Merits

SOFT = 1e-2
"""Below this X/sqrt(D S), where Q exceeds 1e4, the score rises gently: an output may have either sign."""
STIFFNESS = 400.0
"""Of the power's target; ln Q may change ten times as fast as ln X."""
WEAKEST, STRONGEST = 1e-2, 0.8
"""Powers aimed at, relative to the most that a fundamental extracts."""


PRECISE_COLUMNS = (
    *("efficiency", "power", "entropy_production_rate", "frequency"),
    *("output_power", "output_fluctuations", "uncertainty_product", "bound"),
)


class PrecisionTarget(NamedTuple):
    """Smallest Q = D S/X^2 at an extracted power of at least a target; scores (X, D, S).

    Attributes:
        power: extracted power aimed at, (B,).
    """

    power: Float[Array, " B"]

    def score(self, power: Array, noise: Array, entropy: Array) -> Array:
        """The score is ``ln Q + (STIFFNESS/2) max(0, 1 - X/p_i)^2``, ln Q softened for X near and below zero.

        Source: theory (9.9).
        """
        shortfall = jnp.maximum(1.0 - power / self.power, 0.0)
        precision = power / jnp.sqrt(noise * entropy)
        low = precision < SOFT
        soft = jnp.log(SOFT) + (precision - SOFT) / SOFT
        product = -2.0 * jnp.where(low, soft, jnp.log(jnp.where(low, 1.0, precision)))
        return product + 0.5 * STIFFNESS * shortfall**2


@dataclass(frozen=True)
class PowerPrecision(AbstractTradeoff):
    """Work extracted through one oscillator, X = -P_o, is traded for its precision, small Q = D S/X^2.

    D is the variance rate of X and S the entropy production rate; classically Q >= 2.

    Attributes:
        oscillator: o, from 0.
        powers: extracted powers to aim at; by default as many as there are points, over two decades.

    Raises:
        InputError: powers that are not positive.

    Source: theory (8.1), (8.3), (9.9).
    """

    oscillator: int
    powers: tuple[float, ...] | None = None
    kind: ClassVar[str] = "power-precision"
    objectives: ClassVar[tuple[str, ...]] = ("power", "precision")
    machine_name: ClassVar[str] = "machine that extracts work there"
    needs_noise: ClassVar[bool] = True
    needs_forms: ClassVar[bool] = False
    may_vary: ClassVar[bool] = True
    columns: ClassVar[tuple[str, ...]] = PRECISE_COLUMNS
    certified_name: ClassVar[str] = "certified_product"
    axes: ClassVar[tuple[Axis, Axis]] = (
        Axis("output", "extracted power", "$-P_o$", log=True, is_power=True),
        Axis(
            "uncertainty_product",
            r"uncertainty product $Q = D_o\dot S/P_o^2$",
            "$Q$",
            log=True,
            line=CLASSICAL_LIMIT,
            less_is_better=True,
        ),
    )

    ends: ClassVar[tuple[str, str]] = ("most precise", "maximum power")

    def __post_init__(self) -> None:
        if self.powers is not None and not (len(self.powers) > 0 and min(self.powers) > 0.0):
            raise InputError(f"extracted powers to aim at must be above 0, but they are {list(self.powers)}.")

    @classmethod
    def of(cls, machine: Machine, oscillator: int = 0) -> Self:
        one_oscillator(machine, oscillator)
        return cls(oscillator)

    def output(self, size: int) -> Output:
        """The output is X = -P_o, what is extracted through oscillator o."""
        return Output.extracted(size, self.oscillator)

    def merits(self, currents: Currents) -> Merits | None:
        return precise_merits(currents, -float(currents.local_powers[self.oscillator]))

    def read(self, rates: tuple[np.ndarray, ...]) -> Mapping[str, np.ndarray]:
        return precise_rates(rates)

    def ranked(self, merits: Merits) -> tuple[float, ...]:
        return merits["output"], -merits["uncertainty_product"]

    def guide(self, rates_of: FormRates, drive_set: AbstractDriveSet) -> AbstractGuide:
        return PrecisionGuide(self, rates_of, drive_set)

    def goal_from(self, begun: Sequence[Merits], reached: Sequence[Merits]) -> Goal:
        """Every drive is asked for as much power as it had in the other theory."""
        return Goal(np.array([m["output"] for m in begun]), _targets)

    def goal_of(self, rates: tuple[np.ndarray, ...], count: int) -> Goal:
        """Powers over two decades below the largest that is known, set again as larger ones are."""
        if self.powers is not None:
            return Goal(np.sort(np.array(self.powers)), _targets)
        magnitude = float(np.nanmax(np.abs(rates[0])))

        def again(rates: tuple[np.ndarray, ...], aims: np.ndarray) -> np.ndarray:
            largest = np.max(rates[0], where=np.isfinite(rates[0]), initial=0.0)
            return largest * np.geomspace(WEAKEST, STRONGEST, count) if largest > 0.0 else aims

        return Goal(again(rates, magnitude * np.geomspace(WEAKEST, STRONGEST, count)), _targets, again)

    def gap(self, merits: Merits, bound: float) -> float:
        return merits["uncertainty_product"] / bound - 1.0


class AbstractPrecisionGuide(AbstractGuide):
    """Searches begin at the most precise harmonic."""

    def __init__(self, tradeoff: Any, rates_of: FormRates, drive_set: AbstractDriveSet) -> None:
        self.tradeoff = tradeoff
        self.certifier = PrecisionCertifier(rates_of.forms, drive_set.certified_as, drive_set.frequency_range)

    def resonances(self, aims: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        count = len(aims)
        return np.full(count, self.certifier.harmonic_frequency), np.tile(self.certifier.pattern, (count, 1))


class PrecisionGuide(AbstractPrecisionGuide):
    """The largest power, and bounds on the uncertainty product."""

    def goal(self, count: int) -> Goal | None:
        if self.certifier.fundamental_power <= 0.0:
            return None
        spread = self.certifier.fundamental_power * np.geomspace(WEAKEST, STRONGEST, count)
        powers = self.tradeoff.powers
        return Goal(np.sort(spread if powers is None else np.array(powers)), _targets)

    def certified(self, merits: Sequence[Merits]) -> tuple[np.ndarray, Certificate]:
        output, product = (np.array([m[name] for m in merits]) for name in ("output", "uncertainty_product"))
        found = self.certifier.at(output, product)
        return found.bound, found.sorted()


def _targets(aims: np.ndarray) -> PrecisionTarget:
    return PrecisionTarget(on_device(aims))


def precise_merits(currents: Currents, output: float) -> Merits | None:
    """What is known of a machine that extracts work, with the precision of its output X.

    The efficiency is that of an engine, -P/(absorbed heat), or of a converter, (extracted power)/(supplied
    power); not a number where there is nothing to compare with.
    """
    if not output > 0.0:
        return None
    local, heat = currents.local_powers, currents.heat_currents
    engine = local.sum() < 0.0
    spent = heat[heat > 0.0].sum() if engine else local[local > 0.0].sum()
    gained = -local.sum() if engine else -local[local < 0.0].sum()
    return {
        "efficiency": float(gained / spent) if spent > 0.0 else np.nan,
        "output": output,
        "output_power": -output,
        "output_fluctuations": currents.variance,
        "uncertainty_product": currents.variance * currents.entropy_production_rate / output**2,
    }


def precise_rates(rates: tuple[np.ndarray, ...]) -> Mapping[str, np.ndarray]:
    """The merits that rates (X, D, S) alone fix."""
    output, noise, entropy = rates
    return {
        "output": output,
        "output_fluctuations": noise,
        "uncertainty_product": noise * entropy / output**2,
    }


def one_oscillator(machine: Machine, oscillator: int) -> None:
    """Raise InputError unless the output is an oscillator of the machine."""
    if not 0 <= oscillator < machine.size:
        raise InputError(
            f"the output must be one of the {machine.size} oscillators, but it is number {oscillator + 1}."
        )
