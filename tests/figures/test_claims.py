"""The statements of the published results (docs/figures.md), from the coarse grids of their figures.

Where a statement does not hold literally, the test says what does.
"""

from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import xarray

import qtopt
from figures import NAMES


def drawn(name: str, out: Path, stable: bool = True) -> dict[str, xarray.Dataset]:
    """The data of a figure in its quick version; the figure itself must be there too.

    `stable`: every machine has a steady state.
    """
    data = import_module(f"figures.{name}").figure(True, out)
    assert (out / f"{name}.png").stat().st_size > 10_000 and (out / f"{name}.pdf").exists()
    for part in data.values():
        assert {"configuration", "qtopt_version", "git_revision", "date"} <= part.attrs.keys()
        if "entropy_production_rate" in part:
            known = part["status"] == 0 if "status" in part else xarray.ones_like(part["power"], bool)
            assert known.all() or not stable
            # the second law, everywhere
            assert (part["entropy_production_rate"].where(known, 1.0) > 0.0).all()
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
    from figures.work_conversion import efficiency

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


@pytest.mark.slow
def test_pareto_fronts(tmp_path: Path) -> None:
    """The joint front dominates, at strong damping provably; optimal for (eta, -P) is optimal for (S, -P)."""
    data = drawn("pareto_fronts", tmp_path)
    for part in data.values():
        power, efficiency, entropy = (-part["power"], part["efficiency"], part["entropy_production_rate"])
        assert part.sizes["point"] >= 3
        assert (power <= part["certified_output"] * (1.0 + 1e-6)).all()  # no found drive beats the bound
        assert (np.diff(efficiency) > 0.0).all() and (np.diff(power) < 0.0).all()
        assert (np.diff(entropy) < 0.0).all()
        np.testing.assert_allclose(entropy, power * (0.8 / efficiency - 1.0) / 0.2, rtol=1e-6)
        assert (efficiency < 0.8).all()
    joint, independent = (data[f"{name}-0.6-100"] for name in ("joint", "independent"))
    assert -joint["power"].max() > 100.0 * independent["bound_output"].max()
    assert joint["efficiency"].min() > 2.0 * independent["bound_efficiency"].max()
    joint, independent = (data[f"{name}-0.6-0.1"] for name in ("joint", "independent"))
    shared = independent["efficiency"] < joint["efficiency"].max()
    reached = np.interp(independent["efficiency"], joint["efficiency"], -joint["power"])
    assert shared.sum() >= 2
    assert (reached > -independent["power"])[shared].all()


@pytest.mark.slow
def test_optimal_drives(tmp_path: Path) -> None:
    """The strongest overdamped engine switches its oscillators in antiphase, at the resonance."""
    from figures._common import engine
    from figures._fronts import restored

    machine = engine().machine
    data = drawn("optimal_drives", tmp_path)
    for part in data.values():
        for point in restored(part, machine).points:
            times = np.linspace(0.0, 2.0 * np.pi / point.frequency, 2001)
            assert abs(np.asarray(point.drive(times))).max() <= 1.0
    strongest = restored(data["joint, $\\gamma_2=100$"], machine).points[0]
    first, second = np.asarray(strongest.drive(np.linspace(0.0, 2.0 * np.pi / strongest.frequency, 2001))).T
    assert np.corrcoef(first, second)[0, 1] < -0.9
    np.testing.assert_allclose(strongest.frequency, 1.25 - np.sqrt((1.0 + 0.36) / 2.0), atol=0.01)
    assert (abs(first) > 0.9).mean() > 0.8  # nearly bang-bang


@pytest.mark.slow
def test_three_desiderata(tmp_path: Path) -> None:
    """Power, efficiency and constancy obey the classical relation in every engine, and come close to it."""
    data = drawn("three_desiderata", tmp_path)
    for name, part in data.items():
        engines = part.where(part["power"] < 0.0)
        product = engines["tur" if "cosines" in name else "uncertainty_product"]
        noise = engines["power_fluctuations" if "cosines" in name else "output_fluctuations"]
        assert product.min() > 2.0 and product.min() < 4.0
        tied = noise * (0.8 - engines["efficiency"]) / (-engines["power"] * engines["efficiency"] * 0.2)
        np.testing.assert_allclose(product, tied, rtol=1e-6)
    assert data["joint-100"]["power"].min() < 1.2 * data["cosines-joint-100"]["power"].min()


