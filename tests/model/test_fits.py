"""Spectral densities as people have them: noise, many peaks, files of every form, what is no J."""

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
    Tabulated,
    fit_spectral_density,
)
from qtopt.model.fitting import FitSettings, Quantity, TableFormat, cleaned, fit_rows, read_columns
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


# Files ------------------------------------------------------------------------------------------------------


def lines(form: str, head: str = "") -> str:
    return head + "".join(form.format(w, j) for w, j in zip(OMEGA, drude(OMEGA), strict=True))


def commas(text: str) -> str:
    return text.replace(".", ",")


FILES: dict[str, bytes] = {
    "comma": lines("{:.8g},{:.8g}\n", "omega,J\n").encode(),
    "blank": lines("  {:.8e}  {:.8e}\n").encode(),
    "mark and carriage returns": lines("{:.8g},{:.8g}\r\n", "\ufeffomega,J\r\n").encode(),
    "semicolon": lines("{:.8g};{:.8g}\n", "omega;J\n").encode(),
    "semicolon, decimal comma": commas(lines("{:.8g};{:.8g}\n", "omega;J\n")).encode(),
    "tab, decimal comma": commas(lines("{:.8g}\t{:.8g}\n")).encode(),
    "blank, decimal comma": commas(lines("{:.8f} {:.8f}\n")).encode(),
    "Fortran": lines(" {:.8E} {:.8E}\n").replace("E", "D").encode(),
    "Fortran without E": lines(" {:.8e} {:.8e}\n").replace("e", "").encode(),
    "% comments": lines("{:.8g} {:.8g}\n", "% omega J\n% made by a program\n").encode(),
    "! comments": lines("{:.8g} {:.8g}\n", "! touchstone-like\n").encode(),
    "two lines of names": lines("{:.8g},{:.8g}\n", "Frequency,Spectral density\n(eV),(eV)\n").encode(),
    "index": "".join(
        f"{i},{w:.8g},{j:.8g}\n" for i, (w, j) in enumerate(zip(OMEGA, drude(OMEGA), strict=True))
    )
    .join([",omega,J\n", ""])
    .encode(),
    "quoted": lines('"{:.8g}","{:.8g}"\n', "omega,J\n").encode(),
    "Latin-1": lines("{:.8g},{:.8g}\n", "Frequenz µ [1/s],J\n").encode("latin-1"),
    "UTF-16": lines("{:.8g},{:.8g}\n", "omega,J\n").encode("utf-16"),
    "UTF-16 without a mark": lines("{:.8g},{:.8g}\n").encode("utf-16-le"),
    "trailing commas": lines("{:.8g},{:.8g},\n", "omega,J,\n").encode(),
    "NaN": lines("{:.8g},{:.8g}\n").encode() + b"31.0,nan\n32.0,\n",
    "descending": "".join(lines("{:.8g} {:.8g}\n").splitlines(keepends=True)[::-1]).encode(),
    "unsorted": "".join(
        np.random.default_rng(0).permutation(lines("{:.8g} {:.8g}\n").splitlines(keepends=True))
    ).encode(),
    "row at 0": b"0 0\n" + lines("{:.8g} {:.8g}\n").encode(),
}


@pytest.mark.parametrize("content", FILES.values(), ids=FILES.keys())
def test_forms_of_files(tmp_path: Path, content: bytes) -> None:
    """The same 400 rows, whoever wrote them."""
    (tmp_path / "table").write_bytes(content)
    rows = read_columns(tmp_path / "table")
    np.testing.assert_allclose(rows.omega, OMEGA, rtol=1e-6)
    np.testing.assert_allclose(rows.density, drude(OMEGA), rtol=2e-6, atol=1e-8)


def test_a_third_column_is_the_error(tmp_path: Path) -> None:
    (tmp_path / "table").write_text(
        "# w J dJ\n" + "".join(f"{w} {j} {0.01 * j}\n" for w, j in zip(OMEGA, drude(OMEGA), strict=True))
    )
    errors = read_columns(tmp_path / "table").errors
    assert errors is not None
    np.testing.assert_allclose(errors, 0.01 * drude(OMEGA), rtol=1e-12)


def test_labels_and_columns_by_name_or_number(tmp_path: Path) -> None:
    path = tmp_path / "table"
    path.write_text(lines("w(eV)= {0} w(cm^-1)= 1.0 J= {1} sqrt(J)= 2.0\n"))
    with pytest.raises(InputError, match=r"'w\(eV\)', .*, 'sqrt\(J\)', and it is not clear which are meant"):
        read_columns(path)
    for columns in (("w(eV)", "J"), (1, 3)):
        np.testing.assert_allclose(read_columns(path, TableFormat(columns)).density, drude(OMEGA))
    with pytest.raises(InputError, match="has no column 'omega'; it has the columns"):
        read_columns(path, TableFormat(("omega", "J")))


UNREADABLE = {
    "": "has no rows; give a text file with rows of numbers",
    "omega,J\n": "got 'omega,J', and there are no rows below",
    "1 2\n2 3 4\n": "line 2 of the table .* must have 2 numbers like the first row; got '2 3 4'",
    "1\n2\n": "must have two columns, omega and J, but it has one: check the delimiter",
    "omega,J,S\n1,2,3\n": "it is not clear which are meant: add columns",
}


