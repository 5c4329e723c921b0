"""The three desiderata of engines: power, efficiency and constancy."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple, Self

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ...model import Machine
from ...numerics import best_ratio, on_device, top_eigenpair
from ...observables import CLASSICAL_LIMIT
from ..drive_sets import AbstractDriveSet
from ..rates import FormRates, Output
from ..search import Goal
from ._efficiency import PENALTY, two_temperatures
from ._power_efficiency import PowerEfficiency
from ._power_precision import PRECISE_COLUMNS, AbstractPrecisionGuide, precise_merits, precise_rates
from ._tradeoff import FREQUENCY, AbstractGuide, AbstractTradeoff, Axis, Currents, Merits

LOWEST = 0.7
"""First efficiency aimed at, relative to that of the strongest harmonic: the strongest drives have more than
one harmonic and are less efficient."""


class ConstancyTarget(NamedTuple):
    """Most power at an efficiency and a constancy of at least targets; scores (X, D, S).

    Attributes:
        kappa: (eta_C/eta - 1)/T_c of the target efficiency, (B,).
        noise: largest D/X aimed at, (B,).
        power: extracted power that sets the scale, (B,).
    """

    kappa: Float[Array, " B"]
    noise: Float[Array, " B"]
    power: Float[Array, " B"]

    def score(self, power: Array, noise: Array, entropy: Array) -> Array:
        """The score is ``-x/x_i + (PENALTY/2) [max(0, s/kappa_i - x)^2 + max(0, D/f_i - x)^2]/x_i^2``.

        Source: theory (9.10).
        """
        costly = jnp.maximum(entropy / self.kappa - power, 0.0) / self.power
        noisy = jnp.maximum(noise / self.noise - power, 0.0) / self.power
        return -power / self.power + 0.5 * PENALTY * (costly**2 + noisy**2)


@dataclass(frozen=True)
class PowerEfficiencyConstancy(AbstractTradeoff):
    """Engines that no other beats in power, efficiency and constancy (small D_P/(-P)) at once.

    Classically the three are tied together: Q = D_P (eta_C - eta)/(-P eta T_c) >= 2.

    Attributes:
        hot: T_h.
        cold: T_c < T_h.

    Source: theory (8.6), (9.10).
    """

    hot: float
    cold: float
    kind: ClassVar[str] = "power-efficiency-constancy"
    objectives: ClassVar[tuple[str, ...]] = ("power", "efficiency", "constancy")
    machine_name: ClassVar[str] = "engine"
    needs_noise: ClassVar[bool] = True
    columns: ClassVar[tuple[str, ...]] = PRECISE_COLUMNS
    certified_name: ClassVar[str] = "certified_product"
    axes: ClassVar[tuple[Axis, Axis]] = (
        Axis("efficiency", r"efficiency $\eta$", r"$\eta$"),
        Axis("output", "extracted power", "$-P$", log=True, is_power=True),
    )
    panels: ClassVar[tuple[Axis, ...]] = (
        Axis(
            "uncertainty_product",
            r"$Q = D_P(\eta_C-\eta)/(-P\,\eta\,T_c)$",
            "$Q$",
            log=True,
            line=CLASSICAL_LIMIT,
        ),
        FREQUENCY,
    )
    ends: ClassVar[tuple[str, str]] = ("minimum power", "maximum power")
    relative: ClassVar[str] = r"$\eta/\eta_\mathrm{C}$"

    @classmethod
    def of(cls, machine: Machine, oscillator: int = 0) -> Self:
        return cls(*two_temperatures(machine, cls.machine_name))

    @property
    def engine(self) -> PowerEfficiency:
        """The trade-off without constancy."""
        return PowerEfficiency(self.hot, self.cold)

    @property
    def limit(self) -> float:
        """The largest efficiency is Carnot's, 1 - T_c/T_h."""
        return self.engine.limit

    def output(self, size: int) -> Output:
        """The output is X = -P, the extracted power."""
        return self.engine.output(size)

    def merits(self, currents: Currents) -> Merits | None:
        return precise_merits(currents, -float(currents.local_powers.sum()))

    def read(self, rates: tuple[np.ndarray, ...]) -> Mapping[str, np.ndarray]:
        output, _, entropy = rates
        return {**precise_rates(rates), "efficiency": self.engine.efficiency(entropy / output)}

    def ranked(self, merits: Merits) -> tuple[float, ...]:
        constancy = -merits["output_fluctuations"] / merits["output"]
        return merits["output"], merits["efficiency"], constancy

    def guide(self, rates_of: FormRates, drive_set: AbstractDriveSet) -> AbstractGuide:
        return ConstancyGuide(self, rates_of, drive_set)

    def goal_from(self, begun: Sequence[Merits], reached: Sequence[Merits]) -> Goal:
        """Every drive is asked for as much power, efficiency and constancy as it had in the other theory."""
        output, noise, product = (
            np.array([m[name] for m in begun])
            for name in ("output", "output_fluctuations", "uncertainty_product")
        )
        # Q = D S/X^2
        aims = np.stack([product * output / noise, noise / output], axis=1)
        return Goal(aims, lambda aims: _targets(aims, output))


class ConstancyGuide(AbstractPrecisionGuide):
    """A grid of efficiencies and of noise D/X, from single harmonics; there is no certificate."""

    def goal(self, count: int) -> Goal | None:
        span = self._efficiencies()
        if span is None:
            return None
        side = max(2, round(np.sqrt(count)))
        efficiency = span[0] + (span[1] - span[0]) * np.linspace(0.0, 0.9, -(-count // side))
        # Work comes in quanta nu: D/X > nu for a single harmonic, which sets the scale of the noise.
        noise = np.geomspace(0.7, 1.5, side) * self.certifier.harmonic_frequency
        grid = [(kappa, f) for kappa in self.tradeoff.engine.kappa(efficiency) for f in noise][:count]
        scale = np.full(len(grid), self.certifier.fundamental_power)
        return Goal(np.array(grid), lambda aims: _targets(aims, scale))

    def _efficiencies(self) -> tuple[float, float] | None:
        """Efficiencies from below the strongest harmonic to the most efficient one; None without any."""
        extracted, _, entropy = self.certifier.read
        values, patterns = top_eigenpair(extracted)
        best = int(np.argmax(values))
        if values[best] <= 0.0:
            return None
        cost = (np.conj(patterns[best]) @ entropy[best] @ patterns[best]).real / values[best]
        gain, _ = best_ratio(extracted, entropy)
        engine = self.tradeoff.engine
        return LOWEST * float(engine.efficiency(cost)), float(engine.efficiency(1.0 / gain.max()))


def _targets(aims: np.ndarray, scale: np.ndarray) -> ConstancyTarget:
    kappa, noise = np.asarray(aims).T
    return ConstancyTarget(*on_device((kappa, noise, np.asarray(scale))))
