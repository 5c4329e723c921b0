"""Most output of one frequency or of several at a given price: two Hermitian forms each (host code)."""

from typing import NamedTuple

import numpy as np

from ...rates import largest_eigenvalue

SLACK = 1e-12
"""of the entropy rate: a state that misses the price by round-off counts"""
SECTIONS, ROUNDS = 8, 5
"""of the multiplier's interval; what is left of it enters the output squared"""


class Mixture(NamedTuple):
    """What is best at a given price, a batch (...).

    Attributes:
        output: of a drive of unit strength; -inf where no state meets the price.
        order: (..., 2) which of the H pairs of forms have a part in it.
        share: (..., 2) how much of the unit strength each has; (0, 1) where one is enough.
        state: (..., 2, L) their unit vectors.
    """

    output: np.ndarray
    order: np.ndarray
    share: np.ndarray
    state: np.ndarray


def best_state(output: np.ndarray, entropy: np.ndarray, slope: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Largest v^dagger X v of unit vectors v with ``v^dagger S v <= kappa v^dagger X v``, and v.

    The joint numerical range of two Hermitian forms is convex, so that no mixture of states does better.

    Args:
        output: X, Hermitian (..., L, L).
        entropy: S, likewise.
        slope: kappa, (...).

    Returns:
        (...) and (..., L); -inf where there is no such vector.
    """
    size = output.shape[-1]
    if size == 2:
        return _best_of_two(output, entropy, slope)
    if size == 1:
        value, cost = np.real(output[..., 0, 0]), np.real(entropy[..., 0, 0])
        value = np.where(slope * value - cost >= -SLACK * cost, value, -np.inf)
        return value, np.ones((*value.shape, 1), dtype=complex)
    before, after = _either_side(output[..., None, :, :], entropy[..., None, :, :], slope)
    plane, _ = np.linalg.qr(np.stack([before.state, after.state], axis=-1))
    value, state = _best_of_two(_within(output, plane), _within(entropy, plane), slope)
    return value, (plane @ state[..., None])[..., 0]


def best_mixture(output: np.ndarray, entropy: np.ndarray, slope: np.ndarray) -> Mixture:
    """Largest sum_n w_n v_n^dagger X_n v_n, sum_n w_n = 1, where its S is at most kappa times as large.

    The dual is ``min over lambda >= 0 of max_n (largest eigenvalue of X_n + lambda (kappa X_n - S_n))``. At
    its minimum either one pair of forms is enough, or two eigenvalues cross, of a state that is too dear and
    one that is cheaper than asked for: their mixture meets the price.

    Args:
        output: X_n, Hermitian (..., H, L, L).
        entropy: S_n, likewise.
        slope: kappa, (...).
    """
    dear, cheap = _either_side(output, entropy, slope)
    alone, state = best_state(_pick(output, cheap.order), _pick(entropy, cheap.order), slope)
    same = dear.order == cheap.order
    with np.errstate(divide="ignore", invalid="ignore"):
        weight = np.where(dear.spare < 0.0, cheap.spare / (cheap.spare - dear.spare), 1.0)
    weight = np.where(same, 0.0, np.clip(weight, 0.0, 1.0))
    mixed = weight * dear.output + (1.0 - weight) * cheap.output
    mixed = np.where(np.maximum(dear.spare, cheap.spare) >= 0.0, mixed, -np.inf)
    return Mixture(
        np.where(same, alone, mixed),
        np.stack([dear.order, cheap.order], axis=-1),
        np.stack([weight, 1.0 - weight], axis=-1),
        np.stack([dear.state, np.where(same[..., None], state, cheap.state)], axis=-2),
    )


def priced(output: np.ndarray, entropy: np.ndarray, prices: np.ndarray) -> np.ndarray:
    """(..., K) largest eigenvalues of X - p S, (..., L, L), for prices p (K,) or (..., K)."""
    if output.shape[-1] == 2:
        parts = zip(_on_sphere(output), _on_sphere(entropy), strict=True)
        constant, vector = (x[..., None] - prices * s[..., None] for x, s in parts)
        return constant + _length(vector)
    return largest_eigenvalue(output[..., None, :, :] - prices[..., None, None] * entropy[..., None, :, :])


def top_state(form: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The largest eigenvalue (...) of Hermitian (..., L, L) and its eigenvector (..., L)."""
    if form.shape[-1] == 2:
        constant, vector = _on_sphere(form)
        return constant + _length(vector), _state_at(_unit(vector, _pole(vector)))
    values, vectors = np.linalg.eigh(form)
    return values[..., -1], vectors[..., -1]


class _Top(NamedTuple):
    """The eigenvector with the largest eigenvalue among H forms.

    Attributes:
        order: which form.
        state: the vector.
        output: v^dagger X v.
        spare: v^dagger (kappa X - S) v, negative where the state is too dear.
    """

    order: np.ndarray
    state: np.ndarray
    output: np.ndarray
    spare: np.ndarray

    def at(self, index: np.ndarray) -> "_Top":
        """One (...) of each row of K."""
        order, output, spare = (
            np.take_along_axis(part, index[..., None], axis=-1)[..., 0]
            for part in (self.order, self.output, self.spare)
        )
        state = np.take_along_axis(self.state, index[..., None, None], axis=-2)[..., 0, :]
        return _Top(order, state, output, spare)


def _either_side(output: np.ndarray, entropy: np.ndarray, slope: np.ndarray) -> tuple[_Top, _Top]:
    """The top eigenvectors for multipliers just below and just above the best one; forms (..., H, L, L)."""
    spare = slope[..., None, None, None] * output - entropy
    forms = output[..., None, :, :, :], spare[..., None, :, :, :]
    units = [np.abs(form).max(axis=(-3, -2, -1), keepdims=True) + 1e-300 for form in forms]

    def top(share: np.ndarray) -> _Top:
        """Of (1 - share) X + share (kappa X - S), in units of their largest entries, for shares (..., K)."""
        mixing = share[..., None, None, None]
        form = (1.0 - mixing) * forms[0] / units[0] + mixing * forms[1] / units[1]
        values, vectors = top_state(form)
        order = np.argmax(values, axis=-1)
        state = np.take_along_axis(vectors, order[..., None, None], axis=-2)[..., 0, :]
        chosen = [_pick(np.broadcast_to(part, form.shape), order) for part in forms]
        return _Top(order, state, *(_mean(part, state) for part in chosen))

    low, high = np.zeros(slope.shape), np.ones(slope.shape)
    for _ in range(ROUNDS):
        shares = np.linspace(low, high, SECTIONS + 1, axis=-1)
        found = top(shares)
        within = found.spare >= 0.0
        upper = np.where(within.any(axis=-1), np.argmax(within, axis=-1), SECTIONS)
        sides = np.maximum(upper - 1, 0), upper
        low, high = (np.take_along_axis(shares, side[..., None], axis=-1)[..., 0] for side in sides)
    return found.at(sides[0]), found.at(sides[1])


def _pick(forms: np.ndarray, order: np.ndarray) -> np.ndarray:
    """(..., L, L) of (..., H, L, L)."""
    return np.take_along_axis(forms, order[..., None, None, None], axis=-3)[..., 0, :, :]


def _mean(form: np.ndarray, state: np.ndarray) -> np.ndarray:
    """v^dagger F v."""
    return np.einsum("...l,...lm,...m->...", np.conj(state), form, state).real


def _within(form: np.ndarray, basis: np.ndarray) -> np.ndarray:
    """B^dagger F B."""
    return np.conj(np.swapaxes(basis, -1, -2)) @ form @ basis


def _best_of_two(output: np.ndarray, entropy: np.ndarray, slope: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """`best_state` of two oscillators, where states are points r of the sphere and forms are a + b.r.

    Either the largest output, r along x of X = x_0 + x.r, is within the price c_0 + c.r >= 0, or the best r
    lies on its circle, nearest to x.
    """
    (x0, x), (s0, s) = _on_sphere(output), _on_sphere(entropy)
    c0, c = slope * x0 - s0, slope * x - s
    length = _length(c)
    axis = _unit(c, _pole(c))
    height = np.clip(-c0 / np.where(length > 0.0, length, 1.0), -1.0, 1.0)
    # The part of x across the axis by cross products: exactly across it, however small.
    sideways = np.moveaxis(np.eye(3)[np.argmin(np.abs(axis), axis=0)], -1, 0)
    turn = _unit(np.cross(x, axis, axis=0), _unit(np.cross(sideways, axis, axis=0), axis))
    circle = height * axis + np.sqrt(1.0 - height**2) * np.cross(axis, turn, axis=0)
    free = _unit(x, axis)
    place = np.where(c0 + np.sum(c * free, axis=0) >= 0.0, free, circle)
    value = x0 + np.sum(x * place, axis=0)
    return np.where(c0 + length >= -2.0 * SLACK * s0, value, -np.inf), _state_at(place)


def _on_sphere(form: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """a (...) and b (3, ...) of the form ``v^dagger F v = a + b.r``, r the point of v on the sphere."""
    first, last, cross = np.real(form[..., 0, 0]), np.real(form[..., 1, 1]), form[..., 0, 1]
    return (first + last) / 2.0, np.stack([np.real(cross), -np.imag(cross), (first - last) / 2.0])


def _state_at(place: np.ndarray) -> np.ndarray:
    """A unit vector v (..., 2) at the point r (3, ...); its larger component is real."""
    x, y, z = place
    larger = np.sqrt((1.0 + np.abs(z)) / 2.0)
    smaller = (x + 1j * np.where(z >= 0.0, y, -y)) / (2.0 * larger)
    pair = np.stack([larger, smaller], axis=-1)
    return np.where((z >= 0.0)[..., None], pair, pair[..., ::-1])


def _pole(like: np.ndarray) -> np.ndarray:
    """(3, ...) where there is no better direction."""
    return np.zeros_like(like) + np.array([0.0, 0.0, 1.0]).reshape(3, *[1] * (like.ndim - 1))


def _length(vector: np.ndarray) -> np.ndarray:
    return np.sqrt(np.sum(vector**2, axis=0))


def _unit(vector: np.ndarray, otherwise: np.ndarray) -> np.ndarray:
    """(3, ...) of length one; `otherwise` where there is no direction."""
    length = _length(vector)
    return np.where(length > 0.0, vector / np.where(length > 0.0, length, 1.0), otherwise)
