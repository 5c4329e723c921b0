"""Where plain numbers become arrays."""

import jax
import numpy as np
from jax import Array

import qtopt
from qtopt.numerics import to_array


def test_lists_with_placeholders_of_jax_are_arrays() -> None:
    """A drive is made inside a compiled function, and derivatives reach a number that stands in a list."""

    @jax.jit
    def phase(value: Array) -> Array:
        return qtopt.MonochromaticDrive(0.45, [1.0, 1.0], [0.0, 2.0 * value]).phases[1]

    assert float(jax.grad(phase)(0.3)) == 2.0
    assert isinstance(to_array([0.0, 0.3]), np.ndarray)
