"""Settings for processes that share a GPU."""

import pytest

from qtopt import InputError
from qtopt.runtime import FRACTION, GRAPHS, GRAPHS_FLAG, PER_GPU, for_cuda


@pytest.mark.parametrize(
    ("given", "flags", "variables"),
    [
        ({}, [], {}),
        ({PER_GPU: "3"}, [], {FRACTION: "0.300"}),
        ({PER_GPU: "3", FRACTION: "0.2"}, [], {}),
        ({GRAPHS: "1"}, [GRAPHS_FLAG], {}),
        ({GRAPHS: "0"}, [], {}),
    ],
)
def test_settings(given: dict[str, str], flags: list[str], variables: dict[str, str]) -> None:
    assert for_cuda(given) == (flags, variables)


@pytest.mark.parametrize("several", ["0", "-1", "two", "1.5"])
def test_how_many_processes_must_be_a_number(several: str) -> None:
    with pytest.raises(InputError, match="QTOPT_PROCESSES_PER_GPU must be a positive integer"):
        for_cuda({PER_GPU: several})
