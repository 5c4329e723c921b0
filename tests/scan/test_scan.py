"""Scans against `evaluate`, their files, figures."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest
import xarray

from qtopt import __version__, files
from qtopt.cli import main
from qtopt.errors import InputError
from qtopt.jobs import POSITIONS, Store
from qtopt.observables import CURRENTS, evaluate, quantities
from qtopt.plots import scan_figure
from qtopt.scan import _batch, parameter_scan, remarks, write_dataset
from qtopt.solvers import Exact, fluctuations, steady_state
from tests.helpers.texts import FOURIER, MACHINE, MONOCHROMATIC, OHMIC, PIECEWISE, SOLVER

EXAMPLE = Path(__file__).parents[2] / "scripts" / "machines" / "precision_map.toml"
TABLE = Path(__file__).parents[1] / "data" / "drude.csv"
FREQUENCY = '{ key = "drive.frequency", from = 0.1, to = 1.0, points = 5, scale = "log" }'
DAMPING = '{ key = "machine.baths.cold.spectral_density.damping", from = 0.1, to = 2.0, points = 4 }'
SOFT = MACHINE.replace("100.0", "0.5").replace("1e-5", "1e-2") + MONOCHROMATIC
LORENTZIAN = re.compile(r"spectral_density = \{ kind = .lor.*\}")
EXACT = SOLVER.replace("weak", "exact")


QUICK = "fluctuations = false"


def scan_text(*axes: str, base: str = SOFT, more: str = QUICK) -> str:
    return f"{base}\n[scan]\naxes = [{', '.join(axes)}]\n{more}\n"


def config_of(*axes: str, base: str = SOFT, more: str = QUICK) -> files.Config:
    return files.loads(scan_text(*axes, base=base, more=more))


def machines_of(out: Path, path: Path) -> list[int]:
    """Machines whose finished chunks of the scan in `path` are kept in `out`, in the order of the files."""
    key = files.fingerprint(files.load(path), ("drive", "scan"), __version__)
    chunks = Store(out / ".scan" / "machines.part", key).chunks()
    return [int(machine) for chunk in chunks for machine in chunk[POSITIONS]]


def evaluated(config: files.Config, changes: dict[str, float]) -> dict[str, Any]:
    """`qtopt evaluate` of one point."""
    for key, value in changes.items():
        config = files.with_number(config, files.find_number(config, key, "key"), value)
    return evaluate(config.machine, files.require_drive(config), config.solver).as_dict()


NOISE = {
    "local_power_covariance",
    "local_power_slopes",
    "heat_current_fluctuations",
    "heat_current_slopes",
}


ROUND_OFF = {f"{name}_error" for name in CURRENTS}


def assert_equal_to_evaluate(data: xarray.Dataset, config: files.Config, point: dict[str, int]) -> None:
    """Every registered quantity equals that of `evaluate` at this point, to 1e-12 of its largest component.

    Currents to 5e-12 of the largest: `evaluate` integrates over a window of frequencies, scans do not. What
    the fluctuations and slopes give with them, to 1e-10.
    """
    chosen = data.isel(point)
    keys = {key: float(chosen[name]) for name in point for key in data[name].attrs["config_keys"].split()}
    expected = evaluated(config, keys)
    currents = max(np.abs(expected["local_powers"] + expected["heat_currents"]))
    temperatures = [*(float(bath.temperature) for bath in config.machine.baths), *keys.values(), 1.0]
    temperatures = [value for value in temperatures if value > 0.0]
    for item in quantities():
        value = expected.pop(item.name)
        if isinstance(value, dict):  # the work, by the label of each drive
            value = [number for works in value.values() for number in works]
        if item.name not in chosen:
            quick = config.scan is not None and not config.scan.fluctuations
            of_noise = quick and not NOISE.isdisjoint(item.needs or (item.name,))
            assert not item.scanned or value is None or of_noise, item.name
            continue
        found = chosen[item.name].values
        if item.flags:
            assert item.flags[int(found) - item.first_flag] == value
        elif item.name == "first_law_residual":  # round-off itself
            assert float(found) < 1e-9
        elif item.name in ROUND_OFF:
            assert (found >= 0.0).all() and (found < 1e-6 * currents / min(temperatures)).all(), item.name
        else:
            known = np.asarray(value, dtype=float)
            scale = currents if item.name in ("power", "heat_currents", "truncation_error") else 0.0
            noisy = "tur" in item.name or "slope" in item.name or "fluctuations" in item.name
            accuracy = 1e-10 if noisy else 5e-12 if scale else 1e-12
            size = max(scale, np.max(np.nan_to_num(np.abs(known))))
            tolerance = {"rtol": 1e-10 if noisy else 1e-12, "atol": accuracy * size}
            np.testing.assert_allclose(found, known, **tolerance, err_msg=item.name)
    assert not expected


BOTH = 'keys = ["machine.baths.hot.temperature", "machine.baths[1].temperature"]'
CASES = {
    "together": (
        f"{{ {BOTH}, values = [0.1, 2.0, 0.7] }}",
        '{ key = "drive.phases[1]", from = 0, to = 3.0, points = 3, name = "phase" }',
    ),
    "entries": (
        '{ key = "machine.frequencies[1]", from = 0.4, to = 0.8, points = 3 }',
        '{ key = "machine.baths.cold.coupling[1]", from = -1, to = 1, points = 4 }',
    ),
}


@pytest.fixture(scope="module")
def soft() -> xarray.Dataset:
    return parameter_scan(config_of(FREQUENCY, DAMPING, more=""))


@pytest.mark.parametrize("case", CASES)
def test_weak_scans_equal_evaluate(case: str) -> None:
    config = config_of(*CASES[case])
    data = parameter_scan(config)
    rng = np.random.default_rng(1)
    axes = [name for name, item in data.coords.items() if "config_keys" in item.attrs]
    assert len(axes) == len(CASES[case]) and not data["status"].any()
    for _ in range(3):
        assert_equal_to_evaluate(data, config, {str(a): int(rng.integers(data.sizes[a])) for a in axes})


def test_every_quantity_equals_evaluate(soft: xarray.Dataset) -> None:
    """With fluctuations: every variable of the file is registered, and equals that of `evaluate`."""
    registered = {item.name: item for item in quantities()}
    for name, variable in soft.data_vars.items():
        item = registered[str(name)]
        assert variable.dims == ("drive_frequency", "cold_damping", *item.dimensions)
        assert variable.attrs["units"] == item.unit and variable.attrs["long_name"] == item.long_name
    config = config_of(FREQUENCY, DAMPING, more="")
    for point in ((0, 3), (4, 0)):
        assert_equal_to_evaluate(soft, config, {"drive_frequency": point[0], "cold_damping": point[1]})


def test_fluctuations(soft: xarray.Dataset) -> None:
    """Variance rates and the uncertainty product, against the functions themselves."""
    config = config_of(FREQUENCY, DAMPING)
    for key, value in (("drive.frequency", 1.0), ("machine.baths.cold.spectral_density.damping", 0.1)):
        config = files.with_number(config, files.find_number(config, key, "key"), value)
    expected = fluctuations(config.machine, files.require_drive(config))
    chosen = soft.isel(drive_frequency=4, cold_damping=0)
    np.testing.assert_allclose(chosen["local_power_covariance"], expected.local_power_covariance, rtol=1e-11)
    np.testing.assert_allclose(chosen["power_fluctuations"], expected.power, rtol=1e-11)
    assert expected.heat_currents is not None
    np.testing.assert_allclose(chosen["heat_current_fluctuations"], expected.heat_currents, rtol=1e-9)
    product = expected.power * float(chosen["entropy_production_rate"]) / float(chosen["power"]) ** 2
    np.testing.assert_allclose(chosen["tur"], product, rtol=1e-11)
    steps = config_of(FREQUENCY, base=LORENTZIAN.sub(OHMIC, MACHINE) + PIECEWISE, more="")
    with pytest.raises(InputError, match="a drive that jumps must couple a bath with memory"):
        parameter_scan(steps)


@pytest.mark.slow
def test_exact_fluctuations() -> None:
    """The same numbers as the function itself gives."""
    config = config_of('{ key = "drive.frequency", values = [0.45] }', base=SOFT + EXACT, more="")
    machine, drive = config.machine, files.require_drive(config)
    solve = eqx.filter_jit(fluctuations)
    expected = solve(machine, drive, Exact().settled(machine, drive)).local_power_covariance
    found = parameter_scan(config)["local_power_covariance"].values[0]
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12 * float(np.max(np.abs(expected))))


@pytest.mark.slow
def test_exact_scans_equal_evaluate() -> None:
    """Also where frequencies need different doublings, and for a drive of several harmonics."""
    wide = FREQUENCY.replace("from = 0.1, to = 1.0", "from = 0.05, to = 5.0")
    config = config_of(wide, DAMPING, base=SOFT + EXACT)
    data = parameter_scan(config)
    assert not data["status"].any() and (data["spectral_radius"] < 1.0).all()
    for point in ((0, 0), (4, 3)):
        assert_equal_to_evaluate(data, config, {"drive_frequency": point[0], "cold_damping": point[1]})
    fourier = config_of(
        '{ key = "drive.cosine[0][1]", values = [0.1, 0.3] }',
        base=SOFT.split("\n[drive]")[0] + FOURIER + EXACT,
    )
    assert_equal_to_evaluate(parameter_scan(fourier), fourier, {"drive_cosine_0_1": 1})


THIRD = """
[[machine.baths]]
name = "third"
temperature = 0.5
spectral_density = { kind = "drude", damping = 0.1, cutoff = 2.0 }
coupling = [1.0, 0.5]

