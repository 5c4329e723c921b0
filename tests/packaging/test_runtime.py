"""Settings for processes that share a GPU."""

import pytest

from qtopt import InputError
from qtopt.runtime import (
    EMITTERS_FLAG,
    FRACTION,
    GRAPHS,
    GRAPHS_FLAG,
    LIBRARY_FLAG,
    PER_GPU,
    cpu_flags,
    for_cuda,
)


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


@pytest.mark.parametrize(
    ("jaxlib", "known", "tried"),
    [
        ("0.6.1", False, False),
        ("0.8.0", False, False),
        ("0.9.0", True, True),
        ("0.10.2", True, True),
        ("0.11.0", True, False),
    ],
)
def test_kernels_that_crash_are_off_where_the_flag_is_known(jaxlib: str, known: bool, tried: bool) -> None:
    """An exact scan ended in a segmentation fault on a processor with AVX-512; an unknown flag ends jax."""
    assert (LIBRARY_FLAG in cpu_flags(jaxlib), EMITTERS_FLAG in cpu_flags(jaxlib)) == (known, tried)