@pytest.mark.slow
def test_exact_front(tmp_path: Path) -> None:
    """The strongest drives of the weak front lose their power first as the driven bath grows."""
    data = drawn("exact_front", tmp_path)
    weak = -data["weak"]["power"].values
    kept = {d: -data[f"same-{d}"]["power"].values / float(d) / weak for d in ("1e-06", "1e-05", "0.0001")}
    assert (kept["1e-06"] > kept["1e-05"]).all() and (kept["1e-05"] > kept["0.0001"]).all()
    assert kept["1e-06"][0] > 0.8 and kept["0.0001"][0] < 0.3
    assert kept["1e-06"][-1] > 0.99 and kept["1e-05"][-1] > kept["1e-05"][0]
    for d in kept:
        assert (data[f"same-{d}"]["truncation_error"] < 1e-2 * -data[f"same-{d}"]["power"]).all()


@pytest.mark.slow
def test_exact_precision_map(tmp_path: Path) -> None:
    """The violation needs no weak coupling; a strong driven bath is unstable only beyond its cut-off."""
    data = drawn("exact_precision_map", tmp_path, stable=False)
    product = {name: part["local_tur"].sel(oscillator=1) for name, part in data.items()}
    inside = product["weak"] < 2.0
    assert inside.sum() > 10
    for name, tolerance in (("exact-0.001", 0.1), ("exact-0.1", 1.0)):
        known = data[name]["status"] == 0
        assert ((product[name] < 2.0) == inside).where(known, True).all()
        assert abs(product[name] / product["weak"] - 1.0).where(inside, 0.0).max() < tolerance
        assert data[name]["tur"].min() > 2.0 - 1e-6
    unstable = data["exact-0.1"]["status"] == 1
    assert (data["exact-0.001"]["status"] == 0).all() and unstable.any()
    assert (unstable["Omega"] > 12.0).where(unstable, True).all()


@pytest.mark.slow
def test_converter_front(tmp_path: Path) -> None:
    """Synchronised converters reach their bound on precision, at far more output than unsynchronised ones."""
    data = drawn("converter_front", tmp_path)
    for name in ("0.01", "100"):
        part = data[name]
        assert (part["uncertainty_product"] >= part["certified_product"] * (1.0 - 1e-6)).all()
        assert part["efficiency"].max() < 1.0
    strong, frail = data["100"], data["0.01"]
    assert strong["uncertainty_product"].min() < 1.1 * strong.attrs["smallest_product"]
    assert strong.attrs["smallest_product"] < 0.02 * frail.attrs["smallest_product"]
    precise = strong["uncertainty_product"] < 0.01
    assert strong["efficiency"].where(precise).max() > 0.95
    assert -strong["output_power"].where(precise).min() > 10.0 * frail.attrs["fundamental_power"]


@pytest.mark.slow
def test_refrigerator_front(tmp_path: Path) -> None:
    """At strong damping the shared bath cools thirty times faster than private ones provably can."""
    data = drawn("refrigerator_front", tmp_path)
    for part in data.values():
        cooling, cop = part["output"], part["efficiency"]
        assert (cooling > 0.0).all() and (part["power"] > 0.0).all()
        assert (cooling <= part["certified_output"] * (1.0 + 1e-6)).all()
        np.testing.assert_allclose(cop, cooling / part["power"], rtol=1e-9)
        np.testing.assert_allclose(part["entropy_production_rate"], cooling * (1.0 / cop - 0.25), rtol=1e-6)
        assert (cop < 4.0).all()
    joint, independent = (data[f"{name}-100"] for name in ("joint", "independent"))
    assert joint["output"].max() > 20.0 * independent["bound_output"].max()
    assert joint["efficiency"].min() > 5.0 * independent["bound_efficiency"].max()


