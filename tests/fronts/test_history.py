"""What a search says of itself: rounds, hypervolume, gaps, remarks."""

from dataclasses import replace

import numpy as np
import pytest
import xarray
from hypothesis import given, strategies as st

from qtopt import FrontProblem, FrontSettings, Peak, PowerEfficiency, PowerPrecision, Rms, trace
from qtopt.explore._maps import rounds_data
from qtopt.files import Config
from qtopt.fronts import Front, History, hypervolume, search_remarks, write_history
from qtopt.jobs import Store
from qtopt.model import Configuration
from tests.fronts.test_pareto_certificate import engine

SMALL = FrontSettings(points=4, starts=2)
ROUNDS = sum(PowerPrecision.effort[:2])


def problem(**changes) -> FrontProblem:
    machine = engine()
    made = FrontProblem(machine, PowerEfficiency.of(machine), Peak(3, (0.3, 3.0)), settings=SMALL)
    return replace(made, **changes)


@given(st.integers(1, 3), st.integers(0, 9), st.integers(0, 2**31))
def test_hypervolume_is_what_random_points_say(merits: int, count: int, seed: int) -> None:
    """Monte Carlo: the part of the unit cube in which some point is better in everything."""
    points = np.random.default_rng(seed).random((count, merits))
    sample = np.random.default_rng(seed + 1).random((20_000, merits))
    dominated = np.zeros(len(sample), dtype=bool)
    for point in points:
        dominated |= np.all(sample <= point, axis=1)
    assert hypervolume(points) == pytest.approx(dominated.mean(), abs=0.02)


def test_hypervolume_of_two_boxes_and_of_what_dominates_nothing() -> None:
    boxes = np.array([[1.0, 3.0], [2.0, 1.0]])
    assert hypervolume(boxes) == 4.0
    assert hypervolume(np.vstack([boxes, [0.5, 0.5], [np.nan, 9.0], [9.0, -1.0]])) == 4.0


def test_every_round_is_noted_and_ends_in_the_front(tmp_path) -> None:
    """The last round holds the points that are reported, and no better ones."""
    seen, store = [], Store(tmp_path / "joint.part", "same")
    front = trace(problem(tradeoff=PowerPrecision(0)), store, watch=seen.append)
    history = front.history
    assert history is not None and len(history.stages) == len(seen) == len(history.hypervolumes) == ROUNDS
    best = dict(history.merits[-1])
    for point in front.points:
        k = int(np.argmin(np.abs(best["output"] - point.output)))
        assert best["output"][k] == pytest.approx(point.output, rel=1e-6)
        assert best["uncertainty_product"][k] == pytest.approx(point.uncertainty_product, rel=1e-6)
    gaps = [p.gap for p in front.points]
    assert 0.999 * min(gaps) <= history.gaps[-1], "rounds keep points that others dominate"
    # Four targets choose by score, and the last round keeps one candidate for each.
    assert history.hypervolumes[-1] >= 0.9 * max(history.hypervolumes)
    assert np.median(history.gradient_norms[-1]) < np.median(history.gradient_norms[0])
    assert np.isnan([p.bound for p in seen[-1].points]).all(), "what is watched is not certified yet"

    kept = list(store.beside("rounds").chunks())
    assert len(kept) == ROUNDS, "a search that goes on later knows the earlier rounds"
    np.testing.assert_array_equal(kept[-1]["gradient_norm"], history.gradient_norms[-1])

    config = Config(problem().machine)
    path = write_history({"joint": front, "independent": front}, config, tmp_path / "search.nc")
    assert path is not None
    with xarray.open_dataset(path, engine="h5netcdf") as data:
        assert data.sizes == {"configuration": 2, "round": ROUNDS, "aim": 4}
        np.testing.assert_array_equal(data["hypervolume"].sel(configuration="joint"), history.hypervolumes)
        np.testing.assert_array_equal(data["output"][1, -1], best["output"])
        assert data["gradient_norm"].attrs["long_name"].startswith("norm of the gradient")


def test_where_nothing_is_searched_there_are_no_rounds(tmp_path) -> None:
    front = trace(problem(drive_set=Rms(3, (0.3, 3.0))))
    assert front.history is None
    assert write_history({"joint": front}, Config(problem().machine), tmp_path / "search.nc") is None


def history(volumes: list[float], gaps: list[float]) -> History:
    rounds = len(volumes)
    merits = ({"efficiency": np.ones(2), "output": np.ones(2)},) * rounds
    return History(("drives",) * rounds, merits, (np.ones(2),) * rounds, tuple(volumes), tuple(gaps))


def test_searches_of_different_length_and_stages_share_a_file(tmp_path) -> None:
    """What the shorter one lacks is not a number; its stages are those of both."""
    tradeoff = PowerEfficiency.of(engine())
    both = history([1.0], [0.2]).then(replace(history([2.0, 3.0], [0.1, 0.1]), stages=("exact",) * 2))
    fronts: dict[Configuration, Front] = {
        "independent": Front(tradeoff, history=replace(history([5.0], [0.3]), stages=("exact",))),
        "joint": Front(tradeoff, history=both),
    }
    path = write_history(fronts, Config(engine()), tmp_path / "search.nc", ["one", "two"])
    assert path is not None
    with xarray.open_dataset(path, engine="h5netcdf") as data:
        np.testing.assert_array_equal(data["hypervolume"], [[5.0, np.nan, np.nan], [1.0, 2.0, 3.0]])
        np.testing.assert_array_equal(data["stage"], [[1, -1, -1], [0, 1, 1]])
        assert data["stage"].attrs["flag_meanings"] == "drives exact"
        assert np.isnan(data["gradient_norm"][0, 1:]).all() and (data["output"][1] == 1.0).all()
    rounds, remarks = rounds_data(tmp_path)
    assert remarks == ["one", "two"]
    assert [found["stages"] for found in rounds] == [["exact"], ["drives", "exact", "exact"]]
    assert [found["hypervolume"] for found in rounds] == [[5.0], [1.0, 2.0, 3.0]]


def test_a_search_says_that_it_stagnates_or_has_not_converged() -> None:
    growing = history([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [0.5] * 6)
    assert growing.remarks() == [
        "the hypervolume still grew by 20.0% in the last of 6 rounds: the search has not converged; raise "
        "pareto.starts."
    ]
    assert "last 4 of 6 rounds found nothing better" in history([1.0] * 6, [0.3] * 6).remarks()[0]
    assert history([1.0] * 6, [0.3, 0.3, 0.2, 0.1, 0.08, 0.06]).remarks() == [], "still comes nearer"
    assert history([1.0] * 6, [0.01] * 6).remarks() == [], "is there"
    assert growing.then(history([1.0] * 6, [np.nan] * 6)).remarks() == [], "the last stage counts"


def test_a_front_at_the_end_of_its_range_says_so() -> None:
    """The strongest drives of this machine are fast: a range that ends too early is told, with its end."""
    narrow = problem(drive_set=Rms(3, (0.05, 0.1)))
    front = trace(narrow)
    assert search_remarks(narrow, front) == [
        f"{len(front.points)} of {len(front.points)} points end at the upper end of pareto.frequency_range, "
        "0.1: better ones may lie beyond; widen it."
    ]
    one = problem(drive_set=Rms(3, (0.45, 0.45)))
    assert search_remarks(one, trace(one)) == [], "one frequency was wanted"
