"""Baths with fewer poles, against their own J, the laws, and the exact solver."""

import jax
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from qtopt.errors import InputError
from qtopt.model import (
    Bath,
    Drude,
    Lorentzian,
    Machine,
    MonochromaticDrive,
    Ohmic,
    Rational,
    reduced,
    reduced_machine,
)
from qtopt.observables import evaluate
from qtopt.solvers import Exact

SCALE = 0.01
"""of the maximum of J: below, errors are relative to that"""


def many_poles(pairs: int, seed: int, strength: float = 1e-5) -> Rational:
    """A passive bath of so many resonances between one half and five, with a zero between any two of them."""
    rng = np.random.default_rng(seed)
    places, widths = np.sort(rng.uniform(0.5, 5.0, pairs)), rng.uniform(0.05, 0.6, pairs)
    between = (places[1:] + places[:-1]) / 2.0
    zeros = np.stack([between, rng.uniform(0.05, 0.6, pairs - 1)], axis=1)
    return Rational(strength, [], np.stack([places, widths], axis=1), [], zeros)


def far(bath: Rational, other: Rational) -> float:
    omega = np.geomspace(1e-3, 1e3, 20001)
    one, two = (np.real(np.asarray(each.density(omega))) for each in (bath, other))
    assert np.all(two > 0.0)
    return float(np.max(np.abs(one - two) / np.maximum(one, SCALE * one.max())))


@pytest.mark.parametrize("tolerance", [1e-6, 1e-3, 1e-1])
def test_fewer_poles_within_the_tolerance(tolerance: float) -> None:
    bath = many_poles(20, 1)
    fewer, report = reduced(bath, tolerance)
    assert report.before == 40 and report.after == len(fewer.poles) <= 40
    assert report.error <= tolerance * (1.0 + 1e-6)
    assert far(bath, fewer) < 1.01 * tolerance
    assert np.all(np.imag(fewer.poles) < 0.0)
    assert report.reorganisation[1] == pytest.approx(report.reorganisation[0], rel=3.0 * tolerance)


def test_outside_the_range_that_matters_poles_are_spared() -> None:
    bath = many_poles(20, 1)
    (everywhere, _), (fewer, report) = reduced(bath, 1e-3), reduced(bath, 1e-3, (0.2, 1.5))
    assert report.after < len(everywhere.poles) - 5
    assert report.error <= 1e-3 < report.outside
    omega = np.linspace(0.2, 1.5, 3001)
    one, two = (np.real(np.asarray(each.density(omega))) for each in (bath, fewer))
    peak = np.max(np.real(np.asarray(bath.density(np.linspace(0.2, 6.0, 9999)))))
    assert np.max(np.abs(one - two) / np.maximum(one, SCALE * peak)) < 1.01e-3


def test_a_looser_tolerance_needs_fewer_poles() -> None:
    orders = [reduced(many_poles(20, 1), tolerance)[1].after for tolerance in (1e-6, 1e-3, 1e-1)]
    assert orders[0] > orders[1] > orders[2]


def test_poles_beside_zeros_are_found_to_be_none() -> None:
    """What cancels is no bath: the rest comes out to round-off."""
    pairs, zeros = [[1.0, 0.2], [3.0, 0.4]], [[3.0, 0.4 * (1.0 + 1e-12)]]
    fewer, report = reduced(Rational(0.1, [2.0], pairs, [], zeros), 1e-8)
    assert report.after == 3
    assert far(Rational(0.1, [2.0], pairs[:1], [], []), fewer) < 1e-8


@pytest.mark.parametrize("bath", [Drude(0.3, 2.0), Lorentzian(0.1, 1.0, 0.05), many_poles(3, 0)])
def test_nothing_is_lost_where_nothing_can_be_spared(bath: Drude | Lorentzian | Rational) -> None:
    fewer, report = reduced(bath, 1e-9)
    omega = np.geomspace(1e-3, 1e3, 999)
    assert report.after == report.before
    np.testing.assert_allclose(np.asarray(fewer.density(omega)), np.asarray(bath.density(omega)), rtol=1e-9)
    np.testing.assert_allclose(
        np.asarray(fewer.memory_kernel(omega)), np.asarray(bath.memory_kernel(omega)), rtol=1e-8, atol=1e-12
    )


@given(st.floats(1e-12, 1e12), st.integers(0, 100))
@settings(max_examples=10, deadline=None)
def test_units_do_not_matter(unit: float, seed: int) -> None:
    bath = many_poles(8, seed)
    one, two = reduced(bath, 1e-2)[0], reduced(bath.in_units(unit), 1e-2)[0]
    assert len(one.poles) == len(two.poles)
    omega = np.geomspace(0.05, 20.0, 99)
    here, there = np.asarray(one.density(omega)), np.asarray(two.density(unit * omega)) / unit**2
    np.testing.assert_allclose(there, here, rtol=1e-6, atol=1e-8 * np.abs(here).max())


@pytest.mark.parametrize("range", [(0.0, 1e-3), (0.0, 1e3), (1e-3, 1.1e-3), (900.0, 1e300), (1.2, 1.2000001)])
def test_ranges_beside_the_poles(range: tuple[float, float]) -> None:
    """At the edges of what is measured, and narrower than any pole: the error is what was allowed."""
    _, report = reduced(many_poles(6, 2), 1e-3, range)
    assert report.error <= 1e-3 * (1.0 + 1e-6) or report.after == report.before


def test_exact_currents_change_by_about_the_tolerance() -> None:
    drive = MonochromaticDrive(0.45, [1.0, 1.0], [0.0, np.pi])
    cold = Bath("cold", 0.3, Drude(0.5, 6.0), [0.7, -0.3])
    machine = Machine([1.0, 0.6], (Bath("hot", 1.0, many_poles(12, 1, 1e-4), "driven"), cold))
    before = evaluate(machine, drive, Exact(points=33))
    fewer, found = reduced_machine(machine, 1e-2)
    after = evaluate(fewer, drive, Exact(points=33))
    assert found["hot"].after < found["hot"].before and found["cold"].after == 1
    change = np.abs(np.array(after.heat_currents) - before.heat_currents)
    assert 0.0 < np.max(change) < 3e-2 * np.max(np.abs(before.heat_currents))


def test_what_cannot_be_reduced_is_said() -> None:
    with pytest.raises(InputError, match="must consist of poles to be reduced, but this Ohmic has no poles"):
        reduced(Ohmic(0.1))
    with pytest.raises(InputError, match="must be between 0 and 1, but it is 2"):
        reduced(Drude(0.3, 2.0), 2.0)
    with pytest.raises(InputError, match=r"two increasing frequencies of at least 0; got \[2.0, 1.0\]"):
        reduced(Drude(0.3, 2.0), 1e-3, (2.0, 1.0))
    with pytest.raises(InputError, match=r"between 0.002 and 2e\+03, .* got \[0.0, 1e-300\]: give another"):
        reduced(Drude(0.3, 2.0), 1e-3, (0.0, 1e-300))
    with pytest.raises(InputError, match=r"got \[1e\+299, 1e\+300\]: give another"):
        reduced(Drude(0.3, 2.0), 1e-3, (1e299, 1e300))
    with pytest.raises(InputError, match=r"reduce it before `jax\.jit`"):
        jax.jit(lambda damping: reduced(Drude(damping, 2.0))[0].scale)(0.3)
    baths = Bath("hot", 1.0, Ohmic(0.1), "driven"), Bath("cold", 0.5, Ohmic(0.1), [1.0])
    with pytest.raises(InputError, match="must have a bath that consists of poles"):
        reduced_machine(Machine([1.0], baths))
