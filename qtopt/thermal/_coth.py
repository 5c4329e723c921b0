"""The thermal factor coth(omega/2T) as a finite sum over poles: theory (4.2)."""

import json
from functools import lru_cache
from importlib.resources import files
from typing import NamedTuple

import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Inexact

from ..errors import InputError
from ..numerics import xp


class CothPoles(NamedTuple):
    """Constants k_j >= 0 and w_j of ``coth(omega/2T) = sum_j w_j 4 T omega / (omega^2 + (2 pi T k_j)^2)``.

    The first entry is the pole at zero frequency, k = 0 with w = 1/2. The constants depend on omega/T
    only, so the temperature stays differentiable.
    """

    k: np.ndarray
    weight: np.ndarray


@lru_cache
def coth_poles(accuracy: float = 1e-15) -> CothPoles:
    """The fewest tabulated poles whose rational coth is that accurate for real |omega|/T <= 1e10.

    With s = (omega/T)^2, the Matsubara sum ``sum_k 4/(s + (2 pi k)^2)`` is a Stieltjes function, so rational
    interpolation at points s > 0 keeps its form with far fewer terms, all positive. At Zolotarev's points
    their number is nearly the smallest possible: it grows like ln(1/accuracy) ln(largest omega/T)/pi^2.

        accuracy   poles   largest relative error
        1e-9       51      7.4e-10
        2e-10      54      1.8e-10
        1e-12      66      6.9e-13
        1e-15      80      1.0e-15, and below 2e-15 when evaluated in float64

    The rational form has other poles than coth, so far from the real axis it is another function by design.

    Args:
        accuracy: the largest relative error allowed, before rounding.

    Returns:
        The constants, k ascending.

    Source: theory (4.2) to (4.4); `scripts/rational_coth.py` computed the tables.
    """
    tables = json.loads(files("qtopt.thermal").joinpath("coth_poles.json").read_text())
    enough = [table for table in tables if table["accuracy"] <= accuracy]
    if not enough:
        finest = min(table["accuracy"] for table in tables)
        raise InputError(f"the accuracy of the rational coth must be at least {finest:g}, not {accuracy:g}")
    fewest = min(enough, key=lambda table: len(table["k"]))
    return CothPoles(np.array(fewest["k"]), np.array(fewest["weight"]))


def rational_coth(
    omega: ArrayLike, temperature: ArrayLike, poles: CothPoles | None = None
) -> Inexact[Array, "..."]:
    """coth(omega/2T) by its rational form, for real or complex omega of any shape (hbar = k_B = 1).

    Source: theory (4.2).
    """
    poles = coth_poles() if poles is None else poles
    z = xp.asarray(omega)[..., None]
    mu = matsubara(temperature, poles)
    return xp.sum(poles.weight * 4.0 * temperature * z / (z**2 + mu**2), axis=-1)


def matsubara(temperature: ArrayLike, poles: CothPoles) -> Float[Array, " K"]:
    """The distances mu_j = 2 pi T k_j of the poles from the real axis.

    Source: theory (4.2).
    """
    return xp.asarray(2.0 * np.pi * poles.k) * xp.asarray(temperature)


def beyond_the_poles(temperature: ArrayLike, poles: CothPoles) -> Float[Array, "2 *shape"]:
    """``int dw/2pi [R(w/2T) - coth(w/2T)]/w^p``, p = 1 and 3, of the rational coth R, which ends near 1e11 T.

    The first is ln T/pi but for a constant, which drops out of differences (a Frullani integral). What an
    integrand that falls slowly owes to frequencies beyond the rational coth is thus known and taken off.

    Source: theory (4.14).
    """
    temperature = xp.asarray(temperature)
    return xp.stack([xp.log(temperature) / xp.pi, second_beyond_the_poles(temperature, poles)])


def second_beyond_the_poles(temperature: ArrayLike, poles: CothPoles) -> Float[Array, "*shape"]:
    """`beyond_the_poles` of p = 3 alone."""
    return _excess(poles.k.tobytes(), poles.weight.tobytes()) / xp.pi / xp.asarray(temperature) ** 2


@lru_cache
def _excess(k: bytes, weight: bytes) -> float:
    """``int dx [R(x/2) - coth(x/2)]/x^3`` of the rational coth with these constants, from x = 1e9 on."""
    nodes, weights = np.frombuffer(k), np.frombuffer(weight)
    x = np.geomspace(1e9, 1e20, 400)
    terms = weights * 4.0 * x[:, None] / (x[:, None] ** 2 + (2.0 * np.pi * nodes) ** 2)
    return float(np.sum((np.sum(terms, axis=1) - 1.0) / x**2) * np.log(x[1] / x[0]))


def heat_beyond_the_poles(
    frictions: Float[Array, " B"], temperatures: Float[Array, " B"], overlaps: Float[Array, "B B"]
) -> Float[Array, " B"]:
    """Heat out of each memoryless bath that only the ends of the rational coths cause, to be taken off.

    Two of them leave ``gamma_b gamma_c (g_b g_c)^2 ln(T_b/T_c)/pi``, a Frullani integral.

    Args:
        frictions: gamma_b, 0 for baths with memory.
        temperatures: T_b.
        overlaps: (g_b g_c)^2, summed over the oscillators before it is squared.
    """
    # x/x is not 1 to the last digit everywhere: the heat of a bath to itself would leave its round-off.
    itself = xp.eye(len(temperatures), dtype=bool)
    ratio = xp.where(itself, 1.0, temperatures[:, None] / temperatures)
    return xp.sum(frictions[:, None] * frictions * overlaps * xp.log(ratio), axis=1) / xp.pi
