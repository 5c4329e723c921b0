"""Forms of one drive frequency, reduced to a single harmonic that gains and its odd multiples that cost."""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Complex, Float, Int

from ....numerics import largest_eigenvalue, on_device, two_largest
from ._band_share import LONE_SHARE, Bands

MULTIPLES = 9
"""Odd multiples 1, 3, 5, ... of the harmonic whose costs count."""


class Reduced(NamedTuple):
    """``sum_n g_n^dagger M_n g_n <= price + 2 sum_m g_mk^dagger A_m g_mk`` over m = 1, 3, 5, ...

    Attributes:
        price: ().
        harmonic: k.
        forms: (MULTIPLES, b, b) A_m: the first has one positive eigenvalue at most, the others none.
    """

    price: Float[Array, ""]
    harmonic: Int[Array, ""]
    forms: Complex[Array, "m b b"]


class BandTable(NamedTuple):
    """The numbers of `Bands` as arrays."""

    first: Int[Array, "V n"]
    last: Int[Array, "V n"]
    share: Float[Array, "V n"]


def band_table(harmonics: int) -> BandTable:
    """The bands of forms with the harmonics 0..N as arrays."""
    bands = Bands(harmonics)
    return BandTable(*on_device((bands.first, bands.last, bands.share)))


def reduced(form: Complex[Array, "n b b"], gaining: Int[Array, " H"], bands: BandTable) -> Reduced:
    """M_n, n = 0..N, reduced: what the strongest harmonic k does not gain is absorbed.

    Weights eta and zeta absorb it, at the price of eta and of zeta times the share of a band of harmonics.
    What is left of M_k has one positive eigenvalue, what is left of the others none: they only cost. Of
    these the odd multiples of k are kept, which a strong harmonic k of a bounded function drags along. Every
    band and all shares rho of the oscillators are valid; those with the smallest price plus 8/pi^2 of what k
    still gains are taken.

    Args:
        form: M_n; M_0 is not looked at.
        gaining: harmonics that may have a positive eigenvalue; 0 for none.
        bands: of `band_table`.

    Source: theory (10.9), (10.10).
    """
    size = form.shape[-1]
    gain_forms = jnp.where((gaining > 0)[:, None, None], form[gaining], 0.0)
    shares = _shares(gain_forms)
    scale = 1.0 / jnp.sqrt(shares)
    top, second = two_largest(gain_forms * scale[:, None, :, None] * scale[:, None, None, :])
    gain = jnp.maximum(top, 0.0)
    rows, place = jnp.arange(len(shares)), jnp.argmax(gain, axis=1)
    k = gaining[place]
    others = jnp.where(jnp.arange(len(gaining)) == place[:, None], 0.0, gain)
    inside = (gaining >= bands.first[:, k][..., None]) & (gaining <= bands.last[:, k][..., None])
    eta = jnp.max(jnp.where(inside, 0.0, others), axis=-1)
    zeta = jnp.maximum(jnp.max(jnp.where(inside, others, 0.0), axis=-1), second[rows, place])
    zeta = jnp.maximum(zeta - eta, 0.0)
    price = eta + bands.share[:, k] * zeta
    total = price + LONE_SHARE * jnp.maximum(gain[rows, place] - eta - zeta, 0.0)
    band, row = jnp.unravel_index(jnp.argmin(total), total.shape)
    multiple = k[row] * (2 * jnp.arange(MULTIPLES) + 1)
    known = multiple < form.shape[0]
    within = (multiple >= bands.first[band, k[row]]) & (multiple <= bands.last[band, k[row]])
    taken = (eta[band, row] + zeta[band, row] * within)[:, None, None] * jnp.diag(shares[row])
    left = form[jnp.where(known, multiple, 0)] - taken
    return Reduced(price[band, row], k[row], jnp.where(known[:, None, None], left, jnp.zeros((size, size))))


def _shares(forms: Complex[Array, "H b b"]) -> Float[Array, "R b"]:
    """Shares rho to try: equal ones, those that suit the strongest harmonic, and between."""
    size = forms.shape[-1]
    equal = jnp.full(size, 1.0 / size)
    if size == 1:
        return equal[None, :]
    suited = suited_shares(jnp.diagonal(forms[jnp.argmax(largest_eigenvalue(forms))]).real)
    return jnp.stack([equal, suited, (equal + suited) / 2.0])


def suited_shares(own: Float[Array, "b ..."]) -> Float[Array, "b ..."]:
    """Shares with the lowest largest eigenvalue where a form of one direction has the diagonal `own`."""
    size = jnp.sqrt(jnp.maximum(own, 0.0))
    size = size + 1e-3 * jnp.max(size, axis=0) + 1e-150
    return size / jnp.sum(size, axis=0)
