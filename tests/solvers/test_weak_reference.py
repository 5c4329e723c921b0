"""The weak solver against the independent quadrature reference, over the whole range of parameters."""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from qtopt import Machine, evaluate
from qtopt.model import FourierSeries
from qtopt.solvers.weak import conduction, with_window_currents
from tests.helpers.compare import assert_agreement
from tests.helpers.grid import (
    FULL,
    Structure,
    build,
    cases,
    coupling,
    generic_harmonics,
    near_poles,
    product,
)
from tests.helpers.machines import Case, drude, lorentzian, ohmic


@eqx.filter_jit
def conduct(machine: Machine, frequency: jax.Array, amplitudes: jax.Array) -> jax.Array:
    """Conduction under a drive with these coefficients of n = 0, 1, ..."""
    return conduction(machine, frequency, FourierSeries.one_sided(amplitudes))


# Every pair of kinds with two oscillators, then other sizes and private baths.
ONE_STATIC_BATH = [
    Structure("lorentzian", ("ohmic",)),
    Structure("drude", ("ohmic",)),
    Structure("ohmic", ("ohmic",)),
    Structure("lorentzian", ("drude",)),
    Structure("ohmic", ("drude",)),
    Structure("drude", ("lorentzian",)),
    Structure("drude", ("ohmic",), 2, "independent"),
    Structure("lorentzian", ("drude",), 1),
    Structure("drude", ("drude",), 3),
]
# The largest: compiled once, used by few cases.
SIX_OSCILLATORS = Structure("lorentzian", ("ohmic",), 6)
SLOW_STRUCTURES = [
    Structure("lorentzian", ("lorentzian",)),
    Structure("drude", ("drude",)),
    Structure("ohmic", ("lorentzian",)),
    Structure("lorentzian", ("drude",), 2, "independent"),
    Structure("ohmic", ("ohmic",), 3, "independent"),
    Structure("drude", ("ohmic",), 4),
    Structure("lorentzian", ("drude",), 5),
]
SEVERAL_STATIC_BATHS = [
    Structure("drude", ("drude", "ohmic")),
    Structure("ohmic", ("ohmic", "ohmic")),
]
SLOW_SEVERAL = [
    Structure("lorentzian", ("lorentzian", "ohmic")),
    Structure("ohmic", ("ohmic", "drude")),
    Structure("lorentzian", ("lorentzian", "drude"), 2, "independent"),
    Structure("drude", ("lorentzian", "ohmic"), 3),
    Structure("drude", ("ohmic", "drude", "lorentzian")),
    Structure("lorentzian", ("ohmic", "drude"), 1),
]


@pytest.mark.parametrize("structure", ONE_STATIC_BATH, ids=str)
def test_latin_hypercube(structure: Structure) -> None:
    assert_agreement(cases(structure, 7, seed=11))


@pytest.mark.slow
@pytest.mark.timeout(1200)  # compilation
def test_six_oscillators() -> None:
    assert_agreement(cases(SIX_OSCILLATORS, 4, seed=13))


@pytest.mark.parametrize("structure", SEVERAL_STATIC_BATHS, ids=str)
def test_several_static_baths(structure: Structure) -> None:
    """At different temperatures, and (every third case) at a common one."""
    assert_agreement(cases(structure, 7, 17))


def test_drude_cutoff_on_a_matsubara_frequency() -> None:
    """2 pi k T = omega_c within 1e-6, 1e-10, 1e-13 and exactly: residues diverge and cancel."""
    assert_agreement(near_poles())


def test_narrow_lorentzian_and_strong_damping() -> None:
    """Widths to 1e-3 beside the antiphase mode, whose linewidth falls to 1e-6 at gamma_2 = 1e4."""
    narrow = []
    for width in (1e-3, 3e-3, 1e-1):
        for damping in (1e-3, 1.0, 1e4):
            baths = [lorentzian(1.0, 1.25, width, 1.0), ohmic(damping, 0.2, coupling(2, 0))]
            g = generic_harmonics(2, 2, 3)
            narrow.append(build(Structure("lorentzian", ("ohmic",)), baths, 0.45, g))
    assert_agreement(narrow)


STIFF = Case(
    (1.0, 0.6),
    (
        ohmic(1.0, 13.0),
        ohmic(100.0, 0.077, (1.0, 1.0)),
        drude(0.215, 1000.0, 1.67, (1.0, 0.69)),
    ),
    0.45,
    generic_harmonics(2, 2, 0),
)


def test_conduction_between_stiff_static_baths() -> None:
    """Undriven: nothing but heat between a strong Ohmic bath and one with a short memory."""
    assert_agreement([STIFF, dataclasses.replace(STIFF, harmonics=0.0 * STIFF.harmonics)])


def test_conduction_vanishes_at_a_common_temperature() -> None:
    """Exactly, without a drive and with one in phase; between strong Ohmic baths it is a remainder of 1e7."""
    baths = (ohmic(1.0, 0.46), ohmic(2610.0, 0.46, (1.0, 1.0)), ohmic(1333.0, 0.46, (1.0, 0.69)))
    case = Case((1.0, 0.6), baths, 1.47, generic_harmonics(2, 2, 0))
    frequency, in_phase = jnp.asarray(case.drive_frequency), jnp.asarray(np.real(case.harmonics) + 0j)
    for g in (0.0 * in_phase, in_phase):
        assert np.all(np.asarray(conduct(case.machine, frequency, g)) == 0.0)
    assert_agreement([case])


