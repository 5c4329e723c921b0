"""Uncertainty relations as objects: every one reads ``value(current) >= limit(current)`` where it holds.

Quantum bounds that were checked and left out:

* Van Vu and Saito, PRL 128, 140602 (2022), and Van Vu, arXiv:2411.19546: for Markovian (Lindblad) dynamics
  and counted jumps. The model meets neither: its baths have memory, the static ones at any strength.
* Brandner and Saito, arXiv:2502.07917: coherent transport of fermions.
* Van Vu, Honma and Saito, arXiv:2508.21567: any coupling and memory, so the model meets its assumptions for
  currents defined by two-point measurements (total work and heat, not local powers). The bound needs the
  relative entropy between forward and backward processes, which no second moment gives.
"""

from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from ..registry import class_of, kinds, register
from ._current import Current, CurrentKind, periodic_product, uncertainty_product

CLASSICAL_LIMIT = 2.0
"""Least uncertainty product Q of a current of a classical steady state."""
ROUND_OFF = 1e-9
"""A bound counts as violated from this relative distance on."""


class AbstractUncertaintyBound(eqx.Module):
    """An uncertainty relation ``value >= limit``; as it stands here, Q >= 2.

    A new relation is one final subclass that is registered (`qtopt.register`); `evaluate` then judges every
    current in its domain and lists violations under `violated_bounds`. Source: theory, section 8.
    """

    family: ClassVar[str] = "uncertainty bound"
    kind: eqx.AbstractClassVar[str]
    """How tables and results call it."""
    source: eqx.AbstractClassVar[str]
    """Where it was derived."""
    domain: eqx.AbstractClassVar[str]
    """For which dynamics and currents it was derived; a violation elsewhere contradicts nothing."""
    currents: eqx.AbstractClassVar[tuple[CurrentKind, ...]]
    """The kinds of current in its domain."""
    engines_only: ClassVar[bool] = False
    """Whether it speaks about engines only."""

    def value(self, current: Current) -> Any:
        """Left-hand side, of the shape of the current's fields."""
        return uncertainty_product(current)

    def limit(self, current: Current) -> Any:
        """Right-hand side."""
        return CLASSICAL_LIMIT

    def concerns(self, kind: CurrentKind, mode: str) -> bool:
        """Whether a current of this kind of a machine in this operating mode is in the bound's domain."""
        return kind in self.currents and (mode == "engine" or not self.engines_only)

    def violated(self, current: Current) -> Any:
        """Whether value < limit, beyond round-off."""
        return self.value(current) < self.limit(current) * (1.0 - ROUND_OFF)


@register
class ClassicalBound(AbstractUncertaintyBound):
    """Q >= 2. In the weak theory the total power of an isothermal machine under one harmonic obeys it."""

    kind: ClassVar[str] = "classical"
    source: ClassVar[str] = (
        "Barato and Seifert, PRL 114, 158101 (2015); Gingrich et al., PRL 116, 120601 (2016)"
    )
    domain: ClassVar[str] = (
        "time-homogeneous classical Markov jump or overdamped dynamics. In the weak theory with an "
        "isothermal single-harmonic drive the total power obeys it: Q = (Omega/T) coth(Omega/2T)"
    )
    currents: ClassVar[tuple[CurrentKind, ...]] = ("power", "local power", "heat")


@register
class PeriodicBound(AbstractUncertaintyBound):
    """D S/(X - Omega dX/dOmega)^2 >= 2, the derivative at a fixed shape of the drive."""

    kind: ClassVar[str] = "periodic"
    source: ClassVar[str] = "Koyuk and Seifert, PRL 122, 230601 (2019)"
    domain: ClassVar[str] = (
        "periodically driven classical Markov dynamics: D S/(X - Omega dX/dOmega)^2 >= 2, the derivative at "
        "a fixed shape of the drive"
    )
    currents: ClassVar[tuple[CurrentKind, ...]] = ("power", "local power", "heat")

    def value(self, current: Current) -> Any:
        """D S/(X - Omega dX/dOmega)^2."""
        return periodic_product(current)


@register
class ExchangeBound(AbstractUncertaintyBound):
    """Q >= S tau f(S tau) with the period tau and f of `exchange_function`: theory (8.5)."""

    kind: ClassVar[str] = "exchange fluctuation theorem"
    source: ClassVar[str] = "Timpanaro et al., PRL 123, 090604 (2019)"
    domain: ClassVar[str] = (
        "currents that are part of an exchange fluctuation theorem, under drives symmetric in time; local "
        "powers are not. Here per period: D/(X^2 tau) >= f(S tau) with the long-time D in place of the "
        "variance of one period"
    )
    currents: ClassVar[tuple[CurrentKind, ...]] = ("power", "heat")

    def limit(self, current: Current) -> Any:
        """S tau f(S tau)."""
        entropy = current.entropy_production_rate * 2.0 * np.pi / current.drive_frequency
        return entropy * exchange_function(entropy)


@register
class ConstancyBound(AbstractUncertaintyBound):
    """The trade-off of power, efficiency and constancy of engines, D_P (eta_C - eta)/(-P eta T_c) >= 2."""

    kind: ClassVar[str] = "power-efficiency-constancy"
    source: ClassVar[str] = "Pietzonka and Seifert, PRL 120, 190602 (2018)"
    domain: ClassVar[str] = (
        "engines between two temperatures, classical steady states: D_P (eta_C - eta)/(-P eta T_c) >= 2, "
        "which by S = (-P/T_c)(eta_C/eta - 1) is the product Q of the power"
    )
    currents: ClassVar[tuple[CurrentKind, ...]] = ("power",)
    engines_only: ClassVar[bool] = True


def uncertainty_bounds() -> tuple[AbstractUncertaintyBound, ...]:
    """All registered uncertainty relations."""
    family = AbstractUncertaintyBound.family
    return tuple(class_of(family, kind)() for kind in kinds(family))


def exchange_function(entropy: Any) -> Any:
    """f(x) = csch^2(g(x/2)), g the inverse of x tanh x: least Var/mean^2 at this entropy production.

    f(x) -> 2/x - 2/3 for small x and 4 exp(-x) for large x. Newton's method, monotone from above.

    Args:
        entropy: x > 0, a NumPy or jax array of any shape.

    Source: theory (8.5).
    """
    xp = jnp if isinstance(entropy, jax.Array) else np
    target = entropy / 2.0
    y = target + xp.sqrt(target)
    for _ in range(30):
        tanh = xp.tanh(y)
        y = y - (y * tanh - target) / (tanh + y * (1.0 - tanh**2))
    with np.errstate(over="ignore"):
        return 1.0 / xp.sinh(y) ** 2
