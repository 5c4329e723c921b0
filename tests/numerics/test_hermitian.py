"""Closed forms of small Hermitian forms against LAPACK, and the searches of one variable that use them."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from qtopt.numerics import largest_packed, top_eigenpair, two_best, two_largest
from qtopt.numerics._bracketing import GOLDEN, _golden, _sections

SPECTRA = {
    "any": None,
    "two largest meet": [1.0, 1.0, -2.0],
    "two smallest meet": [2.0, -1.0, -1.0],
    "nearly": [1.0, 1.0 - 1e-9, -2.0],
    "to round-off": [1.0, 1.0 - 1e-15, 0.0],
    "all": [1.0, 1.0, 1.0],
    "one": [3.0, 0.0, 0.0],
    "none": [0.0, 0.0, 0.0],
}


def forms(spectrum: list[float] | None, count: int = 500) -> np.ndarray:
    """Random Hermitian forms, with these eigenvalues if there are any."""
    rng = np.random.default_rng(3)
    values = rng.normal(size=(count, 3, 3)) + 1j * rng.normal(size=(count, 3, 3))
    if spectrum is not None:
        basis = np.linalg.qr(values)[0]
        values = (basis * np.array(spectrum)) @ np.conj(np.swapaxes(basis, 1, 2))
    return (values + np.conj(np.swapaxes(values, 1, 2))) / 2.0


@pytest.mark.parametrize("name", SPECTRA)
def test_three_oscillators(name: str) -> None:
    """To round-off, also where eigenvalues meet: theory (9.24)."""
    form = forms(SPECTRA[name])
    expected = np.linalg.eigvalsh(form)
    unit = np.abs(expected).max() or 1.0
    np.testing.assert_allclose(two_largest(form), expected[:, :0:-1].T, rtol=0.0, atol=5e-15 * unit)
    top, state = top_eigenpair(form)
    np.testing.assert_allclose(top, expected[:, -1], rtol=0.0, atol=5e-15 * unit)
    residual = (form @ state[..., None])[..., 0] - top[:, None] * state
    np.testing.assert_allclose(residual, 0.0, atol=1e-14 * unit)
    np.testing.assert_allclose(np.linalg.norm(state, axis=1), 1.0, rtol=1e-14)


@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_packed_forms(size: int) -> None:
    """L^2 real numbers of each form, the forms last."""
    rng = np.random.default_rng(size)
    form = rng.normal(size=(20, size, size)) + 1j * rng.normal(size=(20, size, size))
    form = form + np.conj(np.swapaxes(form, 1, 2))
    packed = np.where(np.triu(np.ones((size, size), dtype=bool)), form.real, form.imag)
    found = largest_packed(jnp.asarray(packed.reshape(20, -1).T))
    np.testing.assert_allclose(found, np.linalg.eigvalsh(form)[:, -1], rtol=0.0, atol=1e-14)


def test_two_best() -> None:
    """Of values along the last axis, 0 at least; equal ones count twice."""
    values = jnp.array([[3.0, 1.0, 2.0], [2.0, 2.0, -1.0], [-1.0, 4.0, -2.0], [-1.0, -2.0, -3.0]])
    best, second = two_best(values)
    np.testing.assert_array_equal(best, [3.0, 2.0, 4.0, 0.0])
    np.testing.assert_array_equal(second, [2.0, 2.0, 0.0, 0.0])


@pytest.mark.parametrize("search", [_golden, _sections])
def test_searches_come_as_near(search: Any) -> None:
    """Both kinds place a kink within 0.618^steps of the interval, and know an end where it is best."""
    steps, centres = 30, jnp.array([0.0, 1e-3, 0.3, 0.77, 1.0])

    def kink(x: jax.Array) -> jax.Array:
        return jnp.abs(x - centres)

    value, place = search(kink, steps, jnp.zeros(5), jnp.ones(5))
    np.testing.assert_allclose(place, centres, atol=1.01 * GOLDEN**steps)
    np.testing.assert_allclose(value, kink(place), rtol=0.0, atol=1e-16)
    assert float(value[0]) == 0.0


def test_not_a_number_is_not_lost() -> None:
    """Bounds of forms that are not finite must not look like bounds."""
    start, end = jnp.zeros(2), jnp.ones(2)
    for search in (_golden, _sections):
        value, _ = search(lambda x: jnp.array([jnp.nan, 1.0]) * (1.0 + x), 20, start, end)
        assert np.isnan(value[0]) and float(value[1]) == 1.0
