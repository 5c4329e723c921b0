"""Drives of two harmonics that beat every single one: two resonances fit to one frequency (host code)."""

import numpy as np

from ....numerics import zoomed
from ._landscape import BestHarmonics, Landscape, largest_of_each
from ._pure_states import Mixture, best_mixture, priced

NEAR = 0.99
"""Between the nodes there may be more if at a node this share of what one harmonic yields is reached."""
SECTIONS, ROUNDS = 9, 3
"""Of the interval of prices."""
GAIN = 1e-7
"""Relative, below which two harmonics are not worth a search."""


def best_pairs(land: Landscape, kappa: np.ndarray, single: BestHarmonics) -> BestHarmonics:
    """The best drives of two harmonics, each of its own share, for kappa (M,); else none.

    Args:
        land: forms of the machine.
        kappa: of the efficiency asked for.
        single: the best drives of one harmonic; pairs that yield clearly less are not looked for.
    """
    order = np.arange(1, land.kept_harmonics + 1)
    row, place, reach = _candidates(land, kappa, single)
    found = best_mixture(*land.at(place[:, None] * order), kappa[row])
    kept = np.flatnonzero(
        (found.order[:, 0] != found.order[:, 1]) & (found.output >= NEAR * single.output[row])
    )
    pair = order[found.order[kept]]
    # One zoom for each kappa and pair of harmonics, as far as the widest of its candidates reaches.
    _, label = np.unique(np.column_stack([row[kept], pair]), axis=0, return_inverse=True)
    widest = np.zeros(len(kept))
    np.maximum.at(widest, label.ravel(), reach[kept])
    chosen = largest_of_each(label.ravel(), found.output[kept])
    pair, reach = pair[chosen], widest[label.ravel()[chosen]]
    row, place = row[kept[chosen]], place[kept[chosen]]
    left, right = (np.clip(place + side * reach, land.low, land.high) for side in (-1.0, 1.0))

    def mixture(rows: np.ndarray, omega: np.ndarray) -> Mixture:
        """The best mixtures of some of the pairs, at frequencies (Q, K)."""
        forms = land.at(omega[..., None] * pair[rows, None])
        return best_mixture(*forms, np.broadcast_to(kappa[row[rows], None], omega.shape))

    place, value = zoomed(lambda rows, omega: mixture(rows, omega).output, place, left, right)
    chosen = largest_of_each(row, value)
    found = mixture(chosen, place[chosen, None])
    best = BestHarmonics.none(len(kappa), land.size, land.low)
    orders = np.take_along_axis(pair[chosen], found.order[:, 0], axis=1)
    parts = found.output[:, 0], place[chosen], orders, found.share[:, 0], found.state[:, 0]
    for target, part in zip(best, parts, strict=True):
        target[row[chosen]] = part
    return _simplified(best, land.high)


