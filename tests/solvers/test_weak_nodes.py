"""Sums over nodes of the static bath's own coth, where chi is real: theory (4.5), (4.10)."""

from typing import Any

import jax
import numpy as np
import pytest

from qtopt import Bath, Drude, Machine, Ohmic
from qtopt.solvers.weak._static_spectra import OneBathSpectra, StaticSpectra
from qtopt.thermal import coth_poles

POLES = coth_poles()
SPRINGS = [[0.0, 0.2], [0.2, 0.0]]


def machine(size: int, springs: bool) -> Machine:
    cold = Bath("cold", 0.3, Drude(0.4, 2.5) if size == 2 else Ohmic(0.7), np.linspace(1.0, 0.4, size))
    return Machine(np.linspace(1.0, 0.6, size), (cold,), springs=SPRINGS if springs else None)


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize(("size", "springs"), [(1, False), (2, False), (2, True), (3, False)])
def test_real_sums_are_those_of_complex_numbers(size: int, springs: bool, compiled: bool) -> None:
    rng = np.random.default_rng(size)
    up, low = rng.normal(size=(2, 5, len(POLES.k), 2)) @ np.array([1.0, 1.0j])

    def found(temperature: Any, machine: Machine, of: Any) -> Any:
        nodes = of(OneBathSpectra(machine), temperature, POLES, 2, 0)
        return nodes.moments(), nodes.folded(up, low)

    arguments = np.asarray(0.3), machine(size, springs)
    real, general = (
        (jax.jit(found, static_argnums=2) if compiled else found)(*arguments, of)
        for of in (OneBathSpectra.at_nodes, StaticSpectra.at_nodes)
    )
    scale = [[np.max(np.abs(part)) for part in parts] for parts in general]
    for one, other, sizes in zip(real, general, scale, strict=True):
        for a, b, size_of in zip(one, other, sizes, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-13 * max(size_of, 1.0))
