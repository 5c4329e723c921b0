"""Uncertainty relations as objects: every one reads ``value(current) >= limit(current)`` where it holds.

Quantum bounds that were checked and left out:

* Van Vu and Saito, PRL 128, 140602 (2022), and Van Vu, arXiv:2411.19546: for Markovian (Lindblad) dynamics
  and counted jumps. The model meets neither: its baths have memory, the static ones at any strength.
* Brandner and Saito, arXiv:2502.07917: coherent transport of fermions.
* Van Vu, Honma and Saito, arXiv:2508.21567: any coupling and memory, so the model meets its assumptions for
  currents defined by two-point measurements (total work and heat, not local powers). The bound needs the
  relative entropy between forward and backward processes, which no second moment gives.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ._current import Current, quotient, uncertainty_product

Side = Callable[[Current], Float[Array, "*shape"]]
Kind = Literal["power", "local power", "heat"]


@dataclass(frozen=True)
class Bound:
    """An uncertainty relation ``value >= limit``.

    Attributes:
        name: how tables and results call it.
        source: where it was derived.
        domain: for which dynamics and currents it was derived; a violation elsewhere contradicts nothing.
        kinds: the kinds of current in its domain.
        engines_only: whether it speaks about engines only.
        value: left-hand side.
        limit: right-hand side.
    """

    name: str
    source: str
    domain: str
    kinds: tuple[Kind, ...]
    engines_only: bool
    value: Side
    limit: Side

    def concerns(self, kind: Kind, mode: str) -> bool:
        """Whether a current of this kind of a machine in this operating mode is in the bound's domain."""
        return kind in self.kinds and (mode == "engine" or not self.engines_only)

    def violated(self, current: Current) -> Array:
        """value < limit, beyond round-off."""
        return self.value(current) < self.limit(current) * (1.0 - 1e-9)


def _two(current: Current) -> Array:
    return 2.0 + jnp.zeros_like(current.mean)


def periodic_product(current: Current) -> Float[Array, "*shape"]:
    """D S/(X - Omega dX/dOmega)^2, the derivative at a fixed shape of the drive; see `PERIODIC`."""
    effective = current.mean - current.frequency * current.slope
    return quotient(current.variance_rate * current.entropy_production_rate, effective**2)


def _exchange_limit(current: Current) -> Array:
    entropy = current.entropy_production_rate * 2.0 * jnp.pi / current.frequency
    return entropy * exchange_function(entropy)


@jax.jit
def exchange_function(entropy: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """f(x) = csch^2(g(x/2)), g the inverse of x tanh x: least Var/mean^2 at this entropy production.

    f(x) -> 2/x - 2/3 for small x and 4 exp(-x) for large x. Newton's method, monotone from above.
    """
    target = entropy / 2.0
    start = target + jnp.sqrt(target)

    def newton(_: int, y: Array) -> Array:
        tanh = jnp.tanh(y)
        return y - (y * tanh - target) / (tanh + y * (1.0 - tanh**2))

    root = jax.lax.stop_gradient(jax.lax.fori_loop(0, 30, newton, start))
    root = newton(0, root)
    return 1.0 / jnp.sinh(root) ** 2


CLASSICAL = Bound(
    "classical",
    "Barato and Seifert, PRL 114, 158101 (2015); Gingrich et al., PRL 116, 120601 (2016)",
    "time-homogeneous classical Markov jump or overdamped dynamics. In the weak theory with an isothermal "
    "single-harmonic drive the total power obeys it: Q = (Omega/T) coth(Omega/2T)",
    ("power", "local power", "heat"),
    False,
    uncertainty_product,
    _two,
)

PERIODIC = Bound(
    "periodic",
    "Koyuk and Seifert, PRL 122, 230601 (2019)",
    "periodically driven classical Markov dynamics: D S/(X - Omega dX/dOmega)^2 >= 2, the derivative at a "
    "fixed shape of the drive",
    ("power", "local power", "heat"),
    False,
    periodic_product,
    _two,
)

EXCHANGE = Bound(
    "exchange fluctuation theorem",
    "Timpanaro et al., PRL 123, 090604 (2019)",
    "currents that are part of an exchange fluctuation theorem, under drives symmetric in time; local powers "
    "are not. Here per period: D/(X^2 tau) >= f(S tau) with the long-time D in place of the variance of one "
    "period",
    ("power", "heat"),
    False,
    uncertainty_product,
    _exchange_limit,
)

CONSTANCY = Bound(
    "power-efficiency-constancy",
    "Pietzonka and Seifert, PRL 120, 190602 (2018)",
    "engines between two temperatures, classical steady states: D_P (eta_C - eta)/(-P eta T_c) >= 2, which "
    "by S = (-P/T_c)(eta_C/eta - 1) is the product Q of the power",
    ("power",),
    True,
    uncertainty_product,
    _two,
)

BOUNDS: tuple[Bound, ...] = (CLASSICAL, PERIODIC, EXCHANGE, CONSTANCY)