def test_otto_engine(tmp_path: Path) -> None:
    """Slow and weakly damped: Otto's efficiency. At strong damping the valves take most of what is gained."""
    found = drawn("otto_engine", tmp_path, stable=False)["map"]
    power, frequency_alone = -found["power"], found["valves"] - found["power"]
    otto = 1.0 - np.sqrt(0.5 / 1.5)
    slowest = (power / found["heat"]).isel(damping=0, Omega=0)
    np.testing.assert_allclose(slowest, otto, rtol=1e-3)
    best = power.max("Omega")
    assert (best > 0.0).all() and 0 < int(best.argmax("damping")) < best.size - 1
    # counted without the valves, strong damping looks far better than it is, and better than Otto's limit
    strongest = power.argmax("Omega")
    without, heat = frequency_alone.isel(Omega=strongest), found["heat"].isel(Omega=strongest)
    assert (without / best).isel(damping=0) < 1.01 and (without / best).max() > 1.6
    assert (without / heat).max() > otto + 0.02 and ((best / heat)[1:] < otto).all()
    # beyond some speed there is no engine left
    assert (power.isel(Omega=-1).fillna(-1.0) < 0.0).all()


@pytest.mark.slow
def test_parametric_refrigerator(tmp_path: Path) -> None:
    """The spring cools to the ratio of the frequencies, or as far as created pairs allow, theory (13.16)."""
    data = drawn("parametric_refrigerator", tmp_path, stable=False)
    frequency, amplitude = data["frequency"], data["amplitude"]
    # quanta of the slow oscillator are lifted at the difference, pairs are created and amplified at the sum
    best = float(frequency["Omega"][int(frequency["first"].fillna(-1.0).argmax("Omega"))])
    assert (
        abs(best - 0.8) < 1e-9 and (frequency["status"] == 1)[-1] and frequency["spectral_radius"][-1] > 1.0
    )
    unpaired = frequency["first"].where(frequency["Omega"] > 0.96).dropna("Omega")
    assert (unpaired < 0.0).all() and (unpaired.diff("Omega") < 0.0).all()
    cop = (frequency["first"] / frequency["power"]).where(frequency["first"] > 0.0)
    assert (cop.fillna(0.0) < 0.2 / frequency["Omega"]).all()
    np.testing.assert_allclose(cop.sel(Omega=0.8, method="nearest"), 0.2 / 0.8, rtol=0.1)
    # the coldest temperature: sideband cooling, with the ideal limit where the hot bath is not cold itself
    coldest, ideal = frequency["coldest"], 0.2 * frequency["T_h"]
    assert (coldest / frequency["sideband"] - 1.0).max() < 0.05
    at_best = coldest.sel(Omega=0.8, method="nearest")
    assert 1.0 < (at_best / ideal)[0] < 1.02 and (at_best / ideal)[1] > 1.8
    assert at_best[2] > 0.02 and abs(at_best[2] / at_best[1] - 1.0) < 0.01  # no cooling: pairs alone decide
    # frozen baths are heated, as the square of the spring and as the second order says
    weak = amplitude.isel(kappa=slice(2))
    np.testing.assert_allclose(weak["first"], weak["second_order"], rtol=2e-3)
    assert (amplitude["first"] < 0.0).all() and (amplitude["second"] < 0.0).all()
    # a stronger spring does not reach lower temperatures
    assert (amplitude["coldest"].diff("kappa") > 0.0).all()


def test_stability_map(tmp_path: Path) -> None:
    """Damped Mathieu tongues lie where theory (13.17) to (13.19) says, and nowhere else."""
    from figures.stability_map import CUTOFF, DAMPING, first_tongue, threshold, tongue

    data = drawn("stability_map", tmp_path)
    # at rest the oscillator loses half of its friction, at every frequency
    still = data["ohmic"]["exponent"].sel(h=0.0)
    np.testing.assert_allclose(still, -0.5 * DAMPING, rtol=1e-6)
    frequency, depth = (data["ohmic"][name].values for name in ("Omega", "h"))
    grows = (data["ohmic"]["exponent"] > 0.0).values
    inside = np.array([tongue(n, frequency[:, None], depth, DAMPING) for n in (1, 2)])
    for n, predicted in zip((1, 2), inside, strict=True):
        near = (abs(2.0 / frequency - n) < 0.4)[:, None] & (depth < 0.35)
        assert (grows == (predicted > 0.0))[near].mean() > 0.98 and grows[near].any()
    between = (frequency > 1.2) & (frequency < 1.4)
    assert not grows[between].any()
    # a slow bath: the first tongue lies where the memory has moved the oscillator, and begins at J
    slow = qtopt.Drude(DAMPING * (1.0 + CUTOFF**-2), CUTOFF)
    predicted = depth > first_tongue(slow, frequency)[:, None]
    near = (abs(frequency - 2.0) < 0.4)[:, None] & (depth < 0.3)
    assert ((data["memory"]["exponent"] > 0.0).values == predicted)[near].mean() > 0.98
    fine = np.linspace(1.9, 2.2, 3001)
    edge = first_tongue(slow, fine)
    middle = fine[edge.argmin()]
    assert middle > 2.02
    np.testing.assert_allclose(edge.min(), slow.density(0.5 * middle), rtol=1e-4)
    # smallest depths as the n-th root of the damping
    found = data["thresholds"]["h"]
    for n, tolerance in ((1, 2e-3), (2, 5e-3), (3, 0.025)):
        expected = threshold(n, found["damping"].values)
        np.testing.assert_allclose(found.sel(order=n), expected, rtol=tolerance)


