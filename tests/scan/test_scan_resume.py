"""Scans that are stopped and continued, and scans shared among devices."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import xarray

from qtopt import files
from qtopt.cli import main
from qtopt.errors import InputError
from qtopt.scan import parameter_scan
from tests.helpers.texts import SOLVER
from tests.scan.test_scan import DAMPING, FREQUENCY, QUICK, ROUND_OFF, SOFT, config_of, scan_text


def identical(first: Path, second: Path) -> None:
    """The same data to the last digit; only the date may differ."""
    with xarray.open_dataset(first) as one, xarray.open_dataset(second) as two:
        xarray.testing.assert_identical(one.drop_attrs(deep=False), two.drop_attrs(deep=False))
        for data in (one, two):
            del data.attrs["date"]
        assert one.attrs == two.attrs


def test_killed_scan_resumes_to_the_same_file(tmp_path: Path) -> None:
    """SIGKILL in the middle loses the chunk in progress at most."""
    path = tmp_path / "scan.toml"
    many = FREQUENCY.replace("points = 5", "points = 60")
    path.write_text(
        scan_text(many, DAMPING.replace("points = 4", "points = 50"), more=f"chunk = 20\n{QUICK}")
    )
    out, whole = tmp_path / "out", tmp_path / "whole"
    command = [sys.executable, "-m", "qtopt", "scan", str(path), "--out"]
    subprocess.run([*command, str(whole)], check=True, capture_output=True, timeout=280)
    command.append(str(out))
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as process:
        for _ in range(20000):
            if len(list((out / ".scan").glob("machines-*.part"))) > 2 or process.poll() is not None:
                break
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
    finished = list((out / ".scan").glob("machines-*.part"))
    assert 2 < len(finished) < 150 and not (out / "scan.nc").exists()
    finished[0].write_bytes(b"damaged")  # is solved again
    times = {part: part.stat().st_mtime_ns for part in finished[1:]}
    done = subprocess.run([*command, "--resume"], check=True, capture_output=True, text=True, timeout=280)
    assert "scan.nc" in done.stdout and "scan.png" in done.stdout
    assert done.stderr.count(f"qtopt: warning: {finished[0]} is damaged, or another version") == 1
    identical(whole / "scan.nc", out / "scan.nc")
    assert all(part.stat().st_mtime_ns == before for part, before in times.items())


def test_chunks_of_another_scan_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are neither used nor dropped."""
    parameter_scan(config_of(FREQUENCY), tmp_path)
    kept = {path: path.read_bytes() for path in tmp_path.iterdir()}
    other = files.loads(scan_text(FREQUENCY).replace("temperature = 1.0", "temperature = 2.0"))
    with pytest.raises(InputError, match=r"part holds finished work of another configuration or version: "):
        parameter_scan(other, tmp_path)
    assert kept and kept == {path: path.read_bytes() for path in tmp_path.iterdir()}
    with monkeypatch.context() as patch, pytest.raises(InputError, match="another configuration or version"):
        patch.setattr("qtopt.scan._scan.__version__", "0.0.0")
        parameter_scan(config_of(FREQUENCY), tmp_path)
    shutil.rmtree(tmp_path)  # what is removed meanwhile is made again
    parameter_scan(config_of(FREQUENCY), tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {path.name for path in kept}


def test_a_folder_that_is_removed_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    """One sentence says where nothing could be written."""
    path, out = tmp_path / "scan.toml", tmp_path / "out"
    path.write_text(scan_text(FREQUENCY))
    monkeypatch.setattr("qtopt.scan.remarks", lambda data: shutil.rmtree(out) or [])
    with pytest.raises(SystemExit) as stop:
        main(["scan", str(path), "--out", str(out)])
    assert stop.value.code == 2
    assert f"qtopt: {out / 'scan.nc'}: cannot be written: No such file" in capsys.readouterr().err


EIGHT = """
import sys
import qtopt
qtopt.configure()
import jax
from qtopt import files
from qtopt.scan import parameter_scan, write_dataset
assert len(jax.devices()) == 8
write_dataset(parameter_scan(files.load(sys.argv[1])), __import__("pathlib").Path(sys.argv[2]))
"""


@pytest.mark.parametrize("solver", ["weak", pytest.param("exact", marks=pytest.mark.slow)])
def test_eight_devices(solver: str, tmp_path: Path) -> None:
    """Sharding changes nothing; 5 x 4 machines fill the eight devices unevenly."""
    path = tmp_path / "scan.toml"
    path.write_text(scan_text(FREQUENCY, DAMPING, base=SOFT + SOLVER.replace("weak", solver)))
    flags = f"{os.environ['XLA_FLAGS']} --xla_force_host_platform_device_count=8"
    command = [sys.executable, "-c", EIGHT, str(path), str(tmp_path / "scan.nc")]
    subprocess.run(command, check=True, env={**os.environ, "XLA_FLAGS": flags}, timeout=280)
    here = parameter_scan(files.load(path))
    with xarray.open_dataset(tmp_path / "scan.nc") as found:
        assert found.attrs["devices"].startswith("8 x ")
        for name, item in here.data_vars.items():
            if name not in ("first_law_residual", *ROUND_OFF):
                reference = here["power"] if name == "truncation_error" else item
                scale = np.nanmax(np.abs(reference), initial=0.0)
                np.testing.assert_allclose(
                    found[name], item, rtol=1e-12, atol=1e-12 * scale, err_msg=str(name)
                )
