"""`qtopt fit`, and `qtopt evaluate --fit-error`."""

import importlib
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from qtopt.cli import main
from qtopt.files import loads
from qtopt.model import Rational
from tests.helpers.texts import MACHINE, MONOCHROMATIC, OHMIC, PARETO

OMEGA = np.geomspace(0.05, 30.0, 200)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    density = 0.3 * OMEGA / (1.0 + OMEGA**2 / 9.0)
    noise = 1.0 + 0.01 * np.random.default_rng(0).standard_normal(200)
    lines = [f"{w:.8g};{j:.8g}\n".replace(".", ",") for w, j in zip(OMEGA, density * noise, strict=True)]
    path = tmp_path / "bath.csv"
    path.write_text("omega;J\n" + "".join(lines))
    return path


def test_fit(table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A picture, a report, and lines that a configuration file takes."""
    main(["fit", str(table), "--out", str(tmp_path / "out"), "--max-poles", "4"])
    printed = capsys.readouterr().out
    assert "rational bath of 1 poles, fitted for 0.05 <= omega <= 30" in printed
    assert "note: decimal commas" in printed
    report = (tmp_path / "out" / "report.txt").read_text()
    assert "noise of the rows" in report and str(table) in report
    assert (tmp_path / "out" / "fit.png").read_bytes()[:4] == b"\x89PNG"
    fragment = (tmp_path / "out" / "bath.toml").read_text()
    assert fragment.startswith("# bath.csv: 1 poles, largest error")
    bath = loads(MACHINE.replace(OHMIC, fragment)).machine.baths[1].spectral_density
    assert isinstance(bath, Rational)
    true = 0.3 * OMEGA / (1.0 + OMEGA**2 / 9.0)
    assert np.max(np.abs(np.real(np.asarray(bath.density(OMEGA))) / true - 1.0)) < 0.01


def test_bad_options_are_one_line(table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for options, message in (
        (["--tolerance", "0"], "a tolerance above 0"),
        (["--columns", "1", "3"], "has no column 3"),
        (["--quantity", "spectrum"], "must have a `reference_temperature` above 0"),
        (["--units", "parrot", "eV"], "unit"),
    ):
        with pytest.raises(SystemExit) as caught:
            main(["fit", str(table), "--out", str(tmp_path / "out"), *options])
        error = capsys.readouterr().err
        assert caught.value.code == 2 and message in error and error.count("\n") == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_fit_error(table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What the order means for the physics is a few per cent at most, and the poor tolerance is a warning."""
    path = tmp_path / "machine.toml"
    density = f'spectral_density = {{ kind = "table", file = "{table}" }}'
    path.write_text(MONOCHROMATIC + MACHINE.replace(OHMIC, density))
    main(["evaluate", str(path), "--fit-error", "--json"])
    printed = capsys.readouterr()
    assert "is described by 1 poles, largest error" in printed.err
    values = json.loads(printed.out)
    (error,) = values["fit_errors"]
    assert error["poles"] == 1 and error["orders"] == [3] and 0.003 < error["error"] < 0.02
    for name in ("power", "heat_currents"):
        change, value = np.abs(error["changes"][name]), np.abs(values[name])
        assert np.all(change < 0.1 * np.max(value)) and np.any(change > 0.0)
    main(["evaluate", str(path), "--fit-error"])
    assert "changes with 3 poles:" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["scan", "pareto", "simulate"])
def test_commands_name_a_poor_fit_before_they_work(
    command: str, table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "machine.toml"
    path.write_text(
        MONOCHROMATIC
        + MACHINE.replace(OHMIC, f'spectral_density = {{ kind = "table", file = "{table}" }}')
        + f'{PARETO}[scan]\naxes = [{{ key = "drive.frequency", values = [0.4, 0.5] }}]\n'
    )

    class Told(Exception):
        pass

    def stop(warnings: list[str]) -> None:
        raise Told(*warnings)

    monkeypatch.setattr(importlib.import_module(f"qtopt.cli._{command}"), "warn", stop)
    with pytest.raises(Told, match=r"bath 'cold': the table .* is described by 1 poles, largest error"):
        main([command, str(path), "--out", str(tmp_path / "out")])


def test_the_first_fit_of_a_process_uses_one_thread() -> None:
    """Also of the BLAS that comes with SciPy: the digits must not depend on the number of cores."""
    code = """
import numpy as np, threadpoolctl
from qtopt.model.fitting import _fit
search, seen = _fit._Fit.search, []
def watched(self):
    found = search(self)
    seen.extend(pool["num_threads"] for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas")
    return found
_fit._Fit.search = watched
omega = np.linspace(0.1, 5.0, 50)
_fit.fit_spectral_density(omega, omega / (1.0 + omega**2))
assert seen and set(seen) == {1}, seen
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=240)


def test_reduce(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file with fewer poles that means the same machine, and what that changes."""
    pairs = ", ".join(f"[{1.0 + 0.3 * i:.1f}, 0.4]" for i in range(6))
    zeros = ", ".join(f"[{1.15 + 0.3 * i:.2f}, 0.4]" for i in range(5))
    roots = f"decays = [], pairs = [{pairs}], zero_pairs = [{zeros}]"
    bath = f'spectral_density = {{ kind = "rational", scale = 0.1, {roots} }}\n'
    path = tmp_path / "machine.toml"
    path.write_text(MACHINE.replace(OHMIC, bath) + MONOCHROMATIC)
    main(["reduce", str(path), "--out", str(tmp_path / "out"), "--tolerance", "1e-2"])
    printed = capsys.readouterr().out
    assert "12 poles -> " in printed and "what it changes:" in printed and " power " in printed
    text = (tmp_path / "out" / "machine.toml").read_text()
    found = loads(text).machine.baths[1].spectral_density
    assert isinstance(found, Rational) and len(found.poles) < 12
    assert (
        "12 poles -> " in text.splitlines()[1] and "12 poles" in (tmp_path / "out" / "report.txt").read_text()
    )
    with pytest.raises(SystemExit) as caught:
        main(["reduce", str(path), "--out", str(tmp_path / "no"), "--tolerance", "3"])
    error = capsys.readouterr().err
    assert caught.value.code == 2 and error.count("\n") == 1 and "between 0 and 1" in error
    assert not (tmp_path / "no").exists()