[drive]
"""


@pytest.mark.slow
@pytest.mark.parametrize("compared", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_several_static_baths(compared: bool) -> None:
    """Heat between them is checked in another unit of frequency, as `evaluate` does."""
    damping = '{ key = "machine.baths.cold.spectral_density.damping", values = [0.5, 1e5] }'
    coupling = (
        '{ keys = ["machine.baths.cold.coupling[1]", "machine.baths[2].coupling[1]"], values = [0.5, 0] }'
    )
    config = config_of(damping, coupling, base=SOFT.replace("\n[drive]\n", THIRD))
    data = parameter_scan(config)
    assert data["status"].values.tolist() == [[0, 3], [0, 3]]
    masked = data["status"].values != 0
    assert np.isnan(data["heat_currents"].values[masked]).all() and (data["mode"].values[masked] == -1).all()
    if compared:
        assert_equal_to_evaluate(data, config, {"cold_damping": 0, "coupling_1": 0})


@pytest.mark.slow
def test_masked_where_there_is_no_steady_state(tmp_path: Path) -> None:
    """Parametric instability: status, no number, no NaN in the file."""
    strong = SOFT.replace("1e-2", "0.3").replace("0.5 }", "0.01 }") + EXACT
    axis = '{ keys = ["drive.amplitudes[0]", "drive.amplitudes[1]"], values = [0.01, 6] }'
    data = parameter_scan(config_of(axis, base=strong))
    assert data["status"].values.tolist() == [0, 1]
    assert data["spectral_radius"].values[1] > 1.0
    assert np.isfinite(data["power"].values[0]) and np.isnan(data["power"].values[1])
    assert np.isnan(data["covariance"].values[1]).all() and data["mode"].values[1] == -1
    path = write_dataset(data, tmp_path / "scan.nc")
    with xarray.open_dataset(path, mask_and_scale=False) as raw:
        assert all(np.isfinite(item.values).all() for item in raw.data_vars.values())
    assert remarks(data)[0].startswith("1 of 2 machines are masked, which have no steady state: the driven")


def test_slopes_and_periodic_products(soft: xarray.Dataset) -> None:
    """dX/dOmega against differences of the solver, and the products that contain it."""
    point = {"drive_frequency": 2, "cold_damping": 1}
    chosen, config = soft.isel(point), config_of(FREQUENCY, DAMPING)
    damping = "machine.baths.cold.spectral_density.damping"
    config = files.with_number(
        config, files.find_number(config, damping, "key"), float(chosen["cold_damping"])
    )
    machine, drive = config.machine, files.require_drive(config)
    omega, step = float(chosen["drive_frequency"]), 1e-4
    solve = eqx.filter_jit(lambda f: steady_state(machine, drive.with_frequency(f)))
    low, high = (solve(jnp.asarray(omega + move)) for move in (-step, step))
    for name, slope in (
        ("power", "power_slope"),
        ("local_powers", "local_power_slopes"),
        ("heat_currents", "heat_current_slopes"),
    ):
        difference = (getattr(high, name) - getattr(low, name)) / (2.0 * step)
        np.testing.assert_allclose(chosen[slope], difference, rtol=1e-5)
    effective = chosen["local_powers"].values - omega * chosen["local_power_slopes"].values
    noise, cost = chosen["local_power_fluctuations"].values, float(chosen["entropy_production_rate"])
    np.testing.assert_allclose(chosen["local_periodic_tur"], noise * cost / effective**2, rtol=1e-12)


def test_round_trip(soft: xarray.Dataset, tmp_path: Path) -> None:
    """Numbers, names, units and the configuration survive the file."""
    with xarray.open_dataset(write_dataset(soft, tmp_path / "scan.nc")) as found:
        xarray.testing.assert_identical(found.load(), soft)
        assert files.loads(found.attrs["configuration"]) == config_of(FREQUENCY, DAMPING, more="")
        assert found["drive_frequency"].attrs["units"] == "omega_A"
        assert found["power"].sel(cold_damping=2.0, drive_frequency=1.0).dims == ()
        assert found["heat_currents"].sel(bath="hot").dims == ("drive_frequency", "cold_damping")
        for item in (*found.data_vars.values(), found["drive_frequency"]):
            assert item.attrs["units"] and item.attrs["long_name"]
    assert [path.name for path in tmp_path.iterdir()] == ["scan.nc"]


def test_configurations_round_trip() -> None:
    for config in (files.load(EXAMPLE), config_of(*CASES["together"], more="chunk = 7\nfluctuations = true")):
        assert config.scan is not None and files.loads(files.dumps(config)) == config


def test_chunks_do_not_matter(soft: xarray.Dataset) -> None:
    parts = parameter_scan(config_of(FREQUENCY, DAMPING, more=f"chunk = 3\n{QUICK}"))
    assert "tur" in soft and "tur" not in parts
    for name in parts.data_vars:
        np.testing.assert_allclose(soft[name], parts[name], rtol=1e-12, atol=1e-15)


def test_scans_of_one_structure_share_programs() -> None:
    """Other axes, other numbers, another size: nothing is compiled again."""
    parameter_scan(config_of(FREQUENCY))
    compiled = _batch._program.cache_info().misses
    parameter_scan(config_of(*CASES["entries"], base=SOFT.replace("0.5", "0.7")))
    assert _batch._program.cache_info().misses == compiled


@pytest.mark.slow
def test_a_table_as_a_bath() -> None:
    """The fitted density stays as it is while other numbers move."""
    table = f'spectral_density = {{ kind = "table", file = "{TABLE}" }}'
    base = LORENTZIAN.sub(table, SOFT)
    config = config_of('{ key = "machine.baths.hot.temperature", values = [0.5, 1.5] }', base=base)
    assert_equal_to_evaluate(parameter_scan(config), config, {"hot_temperature": 1})


# Command line and figure ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("chosen", "count"), [({"cold_damping": 1}, 12), ({}, 17)], ids=["lines", "maps"])
def test_figures(soft: xarray.Dataset, chosen: dict[str, int], count: int) -> None:
    """One panel for every quantity, or for each of its components where it is a map; logarithmic axes."""
    made = scan_figure(soft.isel(chosen))
    made.draw_without_rendering()
    panels = [axes for axes in made.axes if axes.get_label() != "<colorbar>"]
    assert len(panels) == count and all(panel.get_xscale() == "log" for panel in panels)
    assert panels[-1].get_xlabel() == r"drive frequency ($\omega_A$)"
    with pytest.raises(ValueError, match="one or two axes, but this has 0"):
        scan_figure(soft.isel(cold_damping=0, drive_frequency=0))


def test_command_writes_its_files(tmp_path: Path, capsys) -> None:
    path = tmp_path / "scan.toml"
    path.write_text(scan_text(FREQUENCY, DAMPING).replace("1e-2", "1e-1"))
    main(["scan", str(path), "--out", str(tmp_path / "out"), "--solver", "weak"])
    captured = capsys.readouterr()
    assert captured.out.splitlines() == [
        f"data    {tmp_path / 'out' / 'scan.nc'}",
        f"figure  {tmp_path / 'out' / 'scan.png'}",
    ]
    assert "20/20" in captured.err and re.search(r"weak_validity is above 0.1 for \d+ of 20", captured.err)
    assert (tmp_path / "out" / "scan.png").stat().st_size > 10000


def test_scans_are_loaded_on_demand() -> None:
    """`import qtopt` and the command line load neither xarray nor jax before they need them."""
    heavy = "{'jax', 'xarray', 'h5py'}"
    code = f"import sys, json, qtopt, qtopt.cli; print(json.dumps(list({heavy} & set(sys.modules))))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert json.loads(done.stdout) == []
