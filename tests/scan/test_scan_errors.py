"""The text of every error of a scan."""

import re
from pathlib import Path

import numpy as np
import pytest

from qtopt import files
from qtopt.cli import main
from qtopt.errors import InputError
from qtopt.scan import parameter_scan, remarks
from qtopt.solvers import NOT_FINITE, RESOLVED, UNDAMPED, UNRESOLVED
from tests.files.test_config_errors import Cases
from tests.helpers.texts import MACHINE
from tests.scan.test_scan import DAMPING, FREQUENCY, LORENTZIAN, SOFT, TABLE, config_of, scan_text

ALL = f"axes = [{FREQUENCY}]"
# fmt: off
SECTION_ERRORS: Cases = [
    (ALL, "", "`scan.axes` is missing; it must be a list of one or two tables, each an axis"),
    (ALL, "axes = 3", "`scan.axes` must be a list of one or two tables, each an axis; got 3"),
    (ALL, f"axes = [{FREQUENCY}, {FREQUENCY}, {FREQUENCY}]", "`scan.axes` must be a list of one or two"),
    (ALL, f"{ALL}\nchunk = 0", "`scan.chunk` must be a whole number of at least 1; got 0"),
    (ALL, f"{ALL}\nfluctuations = 1", "`scan.fluctuations` must be true or false; got 1"),
    ("scale", "scales", 'unknown key `scan.axes[0].scales`; did you mean "scale"?'),
    ("from = 0.1", "from = 0", '`scan.axes[0].from` must be above 0 on a logarithmic axis; got 0.0 (or set'),
    ("to = 1.0", "to = 0.1", "`scan.axes[0].to` must be different from `scan.axes[0].from`; got 0.1"),
    ("points = 5", "points = 1", "`scan.axes[0].points` must be a whole number of at least 2; got 1"),
    ("points = 5, ", "", "`scan.axes[0].points` is missing; it must be a whole number of at least 2"),
    ("points = 5, ", "values = [1], ", "`scan.axes[0]` must have either values or from, to and points; got"),
    ('"log"', '"ln"', '`scan.axes[0].scale` must be "linear" or "log"; got "ln"'),
    ('key = "drive.frequency",', "", '`scan.axes[0].key` is missing; it must be the key of a number such as'),
    ('key = "drive.frequency"', "keys = []", "`scan.axes[0].keys` must be a list of keys of"),
    ('key = "drive.frequency"', 'key = "a", keys = ["b"]', "`scan.axes[0]` must have either key or keys;"),
    ("from = 0.1, to = 1.0, points = 5", "values = [1, 1]", "`scan.axes[0].values` must be a list of num"),
    ("from = 0.1, to = 1.0, points = 5", "values = [-1]", "`scan.axes[0].values[0]` must be above 0 on"),
]
KEY = "drive.frequency"
AXIS_ERRORS: Cases = [
    (KEY, "drive.freqency",
     'name a number of [machine] or [drive]; got "drive.freqency" (did you mean `drive.f'),
    (KEY, "zzz", 'got "zzz" (its numbers: machine.frequencies[i], machine.baths.hot.temperature, machine.ba'),
    (KEY, "machine.baths.hot.name",
     'got "machine.baths.hot.name", which is no number that can change'),
    (KEY, "drive.kind", 'got "drive.kind", which is no number that can change'),
    (KEY, "pareto.harmonics", 'got "pareto.harmonics", but [pareto] says how to compute'),
    (KEY, "machine.frequencies", "(that holds several: name one, such as `machine.frequencies[0]`)"),
    (KEY, "machine.frequencies[2]", "(did you mean `machine.frequencies["),
    ("from = 0.1, to = 1.0, points = 5, scale = \"log\"", "from = -1, to = 1, points = 3",
     "`scan.axes[0]` reaches a value that is not allowed: `drive.frequency` must be a finite number above 0"),
    ('key = "drive.frequency"', 'keys = ["drive.frequency", "drive.frequency"]',
     "`scan.axes[0].keys[1]` must name another number than `scan.axes[0].keys[0]`; got drive.frequency for"),
    ("points = 5", 'points = 5, name = "power"', "`scan.axes[0].name` must begin with a letter, have no"),
    ("points = 5", 'points = 5, name = "a/b"', "`scan.axes[0].name` must begin with a letter, have no"),
    ("[drive]", "[pareto]\n[dri]", "unknown key `dri`"),
    ("points = 5", "points = 1000000000000", "a scan of 1e+12 machines must fit into memory, of which"),
]
# fmt: on