@pytest.mark.slow
def test_a_mode_that_no_static_bath_damps_gives_no_numbers() -> None:
    """Equal oscillators, two static baths that both couple to their sum only."""
    baths = (drude(0.1, 3.0, 1.0), ohmic(0.3, 0.2, (1.0, 1.0)), drude(0.5, 2.0, 0.7, (0.4, 0.4)))
    state = Case((1.0, 1.0), baths, 0.45, generic_harmonics(2, 2, 0)).solve()
    assert np.all(np.isnan(state.local_powers)) and np.all(np.isnan(state.heat_currents))


def test_conduction_vanishes_beside_tiny_currents() -> None:
    """Isothermal conduction is zero: its round-off must not drown the small driven currents."""
    cold = 0.028
    baths = (
        lorentzian(0.0215, 1.25, 0.0215, cold),
        lorentzian(0.00129, 1.25, 0.001, cold, (1.0, 1.0)),
        ohmic(10.0, cold, (1.0, 0.69)),
    )
    g = generic_harmonics(2, 2, 10)
    assert_agreement([Case((1.0, 0.6), baths, 0.215, g)])


@pytest.mark.parametrize(("size", "relative"), [(1, 1e-12), pytest.param(2, 1e-10, marks=pytest.mark.slow)])
def test_far_from_every_resonance(size: int, relative: float) -> None:
    """Reactive power 4.6e8 or 7e7 times the dissipated one, which costs complex products as many digits."""
    case = cases(Structure("lorentzian", ("drude",), size), 14, seed=5)[2]
    assert case.drive_frequency == 100.0
    state, expected = case.solve(), case.reference()
    assert float(state.power) == pytest.approx(float(expected["power"]), rel=relative)


def test_evaluate_keeps_the_digits_of_what_cold_slow_machines_exchange() -> None:
    """T = 0.01, Omega = 0.01, two Ohmic baths: sums over poles know J_2 to 1e-3 only."""
    case = product(Structure("ohmic", ("ohmic",)))[175]
    found, expected = evaluate(case.machine, case.drive), case.reference()
    assert expected["heat_currents"] == pytest.approx([-1.34970488e-6, -7.63491205e-9], rel=1e-8)
    assert abs(case.solve().heat_currents[1] / expected["heat_currents"][1] - 1.0) > 1e-4
    assert found.heat_currents == pytest.approx(expected["heat_currents"], rel=1e-10)
    assert found.power == pytest.approx(float(expected["power"]), rel=1e-10)
    assert found.power + sum(found.heat_currents) == pytest.approx(0.0, abs=1e-12 * abs(found.power))
    assert sum(found.local_powers) == pytest.approx(found.power, rel=1e-12)
    flows = np.array(found.heat_currents) / np.asarray(case.machine.temperatures)
    assert found.entropy_production_rate == pytest.approx(-flows.sum(), rel=1e-12)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("structure", ONE_STATIC_BATH[:4], ids=str)
def test_evaluate_holds_every_current_to_its_own_size(structure: Structure) -> None:
    """1e-8 of each current itself, however small beside the others, in all but 1 of 33 corners.

    Six of 200 miss it between two cold Ohmic baths, by 1.2e-10 of the largest current at most.
    """
    missed, grid = {}, product(structure)
    for corner, case in enumerate(grid):
        window, expected = with_window_currents(case.machine, case.drive, case.solve()), case.reference()
        names = ("power", "local_powers", "heat_currents")
        largest = max(np.abs(expected[name]).max() for name in names)
        for name in names:
            off = np.abs(np.asarray(getattr(window, name)) - expected[name])
            known = np.maximum(1e-8 * np.abs(expected[name]), 4.0 * expected["errors"][name])
            if np.any(off > known):
                missed[corner] = max(missed.get(corner, 0.0), float((off[off > known] / largest).max()))
    assert len(missed) <= len(grid) / 33 and max(missed.values(), default=0.0) < 2e-10, missed


def test_a_drive_that_stands_still_exchanges_nothing_at_one_temperature() -> None:
    case = Case((1.0, 0.6), (drude(0.1, 3.0, 0.5), ohmic(0.3, 0.5, (1.0, 1.0))), 0.45, np.zeros((2, 2)))
    window = with_window_currents(case.machine, case.drive, case.solve())
    assert float(window.power) == 0.0 and np.all(np.asarray(window.heat_currents) == 0.0)


@pytest.mark.slow
@pytest.mark.parametrize("structure", [*ONE_STATIC_BATH, *SLOW_STRUCTURES], ids=str)
def test_denser_latin_hypercube(structure: Structure) -> None:
    assert_agreement(cases(structure, 40, 23, FULL))


@pytest.mark.slow
@pytest.mark.parametrize("structure", [*SEVERAL_STATIC_BATHS, *SLOW_SEVERAL], ids=str)
def test_denser_several_static_baths(structure: Structure) -> None:
    assert_agreement(cases(structure, 25, 29))


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("structure", ONE_STATIC_BATH[:4], ids=str)
def test_full_product(structure: Structure) -> None:
    """gamma_2 = 1e-3..1e4, T = 1e-2..1e2, Omega = 1e-2..1e2, every decade: 200 cases."""
    assert_agreement(product(structure))


def test_the_grid_reaches_its_ends() -> None:
    """The Latin hypercube really visits both ends of every range."""
    grid = cases(Structure("drude", ("ohmic",)), 7, 11)
    for values, low, high in (
        ([case.drive_frequency for case in grid], 1e-2, 1e2),
        ([case.baths[0]["temperature"] for case in grid], 1e-2, 1e2),
        ([case.baths[1]["damping"] for case in grid], 1e-3, 1e4),
        ([case.baths[0]["cutoff"] for case in grid], 1e-1, 1e3),
    ):
        np.testing.assert_allclose([min(values), max(values)], [low, high])
