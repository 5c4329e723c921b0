"""Scans shared by processes, and what only machines with memory have."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from qtopt import files
from qtopt.jobs import Share
from qtopt.model import logarithmic_negativity, normal_modes
from qtopt.scan import parameter_scan
from qtopt.solvers.weak import phase_space_covariance
from tests.scan.test_scan import DAMPING, FREQUENCY, QUICK, SOFT, config_of, machines_of, scan_text


def test_two_processes_share_a_scan(tmp_path: Path) -> None:
    """Side by side they solve every machine once; what one of them lost is solved again at the end."""
    path, out = tmp_path / "scan.toml", tmp_path / "out"
    path.write_text(scan_text(FREQUENCY, DAMPING, more=QUICK))
    command = [sys.executable, "-m", "qtopt", "scan", str(path), "--out", str(out)]
    both = [subprocess.Popen([*command, "--share", f"{k}/2"], stderr=subprocess.DEVNULL) for k in (1, 2)]
    assert [process.wait(timeout=280) for process in both] == [0, 0]
    assert not (out / "scan.nc").exists()
    found = sorted((out / ".scan").glob("machines-*.part"))
    assert sorted(machines_of(out, path)) == list(range(20)) and len(found) >= 6
    found[1].unlink()  # as if its process had died
    times = {part: part.stat().st_mtime_ns for part in found if part != found[1]}
    data = parameter_scan(files.load(path), out / ".scan")
    assert all(part.stat().st_mtime_ns == before for part, before in times.items())
    reference = parameter_scan(files.load(path))
    for name in reference.data_vars:
        np.testing.assert_allclose(data[name], reference[name], rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("count", [1, 2, 5])
def test_every_chunk_belongs_to_one_share(count: int) -> None:
    owners = [[k for k in range(1, count + 1) if Share(k, count).has(chunk)] for chunk in range(11)]
    assert all(len(owner) == 1 for owner in owners)
    held = [sum(owner == [k] for owner in owners) for k in range(1, count + 1)]
    assert max(held) - min(held) <= 1


def test_negativity_and_modes_of_a_soft_bath() -> None:
    """A static bath with memory: momenta have a variance, so the scan knows the entanglement."""
    base = SOFT.replace(
        '{ kind = "ohmic", damping = 0.5 }', '{ kind = "drude", damping = 0.5, cutoff = 9.0 }'
    )
    assert base != SOFT
    axis = '{ key = "machine.baths.cold.temperature", values = [1e-3, 0.3] }'
    data = parameter_scan(config_of(axis, base=base))
    config = files.loads(base.replace("temperature = 0.2", "temperature = 1e-3"))
    machine = config.machine
    assert float(machine.baths[1].temperature) == 1e-3
    expected = float(logarithmic_negativity(phase_space_covariance(machine)))
    np.testing.assert_allclose(data["logarithmic_negativity"], [expected, 0.0], atol=1e-12)
    assert float(data["slowest_mode_phase"][0]) == pytest.approx(normal_modes(machine)[0].antiphase)