@pytest.mark.parametrize(("old", "new", "message"), SECTION_ERRORS, ids=range(len(SECTION_ERRORS)))
def test_errors_of_the_section(old: str, new: str, message: str) -> None:
    text = scan_text(FREQUENCY, more="")
    assert old in text
    with pytest.raises(InputError, match=re.escape(message)):
        files.loads(text.replace(old, new))


@pytest.mark.parametrize(("old", "new", "message"), AXIS_ERRORS, ids=range(len(AXIS_ERRORS)))
def test_errors_are_one_line_and_status_2(old: str, new: str, message: str, tmp_path: Path, capsys) -> None:
    path = tmp_path / "scan.toml"
    path.write_text(scan_text(FREQUENCY, more="").replace(old, new))
    with pytest.raises(SystemExit) as stop:
        main(["scan", str(path), "--out", str(tmp_path / "out")])
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("qtopt: ")]
    assert stop.value.code == 2 and len(lines) == 1 and message in lines[0]


def test_errors_between_sections() -> None:
    """Two axes of one name, no section, no drive, the tolerance of a fit."""
    with pytest.raises(
        InputError, match=r'`scan.axes\[1\].name` must differ from that of the other axis; got "x"'
    ):
        parameter_scan(
            config_of(
                FREQUENCY.replace("to =", 'name = "x", to ='), DAMPING.replace("to =", 'name = "x", to =')
            )
        )
    with pytest.raises(InputError, match="the section \\[scan\\] is missing; it must give one or two axes"):
        parameter_scan(files.loads(SOFT))
    with pytest.raises(InputError, match="the section \\[drive\\] is missing"):
        parameter_scan(config_of(DAMPING, base=MACHINE))
    table = f'spectral_density = {{ kind = "table", file = "{TABLE}", tolerance = 1e-3 }}'
    base = LORENTZIAN.sub(table, SOFT)
    with pytest.raises(InputError, match="which is no number that can change"):
        parameter_scan(
            config_of('{ key = "machine.baths.hot.spectral_density.tolerance", values = [1e-3] }', base=base)
        )


def test_machines_without_numbers_are_masked_with_a_reason(tmp_path: Path) -> None:
    """Axes that together uncouple a bath or an oscillator, cold baths, other systems of units."""
    couplings = [f'{{ key = "machine.baths.cold.coupling[{l}]", values = [0.0, 1.0] }}' for l in (0, 1)]
    path = tmp_path / "scan.toml"
    path.write_text(scan_text(*couplings))
    data = parameter_scan(files.load(path))
    assert data["status"].values.tolist() == [[UNDAMPED, UNDAMPED], [UNDAMPED, RESOLVED]]
    assert np.isnan(data["power"].values).tolist() == [[True, True], [True, False]]
    temperatures = '{ key = "machine.baths.cold.temperature", values = [1e-30, 0.2, 1e200] }'
    path.write_text(scan_text(temperatures))
    data = parameter_scan(files.load(path))
    assert data["status"].values.tolist() == [UNRESOLVED, RESOLVED, NOT_FINITE]
    assert "1 of 3 machines are masked, whose numbers float64 cannot hold." in remarks(data)
    slow = '{ key = "drive.frequency", values = [1e-160, 0.45] }'
    path.write_text(scan_text(slow))
    assert parameter_scan(files.load(path))["status"].values.tolist() == [UNRESOLVED, RESOLVED]
