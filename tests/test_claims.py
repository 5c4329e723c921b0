"""The statements of the published results (physics notes, section 8), from the coarse grids of their figures.

Where a statement does not hold literally, the test says what does.
"""

from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import xarray

from benchmarks.figures import NAMES


def drawn(name: str, out: Path) -> dict[str, xarray.Dataset]:
    """The data of a figure in its quick version; the figure itself must be there too."""
    data = import_module(f"benchmarks.figures.{name}").figure(True, out)
    assert (out / f"{name}.png").stat().st_size > 10_000 and (out / f"{name}.pdf").exists()
    for part in data.values():
        assert {"configuration", "qtopt_version", "git_revision", "date"} <= part.attrs.keys()
        if "entropy_production_rate" in part:
            assert (part["status"] == 0).all()
            assert (part["entropy_production_rate"] > 0.0).all()  # the second law, everywhere
    return data


def test_every_figure_has_a_test() -> None:
    assert all(f"test_{name}" in globals() for name in NAMES)


def test_synchronisation(tmp_path: Path) -> None:
    """C -> -1 when cold and strongly damped, C -> 0 when hot or weakly damped, and one number."""
    coefficient = drawn("synchronisation", tmp_path)["map"]["pearson"]
    assert (coefficient <= 0.0).all()
    assert (coefficient.diff("gamma_2") < 1e-9).all() and (coefficient.diff("T") > -1e-9).all()
    assert coefficient.sel(gamma_2=1e6, T=1e-3) < -0.99
    assert coefficient.where(coefficient["T"] > 5.0).min() > -0.01  # xarray's own masking works on scans
    assert (coefficient.sel(gamma_2=1e-2) > -0.01).all() and (coefficient.sel(T=1e1) > -0.01).all()
    np.testing.assert_allclose(coefficient.sel(gamma_2=100.0, T=0.1, method="nearest"), -0.543, atol=5e-4)


@pytest.mark.slow
def test_stored_data_are_used_again(tmp_path: Path) -> None:
    drawn("synchronisation", tmp_path)
    path = tmp_path / "synchronisation.nc"
    before = path.stat().st_mtime_ns
    drawn("synchronisation", tmp_path)
    assert path.stat().st_mtime_ns == before and not list(tmp_path.glob("*.parts"))


@pytest.mark.slow
def test_precision_maps(tmp_path: Path) -> None:
    """Local currents far more precise than the classical bound; what each ingredient does for it.

    Broken time reversal is necessary. Synchronisation makes precision reach higher temperatures and carry
    on to higher frequencies, but cold machines violate the bound without it. A long memory is not needed:
    with omega_c = 1000 the region even grows.
    """
    data = drawn("precision_maps", tmp_path)
    product = {name: part["local_tur"].sel(oscillator=1) for name, part in data.items()}
    region = {name: float((part < 2.0).mean()) for name, part in product.items()}
    assert product["all"].min() < 1e-6
    assert product["symmetric"].min() > 2.0
    assert (data["symmetric"]["local_powers"] > 0.0).all()
    assert region["memoryless"] > region["all"] > 1.5 * region["unsynchronised"] > 0.0
    warm = {name: part.where(part["T"] > 0.3) for name, part in product.items()}
    assert warm["all"].min() < 0.01 and warm["unsynchronised"].min() > 2.0
    for name, part in product.items():
        extracting = data[name]["local_powers"].sel(oscillator=1) < 0.0
        assert extracting.where(part < 2.0, True).all()  # precise currents extract
        assert (data[name]["tur"] > 2.0 - 1e-6).all()  # the total never violates


@pytest.mark.slow
def test_precision_synchronisation(tmp_path: Path) -> None:
    """Stronger coupling: more antisynchronised and more precise, in both theories."""
    data = drawn("precision_synchronisation", tmp_path)
    for part in data.values():
        assert (part["pearson"].diff("gamma_2") < 0.0).all()
        assert (part["local_tur"].sel(oscillator=1).diff("gamma_2") < 0.0).all()
    weak, exact = (data[name].sel(gamma_2=100.0, method="nearest") for name in ("weak", "exact"))
    np.testing.assert_allclose(weak["local_tur"].sel(oscillator=1), 0.00443, rtol=0.01)
    np.testing.assert_allclose(exact["local_tur"].sel(oscillator=1), 0.00453, rtol=0.01)


@pytest.mark.slow
def test_work_conversion(tmp_path: Path) -> None:
    """Strong coupling converts better: 0.9 at Omega = 0.2 against 0.2, and close to 1 for slow drives."""
    from benchmarks.figures.work_conversion import efficiency

    data = {name: efficiency(part) for name, part in drawn("work_conversion", tmp_path).items()}
    strong, frail = data["weak-100"], data["weak-0.01"]
    np.testing.assert_allclose(strong.interp(Omega=0.2), 0.894, atol=2e-3)
    assert frail.interp(Omega=0.2) < 0.3
    assert strong.max() > 0.99 and strong.max() < 1.0
    assert (strong.where(frail.notnull(), drop=True) > frail.dropna("Omega")).all()
    for damping in ("0.01", "100"):
        weak = data[f"weak-{damping}"].interp(Omega=data[f"exact-{damping}"]["Omega"])
        assert abs(weak - data[f"exact-{damping}"]).max() < 0.02


@pytest.mark.slow
def test_power_map(tmp_path: Path) -> None:
    """Overdamped oscillators are an engine together; with baths of their own a thousand times weaker."""
    power = {name: part["power"] for name, part in drawn("power_map", tmp_path).items()}
    assert (power["joint"] < 0.0).mean() > 0.9
    best = power["joint"].argmin(...)
    resonance = float(power["joint"]["omega_1"][best["omega_1"]] - power["joint"]["Omega"][best["Omega"]])
    np.testing.assert_allclose(resonance, np.sqrt((1.0 + 0.36) / 2.0), atol=0.01)
    assert power["joint"].min() < -4.0 and power["independent"].min() > -1e-3


@pytest.mark.slow
def test_maximum_power(tmp_path: Path) -> None:
    """Weak damping: both alike. Strong damping: only the joint engine recovers."""
    power = {name: -part["power"] for name, part in drawn("maximum_power", tmp_path).items()}
    joint, independent = power["joint"], power["independent"]
    faint = independent["gamma_2"] < 0.05
    np.testing.assert_allclose(joint[faint], independent[faint], rtol=1e-2)
    assert (independent.diff("gamma_2") < 0.0).all()
    assert joint.sel(gamma_2=100.0) > 5.0 * joint.sel(gamma_2=1.0)
    assert joint.sel(gamma_2=100.0) > 1e3 * independent.sel(gamma_2=100.0)


@pytest.mark.slow
def test_periodic_tur(tmp_path: Path) -> None:
    """The bound of periodically driven classical systems is violated as well, at both couplings."""
    data = drawn("periodic_tur", tmp_path)
    for part in data.values():
        assert part["fixed"].min() < 1.0 and part["following"].min() < 0.05
        assert (part["entropy"] > 0.0).all()
