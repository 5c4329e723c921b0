"""Laboratory units: theory (1.26); conversions against scipy.constants, errors, and what pint costs."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.constants import Boltzmann, c, eV, hbar, pi, u

import qtopt
from qtopt.cli import main
from qtopt.errors import InputError
from qtopt.files import dumps, laboratory_lines, loads
from qtopt.observables import quantities
from qtopt.schema import UnitSystem, in_si

MACHINES = Path(__file__).parents[2] / "scripts" / "machines"
PRESETS = ("superconducting_circuit", "trapped_ion", "optomechanics", "molecular_junction")
EXAMPLE = (MACHINES / "collective_engine.toml").read_text()
OMEGA = 2.0 * pi * 5e9
UNITS = '[units]\nfrequency = "2*pi*5 GHz"\n\n'


@pytest.mark.parametrize(
    ("text", "dimension", "value"),
    [
        ("2*pi*5 GHz", "frequency", OMEGA),
        ("1 meV", "frequency", 1e-3 * eV / hbar),
        ("300 K", "frequency", 300.0 * Boltzmann / hbar),
        ("400 / cm", "frequency", 2.0 * pi * c * 4e4),
        ("50 mK", "temperature", 0.05 * Boltzmann / hbar),
        ("0.1 eV", "temperature", 0.1 * eV / hbar),
        ("(1 meV)**2", "frequency^2", (1e-3 * eV / hbar) ** 2),
        ("(2*pi*5 GHz)**4", "frequency^4", OMEGA**4),
        ("40 u", "mass", 40.0 * u),
    ],
)
def test_quantities_mean_what_they_say(text: str, dimension: str, value: float) -> None:
    np.testing.assert_allclose(in_si(text, dimension, "key"), value, rtol=1e-8)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("5", "Cannot convert from 'dimensionless'"),
        ("1 m", "Cannot convert from 'meter'"),
        ("5 GHx", "'GHx' is not defined"),
        ("2*pi*", "such as"),
        ("", "such as"),
        ("1e400 GHz", "not finite"),
        ("1/0 GHz", "division by zero"),
        ("__import__('os')", "such as"),
        ("25 degC", "such as"),
        ("nan GHz", "not finite"),
    ],
)
def test_what_is_no_quantity_is_said_in_one_line(text: str, reason: str) -> None:
    with pytest.raises(InputError) as error:
        loads(UNITS + EXAMPLE.replace("temperature = 1.0 ", f"temperature = {json.dumps(text)} "))
    said = str(error.value)
    assert said.startswith('`machine.baths[0].temperature` must be a temperature such as "50 mK"; got')
    assert reason in said and "\n" not in said


@pytest.mark.parametrize(
    ("units", "said"),
    [
        ('frequency = "5 apples"', "`units.frequency` must be a frequency"),
        ('frequency = "-1 GHz"', "`units.frequency` must be above 0"),
        ('frequency = "1 GHz"\nmass = "1 GHz"', '`units.mass` must be a mass such as "40 u"'),
        ('frequency = "1 GHz"\nmass = "0 kg"', "`units.mass` must be above 0"),
        ('mass = "1 kg"', "`units.frequency` is missing"),
        ("frequency = 1.0", "`units.frequency` must be a quantity such as"),
        ('frequency = "1 GHz"\nlength = "1 m"', "unknown key `units.length`"),
    ],
)
def test_errors_of_the_section(units: str, said: str) -> None:
    with pytest.raises(InputError, match=said.replace("(", r"\(")):
        loads(f"[units]\n{units}\n\n{EXAMPLE}")


def test_texts_are_numbers_only_where_there_are_units() -> None:
    with pytest.raises(InputError, match=r"temperature` must be a finite number above 0; got \"50 mK\""):
        loads(EXAMPLE.replace("temperature = 1.0 ", 'temperature = "50 mK" '))


def test_numbers_with_units_are_numbers() -> None:
    """Lists and single numbers; what is written is read again to the last digit."""
    text = EXAMPLE.replace("frequencies = [1.0, 0.6]", 'frequencies = [1.0, "2*pi*3 GHz"]')
    text = text.replace("temperature = 1.0 ", 'temperature = "50 mK" ')
    config = loads(UNITS + text.replace("strength = 1e-5", 'strength = "1e-5 * (2*pi*5 GHz)**4"'))
    np.testing.assert_allclose(config.machine.frequencies, [1.0, 0.6], rtol=1e-14)
    hot = config.machine.baths[0]
    np.testing.assert_allclose(hot.temperature, 0.05 * Boltzmann / hbar / OMEGA, rtol=1e-8)
    assert isinstance(hot.spectral_density, qtopt.Lorentzian)
    np.testing.assert_allclose(hot.spectral_density.strength, 1e-5, rtol=1e-13)
    again = loads(dumps(config))
    assert dumps(again) == dumps(config) and again.units == config.units
    np.testing.assert_array_equal(again.machine.frequencies, config.machine.frequencies)


def test_every_quantity_has_a_dimension() -> None:
    """Powers in W, variance rates in J^2/s, ...: whatever has a unit is converted."""
    system = UnitSystem(OMEGA, 40.0 * u)
    expected = {
        "hbar omega_A^2": (hbar * OMEGA**2, "W"),
        "hbar^2 omega_A^3": (hbar**2 * OMEGA**3, "J^2/s"),
        "hbar omega_A": (hbar * OMEGA, "J"),
        "k_B omega_A": (Boltzmann * OMEGA, "W/K"),
        "omega_A": (OMEGA, "1/s"),
        "hbar / (m omega_A)": (hbar / (40.0 * u * OMEGA), "m^2"),
    }
    assert {item.unit for item in quantities()} - {"1"} == set(expected)
    for unit, (factor, symbol) in expected.items():
        found = system.factor(unit)
        assert found is not None and found[1] == symbol
        np.testing.assert_allclose(found[0], factor, rtol=1e-8)
    assert system.factor("1") is None and system.factor("apples per tree") is None
    assert UnitSystem(OMEGA).factor("hbar / (m omega_A)") is None


def evaluated(path: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    main(["evaluate", str(path), "--json"])
    return json.loads(capsys.readouterr().out)


def test_evaluate_says_every_unit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "machine.toml"
    path.write_text(UNITS + EXAMPLE)
    found = evaluated(path, capsys)
    assert found["units"]["power"] == "hbar omega_A^2" and "covariance" not in found["si"]
    si = found["si"]["power"]
    assert si["unit"] == "W" and si["value"] == pytest.approx(found["power"] * hbar * OMEGA**2, rel=1e-8)
    assert found["si"]["heat_currents"]["unit"] == "W" and len(found["si"]["heat_currents"]["value"]) == 2
    assert found["laboratory"]["temperature of hot"] == f"{hbar * OMEGA / Boltzmann:.6g} K"
    main(["evaluate", str(path)])
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("power ") and " W   (negative" in line for line in lines)
    assert "drive frequency              2.25e+09 Hz" in lines


def test_rates_of_baths() -> None:
    """An Ohmic bath damps the energy at gamma, at any frequency; half of it where a cosine drives it."""
    text = EXAMPLE.replace(
        '{ kind = "lorentzian", strength = 1e-5, peak = 1.25, width = 0.01 }',
        '{ kind = "ohmic", damping = "2e3 / s" }',
    )
    lines = dict(laboratory_lines(loads(UNITS + text)))
    assert lines["hot damps oscillator 1"] == lines["hot damps oscillator 2"] == "1000 1/s"
    assert lines["cold damps oscillator 2"] == f"{100.0 * OMEGA:.6g} 1/s"
    assert lines["frequency of oscillator 2"] == "3e+09 Hz"
    assert laboratory_lines(loads(EXAMPLE)) == []


@pytest.mark.parametrize("name", PRESETS)
def test_presets_are_machines_of_the_laboratory(name: str) -> None:
    config = qtopt.load(MACHINES / f"{name}.toml")
    text = (MACHINES / f"{name}.toml").read_text()
    assert config.units is not None and config.drive is not None and "Chosen" in text
    config.solver.check(config.machine, config.drive)
    assert len(laboratory_lines(config)) >= 5


def test_pint_is_imported_only_where_there_are_units() -> None:
    code = (
        "import sys, qtopt; qtopt.load(sys.argv[1]); assert 'pint' not in sys.modules; "
        "qtopt.load(sys.argv[2]); assert 'pint' in sys.modules"
    )
    files = [str(MACHINES / f"{name}.toml") for name in ("collective_engine", "trapped_ion")]
    done = subprocess.run(
        [sys.executable, "-c", code, *files], capture_output=True, text=True, timeout=120, env=os.environ
    )
    assert done.returncode == 0, done.stderr
