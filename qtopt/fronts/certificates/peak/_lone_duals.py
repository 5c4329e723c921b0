"""Duals of the share that one harmonic holds at most: lines for all efficiencies, and the best of them."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float

from ....jobs import over_devices
from ....numerics import at_once_elsewhere, golden_section, largest_packed, two_best
from ....programs import kept_program
from ._absorption import suited_shares

SUITED = np.array([0.0, 1.0])
"""Weights at the start: equal ones, and those that suit the strongest harmonic."""
LONG, MIDDLE, SHORT = 30, 24, 18
"""Sections of a search for multipliers, for better ones, and for weights."""


def _entries(forms: Complex[Array, "*shape H 2 L L"]) -> Float[Array, "2 LL *shape H"]:
    """Forms as real numbers in the order of `largest_packed`: each of them is one long array."""
    size = forms.shape[-1]
    values = jnp.where(np.triu(np.ones((size, size), dtype=bool)), forms.real, forms.imag)
    return jnp.moveaxis(values.reshape(*forms.shape[:-2], size * size), (-2, -1), (0, 1))


def _heights(form: Float[Array, "LL *G H"], share: Float[Array, "L *G"]) -> tuple[Array, Array]:
    """Largest and second largest over the harmonics of the eigenvalues of a form with weights."""
    weight = jnp.sqrt(share[:, None] * share[None, :]).reshape(len(form), *share.shape[1:], 1)
    return two_best(largest_packed(form / weight))


def _private_heights(form: Float[Array, "LL *G H"]) -> tuple[Array, Array]:
    """The same where no form couples two oscillators: sums over them, which no weights would lower."""
    best, second = two_best(form[:: round(len(form) ** 0.5) + 1])
    return jnp.sum(best, axis=0), jnp.sum(second, axis=0)


def _suited(form: Float[Array, "LL *G H"]) -> Float[Array, "L *G"]:
    """Shares that suit the harmonic with the largest eigenvalue."""
    strongest = jnp.argmax(largest_packed(form), axis=-1)[None, ..., None]
    own = jnp.take_along_axis(form[:: round(len(form) ** 0.5) + 1], strongest, axis=-1)
    return suited_shares(own[..., 0])


@kept_program
def line_heights(
    table: Complex[Array, "G H 2 L L"], prices: Float[Array, " K"], private: bool
) -> Float[Array, "K W 2 G"]:
    """Largest and second largest eigenvalue over the harmonics of ``O - mu S``, for each price mu.

    With equal weights and with those that suit the harmonic of the largest one, W = 2; if `private`, by
    itself for each oscillator, W = 1.
    """
    size = table.shape[-1]
    equal = jnp.full((size, 1), 1.0 / size)

    def rows(table: Array, prices: Array) -> Array:
        output, entropy = _entries(table)

        def at(price: Array) -> Array:
            form = output - price * entropy
            if private:
                return jnp.stack(_private_heights(form))[None]
            return jnp.stack([jnp.stack(_heights(form, share)) for share in (equal, _suited(form))])

        return at_once_elsewhere(at, prices)

    return over_devices(rows, table, prices)


@kept_program
def fine_duals(
    tables: Complex[Array, "M F H 2 L L"], kappa: Float[Array, " M"], lone: Float[Array, ""], private: bool
) -> Float[Array, "M F"]:
    """Duals with the best weights; the frequencies differ from one efficiency to the next."""

    def rows(lone: Array, items: tuple[Array, Array]) -> Array:
        def row(inputs: tuple[Array, Array]) -> Array:
            kappa, table = inputs
            best = partial(_best_dual, table.shape[-1], kappa, lone, private)
            return jax.vmap(best, 2)(_entries(table))

        return at_once_elsewhere(row, items)

    return over_devices(rows, lone, (kappa, tables))


def _best_dual(size: int, kappa: Array, lone: Array, private: bool, forms: Float[Array, "2 LL H"]) -> Array:
    """Upper bound on the output at one frequency with good multipliers and weights; all of them are valid.

    A lone harmonic has at most the share `lone` of all: LONE_SHARE for bounded drives, 1 for mean squares.
    From equal weights and from those that suit the strongest harmonic, each with its best multiplier
    ``lambda = u/(1 - u)``, the weights of the oscillators and u are searched in turn.
    """
    output, entropy = forms

    def form(u: Array) -> Array:
        return output + u / (1.0 - u) * (kappa * output - entropy)

    def mixed(heights: tuple[Array, Array]) -> Array:
        return lone * heights[0] + (1.0 - lone) * heights[1]

    def at(u: Array, tilt: Array) -> Array:
        share = jnp.exp(tilt)  # of tilts that are small
        return mixed(_heights(form(u), share / jnp.sum(share)))

    def tilted(u: Array, suited: Array) -> Array:
        logarithm = jnp.log(_suited(form(u)))
        return suited * (logarithm - logarithm[-1])

    def descended(suited: Array) -> Array:
        value, u = golden_section(lambda u: at(u, tilted(u, suited)), LONG)
        return jax.lax.fori_loop(0, 2, better, (value, u, tilted(u, suited)))[0]

    def better(_: Any, state: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        value, u, tilt = state
        for l in range(size - 1):

            def moved(x: Array, l: int = l, tilt: Array = tilt) -> Array:
                return jnp.where(np.arange(size) == l, 8.0 * (x - 0.5), tilt)

            found, x = golden_section(lambda x, u=u, moved=moved: at(u, moved(x)), SHORT)
            tilt = jnp.where(found < value, moved(x), tilt)
            value = jnp.minimum(value, found)
        found, v = golden_section(lambda u: at(u, tilt), MIDDLE)
        return jnp.minimum(value, found), jnp.where(found < value, v, u), tilt

    if private:
        return golden_section(lambda u: mixed(_private_heights(form(u))), LONG)[0]
    return jnp.min(jax.vmap(descended)(jnp.asarray(SUITED)))