def _simplified(best: BestHarmonics, high: float) -> BestHarmonics:
    """Harmonics with a common divisor are lower ones of a higher frequency, if that is in the range."""
    divisor = np.gcd(*best.order.T)
    divisor = np.where(best.drive_frequency * divisor <= high, divisor, 1)
    return best._replace(drive_frequency=best.drive_frequency * divisor, order=best.order // divisor[:, None])


def _candidates(land: Landscape, kappa: np.ndarray, single: BestHarmonics) -> tuple[np.ndarray, ...]:
    """(which kappa, Omega, how far it stands for) of all that may be near a pair's best frequency.

    At every price, what two harmonics of one Omega yield is at most what the better of them is worth. At the
    price that the best single harmonic pays, few nodes are worth as much as it yields; where no nu is worth
    more, no pair yields more.
    """
    # Nothing is gained where the price does not matter, or where no harmonic yields anything.
    row = np.flatnonzero(np.isfinite(single.output) & (single.output < land.largest_output * (1.0 - 1e-12)))
    if land.fixed:
        return row, np.full(len(row), land.low), np.zeros(len(row))
    price = _prices(land, kappa[row], single, row)
    least = single.output[row] * (1.0 - price * kappa[row])
    worth = priced(land.output, land.entropy, price).T
    case, node = np.nonzero(land.grid.peaks(worth) & (worth >= NEAR * least[:, None]))
    _, peaks = zoomed(
        lambda cases, nu: priced(*land.at(nu), price[case[cases], None, None])[..., 0],
        land.grid.nu[node], land.grid.left[node], land.grid.right[node],
    )  # fmt: skip
    largest = np.zeros(len(row))
    np.maximum.at(largest, case, peaks)
    case, node = np.nonzero((worth >= NEAR * least[:, None]) & (largest > (1.0 + GAIN) * least)[:, None])
    orders = np.arange(1, land.kept_harmonics + 1)
    entry, order = (part.ravel() for part in np.broadcast_arrays(np.arange(len(case))[:, None], orders))
    place = land.grid.nu[node[entry]] / order
    kept = (place >= land.low) & (place <= land.high)
    entry, order, place = entry[kept], order[kept], place[kept]
    row, node = row[case[entry]], node[entry]
    mixing = _mixing(land.at(place[:, None] * orders), kappa[row], single.output[row])
    reach = (land.grid.right[node] - land.grid.left[node]) / order
    return row[mixing], place[mixing], reach[mixing]


def _prices(land: Landscape, kappa: np.ndarray, single: BestHarmonics, row: np.ndarray) -> np.ndarray:
    """The price p = lambda/(1 + lambda kappa) that each best single harmonic pays.

    X + lambda (kappa X - S) is stationary for every change of the state, and for that of nu unless it is at
    an end of the range.

    Source: theory (9.21).
    """
    state, nu = single.state[row, 1], single.drive_frequency[row] * single.order[row, 1]
    step = 1e-4 * land.grid.spacing(nu)
    inside = np.all(np.abs(nu[:, None] - land.grid.intervals.ravel()) > step[:, None], axis=1)

    def stationary(images: list[np.ndarray]) -> np.ndarray:
        """(M, L + 1) changes of v^dagger F v with v and with nu, from F v at nu, before and after it."""
        here, before, after = (np.sum(np.conj(state) * image, axis=1) for image in images)
        change = np.where(inside, (after - before) * 1e4, 0.0)
        return np.concatenate([images[0] - here[:, None] * state, change[:, None]], axis=1)

    forms = [land.at(place) for place in (nu, nu - step, nu + step)]
    images = [[(form @ state[..., None])[..., 0] for form in pair] for pair in forms]
    gain = stationary([output for output, _ in images])
    spare = stationary([kappa[:, None] * output - entropy for output, entropy in images])
    square = np.sum(np.abs(spare) ** 2, axis=1)
    multiplier = -np.sum(np.conj(spare) * gain, axis=1).real / np.where(square > 0.0, square, 1.0)
    multiplier = np.maximum(multiplier, 0.0)
    return multiplier / (1.0 + multiplier * kappa)


def _mixing(forms: tuple[np.ndarray, np.ndarray], kappa: np.ndarray, single: np.ndarray) -> np.ndarray:
    """Which cases, forms (P, N, L, L), may mix: one harmonic takes over from another at the best price."""
    kept = cases = np.arange(len(kappa))
    low, high = np.zeros(len(kappa)), 1.0 / kappa
    for turn in range(ROUNDS):
        prices = np.linspace(low, high, SECTIONS, axis=1)
        scale = 1.0 - prices * kappa[:, None]
        worth = priced(*(form[kept] for form in forms), prices[:, None, :])
        dual = np.where(scale > 1e-9, worth.max(axis=1) / np.maximum(scale, 1e-9), np.inf)
        best = np.argmin(dual, axis=1)
        before, after = np.maximum(best - 1, 0), np.minimum(best + 1, SECTIONS - 1)
        leader = worth.argmax(axis=1)
        first, middle, last = (leader[cases, at] for at in (before, best, after))
        mixing = dual[cases, best] >= NEAR * single
        if turn == ROUNDS - 1:
            mixing &= (first != middle) | (middle != last)
        low, high = prices[cases, before], prices[cases, after]
        low, high, kappa, single, kept = (part[mixing] for part in (low, high, kappa, single, kept))
        cases = np.arange(len(kept))
    return kept
