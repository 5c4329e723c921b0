"""Spectral densities as people have them: noise, many peaks, what is no J."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from qtopt.errors import InputError
from qtopt.model import (
    AbstractSpectralDensity,
    Bath,
    Drude,
    FitReport,
    Lorentzian,
    Machine,
    MonochromaticDrive,
    Ohmic,
    Rational,
    fit_spectral_density,
)
from qtopt.model.fitting import FitSettings, cleaned, fit_rows, read_columns
from qtopt.solvers import Weak, steady_state

OMEGA = np.linspace(0.05, 30.0, 400)


def drude(omega):
    """gamma = 0.01, omega_c = 3."""
    return 0.01 * omega / (1.0 + omega**2 / 9.0)


def peaks(count: int, seed: int) -> Callable[[np.ndarray], np.ndarray]:
    """A sum of Lorentzian peaks of heights 0.1 to 1."""
    rng = np.random.default_rng(seed)
    places, widths = rng.uniform(0.1, 5.0, count), rng.uniform(0.03, 0.1, count)
    heights = rng.uniform(0.1, 1.0, count)

    def density(omega: np.ndarray) -> np.ndarray:
        parts = zip(places, widths, heights, strict=True)
        return sum(
            (h * g**2 * w * omega / ((w**2 - omega**2) ** 2 + (g * omega) ** 2) for w, g, h in parts),
            np.zeros_like(omega),
        )

    return density


def deviation(bath: Rational, omega: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """|fit - J| relative to J or to 1 % of its maximum."""
    fitted = np.real(np.asarray(bath.density(omega)))
    return np.abs(fitted - expected) / np.maximum(expected, 0.01 * expected.max())


def assert_passive(bath: Rational, report: FitReport) -> None:
    far = np.geomspace(1e-6, 1e6, 4001) * np.sqrt(report.window[0] * report.window[1])
    assert report.passivity >= 0.0
    assert np.all(np.real(np.asarray(bath.density(far))) >= 0.0)
    assert np.all(np.imag(np.asarray(bath.poles)) < 0.0)


# Noise ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("noise", "poles", "error"), [(0.01, 1, 0.01), (0.05, 1, 0.04), (1e-3, 1, 1e-3)])
def test_noise_is_averaged_not_fitted(noise: float, poles: int, error: float) -> None:
    """One Drude pole; J within the noise of the true one everywhere; the noise is found."""
    scatter = 1.0 + noise * np.random.default_rng(0).standard_normal(400)
    bath, report = fit_spectral_density(OMEGA, drude(OMEGA) * scatter, 1e-4)
    assert len(report.poles) == poles and not report.reached
    assert np.max(deviation(bath, OMEGA, drude(OMEGA))) < error
    assert abs(report.noise / noise - 1.0) < 0.15
    assert_passive(bath, report)


def test_printed_digits() -> None:
    """Four decimals of a number of 0.015: the noise is absolute."""
    rounded = np.round(drude(OMEGA), 4)
    bath, report = fit_spectral_density(OMEGA, rounded, 1e-4)
    assert len(report.poles) <= 3
    assert np.max(np.abs(np.real(np.asarray(bath.density(OMEGA))) - drude(OMEGA))) < 3e-5
    digits = np.asarray([float(f"{value:.3g}") for value in drude(OMEGA)])
    bath, report = fit_spectral_density(OMEGA, digits, 1e-4)
    assert len(report.poles) == 1 and np.max(deviation(bath, OMEGA, drude(OMEGA))) < 1e-3


def test_given_errors_weigh_the_rows() -> None:
    """Ten wild rows with large errors change nothing; the others scatter as they say."""
    rng, errors = np.random.default_rng(1), 0.01 * drude(OMEGA)
    values = drude(OMEGA) + errors * rng.standard_normal(400)
    values[::40] *= 3.0
    errors[::40] = 1.0
    bath, report = fit_spectral_density(OMEGA, values, 1e-4, errors=errors)
    assert len(report.poles) == 1 and report.floor == 0.0 and 0.85 < report.noise < 1.15
    assert np.max(deviation(bath, OMEGA, drude(OMEGA))) < 5e-3


@pytest.mark.parametrize("clipped", [False, True])
def test_a_transform_with_negative_rows(clipped: bool) -> None:
    """A noisy cosine transform: broad and narrow, uniform noise, rows below 0, or cut there, and one at 0."""
    omega = np.linspace(0.0, 0.5, 1201)
    true = 0.5 * 2.0 * 0.01 * omega / (omega**2 + 1e-4) + np.real(
        np.asarray(Lorentzian(24.0 * 0.286 * 0.004, 0.286, 0.004).density(omega))
    )
    values = true + 0.05 * np.random.default_rng(2).standard_normal(1201)
    values = np.maximum(values, 0.0) if clipped else values
    bath, report = fit_spectral_density(omega, values, 1e-4)
    assert 3 <= len(report.poles) <= 8
    named = "J = 0" if clipped else "J < 0"
    assert any(f"{named} taken as noise, the first at omega" in note for note in report.notes)
    assert "1 row at omega = 0, where J = 0" in report.notes
    difference = np.real(np.asarray(bath.density(omega))) - true
    assert np.sqrt(np.mean(difference**2)) < 0.02
    assert_passive(bath, report)


@pytest.mark.slow
def test_currents_of_a_noisy_table() -> None:
    """Power and heat of an engine whose driven bath is the table with 1 % noise: within a third of it."""
    scatter = 1.0 + 0.01 * np.random.default_rng(0).standard_normal(400)
    bath, _ = fit_spectral_density(OMEGA, drude(OMEGA) * scatter, 1e-4)

    def currents(density: AbstractSpectralDensity) -> np.ndarray:
        baths = Bath("hot", 1.0, density, "driven"), Bath("cold", 0.2, Ohmic(100.0), "static")
        drive = MonochromaticDrive(0.45, [1.0, 1.0], [0.0, np.pi])
        state = steady_state(Machine([1.0, 0.6], baths), drive, Weak())
        return np.r_[state.power, state.heat_currents]

    np.testing.assert_allclose(currents(bath), currents(Drude(0.01, 3.0)), rtol=0.0033)


# Many peaks -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("noise", [0.0, 0.02])
def test_twelve_peaks(noise: float) -> None:
    """Without noise exactly, 24 poles; with noise within half of it."""
    omega, density = np.linspace(0.01, 6.0, 800), peaks(12, 3)
    scatter = 1.0 + noise * np.random.default_rng(4).standard_normal(800)
    bath, report = fit_spectral_density(omega, density(omega) * scatter, 1e-6)
    error = deviation(bath, omega, density(omega))
    if noise:
        assert len(report.poles) <= 26 and np.sqrt(np.mean(error**2)) < noise / 2
    else:
        assert len(report.poles) == 24 and np.max(error) < 1e-9
    assert_passive(bath, report)


@pytest.mark.parametrize("count", [1, 3, 6, 9])
def test_few_peaks_without_noise_to_the_last_digits(count: int) -> None:
    omega, density = np.linspace(0.01, 6.0, 800), peaks(count, 0)
    _, report = fit_spectral_density(omega, density(omega), 1e-12)
    assert len(report.poles) == 2 * count and report.error < 1e-12


def test_forty_peaks_without_noise() -> None:
    omega, density = np.linspace(0.01, 6.0, 1000), peaks(40, 5)
    bath, report = fit_spectral_density(omega, density(omega), 1e-6)
    assert len(report.poles) == 80 and report.error < 1e-9
    assert_passive(bath, report)


def test_forty_noisy_peaks_are_deterministic() -> None:
    omega, density = np.linspace(0.01, 6.0, 1000), peaks(40, 5)
    values = density(omega) * (1.0 + 0.01 * np.random.default_rng(6).standard_normal(1000))
    first, second = (fit_spectral_density(omega, values, 1e-4) for _ in range(2))
    # Not to the last digit: linear algebra of older SciPy rounds by where in memory an array lies.
    assert np.allclose(first[1].poles, second[1].poles, rtol=1e-8, atol=0.0)
    assert np.isclose(first[1].rms_error, second[1].rms_error, rtol=1e-10)
    assert np.sqrt(np.mean(deviation(first[0], omega, density(omega)) ** 2)) < 0.01
    assert_passive(*first)


def test_the_number_of_poles_can_be_given() -> None:
    omega, density = np.linspace(0.01, 6.0, 400), peaks(6, 7)
    values = density(omega) * (1.0 + 0.01 * np.random.default_rng(8).standard_normal(400))
    errors = []
    for poles in (4, 8, 12):
        bath, report = fit_spectral_density(omega, values, poles=poles)
        assert len(report.poles) == poles
        assert_passive(bath, report)
        errors.append(report.rms_error)
    assert errors[0] > errors[1] > errors[2]
    assert len(fit_spectral_density(omega, values, max_poles=5)[1].poles) <= 5


def test_a_range_that_matters_saves_poles() -> None:
    """Twelve peaks, half of them where the machine never looks."""
    omega, density = np.linspace(0.01, 6.0, 600), peaks(12, 3)
    whole = fit_spectral_density(omega, density(omega), 1e-2)[1]
    bath, report = fit_spectral_density(omega, density(omega), 1e-2, range=(0.0, 1.5))
    inside = omega <= 1.5
    assert report.reached and len(report.poles) <= len(whole.poles)
    np.testing.assert_allclose(
        np.max(deviation(bath, omega, density(omega))[inside]), report.error, rtol=1e-6, atol=1e-12
    )
    with pytest.raises(InputError, match="must hold rows of the table"):
        fit_spectral_density(omega, density(omega), 1e-2, range=(10.0, 20.0))
    with pytest.raises(InputError, match="two increasing frequencies"):
        fit_spectral_density(omega, density(omega), 1e-2, range=(1.0, 1.0))


# Shapes that no finite sum of poles has ---------------------------------------------------------------------

SHAPES = {
    "sub-Ohmic": (lambda w: np.sqrt(w) * np.exp(-w), 2e-3),
    "super-Ohmic": (lambda w: w**3 * np.exp(-w), 2e-3),
    "gap": (lambda w: np.where(w > 1.0, np.sqrt(np.maximum(w**2 - 1.0, 0.0)) * np.exp(-w / 3.0), 0.0), 0.1),
    "step": (lambda w: np.where(w < 3.0, w, 0.0), 0.1),
}


@pytest.mark.parametrize(("density", "error"), SHAPES.values(), ids=SHAPES.keys())
def test_shapes_on_fifty_points(density, error: float) -> None:
    omega = np.geomspace(0.01, 30.0, 50)
    bath, report = fit_spectral_density(omega, density(omega), 1e-3)
    assert report.error < error
    assert_passive(bath, report)


def test_ends() -> None:
    """Cut to zero beyond the last row and below the first one, if asked."""
    omega = np.linspace(0.5, 5.0, 200)
    zero, _ = fit_spectral_density(omega, drude(omega), 1e-3, below="zero", beyond="zero")
    natural, report = fit_spectral_density(omega, drude(omega), 1e-3)
    outside = np.asarray([0.1, 0.2, 15.0, 30.0])
    kept, cut = (np.real(np.asarray(bath.density(outside))) for bath in (natural, zero))
    np.testing.assert_allclose(kept, drude(outside), rtol=1e-6)
    assert np.all(cut < 0.3 * kept) and np.max(deviation(zero, omega[20:-20], drude(omega[20:-20]))) < 0.05
    assert report.ends == ("ohmic", "cut-off")


# Tables as people have them ---------------------------------------------------------------------------------

TABLES = Path(__file__).parents[1] / "data"


@pytest.mark.parametrize("power", [pytest.param(0, marks=pytest.mark.slow), 3])
def test_a_photonic_structure(power: int) -> None:
    """Purcell factors of 1e5 with resonances a few rows wide, and J as their product with omega^3."""
    rows = read_columns(TABLES / "photonic.dat")
    bath, report = fit_spectral_density(rows.omega, rows.density * rows.omega**power, 1e-4)
    assert 15 <= len(report.poles) <= 100 and report.error < 1e-3
    np.testing.assert_allclose(
        report.error, np.max(deviation(bath, rows.omega, rows.density * rows.omega**power)), rtol=1e-3
    )
    assert_passive(bath, report)


def test_ripples_of_a_short_run() -> None:
    rows = read_columns(TABLES / "md_short.dat")
    bath, report = fit_spectral_density(rows.omega, rows.density, 1e-4)
    assert report.error < 0.02 and report.rms_error < 5e-3 and not report.reached
    assert_passive(bath, report)


@pytest.mark.parametrize("zero", [False, True])
def test_ten_coarse_rows(zero: bool) -> None:
    """Few poles; a row at omega = 0 says nothing new."""
    values = [0.1, 0.2, 0.25, 0.27, 0.28, 0.28, 0.27, 0.25, 0.23, 0.2]
    omega, density = np.arange(1.0 - zero, 11.0), np.asarray([0.0] * zero + values)
    bath, report = fit_spectral_density(omega, density, 1e-4)
    assert len(report.poles) <= 2 and report.error < 0.1 and report.rows == 10
    assert report.notes == ("1 row at omega = 0, where J = 0",) * zero
    assert_passive(bath, report)


def test_a_tail_of_zeros() -> None:
    """Zeros are named, the density ends where they begin, and what is below keeps its shape."""
    omega = OMEGA[::2]
    bath, report = fit_spectral_density(omega, np.where(omega < 20.0, drude(omega), 0.0), 1e-4)
    assert report.notes == ("67 rows with J = 0 taken as noise, the first at omega = 20.0167",)
    fitted = np.real(np.asarray(bath.density(omega)))
    assert np.max(np.abs(fitted / drude(omega) - 1.0)[omega < 15.0]) < 0.05
    assert np.max(fitted[omega > 25.0]) < 1e-3 * np.max(fitted)
    assert_passive(bath, report)


def test_frequencies_printed_with_two_digits() -> None:
    """Six rows share a frequency, whose error of 10 % no longer matters above."""
    omega = np.geomspace(0.05, 30.0, 400)
    bath, report = fit_spectral_density(np.round(omega, 2), drude(omega), 1e-4)
    assert report.notes == ("100 rows merged with others of the same omega (mean)",)
    assert np.max(np.abs(np.real(np.asarray(bath.density(omega))) - drude(omega))) < 5e-3 * drude(3.0)
    assert_passive(bath, report)


# What is no J -----------------------------------------------------------------------------------------------

FIVE = [0.1, 0.2, 0.3, 0.4, 0.5]
BAD: list[tuple[object, object, str]] = [
    (
        FIVE,
        [-1.0, -1.0, 0.5, -1.0, -1.0],
        "negative values outweigh, down to -1 at omega = 0.1",
    ),
    (FIVE, [0.0] * 5, "it is 0 everywhere"),
    (FIVE, [1.0] * 4, r"lists of equal length, but their shapes are \(5,\), \(4,\)"),
    (FIVE[:4], [1.0] * 4, "at 5 frequencies above 0 or more, but there are 4: add rows"),
    ([0.0, *FIVE[1:]], [1.0] * 5, "but there are 4: add rows"),
    ([0.1, 0.2, 0.3], lambda w: w, r"must be a window \(lowest, highest\) above 0, but they are"),
    ([0.1, 0.2], lambda w: -w, "must be finite and never negative for omega > 0, but it is -0.1"),
]


@pytest.mark.parametrize(("omega", "density", "message"), BAD, ids=range(len(BAD)))
def test_no_density(omega, density, message: str) -> None:
    with pytest.raises(InputError, match=message):
        fit_spectral_density(omega, density)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"tolerance": 0.0}, r"a tolerance above 0 and at least one pole, but they are 0\.0 and 100"),
        ({"poles": 0}, "at least one pole, but they are 1e-06 and 0"),
        ({"weights": "equal"}, "`weights` of a fit must be 'auto' or 'relative' or 'absolute'; got 'equal'"),
        ({"beyond": "ohmic"}, "`beyond` of a fit must be 'cut-off' or 'zero'"),
    ],
)
def test_bad_settings(settings, message: str) -> None:
    with pytest.raises(InputError, match=message):
        fit_spectral_density(OMEGA, drude(OMEGA), **settings)


def test_rows_are_sorted_merged_and_dropped() -> None:
    omega = np.r_[OMEGA[::-1], OMEGA[3], np.nan, -1.0]
    values = np.r_[drude(OMEGA[::-1]), drude(OMEGA[3]), 1.0, 1.0]
    _, report = fit_spectral_density(omega, values, 1e-6)
    assert len(report.poles) == 1 and report.error < 1e-9 and report.rows == 400
    assert report.notes == (
        "1 rows without finite numbers dropped",
        "1 rows with omega < 0 left out, as J is odd",
        "1 rows merged with others of the same omega (mean)",
    )


def test_settings_reach_the_fit() -> None:
    rows = cleaned(OMEGA, drude(OMEGA) * (1.0 + 0.01 * np.random.default_rng(9).standard_normal(400)))
    bath, report = fit_rows(rows, FitSettings(poles=3, weights="relative"))
    assert len(report.poles) == 3 and report.floor == 0.01
    assert_passive(bath, report)
