"""The registry of quantities: what evaluations, their text and a user's own additions make of it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import xarray

from qtopt.observables import CLASSICAL_LIMIT, Evaluation, evaluate, quantities
from qtopt.solvers import Weak
from tests.helpers.machines import converter, converter_drive, engine, engine_drive
from tests.helpers.texts import MACHINE, MONOCHROMATIC

CONTRACT = """power local_powers heat_currents entropy_production_rate mode efficiency efficiency_bound
carnot_efficiency covariance pearson weak_validity truncation_error spectral_radius first_law_residual
power_fluctuations local_power_fluctuations local_power_covariance heat_current_fluctuations tur local_tur
heat_tur output_tur violated_bounds no_fluctuations logarithmic_negativity normal_modes""".split()
"""keys of `qtopt evaluate --json` on which scripts rely"""

PLUGIN = '''
import numpy as np
import qtopt
from qtopt.observables import AbstractUncertaintyBound, Line, Quantity, register_quantity


@qtopt.register
class Strict(AbstractUncertaintyBound):
    """Q >= 1e6."""

    kind = "strict"
    source = "nobody"
    domain = "no dynamics at all"
    currents = ("heat",)

    def limit(self, current):
        return 1e6


def lost(solved):
    return np.sum(solved["heat_currents"], axis=-1)


register_quantity(
    Quantity("lost_heat", "heat lost to all baths", lost, unit="hbar omega_A^2", needs=("heat_currents",),
             line=Line("lost heat", "{: .6e}"), look="signed")
)
'''


@pytest.fixture(scope="module")
def result() -> Evaluation:
    return evaluate(converter(), converter_drive())


def test_every_key_of_the_json_is_registered(result: Evaluation) -> None:
    """One list of names: attributes, keys and the contract; what the solver does not give is null."""
    values, names = result.as_dict(), [item.name for item in quantities()]
    assert list(values) == names and len(set(names)) == len(names) and set(CONTRACT) <= set(names)
    assert all(item.name in dir(result) and item.long_name for item in quantities())
    assert json.loads(json.dumps(values, allow_nan=False)) == values
    assert values["spectral_radius"] is None and result.spectral_radius is None
    assert values["power"] == result.power and values["status"] == "resolved"
    with pytest.raises(AttributeError, match="no quantity 'pwer'; it has mode, power, local_powers, "):
        _ = result.pwer


def test_values_have_the_dimensions_that_are_declared(result: Evaluation) -> None:
    lengths = {"oscillator": 2, "other_oscillator": 2, "bath": len(result.machine.baths), "shape": 2}
    for item in quantities():
        part = result.values.get(item.name)
        for dimension in () if part is None else item.dimensions:
            assert isinstance(part, list)
            assert len(part) == lengths[dimension], item.name
            part = part[0]
        if item.scanned:
            assert not isinstance(part, list), item.name


def test_an_evaluation_prints_as_a_block(result: Evaluation) -> None:
    text = str(result)
    lines = dict((line[:24].rstrip(), line[25:]) for line in text.splitlines())
    assert lines["mode"] == "work converter"
    assert lines["power"] == f"{result.power: .12e}   (negative: extracted)"
    assert float(lines["  through oscillator 2"]) == pytest.approx(result.local_powers[1], rel=1e-12)
    assert lines["efficiency"] == f"{result.efficiency:.10g}   (at most 1)"
    assert lines["Q of local power 1"].endswith("   violates: classical")
    assert float(lines["Q of the output"]) < CLASSICAL_LIMIT and "spectral radius" not in lines
    for bath in result.machine.baths:
        assert f"heat from {bath.name}" in lines and f"Q of heat from {bath.name}" in lines
    assert repr(result) == f"Evaluation(mode='work converter', power={result.power:.6g}, solver='weak')"
    rows = result._repr_html_().count("<tr>")
    assert rows == len(text.splitlines()) and "<td>work converter</td>" in result._repr_html_()


def test_undefined_numbers_are_said_or_left_out() -> None:
    """The output of an engine has no Q of its own; that of a vanishing current is undefined."""
    result = evaluate(engine(1e-5), engine_drive(), Weak())
    assert result.mode == "engine" and result.output_tur is None and "output" not in str(result)
    still = evaluate(engine(1e-5), type(engine_drive())(0.45, [0.0, 0.0], [0.0, 0.0]))
    assert still.mode in ("accelerator", "idle") and still.efficiency is None and still.tur is None
    assert "efficiency               undefined   (Carnot 0.8)" in str(still)
    assert "Q of power               undefined" in str(still)
    assert still.violated_bounds["power"] == []


def test_a_bound_and_a_quantity_of_a_user(tmp_path: Path) -> None:
    """Registered in a file outside the package, they reach `evaluate`, its text, and the map of a scan."""
    plugin, path = tmp_path / "mine.py", tmp_path / "machine.toml"
    plugin.write_text(PLUGIN)
    axis = '{ key = "drive.frequency", from = 0.4, to = 0.5, points = 2 }'
    path.write_text(f"{MACHINE}{MONOCHROMATIC}\n[scan]\naxes = [{axis}]\nfluctuations = false\n")

    def run(*arguments: str) -> str:
        command = [sys.executable, "-m", "qtopt", *arguments, "--plugin", str(plugin)]
        done = subprocess.run(command, capture_output=True, text=True, env=os.environ.copy(), timeout=280)
        assert done.returncode == 0, done.stderr
        return done.stdout

    found = json.loads(run("evaluate", str(path), "--json"))
    assert found["lost_heat"] == pytest.approx(-found["power"], rel=1e-9)
    for name, violated in found["violated_bounds"].items():
        assert ("strict" in violated) == name.startswith("heat from")
    lines = run("evaluate", str(path)).splitlines()
    assert any(line.startswith("lost heat") for line in lines)
    assert sum(line.startswith("Q of heat from") and line.endswith("strict") for line in lines) == 2
    run("scan", str(path), "--out", str(tmp_path / "out"))
    with xarray.open_dataset(tmp_path / "out" / "scan.nc") as data:
        assert data["lost_heat"].attrs["long_name"] == "heat lost to all baths"
        assert data["lost_heat"].attrs["units"] == "hbar omega_A^2"
        balance = data["lost_heat"] + data["power"]
        assert float(abs(balance).max()) < 1e-9 * float(abs(data["heat_currents"]).max())
