"""Strongly coupled machines for the brute-force reference, and the work fluctuations that it found."""

from typing import NamedTuple

import numpy as np

from tests.helpers.machines import Case, drude, lorentzian
from tests.references.discretised_baths import Setting


class Brute(NamedTuple):
    """A machine, a setting that resolves it, and the D_ll' that it gives, (L, L)."""

    case: Case
    setting: Setting
    fluctuations: np.ndarray


def _quarter() -> np.ndarray:
    """cos(Omega t), cos(Omega t + pi/2)."""
    return np.array([[0.0, 0.0], [0.5, -0.5j]])


def _machine(case: Case, points: int, wait: int, window: int, upper: list[float]) -> Brute:
    """`upper`: the upper triangle of D, row by row."""
    size = len(case.frequencies)
    matrix = np.zeros((size, size))
    matrix[np.triu_indices(size)] = upper
    matrix = matrix + matrix.T - np.diag(np.diag(matrix))
    return Brute(case, Setting(700, 6.0, 40.0, points, wait, window), matrix)


PAIR, BOTH = (1.0, 0.6), [1.0, 1.0]

MACHINES = {
    "hot and cold": _machine(
        Case(PAIR, (drude(0.3, 3.0, 1.0), drude(0.7, 5.0, 0.3, BOTH)), 0.8, _quarter()),
        250,
        5,
        6,
        [0.13535, 0.023253, 0.30337],
    ),
    "cold": _machine(
        Case(PAIR, (drude(0.3, 2.0, 0.1), drude(1.0, 5.0, 0.1, BOTH)), 0.5, _quarter()),
        400,
        3,
        4,
        [0.0011374, -0.0005212, 0.0045284],
    ),
    "colder": _machine(
        Case(PAIR, (drude(0.3, 5.0, 0.05), drude(0.5, 5.0, 0.05, BOTH)), 0.5, _quarter()),
        400,
        3,
        3,
        [0.00056405, -0.00072957, 0.0033613],
    ),
    "two harmonics": _machine(
        Case(
            PAIR,
            (drude(0.3, 5.0, 0.4), drude(0.5, 5.0, 0.2, [1.0, 0.7])),
            0.9,
            np.array([[0.5, 0.4], [0.2, 0.05 + 0.2j], [-0.1j, 0.12 + 0.05j]]),
        ),
        225,
        5,
        8,
        [0.018479, 0.0103866, 0.098590],
    ),
    "peak": _machine(
        Case(PAIR, (lorentzian(0.5, 1.25, 0.3, 1.0), drude(0.7, 5.0, 0.2, BOTH)), 0.8, _quarter()),
        250,
        7,
        8,
        [0.048381, -0.040048, 0.13995],
    ),
    "both driven": _machine(
        Case(
            PAIR,
            (drude(0.4, 2.0, 0.5), drude(0.6, 5.0, 0.5)),
            0.7,
            np.array([[0.5, 0.4], [0.15, 0.05 + 0.1j]]),
        ),
        280,
        4,
        6,
        [0.0104287, 0.0014383, 0.021436],
    ),
    "lone": _machine(
        Case((1.0,), (drude(0.3, 3.0, 0.2), drude(0.5, 5.0, 0.2, [1.0])), 0.8, np.array([[0.2], [0.5]])),
        250,
        2,
        4,
        [0.0134026],
    ),
}
