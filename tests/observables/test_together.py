"""One machine under several drives: each is evaluated as it is alone, also what is refused."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from qtopt import InputError
from qtopt.model import (
    AbstractDrive,
    AbstractSpectralDensity,
    Bath,
    BoundedDrive,
    Drude,
    FourierDrive,
    Lorentzian,
    Machine,
    MonochromaticDrive,
    Ohmic,
    PiecewiseDrive,
)
from qtopt.model._machine import Configuration
from qtopt.observables import Evaluation, evaluate, evaluate_each

RANDOM = np.random.default_rng(1)
BOUNDED = [
    BoundedDrive(0.4 + 0.1 * i, *RANDOM.normal(size=(1, 2)), *RANDOM.normal(size=(2, 2, 3))) for i in range(3)
]
COLD = Bath("cold", 0.2, Drude(0.4, 3.0), [1.0, 0.7])
THIRD = Bath("third", 0.4, Ohmic(0.3), [0.5, 1.2])


def machine(
    driven: AbstractSpectralDensity, *static: Bath, configuration: Configuration = "joint"
) -> Machine:
    return Machine([1.0, 0.6], (Bath("hot", 1.0, driven, "driven"), *static), configuration)


def numbers(value: Any, key: str) -> Iterator[tuple[str, float]]:
    """The numbers of an evaluation by their keys; not the samples of round-off, which differ by nature."""
    if isinstance(value, dict):
        for name, part in value.items():
            if not name.endswith(("_error", "_residual")):
                yield from numbers(part, f"{key}.{name}")
    elif isinstance(value, list):
        for part in value:
            yield from numbers(part, key)
    elif isinstance(value, float):
        yield key, value


def assert_alike(together: Evaluation, alone: Evaluation) -> None:
    assert together.mode == alone.mode and together.violated_bounds == alone.violated_bounds
    found, expected = (list(numbers(result.as_dict(), "")) for result in (together, alone))
    assert [name for name, _ in found] == [name for name, _ in expected]
    for (name, value), (_, other) in zip(found, expected, strict=True):
        assert value == pytest.approx(other, rel=1e-11, abs=1e-18), name


@pytest.mark.parametrize(
    "case",
    [
        machine(Lorentzian(1e-5, 1.25, 0.01), COLD),
        machine(Lorentzian(1e-5, 1.25, 0.01), COLD, configuration="independent"),
        machine(Ohmic(1e-4), COLD),
        machine(Drude(1e-4, 8.0), COLD, THIRD),
    ],
    ids=["joint", "independent", "memoryless", "two static baths"],
)
def test_each_as_it_is_alone(case: Machine) -> None:
    found = evaluate_each(case, BOUNDED, refined=False)
    assert len(found) == len(BOUNDED)
    for together, drive in zip(found, BOUNDED, strict=True):
        assert isinstance(together, Evaluation) and together.drive is drive
        assert_alike(together, evaluate(case, drive, refined=False))
        assert together.local_power_covariance_error is None and together.power_error is not None


def test_what_is_refused_and_what_differs() -> None:
    """Drives of several families and sizes, more digits, and none at all."""
    case = machine(Lorentzian(1e-5, 1.25, 0.01), COLD)
    drives: list[AbstractDrive] = [
        MonochromaticDrive(0.45, [1.0, 1.0], [0.0, np.pi]),
        MonochromaticDrive(0.45, [1.0], [0.0]),
        PiecewiseDrive(0.45, [[1.0, 0.3, -1.0], [-0.9, 0.2, 0.8]]),
        FourierDrive(0.45, [0.1, -0.2], [[0.5], [0.4]], [[0.1], [0.2]]),
    ]
    found = evaluate_each(case, drives)
    assert isinstance(found[1], InputError)
    assert str(found[1]) == "a drive must have one shape per oscillator (2), but it has 1."
    for place in (0, 2, 3):
        result = found[place]
        assert isinstance(result, Evaluation)
        assert_alike(result, evaluate(case, drives[place]))
        assert result.local_power_covariance_error is not None
    assert evaluate_each(case, []) == []
