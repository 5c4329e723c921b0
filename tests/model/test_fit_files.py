"""Tables of every form, and of other quantities than J."""

from pathlib import Path

import numpy as np
import pytest

from qtopt.errors import InputError
from qtopt.model import (
    Lorentzian,
    Tabulated,
)
from qtopt.model.fitting import Quantity, TableFormat, read_columns
from tests.model.test_fits import OMEGA, deviation, drude

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
