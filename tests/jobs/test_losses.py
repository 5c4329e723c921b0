"""Whole fronts and maps with other numbers of workers, and while workers or the scheduler are killed."""

from pathlib import Path

import numpy as np
import pytest

from qtopt.jobs import ClusterOptions, cluster
from tests.helpers.losses import (
    MAP,
    assert_close,
    assert_same,
    front,
    mapped,
    scheduler_killed,
    workers_killed,
)
from tests.scan.test_scan import EXACT, FREQUENCY, SOFT, scan_text

pytestmark = pytest.mark.slow
PIECEWISE_EXACT = scan_text(FREQUENCY, base=SOFT + EXACT, more="chunk = 1")


@pytest.mark.parametrize("workers", [1, 2, 3, (1, 2)])
def test_the_same_front_and_maps_with_workers(workers: int | tuple[int, int]) -> None:
    expected, weak, exact = front(), mapped(MAP), mapped(PIECEWISE_EXACT)
    with cluster(ClusterOptions(workers=workers, cores=1)):
        np.testing.assert_array_equal(front(), expected)
        assert_same(mapped(MAP), weak)
        assert_close(mapped(PIECEWISE_EXACT), exact)


@pytest.mark.timeout(3600)
def test_workers_killed_at_twenty_random_moments() -> None:
    """In each of twenty maps and fronts one of two workers dies: the same numbers."""
    assert list(workers_killed(20)) == 20 * [""]


@pytest.mark.parametrize("seed", range(5))
def test_the_scheduler_killed_at_a_random_moment(seed: int, tmp_path: Path) -> None:
    scheduler_killed(seed, tmp_path)