@pytest.mark.parametrize(("content", "message"), UNREADABLE.items(), ids=range(len(UNREADABLE)))
def test_what_cannot_be_read_says_what_to_add(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "table").write_text(content)
    with pytest.raises(InputError, match=message) as caught:
        read_columns(tmp_path / "table")
    assert "\n" not in str(caught.value)


def test_no_device_and_no_binary_file_is_read(tmp_path: Path) -> None:
    for path in ("/dev/zero", tmp_path):
        with pytest.raises(InputError, match="must be a file, which it is not"):
            read_columns(path)
    (tmp_path / "binary").write_bytes(bytes([0, 255, 17, 3]) * 300)
    with pytest.raises(InputError):
        read_columns(tmp_path / "binary")


UNITS = [
    (("cm^-1", "cm^-1"), None, (1.0, 1.0)),
    (("cm^-1", "cm^-1"), "1 eV", (1.0 / 8065.543937, 1.0 / 8065.543937)),
    (("THz", "THz"), "rad/ps", (2.0 * np.pi, 2.0 * np.pi)),
    (("eV", "cm^-1"), "eV", (1.0, 1.0 / 8065.543937)),
    (("meV", "meV**2"), "1 eV", (1e-3, 1e-6)),
    (("eV", "1"), "2 eV", (0.5, 1.0)),
    (("K", "K"), "eV", (8.617333262e-5, 8.617333262e-5)),
]


@pytest.mark.parametrize(("units", "reference", "expected"), UNITS)
def test_units_of_columns(tmp_path: Path, units, reference, expected) -> None:
    """CODATA 2022: 1 eV = 8065.543937 h c/cm = k_B 11604.518 K."""
    (tmp_path / "table").write_text(lines("{:.17g} {:.17g}\n"))
    rows = read_columns(tmp_path / "table", TableFormat(units=units, reference=reference))
    np.testing.assert_allclose(rows.omega / OMEGA, expected[0], rtol=1e-8)
    np.testing.assert_allclose(rows.density / drude(OMEGA), expected[1], rtol=1e-8)


def test_units_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "table").write_text(lines("{} {}\n"))
    with pytest.raises(InputError, match="must be one that pint knows"):
        read_columns(tmp_path / "table", TableFormat(units=("qqq", "eV")))
    with pytest.raises(InputError, match="must be one of frequency, energy, wave number or temperature"):
        read_columns(tmp_path / "table", TableFormat(units=("eV", "kg*m")))


# Other quantities -------------------------------------------------------------------------------------------

PEAK = Lorentzian(0.3, 1.0, 0.4)


def test_a_power_spectrum(tmp_path: Path) -> None:
    omega = np.linspace(0.02, 8.0, 300)
    density = np.real(np.asarray(PEAK.density(omega)))
    kinds: list[tuple[Quantity, np.ndarray]] = [
        ("spectrum", density / np.tanh(omega / 1.4)),
        ("classical spectrum", density * 1.4 / omega),
    ]
    for kind, spectrum in kinds:
        np.savetxt(tmp_path / "table", np.stack([omega, spectrum], 1))
        table = Tabulated(tmp_path / "table", quantity=kind, reference_temperature=0.7)
        assert len(table.report.poles) == 2 and table.report.error < 1e-9
        np.testing.assert_allclose(table.fitted.density(omega), PEAK.density(omega), rtol=1e-8)


def test_a_correlation_function(tmp_path: Path) -> None:
    """C(t) of a classical damped mode in closed form: its J, but for the window; the window is named."""
    time, rate, frequency = np.linspace(0.0, 120.0, 4001), 0.2, np.sqrt(1.0 - 0.04)
    kernel = np.exp(-rate * time) * (np.cos(frequency * time) + rate / frequency * np.sin(frequency * time))
    temperature = 0.7
    correlation = (
        temperature * 0.3 * kernel
    )  # T chi_B(0) times the decay of x of d^2x/dt^2 + 0.4 dx/dt + x = 0
    np.savetxt(tmp_path / "table", np.stack([time, correlation], 1))
    table = Tabulated(
        tmp_path / "table", 1e-2, quantity="classical correlation", reference_temperature=temperature
    )
    assert any("Hann window" in note for note in table.report.notes)
    omega = np.linspace(0.2, 4.0, 100)
    assert np.max(deviation(table.fitted, omega, np.real(np.asarray(PEAK.density(omega))))) < 0.02
    with pytest.raises(InputError, match="must have a `reference_temperature` above 0"):
        Tabulated(tmp_path / "table", quantity="correlation")


def test_settings_reach_the_fit() -> None:
    rows = cleaned(OMEGA, drude(OMEGA) * (1.0 + 0.01 * np.random.default_rng(9).standard_normal(400)))
    bath, report = fit_rows(rows, FitSettings(poles=3, weights="relative"))
    assert len(report.poles) == 3 and report.floor == 0.01
    assert_passive(bath, report)
