"""Most output of one frequency or of several at a given price: two Hermitian forms each (host code)."""

from typing import NamedTuple

import numpy as np

from ....numerics import direction, largest_eigenvalue, length, on_sphere, state_at, top_eigenpair

SLACK = 1e-12
"""Of the entropy rate: a state that misses the price by round-off counts."""
SECTIONS, ROUNDS = 8, 5
"""Of the multiplier's interval; what is left of it enters the output squared."""


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


def best_state(output: np.ndarray, entropy: np.ndarray, kappa: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Largest v^dagger X v of unit vectors v with ``v^dagger S v <= kappa v^dagger X v``, and v.

    Args:
        output: X, Hermitian (..., L, L).
        entropy: S, likewise.
        kappa: of the efficiency asked for, (...).

    Returns:
        (...) and (..., L); -inf where there is no such vector.

    Source: theory (9.17), (9.20).
    """
    size = output.shape[-1]
    if size == 2:
        return _best_of_two(output, entropy, kappa)
    if size == 1:
        value, cost = np.real(output[..., 0, 0]), np.real(entropy[..., 0, 0])
        value = np.where(kappa * value - cost >= -SLACK * cost, value, -np.inf)
        return value, np.ones((*value.shape, 1), dtype=complex)
    before, after = _either_side(output[..., None, :, :], entropy[..., None, :, :], kappa)
    plane, _ = np.linalg.qr(np.stack([before.state, after.state], axis=-1))
    value, state = _best_of_two(_within(output, plane), _within(entropy, plane), kappa)
    return value, (plane @ state[..., None])[..., 0]


def best_mixture(output: np.ndarray, entropy: np.ndarray, kappa: np.ndarray) -> Mixture:
    """Largest sum_n w_n v_n^dagger X_n v_n, sum_n w_n = 1, where its S is at most kappa times as large.

    Args:
        output: X_n, Hermitian (..., H, L, L).
        entropy: S_n, likewise.
        kappa: of the efficiency asked for, (...).

    Source: theory (9.18).
    """
    dear, cheap = _either_side(output, entropy, kappa)
    alone, state = best_state(_pick(output, cheap.order), _pick(entropy, cheap.order), kappa)
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
        parts = zip(on_sphere(output), on_sphere(entropy), strict=True)
        constant, vector = (x[..., None] - prices * s[..., None] for x, s in parts)
        return constant + length(vector)
    return largest_eigenvalue(output[..., None, :, :] - prices[..., None, None] * entropy[..., None, :, :])


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


def _either_side(output: np.ndarray, entropy: np.ndarray, kappa: np.ndarray) -> tuple[_Top, _Top]:
    """The top eigenvectors for multipliers just below and just above the best one; forms (..., H, L, L)."""
    spare = kappa[..., None, None, None] * output - entropy
    forms = output[..., None, :, :, :], spare[..., None, :, :, :]
    units = [np.abs(form).max(axis=(-3, -2, -1), keepdims=True) + 1e-300 for form in forms]

    def top(share: np.ndarray) -> _Top:
        """Top states of (1 - share) X + share (kappa X - S), each form in units of its largest entries."""
        mixing = share[..., None, None, None]
        form = (1.0 - mixing) * forms[0] / units[0] + mixing * forms[1] / units[1]
        values, vectors = top_eigenpair(form)
        order = np.argmax(values, axis=-1)
        state = np.take_along_axis(vectors, order[..., None, None], axis=-2)[..., 0, :]
        chosen = [_pick(np.broadcast_to(part, form.shape), order) for part in forms]
        return _Top(order, state, *(_mean(part, state) for part in chosen))

    low, high = np.zeros(kappa.shape), np.ones(kappa.shape)
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


def _best_of_two(output: np.ndarray, entropy: np.ndarray, kappa: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """`best_state` of two oscillators, whose states are points r of a sphere: theory (9.20)."""
    (x0, x), (s0, s) = on_sphere(output), on_sphere(entropy)
    c0, c = kappa * x0 - s0, kappa * x - s
    radius = length(c)
    pole = np.zeros_like(c) + np.array([0.0, 0.0, 1.0]).reshape(3, *[1] * (c.ndim - 1))
    axis = direction(c, pole)
    height = np.clip(-c0 / np.where(radius > 0.0, radius, 1.0), -1.0, 1.0)
    # The part of x across the axis by cross products: exactly across it, however small.
    sideways = np.moveaxis(np.eye(3)[np.argmin(np.abs(axis), axis=0)], -1, 0)
    turn = direction(np.cross(x, axis, axis=0), direction(np.cross(sideways, axis, axis=0), axis))
    circle = height * axis + np.sqrt(1.0 - height**2) * np.cross(axis, turn, axis=0)
    free = direction(x, axis)
    place = np.where(c0 + np.sum(c * free, axis=0) >= 0.0, free, circle)
    value = x0 + np.sum(x * place, axis=0)
    return np.where(c0 + radius >= -2.0 * SLACK * s0, value, -np.inf), state_at(place)