@pytest.mark.slow
def test_transducer(tmp_path: Path) -> None:
    """Quanta are moved at the difference of the frequencies and pairs created at their sum: theory 13.8."""
    from qtopt.observables import MODES

    data = drawn("transducer", tmp_path)
    table = data["frequency"]
    heat = abs(table["first"])
    assert set(np.argsort(heat.values)[-2:]) == {3, 15}
    difference, total = (table.isel(Omega=k) for k in (3, 15))
    np.testing.assert_allclose((difference["Omega"], total["Omega"]), (0.4, 1.6))
    np.testing.assert_allclose(difference["second"] / -difference["first"], 1.0 / 0.6, rtol=0.01)
    np.testing.assert_allclose(total["second"] / total["first"], 1.0 / 0.6, rtol=0.01)
    away = (abs(table["Omega"] - 0.4) > 0.05) & (abs(table["Omega"] - 1.6) > 0.05)
    assert abs(table["first"] / table["second_order"] - 1.0).where(away, 0.0).max() < 0.08
    modes = data["modes"]["mode"]
    assert {MODES[k] for k in np.unique(modes)} >= {"engine", "refrigerator", "heater"}
    assert (modes.where(modes["Omega"] > 1.05, 3) == MODES.index("heater")).all()
    moved, created = (data["temperature"].isel(Omega=k) for k in (0, 1))
    expected = np.where(moved["T_c"] < 0.6, MODES.index("engine"), MODES.index("refrigerator"))
    reversible = abs(moved["T_c"] - 0.6) < 1e-6  # where counting leaves nothing, the pairs decide
    assert ((moved["mode"] == expected) | reversible).all()
    assert (created["mode"] == MODES.index("heater")).all()
    # one quantum of 0.6 for one of 1: efficiencies of counting, and no precision below the classical bound
    engine, refrigerator = moved["T_c"] < 0.45, moved["T_c"] > 0.8
    np.testing.assert_allclose(moved["efficiency"][engine], 0.4, rtol=0.01)
    np.testing.assert_allclose(moved["efficiency"][refrigerator], 1.5, rtol=0.01)
    assert 2.0 < moved["tur"].min() < 2.1 and created["tur"].min() > 10.0


@pytest.mark.slow
def test_chain(tmp_path: Path) -> None:
    """The modulated site pumps from the left to the right; the chain rectifies what it pumps, and no more."""
    from figures.chain import through

    table = drawn("chain", tmp_path, stable=False)["currents"]
    known = table.where(table["status"] == 0)
    cold, hot = table["T_left"].values
    for temperature in (cold, hot):
        equal = known.sel(T_left=temperature, T_right=temperature)
        slow = equal.where(equal["Omega"] < 0.4, drop=True)
        assert slow.sizes["Omega"] >= 5
        assert (slow["left"] > 0.0).all() and (slow["right"] < 0.0).all() and (slow["power"] > 0.0).all()
        # fast drives create pairs, which heat both ends
        assert all(
            (equal[end].where(equal["Omega"] > 1.0, -1.0).fillna(-1.0) < 0.0).all()
            for end in ("left", "right")
        )
    current = through(known)
    forward, backward = current.sel(T_left=hot, T_right=cold), current.sel(T_left=cold, T_right=hot)
    pumped = sum(current.sel(T_left=t, T_right=t) for t in (cold, hot))
    # currents are sums of what the noise of either end brings
    np.testing.assert_allclose(forward + backward, pumped, rtol=1e-9, atol=1e-15)
    ratio = (forward + backward) / (forward - backward)
    assert (ratio.where(ratio["Omega"] < 0.3, drop=True) > 0.4).all()
