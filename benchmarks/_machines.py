"""The machines that the benchmarks share."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from qtopt import Bath, Drude, FourierDrive, Lorentzian, Machine, MonochromaticDrive, Ohmic, Weak

FREQUENCY = 0.45
FAST = Weak(accuracy=2e-10)
"""Fewer poles for the timed runs; the error column says what that costs."""


def example(size: int = 2) -> Machine:
    """The example engine, with a third oscillator if wanted."""
    hot = Bath("hot", 1.0, Lorentzian(1e-5, 1.25, 0.01), "driven")
    return Machine([1.0, 0.6, 0.8][:size], (hot, Bath("cold", 0.2, Ohmic(100.0), np.ones(size))))


def exact_machine(size: int = 2, temperature: float = 1.0) -> Machine:
    """A machine far from weak coupling, of any size."""
    hot = Bath("hot", temperature, Drude(0.1, 3.0), "driven")
    cold = Bath("cold", 0.2 * temperature, Ohmic(0.5), np.ones(size))
    return Machine(np.linspace(1.0, 0.6, size), (hot, cold))


def exact_drive(size: int = 2, harmonics: int = 8) -> FourierDrive:
    """A drive of it."""
    rng = np.random.default_rng(1)
    shape = 0.4 * rng.normal(size=(2, size, harmonics)) / np.arange(1.0, harmonics + 1.0)
    return FourierDrive(0.45, 0.3 * rng.normal(size=size), shape[0], shape[1])


def spread(pair: Any, count: int) -> Any:
    """So many slightly different machines and drives: every number of both is batched."""
    factor = 1.0 + 1e-3 * jnp.linspace(-1.0, 1.0, count)
    return jax.tree.map(lambda leaf: factor.reshape(-1, *[1] * np.ndim(leaf)) * leaf, pair)


def batch(count: int) -> tuple[Machine, MonochromaticDrive]:
    """`count` slightly different examples, driven at one harmonic."""
    return spread((example(), MonochromaticDrive(FREQUENCY, [1.0, 1.0], [0.0, np.pi])), count)


def currents(state: Any) -> jax.Array:
    """(5,) power, two local powers, two heat currents."""
    return jnp.concatenate([state.power[None], state.local_powers, state.heat_currents])
